"""Settings and fixtures of all tests."""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
from collections.abc import Iterator

import jax
import pytest

from zdg_jax.runtime.compile_cache import enable_compile_cache

pytest_plugins = ["tests.browser", "tests.model_fixtures"]

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_ASSETS = _ROOT.parent / "shared" / "assets"
_JUDGE = _ROOT.parent / "shared" / "judge" / "judge.py"

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_debug_key_reuse", True)
# Processes that tests start are as strict, and so find the programs that were traced already.
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """No test reads or writes the user's caches.

    All workers of a run and the processes that tests start share caches of the run. Programs
    outlive it, for most of its time would be their compilation: their keys hold the sources.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "caches"
    folder.mkdir(exist_ok=True)
    for name in ("programs", "xla"):
        kept = _ROOT / ".pytest_cache" / name
        kept.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another worker was first
            (folder / name).symlink_to(kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZDG_CACHE_DIR", str(folder))
        enable_compile_cache()
        yield


@pytest.fixture(autouse=True)
def _loudness() -> Iterator[None]:
    """Commands set how much is logged: the next test finds it as it was."""
    log = logging.getLogger("zdg_jax")
    level = log.level
    yield
    log.setLevel(level)


@pytest.fixture(scope="session")
def shared_assets() -> pathlib.Path:
    """The folder of test hands and objects beside the checkout."""
    if not _ASSETS.is_dir():
        pytest.skip("the shared test assets are not beside this checkout (../shared/assets)")
    return _ASSETS


@pytest.fixture(scope="session")
def judge_script() -> pathlib.Path:
    """The independent physics judge beside the checkout."""
    if not _JUDGE.is_file():
        pytest.skip("the independent judge is not beside this checkout (../shared/judge)")
    return _JUDGE
