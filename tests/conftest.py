"""Settings and fixtures of all tests."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Iterator

import jax
import pytest

pytest_plugins = ["tests.browser", "tests.model_fixtures"]

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_ASSETS = _ROOT.parent / "shared" / "assets"
_JUDGE = _ROOT.parent / "shared" / "judge" / "judge.py"

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_debug_key_reuse", True)
# Most of the suite's time would be compilation; a second run finds the programs again.
jax.config.update("jax_compilation_cache_dir", str(_ROOT / ".pytest_cache" / "jax"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[None]:
    """No test reads or writes the user's caches; all workers of a run share one of objects."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "caches"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZDG_CACHE_DIR", str(folder))
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
