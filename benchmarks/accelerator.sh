#!/usr/bin/env bash
# The suite on a bare machine with an accelerator: Python 3.12 and JAX there, no network.
#
#   benchmarks/wheels.sh                     # once, where there is a network: fills wheels/
#   benchmarks/accelerator.sh [RESULTS]      # on the machine; under 10 minutes
#
# First parity (CPU against device on the same seeds, Warp and MJX against the C engine), then
# timings, a step's beside what docs/notes/lowering.md predicts, then a profile. Each part has its
# own limit of time; one that fails or runs out is reported and the others go on. The same code runs
# on GPU, TPU and CPU; MuJoCo Warp is left out on a TPU and where it is not installed.
#
# PYTHON   Python with JAX (default: python3.12, else python3)
# WHEELS   folder of wheels (default: wheels)
# OBJECTS  folder of meshes (default: made-up solids)
# HAND     hand (default: allegro)
# SMALL    1: sizes for a dry run on a CPU
# SLACK    factor on all limits of time, for a dry run on a busy machine (default: 1)
# SKIP_INSTALL  1: PYTHON already has the package's dependencies
set -uo pipefail
cd "$(dirname "$0")/.."
results=$(mkdir -p "${1:-benchmarks/results/accelerator}" && cd "${1:-benchmarks/results/accelerator}" && pwd)
wheels=${WHEELS:-wheels}
hand=${HAND:-allegro}
python=${PYTHON:-$(command -v python3.12 || command -v python3)}
slack=${SLACK:-1}
started=$SECONDS
status=0

if [ "${SKIP_INSTALL:-0}" != 1 ]; then
  venv=${VENV:-$(mktemp -d)/venv}
  # JAX may itself live in a virtual environment, which a new one does not see.
  outer=$("$python" -c 'import jax, pathlib; print(pathlib.Path(jax.__file__).parents[1])') || exit 1
  "$python" -m venv --system-site-packages "$venv" || exit 1
  python=$venv/bin/python
  echo "$outer" > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/jax.pth"
  "$python" -m pip install --quiet --no-index --find-links "$wheels" \
    --requirement "$wheels/requirements.txt" &&
    "$python" -m pip install --quiet --no-index --no-deps --no-build-isolation -e . || exit 1
fi

# One process at a time owns the device, so nothing is gained by taking its memory in advance.
export XLA_PYTHON_CLIENT_PREALLOCATE=${XLA_PYTHON_CLIENT_PREALLOCATE:-false}
# Each part is a process: they find each other's compiled programs here.
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$(mktemp -d)}
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=1
export ZDG_CACHE_DIR=${ZDG_CACHE_DIR:-$(mktemp -d)}
objects=(--objects "${OBJECTS:-/nonexistent}")

platform=$("$python" -c 'import jax; print(jax.default_backend())') || exit 1
"$python" -c 'import jax; print("device:", *jax.devices(), "jax", jax.__version__)'
engines=()
if [ "$platform" != tpu ] && "$python" -c 'import mujoco_warp' 2> /dev/null; then
  engines+=(--engine warp)
fi
# MJX compiles for minutes on a CPU: a dry run there leaves it out.
if [ "$platform" != cpu ]; then engines+=(--engine mjx); fi
if [ "${SMALL:-0}" = 1 ]; then
  parity=(--num 8 --steps 20 --grasps "${GRASPS:-4}") batches=(--batch 16) num=16 trace=(--batch 16)
  many=(--batch 16) steps=20
else
  parity=(--num 256 --grasps 64) batches=(--batch 256 --batch 1024 --batch 4096 --batch 16384)
  num=4096 trace=() many=(--batch 4096 --batch 16384) steps=100
fi

# run NAME SECONDS COMMAND...: one part, its output in RESULTS/NAME.txt
run() {
  local name=$1 limit=$(($2 * slack)) began=$SECONDS left code
  shift 2
  left=$((580 * slack - (SECONDS - started)))
  [ "$limit" -gt "$left" ] && limit=$left
  if [ "$limit" -lt 10 ]; then
    echo "$name: left out, the time is up"
    status=1
    return
  fi
  timeout "$limit" "$@" 2>&1 | tee "$results/$name.txt"
  code=${PIPESTATUS[0]}
  echo "$name: $((SECONDS - began)) s, status $code"
  [ "$code" = 0 ] || status=1
}

run parity 180 "$python" -m benchmarks.parity --hand "$hand" "${objects[@]}" "${parity[@]}" \
  ${engines[@]+"${engines[@]}"} --out "$results/parity.json"
run floors 90 "$python" -m benchmarks.lowering floors --measure --hand "$hand" "${objects[@]}" \
  "${many[@]}" --out "$results/floors.json"
for engine in ${engines[@]+"${engines[@]}"}; do
  [ "$engine" = --engine ] && continue
  run "physics_$engine" 90 "$python" -m benchmarks.physics --engine "$engine" --hand "$hand" \
    --pieces 4 --steps "$steps" "${many[@]}" --out "$results/physics_$engine.json"
done
run synthesis 90 "$python" -m benchmarks synthesis --quick --num "$num" --hand "$hand" \
  "${objects[@]}" --out "$results/synthesis.json"
run step 120 "$python" -m benchmarks step stages kinematics lookup --quick "${batches[@]}" \
  --hand "$hand" "${objects[@]}" --out "$results/step.json"
run trace 60 "$python" -m benchmarks.trace "$results/trace" --hand "$hand" "${objects[@]}" \
  ${trace[@]+"${trace[@]}"}
run energy 120 "$python" -m benchmarks energy --quick --hand "$hand" "${objects[@]}" \
  "${batches[@]:0:2}" --out "$results/energy.json"
echo "all: $((SECONDS - started)) s; results in $results"
exit "$status"
