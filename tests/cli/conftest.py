"""Fixtures of the command line's tests."""

from __future__ import annotations

import pathlib

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("cli")
