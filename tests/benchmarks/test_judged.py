"""Benchmarks on exported grasps: plans written by hand, and the independent judge."""

from __future__ import annotations

import json
import pathlib

import pytest
import trimesh
from click.testing import CliRunner

from benchmarks import judged, tasks, written
from tests import scene
from zdg_jax.errors import InputError
from zdg_jax.objects import Object
from zdg_jax.planning import resolve


def stick(names: list[str]) -> tuple[Object, dict[str, int]]:
    """A stick along z whose slices, from the top down, are the named parts."""
    mesh = trimesh.creation.cylinder(0.015, 0.02 * len(names), sections=24)
    mesh = mesh.subdivide_to_size(0.01)
    solid = Object.from_mesh((mesh.vertices, mesh.faces), name="stick", cache=False)
    top = 0.01 * len(names)
    rows = [
        [name, {"n": [0, 0, 1], "over": top - 0.02 * (place + 1)}]
        for place, name in enumerate(names[:-1])
    ]
    return written.with_named_parts(solid, [*rows, [names[-1]]])


def test_faces_carry_the_name_of_the_first_rule_that_holds() -> None:
    obj, marks = stick(["head", "neck", "grip"])
    assert marks == {"head": 1, "neck": 2, "grip": 3}
    height = obj.vertices[obj.faces].mean(axis=1)[:, 2]
    for mark, (low, high) in {1: (0.01, 1), 2: (-0.01, 0.01), 3: (-1, -0.01)}.items():
        assert (obj.face_parts[(height > low + 1e-6) & (height < high - 1e-6)] == mark).all()
    with pytest.raises(InputError, match="'lid'"):
        written.with_named_parts(obj, [["lid", {"n": [0, 0, 1], "over": 9.0}], ["body"]])


def test_every_written_plan_fits_an_object_with_its_parts_and_a_hand() -> None:
    rows = written.load()
    assert len(rows) == 20
    obj, marks = stick(
        sorted({name for row in rows.values() for name in row["hold"] + row["avoid"]})
    )
    for (_, task), row in rows.items():
        plan = resolve(written.plan_of(row, obj, marks), obj, scene.allegro())
        assert plan.prompt == task
        assert [part.mark for part in plan.grip.held] == [marks[name] for name in row["hold"]]
        assert [part.mark for part in plan.grip.avoided] == [marks[name] for name in row["avoid"]]


@pytest.mark.slow
def test_grasps_are_made_and_judged(judge_script: pathlib.Path, tmp_path: pathlib.Path) -> None:
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    trimesh.creation.box((0.05, 0.05, 0.1)).export(meshes / "box.stl")
    out = tmp_path / "results" / "judged.json"
    words = ["--hand", "allegro", "--judge", judge_script, "--out", out, "--objects", meshes]
    words += ["--num", 8, "--keep", 4]
    run = CliRunner().invoke(judged.main, [str(word) for word in words], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    report = json.loads(out.read_text())
    assert report["made"]["hand"] == "allegro"
    for protocol in ("fc", "carry"):
        assert report["total"]["all"][protocol]["grasps"] == 8
        assert report["total"]["ranked"][protocol]["grasps"] == 4
        assert report["objects"]["box"]["tested"][protocol]["held"] == 1.0


@pytest.mark.slow
def test_tasks_follow_rules_and_written_plans(
    judge_script: pathlib.Path, shared_assets: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    cases = json.loads((shared_assets / "tasks.json").read_text())
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "objects").symlink_to(shared_assets / "objects")
    (assets / "tasks.json").write_text(json.dumps(cases[:1]))
    for way in ([], ["--written"]):
        out = tmp_path / "tasks.json"
        words = [assets, "--hand", "allegro", "--judge", judge_script, "--out", out, "--num", 16]
        run = CliRunner().invoke(
            tasks.main, [str(word) for word in [*words, *way]], catch_exceptions=False
        )
        assert run.exit_code == 0, run.output
        report = json.loads(out.read_text())
        assert report["made"]["written"] == bool(way)
        (row,) = report["tasks"]
        assert 0 <= row["judge_aligned_and_held"] <= min(row["judge_held"], row["judge_aligned"])
