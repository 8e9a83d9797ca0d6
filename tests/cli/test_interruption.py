"""Real processes that are cut off, and disks that are full: what is done by then is kept."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import trimesh

from tests.cli.processes import start
from tests.cli.saved import many
from zdg_jax.cli.app import run
from zdg_jax.grasps import GraspSet
from zdg_jax.planning import GraspPlan
from zdg_jax.validation import Reason

PATIENCE = 300.0
"""Longest wait for a process to get somewhere [s]."""


def wait_for(path: pathlib.Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def interrupted(process: subprocess.Popen[str]) -> str:
    """What a process says when it is interrupted."""
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in err
    return err.strip()


def count(ledger: pathlib.Path) -> int:
    """Grasps that were tested by a run that did not end."""
    with np.load(ledger, allow_pickle=False) as file:
        return int((file["reason"] != Reason.NOT_TESTED).sum())


def test_tests_that_are_cut_off_keep_what_they_found(tmp_path: pathlib.Path) -> None:
    n = 40_000  # minutes of work
    grasps = many(tmp_path, n)
    ledger = tmp_path / "out.npz.part.npz"
    process = start("validate", grasps, "--out", tmp_path / "out.npz")
    wait_for(ledger, process)
    said = interrupted(process)
    assert said.startswith("zdg: interrupted")
    assert str(ledger) in said
    assert said.count("\n") == 0
    first = count(ledger)
    assert 0 < first < n

    before = ledger.stat().st_mtime_ns
    process = start("validate", grasps, "--out", tmp_path / "out.npz")
    while ledger.stat().st_mtime_ns == before:
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert first < count(ledger) < n
    assert not (tmp_path / "out.npz").exists()


@pytest.fixture
def ball(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "ball.stl"
    trimesh.creation.icosphere(subdivisions=2, radius=0.03).export(path)
    return path


def test_a_plan_outlives_the_run_that_made_it(ball: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out"
    process = start("grasp", ball, "--task", "lift it", "--planner", "rules", "--out", out)
    wait_for(out / "plan.json", process)
    said = interrupted(process)
    assert said == f"zdg: interrupted; on disk: {out / 'plan.json'}"
    assert GraspPlan.model_validate_json((out / "plan.json").read_text()).planner == "rules"
    assert [path.name for path in out.iterdir()] == ["plan.json"]


def test_an_interruption_of_code_whose_exceptions_are_dropped_comes_again() -> None:
    program = """
import signal, time
from zdg_jax.cli.interruption import repeat_lost_interruptions

class Owner:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run unattended
repeat_lost_interruptions()
owner = Owner()
try:
    del owner
    print("lost for now")
    time.sleep(60)
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split("\n") == ["lost for now", "heard", ""]
    assert not done.stderr


@pytest.mark.slow
def test_refined_grasps_outlive_their_tests(ball: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out"
    options = ("--planner", "rules", "--num", 64, "--keep", 1000, "--out", out)
    process = start("grasp", ball, "--task", "lift it", *options)
    wait_for(out / "grasps.npz", process)
    said = interrupted(process)
    assert f"zdg validate {out / 'grasps.npz'}" in said
    assert len(GraspSet.load(out / "grasps.npz")) == 64


@pytest.mark.parametrize("command", ["validate", "hand"])
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    tmp_path: pathlib.Path, command: str
) -> None:
    grasps = many(tmp_path, 400)
    there = sorted(tmp_path.iterdir())
    target = tmp_path / "result"
    work = {"validate": grasps, "hand": tmp_path / "gripper.xml"}[command]

    # No file may grow beyond a few kilobytes: the kernel's word for a disk that is full.
    limited = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", sys.executable, "-m", "zdg_jax"]
    done = subprocess.run(
        [*limited, command, str(work), "--out", str(target)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("zdg: cannot write")
    assert "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.parametrize("command", ["validate", "hand"])
def test_results_that_have_no_place(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, command: str
) -> None:
    grasps = many(tmp_path, 2)
    work = {"validate": grasps, "hand": tmp_path / "gripper.xml"}[command]
    assert run([command, str(work), "--out", str(grasps / "result")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("zdg: cannot write")
    assert err.count("\n") == 1
