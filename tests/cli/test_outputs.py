"""What others put in the way of a command's results is never replaced unasked."""

from __future__ import annotations

import pathlib

import pytest
import trimesh

from tests.cli.saved import many
from zdg_jax.cli.app import run
from zdg_jax.grasps import GraspSet


def test_results_of_some_grasps_do_not_replace_the_file_of_all(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    path = many(tmp_path, 4)
    GraspSet.load(path).with_kept([0]).save(path)
    (tmp_path / "link.npz").symlink_to(path)
    for target in (path, tmp_path / "link.npz"):
        assert run(["validate", str(path), "--out", str(target)]) == 2
        assert "3 grasps that the 1 to be written leave out" in capsys.readouterr().err
    assert len(GraspSet.load(path)) == 4


def test_a_plan_replaces_neither_a_file_of_others_nor_the_plan_of_another_task(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    ball, out = tmp_path / "ball.stl", tmp_path / "out"
    trimesh.creation.icosphere(subdivisions=2, radius=0.03).export(ball)

    hand = many(tmp_path, 1).parent / "gripper.xml"

    def plan(task: str, *options: str) -> int:
        words = [str(ball), "--task", task, "--planner", "rules", "--out", str(out), *options]
        return run(["plan", "--hand", str(hand), *words])

    (tmp_path / "victim").write_text("precious")
    out.mkdir()
    (out / "plan.html").symlink_to(tmp_path / "victim")
    assert plan("lift it") == 2
    assert "no page of this library" in capsys.readouterr().err
    (out / "plan.html").unlink()
    assert plan("lift it") == 0
    written = (out / "plan.json").read_bytes()
    assert plan("lift it") == 0
    capsys.readouterr()
    assert plan("throw it") == 2
    assert "--force" in capsys.readouterr().err
    assert (out / "plan.json").read_bytes() == written
    assert plan("throw it", "--force") == 0
    assert (tmp_path / "victim").read_text() == "precious"


def test_grasps_of_another_run_are_left(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    path = many(tmp_path, 4)
    ball = tmp_path / "ball.stl"
    trimesh.creation.icosphere(subdivisions=2, radius=0.03).export(ball)
    words = ["grasp", str(ball), "--task", "lift", "--planner", "rules", "--out", str(tmp_path)]
    assert run(words) == 2
    assert "grasps of another task, object or hand" in capsys.readouterr().err
    path.write_text("notes")
    assert run(words) == 2
    assert "no file of grasps" in capsys.readouterr().err
    assert path.read_text() == "notes"


def test_a_cache_folder_keeps_files_of_others(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path))
    scan = tmp_path / "objects" / "scan.stl"
    scan.parent.mkdir()
    scan.write_text("precious")
    assert run(["cache", "clear"]) == 0
    assert scan.read_text() == "precious"
