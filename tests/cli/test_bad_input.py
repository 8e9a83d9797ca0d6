"""Bad input ends in one clear line on stderr and exit status 2, without a traceback."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest
import trimesh

from tests.made_up import make_grasps
from zdg_jax.cli.app import run


@pytest.fixture(scope="module")
def ball(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "ball.stl"
    trimesh.creation.icosphere(subdivisions=2, radius=0.03).export(path)
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line with which the command ends."""
    assert run([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("zdg: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_no_such_mesh(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    err = refused(capsys, "grasp", tmp_path / "nothing.stl", "--task", "lift it")
    assert "nothing.stl" in err


@pytest.mark.parametrize("content", [b"", b"solid nothing\nendsolid nothing\n", b"\x00" * 100])
def test_meshes_without_a_surface(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, content: bytes
) -> None:
    path = tmp_path / "empty.stl"
    path.write_bytes(content)
    assert "empty" in refused(capsys, "grasp", path, "--task", "lift it")


def test_a_degenerate_mesh(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "line.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")
    refused(capsys, "grasp", path, "--task", "lift it")


def test_millimetres_name_the_scale(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "huge.stl"
    trimesh.creation.box((90.0, 80.0, 110.0)).export(path)
    err = refused(capsys, "grasp", path, "--task", "lift it")
    assert "--scale 0.001" in err


def test_an_unknown_hand_lists_those_there_are(
    capsys: pytest.CaptureFixture[str], ball: pathlib.Path
) -> None:
    err = refused(capsys, "grasp", ball, "--task", "lift it", "--hand", "alegro")
    assert "alegro" in err
    assert "allegro, leap, shadow" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--task", "  "], "task is empty"),
        ([], "--task"),
        (["--task", "lift", "--num", "0"], "--num is 0"),
        (["--task", "lift", "--num", "many"], "many"),
        (["--task", "lift", "--keep", "0"], "--keep is 0"),
        (["--task", "lift", "--seed", "-1"], "--seed is -1"),
        (["--task", "lift", "--alignment", "-0.5"], "--alignment is -0.5"),
        (["--task", "lift", "--alignment", "nan"], "--alignment is nan"),
        (["--task", "lift", "--scale", "0"], "--scale 0"),
        (["--task", "lift", "--scale", "nan"], "--scale nan"),
        (["--task", "lift", "--mass", "-2"], "--mass is -2"),
        (["--task", "lift", "--speed", "9"], "--speed"),
    ],
)
def test_values_that_cannot_be(
    capsys: pytest.CaptureFixture[str], ball: pathlib.Path, arguments: list[str], says: str
) -> None:
    assert says in refused(capsys, "grasp", ball, *arguments)


def test_a_folder_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], ball: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "file").write_text("")
    err = refused(capsys, "grasp", ball, "--task", "lift", "--out", tmp_path / "file" / "out")
    assert "cannot write" in err


@pytest.mark.parametrize("content", ["", "{}", "[1, 2]", '{"version": 99}'])
def test_a_malformed_plan(
    capsys: pytest.CaptureFixture[str], ball: pathlib.Path, tmp_path: pathlib.Path, content: str
) -> None:
    path = tmp_path / "bad_plan.json"
    path.write_text(content)
    err = refused(
        capsys, "grasp", ball, "--task", "lift", "--planner", path, "--out", tmp_path / "out"
    )
    assert "bad_plan.json" in err


@pytest.mark.parametrize("command", ["export", "validate"])
def test_files_that_hold_no_grasps(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, command: str
) -> None:
    more = ["--out", tmp_path / "out"]
    assert "no file" in refused(capsys, command, tmp_path / "none.npz", *more)
    whole = make_grasps(3).save(tmp_path / "grasps.npz")
    whole.write_bytes(whole.read_bytes()[:-200])
    assert "grasps.npz" in refused(capsys, command, whole, *more)


def test_export_and_validate_refuse_what_they_do_not_know(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    path = make_grasps(4).save(tmp_path / "grasps.npz")
    err = refused(capsys, "export", path, "--out", tmp_path / "out", "--format", "urdf")
    assert "dexgraspbench" in err
    assert "six_directions" in refused(capsys, "validate", path, "--protocol", "shake")
    assert "--hand" in refused(capsys, "validate", path)


def test_an_unknown_command_and_cache(capsys: pytest.CaptureFixture[str]) -> None:
    assert "grab" in refused(capsys, "grab")
    assert "objects" in refused(capsys, "cache", "clear", "meshes")


def test_a_real_process_says_one_line(tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zdg_jax", "grasp", str(tmp_path / "no.stl"), "--task", "lift"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("zdg: no file")
    assert done.stderr.count("\n") == 1
