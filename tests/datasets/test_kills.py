"""`kill -9` of any process of a run, at any time: the set ends as an undisturbed one."""

from __future__ import annotations

import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

from tests.datasets.runs import (
    PATIENCE,
    check_same,
    children,
    command,
    family,
    wait_for_shards,
)

KILLS = 20
"""Processes that are killed, one after another."""


def start(*arguments: str) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(arguments, **quiet)


@pytest.mark.slow
def test_a_killed_run_ends_as_an_undisturbed_one(
    calm: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    spec, out = calm / "spec.yaml", tmp_path / "wild"
    process = start(*command(spec, out))
    wait_for_shards(process, out, 1)
    for child in children(process.pid):  # the worker: the run starts another
        os.kill(child, signal.SIGKILL)
    wait_for_shards(process, out, 2)
    workers = children(process.pid)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while any(pathlib.Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.05)
    (damaged,) = list((out / "shards").rglob("*.parquet"))[:1]
    damaged.write_bytes(damaged.read_bytes()[:-100])
    subprocess.run(command(spec, out), check=False)
    check_same(out, calm / "calm")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_any_process_is_killed_again_and_again(
    engine: str, calm: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """Driver, workers and whatever Ray runs; sets that are finished before are begun anew."""
    if engine == "ray":
        pytest.importorskip("ray")
    chance, killed, sets = random.Random(engine), 0, 0
    while killed < KILLS:
        sets += 1
        out = tmp_path / f"set{sets}"
        make = command(calm / "spec.yaml", out, "--engine", engine)
        ended = False
        while not ended and killed < KILLS:
            process = start(*make)
            while process.poll() is None and killed < KILLS:
                time.sleep(chance.uniform(0.5, 10.0))
                killed += _kill(chance.choice(family(process.pid)))
            ended = process.wait(timeout=PATIENCE) >= 0  # by itself
        subprocess.run([*make, "--retry-failed"], check=False)  # jobs that lost three workers
        check_same(out, calm / "calm")


def _kill(pid: int) -> bool:
    """Kills a process; False where it has ended."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
