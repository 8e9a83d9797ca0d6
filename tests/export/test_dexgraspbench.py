"""Export: the layout that DexGraspBench and its judges read."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import mujoco
import numpy as np
import pytest
import trimesh

from tests.made_up import JOINTS, make_grasps
from zdg_jax.errors import InputError
from zdg_jax.export import export_grasps
from zdg_jax.export.names import slug


def read(path: pathlib.Path) -> dict:
    return np.load(path, allow_pickle=True).item()


def test_records_hold_what_the_layout_asks_for(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6)
    paths = export_grasps(grasps, tmp_path)
    assert len(paths) == int(grasps.kept.sum())
    best = grasps.selected().best(1)
    record = read(paths[0])
    for pose in ("pregrasp", "grasp", "squeeze"):
        assert record[f"{pose}_qpos"].shape == (7 + JOINTS,)
        np.testing.assert_allclose(record[f"{pose}_qpos"], np.asarray(getattr(best, pose).qpos)[0])
    assert record["task"] == "throw the ball"
    assert record["obj_scale"] == 1.0
    assert list(record["obj_pose"]) == [0, 0, 0, 1, 0, 0, 0]
    folder = tmp_path / record["obj_path"]
    assert not pathlib.Path(record["obj_path"]).is_absolute()
    assert folder.name == "ball"
    assert sorted(path.name for path in (folder / "urdf" / "meshes").iterdir()) == [
        "piece000.obj",
        "piece001.obj",
    ]


def test_pieces_are_in_the_meshs_frame_and_weigh_what_the_object_does(
    tmp_path: pathlib.Path,
) -> None:
    grasps = make_grasps(2)
    folder = tmp_path / read(export_grasps(grasps, tmp_path)[0])["obj_path"]
    info = json.loads((folder / "info" / "simplified.json").read_text())
    assert info["scale"] == 1.0
    assert info["mass"] == pytest.approx(grasps.object.mass)
    spec = mujoco.MjSpec()
    body = spec.worldbody.add_body()
    for i, path in enumerate(sorted((folder / "urdf" / "meshes").glob("*.obj"))):
        np.testing.assert_allclose(
            trimesh.load(path, process=False).bounds,
            [grasps.object.pieces[i].vertices.min(0), grasps.object.pieces[i].vertices.max(0)],
            atol=1e-8,
        )
        spec.add_mesh(name=f"p{i}", file=str(path))
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=f"p{i}", density=info["density"])
    assert spec.compile().body_mass[1] == pytest.approx(grasps.object.mass, rel=1e-4)


def test_a_second_export_leaves_the_first_alone_unless_it_is_told_to_replace_it(
    tmp_path: pathlib.Path,
) -> None:
    grasps = make_grasps(8)
    earlier = export_grasps(grasps, tmp_path, all=True)
    assert len(earlier) == 8
    notes = earlier[0].with_name("my_notes.npy")
    notes.write_text("precious")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="--force"):
        export_grasps(grasps, tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    paths = export_grasps(grasps, tmp_path, force=True)
    assert notes.read_text() == "precious"
    notes.unlink()
    assert sorted(tmp_path.rglob("*.npy")) == sorted(paths)
    assert len(paths) == 4


def test_two_tasks_share_a_folder(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(4)
    export_grasps(grasps, tmp_path)
    export_grasps(dataclasses.replace(grasps, task="catch it"), tmp_path)
    assert len(list(tmp_path.rglob("*.npy"))) == 4


def test_refusals(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(4)
    with pytest.raises(InputError, match="there are: csv, dexgraspbench"):
        export_grasps(grasps, tmp_path, format="urdf")
    with pytest.raises(InputError, match="--all"):
        export_grasps(grasps.with_kept([]), tmp_path)
    export_grasps(grasps, tmp_path)
    other = dataclasses.replace(grasps.object, mesh_hash="c" * 64)
    with pytest.raises(InputError, match=r"already.*--force"):
        export_grasps(dataclasses.replace(grasps, object=other), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        export_grasps(grasps, tmp_path / "file" / "out")


def test_slugs_are_safe_folder_names() -> None:
    assert slug("../../etc passwd") == "etc_passwd"
    assert slug("pour, please!") == "pour_please"
    assert len(slug("x" * 500)) == 60
