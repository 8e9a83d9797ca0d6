"""Commands that are killed at any time lose nothing: 50 times `kill -9`.

After each kill every file in the folder is whole or not there, and what lay there before is as it
was; the same command, given once more, ends with what it makes undisturbed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from tests.faults import inputs
from zdg_jax.grasps import GraspSet
from zdg_jax.planning import GraspPlan

_PRECIOUS = "precious"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Killed:
    """A command, what it works on, how often it is killed and what it ends with."""

    make: inputs.Maker
    run: tuple[str, ...]
    times: int
    result: Callable[[pathlib.Path], object]


def _poses(path: pathlib.Path) -> bytes:
    grasps = GraspSet.load(path)
    return np.concatenate(
        [grasps.grasp.qpos, grasps.squeeze.qpos, grasps.score[:, None]], 1
    ).tobytes()


_OBJECTS = inputs.together(inputs.box(), inputs.claw())
_TASK = ("box.stl", "--task", "lift it", "--planner", "rules", "--hand", "hand.xml", "--out", "o")
COMMANDS = {
    "plan": Killed(
        make=_OBJECTS,
        run=("plan", *_TASK),
        times=10,
        result=lambda folder: GraspPlan.load(folder / "o" / "plan.json").grip,
    ),
    "grasp": Killed(
        make=_OBJECTS,
        run=("grasp", *_TASK, "--num", "16", "--keep", "4"),
        times=20,
        result=lambda folder: _poses(folder / "o" / "grasps.npz"),
    ),
    "validate": Killed(
        make=inputs.grasps_of_claw,
        run=("validate", "grasps.npz", "--all", "--out", "o/tested.npz"),
        times=10,
        result=lambda folder: GraspSet.load(folder / "o" / "tested.npz").held.tolist(),
    ),
    "export": Killed(
        make=inputs.grasps_of_claw,
        run=("export", "grasps.npz", "--format", "json", "--all", "--out", "o", "--force"),
        times=10,
        # What a killed export was writing stays beside, under a name of ours.
        result=lambda folder: sorted(
            path.name for path in (folder / "o").iterdir() if not path.name.startswith(".zdg-")
        ),
    ),
}


def start(command: Killed, folder: pathlib.Path, caches: pathlib.Path) -> subprocess.Popen[bytes]:
    """Starts a command in a folder."""
    environment = os.environ | {"ZDG_CACHE_DIR": str(caches), "PYTHONPATH": str(pathlib.Path.cwd())}
    return subprocess.Popen(
        [sys.executable, "-m", "zdg_jax", *command.run],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def check_whole(folder: pathlib.Path) -> None:
    """Every file of the library is whole, and that of somebody else is as it was."""
    assert (folder / "o" / "notes.txt").read_text() == _PRECIOUS
    for path in folder.rglob("*"):
        if path.name.startswith(".zdg-") or not path.is_file():
            continue
        match path.suffix:
            case ".npz" if ".part" not in path.name:
                GraspSet.load(path)
            case ".json" if path.name == "plan.json":
                GraspPlan.load(path)
            case ".json":
                json.loads(path.read_text())
            case ".html":
                assert path.read_text().rstrip().endswith("</html>")
            case ".png":
                assert path.read_bytes().endswith(b"IEND\xaeB`\x82")


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_is_killed_loses_nothing(name: str, tmp_path: pathlib.Path) -> None:
    command, caches = COMMANDS[name], tmp_path / "caches"

    def prepared(where: str) -> pathlib.Path:
        folder = tmp_path / where
        (folder / "o").mkdir(parents=True)
        command.make(folder)
        (folder / "o" / "notes.txt").write_text(_PRECIOUS)
        return folder

    undisturbed = prepared("undisturbed")
    for _ in range(2):  # the second finds programs and objects in the caches
        if name != "validate":
            shutil.rmtree(undisturbed / "o")
            (undisturbed / "o").mkdir()
            (undisturbed / "o" / "notes.txt").write_text(_PRECIOUS)
        began = time.monotonic()
        process = start(command, undisturbed, caches)
        _, errors = process.communicate()
        took = time.monotonic() - began
        assert process.returncode in (0, 1), errors.decode()
    expected = command.result(undisturbed)

    folder, chance = prepared("killed"), random.Random(name)
    killed = 0
    while killed < command.times:
        process = start(command, folder, caches)
        try:
            process.communicate(timeout=chance.uniform(0.05, 1.0) * took)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
        check_whole(folder)
    process = start(command, folder, caches)
    _, errors = process.communicate()
    assert process.returncode in (0, 1), errors.decode()
    assert command.result(folder) == expected
