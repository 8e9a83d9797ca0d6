"""Two checkouts compared: what one run tells, and a checkout without an environment."""

from __future__ import annotations

import json
import pathlib

import trimesh
from click.testing import CliRunner

from benchmarks import against
from tests import scene


def test_a_run_tells_refined_grasps_and_seconds(tmp_path: pathlib.Path) -> None:
    mesh = tmp_path / "box.stl"
    trimesh.creation.box((40, 30, 60)).export(mesh)
    arguments = ["measure", "allegro", str(scene.GRASPS)]
    meshes = json.dumps([["box", str(mesh), 0.001]])
    done = CliRunner().invoke(against.main, arguments, input=meshes, catch_exceptions=False)
    [row] = json.loads(done.stdout)
    assert row["object"] == "box"
    assert row["refined"] >= scene.GRASPS
    assert row["wall"] > 0
    assert row["cpu"] > 0


def test_a_checkout_without_an_environment_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "box.stl").write_bytes(trimesh.creation.box().export(file_type="stl"))
    command = ["compare", str(tmp_path), "--objects", str(tmp_path), "--runs", "1", "--num", "1"]
    done = CliRunner().invoke(against.main, command)
    assert done.exit_code
    assert "is missing" in done.output
