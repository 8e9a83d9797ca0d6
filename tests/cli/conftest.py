"""Fixtures of the command line's tests."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("cli")


@pytest.fixture(autouse=True)
def surroundings(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands share a cache of their own, and leave the loudness of the log as it was."""
    monkeypatch.setenv("ZDG_CACHE_DIR", str(folder / "caches"))
    log = logging.getLogger("zdg_jax")
    level = log.level
    yield
    log.setLevel(level)
