from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pathlib
import time

import numpy as np
import pytest

from zdg_jax.objects import clear_cache, disk_cache


@pytest.fixture(autouse=True)
def _fresh(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path))


def _arrays(megabytes: float = 0.01) -> disk_cache.Arrays:
    return {"data": np.zeros(int(megabytes * 125_000))}


def _slow_make(path: str) -> disk_cache.Arrays:
    with open(path, "a") as log:
        log.write("made\n")
    time.sleep(0.5)
    return _arrays()


def _ask(path: str) -> int:
    return len(disk_cache.load_or_make("shared", lambda: _slow_make(path))["data"])


def test_made_once_then_loaded() -> None:
    calls: list[None] = []

    def make() -> disk_cache.Arrays:
        calls.append(None)
        return {"a": np.arange(3), "b": np.array(2.5)}

    first, second = disk_cache.load_or_make("key", make), disk_cache.load_or_make("key", make)
    assert len(calls) == 1
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert clear_cache() == 1
    disk_cache.load_or_make("key", make)
    assert len(calls) == 2


def test_two_processes_prepare_an_object_once(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(_ask, [str(log)] * 2)) == [1250, 1250]
    assert log.read_text() == "made\n"
    assert not list(disk_cache.folder().glob("*.part"))


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no zip at all"])
def test_damaged_files_are_made_anew(damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    disk_cache.load_or_make("key", _arrays)
    (disk_cache.folder() / "key.npz").write_bytes(damage)
    assert len(disk_cache.load_or_make("key", _arrays)["data"]) == 1250
    assert "damaged" in caplog.text
    with np.load(disk_cache.folder() / "key.npz") as file:
        assert len(file["data"]) == 1250


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_MB", "2.5")
    for age, key in ((30, "old"), (20, "used"), (10, "young")):
        disk_cache.load_or_make(key, lambda: _arrays(1.0))
        path = disk_cache.folder() / f"{key}.npz"
        if path.exists():
            os.utime(path, (time.time() - age, time.time() - age))
        if key == "used":
            disk_cache.load_or_make("old", lambda: _arrays(1.0))
    assert {path.stem for path in disk_cache.folder().glob("*.npz")} == {"old", "young"}


def test_a_folder_that_cannot_be_used_costs_only_the_cache(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path / "file"))
    assert len(disk_cache.load_or_make("key", _arrays)["data"]) == 1250
    assert "no cache of objects" in caplog.text
