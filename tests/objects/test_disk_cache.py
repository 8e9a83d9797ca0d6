from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pathlib
import time

import numpy as np
import pytest

from zdg_jax.errors import InputError
from zdg_jax.objects import disk_cache
from zdg_jax.runtime.caches import clear_cache


@pytest.fixture(autouse=True)
def _fresh(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path))


KEY, SHARED, OLD, USED, YOUNG = (digit * 64 for digit in "01234")
"""Keys of five objects."""


def _arrays(megabytes: float = 0.01) -> disk_cache.Arrays:
    return {"data": np.zeros(int(megabytes * 125_000))}


def _slow_make(path: str) -> disk_cache.Arrays:
    with open(path, "a") as log:
        log.write("made\n")
    time.sleep(0.5)
    return _arrays()


def _ask(path: str) -> int:
    return len(disk_cache.load_or_make(SHARED, lambda: _slow_make(path))["data"])


def test_made_once_then_loaded() -> None:
    calls: list[None] = []

    def make() -> disk_cache.Arrays:
        calls.append(None)
        return {"a": np.arange(3), "b": np.array(2.5)}

    first, second = disk_cache.load_or_make(KEY, make), disk_cache.load_or_make(KEY, make)
    assert len(calls) == 1
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert clear_cache("objects") == 2  # the lock as well
    disk_cache.load_or_make(KEY, make)
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
    disk_cache.load_or_make(KEY, _arrays)
    (disk_cache.folder() / f"{KEY}.npz").write_bytes(damage)
    assert len(disk_cache.load_or_make(KEY, _arrays)["data"]) == 1250
    assert "damaged" in caplog.text
    with np.load(disk_cache.folder() / f"{KEY}.npz") as file:
        assert len(file["data"]) == 1250


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_MB", "2.5")
    for age, key in ((30, OLD), (20, USED), (10, YOUNG)):
        disk_cache.load_or_make(key, lambda: _arrays(1.0))
        path = disk_cache.folder() / f"{key}.npz"
        if path.exists():
            os.utime(path, (time.time() - age, time.time() - age))
        if key == USED:
            disk_cache.load_or_make(OLD, lambda: _arrays(1.0))
    assert {path.stem for path in disk_cache.folder().glob("*.npz")} == {OLD, YOUNG}


def test_a_folder_that_cannot_be_used_costs_only_the_cache(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path / "file"))
    assert len(disk_cache.load_or_make(KEY, _arrays)["data"]) == 1250
    assert "no cache of objects" in caplog.text


def test_a_file_of_another_object_or_changed_by_hand_is_made_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = disk_cache.folder() / f"{KEY}.npz"
    disk_cache.load_or_make(OLD, lambda: {"data": np.ones(3)})
    disk_cache.load_or_make(KEY, lambda: {"data": np.zeros(3)})
    path.write_bytes((disk_cache.folder() / f"{OLD}.npz").read_bytes())
    assert not disk_cache.load_or_make(KEY, lambda: {"data": np.zeros(3)})["data"].any()
    for changed in ({"data": np.full(3, np.nan)}, {}):
        with np.load(path) as file:
            seal = file["seal"]
        np.savez(path, seal=seal, **changed)
        assert np.array_equal(
            disk_cache.load_or_make(KEY, lambda: {"data": np.zeros(3)})["data"], [0, 0, 0]
        )
    assert "changed" in caplog.text


def test_a_pipe_in_place_of_an_object_does_not_hang() -> None:
    disk_cache.folder().mkdir(parents=True)
    os.mkfifo(disk_cache.folder() / f"{KEY}.npz")
    assert len(disk_cache.load_or_make(KEY, _arrays)["data"]) == 1250


def test_files_of_others_are_neither_evicted_nor_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_MB", "0")
    disk_cache.folder().mkdir(parents=True)
    scan, notes = disk_cache.folder() / "scan.npz", disk_cache.folder() / "lock" / "notes.lock"
    notes.parent.mkdir()
    for path in (scan, notes):
        path.write_text("precious")
    for key in (OLD, YOUNG):
        disk_cache.load_or_make(key, lambda: _arrays(1.0))
    clear_cache("objects")
    assert scan.read_text() == notes.read_text() == "precious"
    assert sorted(disk_cache.folder().rglob("*")) == [notes.parent, notes, scan]


def test_a_limit_that_is_no_number_is_named_before_any_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZDG_CACHE_MB", "abc")
    with pytest.raises(InputError, match="ZDG_CACHE_MB is 'abc'"):
        disk_cache.load_or_make(KEY, lambda: pytest.fail("made all the same"))
