#!/usr/bin/env bash
# Fills wheels/ with what a bare machine with Python 3.12 and JAX lacks, for benchmarks/accelerator.sh.
# Run it where there is a network; copy the repository with wheels/ to the machine afterwards.
#
#   benchmarks/wheels.sh [FOLDER]
#
# PYTHON    the Python that runs pip (default: python3)
# VERSION   the machine's Python (default: 3.12)
# PLATFORM  its architecture (default: x86_64)
# WITH_JAX  1: keep the wheels that come with JAX too: jax, jaxlib, numpy, scipy, ml_dtypes,
#           opt_einsum. jaxlib alone is for a CPU; add "jax[cuda12]" or "jax[tpu]" to EXTRA for others.
# EXTRA     further requirements, e.g. "mujoco-warp" for Warp on NVIDIA GPUs
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-wheels}
python=${PYTHON:-python3}
version=${VERSION:-3.12}
platform=${PLATFORM:-x86_64}
mkdir -p "$folder"

# What the package itself asks for, read from pyproject.toml, without what only a planner that
# calls a model needs; setuptools and wheel build the package on the machine.
"$python" - > "$folder/requirements.txt" <<'PY'
import tomllib

with open("pyproject.toml", "rb") as file:
    wanted = tomllib.load(file)["project"]["dependencies"]
for line in wanted:
    if not line.startswith("google-genai"):
        print(line)
print("setuptools>=77\nwheel")
PY
# shellcheck disable=SC2086
"$python" -m pip download --quiet --dest "$folder" --only-binary=:all: \
  --python-version "$version" --implementation cp \
  --platform "manylinux_2_28_$platform" --platform "manylinux_2_27_$platform" \
  --platform "manylinux_2_17_$platform" --platform "manylinux2014_$platform" \
  --platform "manylinux_2_12_$platform" --platform "manylinux2010_$platform" \
  --platform "manylinux1_$platform" \
  --requirement "$folder/requirements.txt" ${EXTRA:-}
if [ "${WITH_JAX:-0}" != 1 ]; then
  for name in jax jaxlib numpy scipy ml_dtypes opt_einsum; do
    rm -f "$folder/$name"-[0-9]*.whl
  done
fi
du -sh "$folder"
