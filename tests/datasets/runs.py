"""Runs of `zdg dataset make` in processes of their own, and what they leave on disk."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time

from zdg_jax.datasets.failures import read_failures
from zdg_jax.datasets.layout import Layout

PATIENCE = 600.0
"""Longest wait for a process [s]."""


def command(spec: pathlib.Path, out: pathlib.Path, *more: str) -> list[str]:
    """The command that makes a dataset with one worker."""
    zdg = [sys.executable, "-m", "zdg_jax", "dataset", "make"]
    return [*zdg, str(spec), "--out", str(out), "--workers", "1", *more]


def shards(folder: pathlib.Path) -> list[str]:
    """Names of the shards of a dataset, which hold hashes of their contents."""
    return [name.decode() for name in Layout(folder).shard_names()]


def reasons(folder: pathlib.Path) -> list[tuple[str, str, str]]:
    """Object, kind and reason of the jobs that failed."""
    failures = read_failures(folder / "failures.jsonl").values()
    return sorted((failure.object, failure.kind, failure.reason) for failure in failures)


def check_same(wild: pathlib.Path, calm: pathlib.Path) -> None:
    """Two datasets hold the same, row by row and byte by byte, and nothing that was begun."""
    assert shards(wild) == shards(calm)
    assert reasons(wild) == reasons(calm)
    assert not list(wild.rglob("*.part"))
    for name in shards(wild):
        one, other = (Layout(folder).shard_path(name).read_bytes() for folder in (wild, calm))
        assert one == other


def children(pid: int) -> list[int]:
    """Processes that a process started; none where it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(number) for number in text.split()]


def family(pid: int) -> list[int]:
    """A process and all that it and its children started."""
    return [pid, *(member for child in children(pid) for member in family(child))]


def wait_for_shards(process: subprocess.Popen[bytes], folder: pathlib.Path, count: int) -> None:
    """Waits until so many shards are there, or the process has ended."""
    deadline = time.monotonic() + PATIENCE
    while len(shards(folder)) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
