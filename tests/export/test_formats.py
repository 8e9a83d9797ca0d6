"""Every format, read back by what reads it elsewhere."""

from __future__ import annotations

import csv
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import mujoco
import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from tests.made_up import JOINTS, make_grasps
from zdg_jax.errors import InputError
from zdg_jax.export import FORMATS, export_grasps
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import HandRecord
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses
from zdg_jax.rendering.hand_shapes import posed_links
from zdg_jax.scenes import Scene

STAGES = ("pregrasp", "grasp", "squeeze")


def qpos_of(grasps: GraspSet, stage: str) -> np.ndarray:
    """Poses of the kept grasps, best first, (n, 7 + j)."""
    chosen = grasps.selected()
    return np.asarray(getattr(chosen[chosen.ranking], stage).qpos)


def matrix_of(qpos: np.ndarray) -> np.ndarray:
    """4 x 4 pose of a root by MuJoCo."""
    pose, rotation = np.eye(4), np.zeros(9)
    mujoco.mju_quat2Mat(rotation, qpos[3:7].astype(float))
    pose[:3, :3], pose[:3, 3] = rotation.reshape(3, 3), qpos[:3]
    return pose


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_writes_the_kept_grasps_and_can_be_written_again(
    format: str, allegro_grasps: GraspSet, tmp_path: pathlib.Path
) -> None:
    paths = export_grasps(allegro_grasps, tmp_path, format=format)
    assert len(paths) in (1, 2)  # one file of both, or one for each
    assert all(path.is_file() and tmp_path in path.parents for path in paths)
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert export_grasps(allegro_grasps, tmp_path, format=format) == paths
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == files


def test_json_names_joints_and_states_its_conventions(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6)
    (path,) = export_grasps(grasps, tmp_path, format="json")
    content = json.loads(path.read_text())
    assert content["conventions"]["quaternion"].startswith("w, x, y, z")
    assert content["task"] == "throw the ball"
    assert content["hand"]["joint_names"] == [f"joint{i}" for i in range(JOINTS)]
    assert len(content["grasps"]) == 3
    chosen = grasps.selected()
    assert [g["holds"] for g in content["grasps"]] == chosen.held[chosen.ranking].tolist()
    kept = grasps.ranking[grasps.kept[grasps.ranking]]
    assert [g["number"] for g in content["grasps"]] == kept.tolist()
    for stage in STAGES:
        for record, qpos in zip(content["grasps"], qpos_of(grasps, stage), strict=True):
            pose = record[stage]
            np.testing.assert_allclose(pose["T_object_hand"], matrix_of(qpos), atol=1e-6)
            np.testing.assert_allclose(pose["quaternion_wxyz"], qpos[3:7])
            np.testing.assert_allclose(list(pose["joints"].values()), qpos[7:])
    mesh = trimesh.load(tmp_path / content["object"]["mesh"], process=False)
    np.testing.assert_allclose(mesh.bounds, [[-0.03] * 3, [0.03] * 3], atol=1e-4)


@pytest.mark.parametrize("format", ["json", "csv", "npz", "ros", "dexgraspbench", "dexgraspnet"])
def test_grasps_are_chosen_by_the_numbers_that_the_files_state(
    format: str, tmp_path: pathlib.Path
) -> None:
    grasps = make_grasps(6)
    assert not grasps.kept[5]
    paths = export_grasps(grasps, tmp_path, format=format, only=[5, 0])
    order = [number for number in grasps.ranking.tolist() if number in (0, 5)]
    if format == "csv":
        with paths[0].open() as file:
            stated = [int(row["number"]) for row in csv.DictReader(file)]
    elif format == "json":
        stated = [grasp["number"] for grasp in json.loads(paths[0].read_text())["grasps"]]
    elif format == "ros":
        stated = [json.loads(path.read_text())["number"] for path in paths]
    elif format == "npz":
        stated = np.load(paths[0])["number"].tolist()
    elif format == "dexgraspnet":
        stated = [record["number"] for record in np.load(paths[0], allow_pickle=True)]
    else:
        stated = [np.load(path, allow_pickle=True).item()["number"] for path in paths]
    assert stated == order


def test_numbers_that_no_grasp_has_are_refused(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6)
    for only in ([6], [-1]):
        with pytest.raises(InputError, match="the set has grasps 0 to 5"):
            export_grasps(grasps, tmp_path, format="json", only=only)
    with pytest.raises(InputError, match="not both"):
        export_grasps(grasps, tmp_path, format="json", all=True, only=[1])


def test_json_has_no_number_that_is_not_finite(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(2)
    endless = dataclasses.replace(
        grasps, metrics=grasps.metrics | {"avoided_gap": np.full(2, np.inf)}
    )
    (path,) = export_grasps(endless, tmp_path, format="json")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    content = json.loads(path.read_text(), parse_constant=refuse)
    assert content["grasps"][0]["metrics"]["avoided_gap"] is None


def test_npz_opens_without_pickle(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6)
    (path,) = export_grasps(grasps, tmp_path, format="npz", all=True)
    with np.load(path, allow_pickle=False) as file:
        assert file["joint_names"].tolist() == [f"joint{i}" for i in range(JOINTS)]
        assert file["grasp_qpos"].shape == (6, 7 + JOINTS)
        assert np.all(np.diff(file["score"]) <= 0)  # best first
        assert json.loads(str(file["conventions"]))["quaternion"] == "w, x, y, z; unit"
        for i, qpos in enumerate(file["squeeze_qpos"]):
            np.testing.assert_allclose(file["squeeze_T_object_hand"][i], matrix_of(qpos), atol=1e-9)
        np.testing.assert_array_equal(file["pregrasp_joints"], file["pregrasp_qpos"][:, 7:])
        np.testing.assert_array_equal(file["holds"], grasps.held[grasps.ranking])


def test_csv_has_a_named_column_per_number(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6, tested=False)
    (path,) = export_grasps(grasps, tmp_path, format="csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert all(row["holds"] == "" for row in rows)
    names = ("x", "y", "z", "qw", "qx", "qy", "qz", *grasps.hand.joint_names)
    for stage in STAGES:
        numbers = [[float(row[f"{stage}.{name}"]) for name in names] for row in rows]
        np.testing.assert_allclose(numbers, qpos_of(grasps, stage), rtol=1e-6)


def test_dexgraspnet_turns_about_fixed_axes(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(6)
    (path,) = export_grasps(grasps, tmp_path, format="dexgraspnet")
    assert path == tmp_path / "dexgraspnet" / "ball.npy"
    records = np.load(path, allow_pickle=True)
    for record, qpos in zip(records, qpos_of(grasps, "grasp"), strict=True):
        named = record["qpos"]
        x, y, z = (named[f"WRJR{axis}"] for axis in "xyz")
        euler = trimesh.transformations.euler_matrix(x, y, z, axes="sxyz")
        euler[:3, 3] = [named[f"WRJT{axis}"] for axis in "xyz"]
        np.testing.assert_allclose(euler, matrix_of(qpos), atol=1e-6)
        assert [named[name] for name in grasps.hand.joint_names] == pytest.approx(qpos[7:])
        assert record["scale"] == 1.0
    mesh = trimesh.load_mesh(tmp_path / "meshdata" / "ball" / "coacd" / "decomposed.obj")
    assert mesh.volume == pytest.approx(grasps.object.volume)


def test_ros_messages_have_their_fields(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(4)
    paths = export_grasps(grasps, tmp_path, format="ros")
    assert [path.name for path in paths] == ["00000.json", "00001.json"]
    for i, path in enumerate(paths):
        content = json.loads(path.read_text())
        fingers, wrist = content["joint_trajectory"], content["wrist_trajectory"]
        assert fingers["joint_names"] == list(grasps.hand.joint_names)
        times = [point["time_from_start"] for point in fingers["points"]]
        assert times[0] == {"sec": 0, "nanosec": 0}
        assert times[2] == {"sec": 1, "nanosec": 500_000_000}
        for point, place, stage in zip(fingers["points"], wrist["points"], STAGES, strict=True):
            qpos = qpos_of(grasps, stage)[i]
            np.testing.assert_allclose(point["positions"], qpos[7:])
            (transform,) = place["transforms"]
            turn = Rotation.from_quat([transform["rotation"][axis] for axis in "xyzw"])
            np.testing.assert_allclose(turn.as_matrix(), matrix_of(qpos)[:3, :3], atol=1e-6)
            shift = [transform["translation"][axis] for axis in "xyz"]
            np.testing.assert_allclose(shift, qpos[:3])


def test_glb_shows_the_links_where_mujoco_has_them(
    allegro: Hand, allegro_grasps: GraspSet, tmp_path: pathlib.Path
) -> None:
    paths = export_grasps(allegro_grasps, tmp_path, format="glb")
    data = mujoco.MjData(allegro.model)
    for path, qpos in zip(paths, qpos_of(allegro_grasps, "grasp"), strict=True):
        scene = trimesh.load_scene(path)
        data.qpos[:] = qpos[7:]
        mujoco.mj_kinematics(allegro.model, data)
        to_object = np.linalg.inv(scene.graph.get("object_frame")[0])
        np.testing.assert_allclose(to_object @ [0, 1, 0, 0], [0, 0, 1, 0], atol=1e-9)  # y is up
        for mesh in allegro.link_meshes:
            name = allegro.link_names[mesh.link]
            pose = np.eye(4)
            pose[:3, :3] = data.xmat[mesh.link].reshape(3, 3)
            pose[:3, 3] = data.xpos[mesh.link]
            node, geometry = scene.graph.get(name)
            np.testing.assert_allclose(to_object @ node, matrix_of(qpos) @ pose, atol=1e-5)
            shown = scene.geometry[geometry]
            np.testing.assert_allclose(shown.bounds[1], mesh.vertices.max(0), atol=1e-6)


def test_mujoco_scene_stands_alone_and_replays(
    allegro: Hand, allegro_grasps: GraspSet, tmp_path: pathlib.Path
) -> None:
    (path,) = export_grasps(allegro_grasps, tmp_path / "a", format="mujoco")
    moved = (tmp_path / "a").rename(tmp_path / "b")  # nothing in it names its old place
    # MuJoCo writes six digits.
    model = mujoco.MjModel.from_xml_path(str(moved / path.name))
    assert model.body("object").mass[0] == pytest.approx(allegro_grasps.object.mass, rel=1e-4)
    assert model.nkey == 6
    for stage in STAGES:
        for i, qpos in enumerate(qpos_of(allegro_grasps, stage)):
            key = model.key(f"grasp{i}_{stage}")
            np.testing.assert_allclose(key.qpos[:-7], qpos, atol=1e-5)
            np.testing.assert_allclose(key.qpos[-7:], [0, 0, 0, 1, 0, 0, 0])
            np.testing.assert_allclose(key.mpos, qpos[:3], atol=1e-5)
            np.testing.assert_allclose(key.ctrl, qpos[7:], atol=1e-5)  # one motor per joint
    run = subprocess.run(
        [sys.executable, moved / "replay.py", "--grasp", "1"], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("grasp 1: the object moved ")


def test_a_hand_of_meshes_takes_them_along(tmp_path: pathlib.Path) -> None:
    (tmp_path / "hand").mkdir()
    trimesh.creation.box((0.02, 0.02, 0.04)).export(tmp_path / "hand" / "finger.stl")
    finger = (
        '<body pos="{x} 0 .03"><joint name="{name}" axis="0 {y} 0" range="-.5 1.5" limited="true"/>'
        '<geom type="mesh" mesh="finger"/></body>'
    )
    source = tmp_path / "hand" / "pincers.xml"
    source.write_text(
        '<mujoco model="pincers"><compiler angle="radian"/>'
        '<asset><mesh file="finger.stl"/></asset><worldbody>'
        '<body name="base"><geom type="box" size=".05 .02 .01"/>'
        + finger.format(x=0.04, y=-1, name="left")
        + finger.format(x=-0.04, y=1, name="right")
        + '</body></worldbody><actuator><position joint="left" kp="5"/>'
        '<position joint="right" kp="5"/></actuator></mujoco>'
    )
    hand = Hand.load(source)
    qpos = np.array([[0, 0, -0.1, 1, 0, 0, 0, 0.1, -0.1]])
    grasps = dataclasses.replace(
        make_grasps(1), hand=HandRecord.of(hand), poses=Poses.from_qpos(qpos, qpos, qpos)
    )
    export_grasps(grasps, tmp_path / "out", format="mujoco", all=True)
    shutil.rmtree(tmp_path / "hand")
    model = mujoco.MjModel.from_xml_path(str(tmp_path / "out" / "scene.xml"))
    assert model.mesh("hand/finger").id >= 0
    assert model.body("hand/base").id > 0


def test_joints_follow_a_urdf(tmp_path: pathlib.Path) -> None:
    grasps = make_grasps(4)
    names = ["arm", "joint3", "joint0", "joint5", "joint1", "joint2", "joint4"]
    joints = "".join(f'<joint name="{name}" type="revolute"/>' for name in names)
    urdf = tmp_path / "robot.urdf"
    urdf.write_text(f'<robot name="r"><joint name="mount" type="fixed"/>{joints}</robot>')
    (path,) = export_grasps(grasps, tmp_path / "a", format="npz", joint_order=urdf)
    with np.load(path) as file:
        assert file["joint_names"].tolist() == names[1:]
        expected = qpos_of(grasps, "grasp")[:, 7:][:, [3, 0, 5, 1, 2, 4]]
        np.testing.assert_allclose(file["grasp_joints"], expected)
    urdf.write_text('<robot name="r"><joint name="joint3" type="revolute"/></robot>')
    with pytest.raises(InputError, match=r"has no joint 'joint0' \(5 of 6 are missing\)"):
        export_grasps(grasps, tmp_path, format="json", joint_order=urdf)
    with pytest.raises(InputError, match=r"no file .*gone\.urdf"):
        export_grasps(grasps, tmp_path, format="json", joint_order=tmp_path / "gone.urdf")


def test_a_hand_that_is_not_known_is_asked_for(tmp_path: pathlib.Path, allegro: Hand) -> None:
    with pytest.raises(InputError, match="say which hand to use"):
        export_grasps(make_grasps(4), tmp_path, format="glb")
    with pytest.raises(InputError, match=r"16 \(.*the grasps are for 'gripper' with 6"):
        export_grasps(make_grasps(4), tmp_path, format="mujoco", hand=allegro)


def test_usd_moves_named_links_and_joints(
    allegro: Hand, allegro_grasps: GraspSet, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("pxr")
    from pxr import Usd, UsdGeom

    paths = export_grasps(allegro_grasps, tmp_path, format="usd", hand=allegro)
    assert [path.name for path in paths] == ["00000.usda", "00001.usda"]
    best = allegro_grasps.selected().best(1)
    moved = tmp_path.rename(tmp_path.with_name("moved"))  # references are relative
    stage = Usd.Stage.Open(str(moved / "00000.usda"))
    assert UsdGeom.GetStageUpAxis(stage) == UsdGeom.Tokens.z
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    tip = allegro.fingers[1].tip_link
    link = stage.GetPrimAtPath(f"/grasp/hand/{allegro.link_names[tip]}")
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(f"{link.GetPath()}/mesh"))
    assert len(mesh.GetPointsAttr().Get()) > 3
    body = UsdGeom.Mesh(stage.GetPrimAtPath("/grasp/object/mesh/mesh"))
    assert len(body.GetPointsAttr().Get()) == len(allegro_grasps.object.vertices)
    for name, at in (("pregrasp", 0.0), ("grasp", 24.0), ("squeeze", 36.0)):
        qpos = np.asarray(getattr(best, name).qpos, float)[0]
        rotation, translation = posed_links(allegro, qpos)
        # Gf matrices act on rows: their last row is the translation.
        matrix = np.array(UsdGeom.Xformable(link).ComputeLocalToWorldTransform(at))
        np.testing.assert_allclose(matrix[3, :3], translation[tip], atol=1e-6)
        np.testing.assert_allclose(matrix[:3, :3].T, rotation[tip], atol=1e-6)
        joints = stage.GetPrimAtPath("/grasp/joints")
        for k, joint in enumerate(joints.GetAttribute("order").Get()):
            value = joints.GetAttribute(f"joint:{joint}").Get(at)
            assert value == pytest.approx(qpos[7 + k], abs=1e-6)
    assert list(joints.GetAttribute("names").Get()) == list(allegro.joint_names)


def test_three_dimensional_files_have_table_and_approach(
    allegro: Hand, allegro_grasps: GraspSet, tmp_path: pathlib.Path
) -> None:
    qpos = [np.asarray(rows, float) for rows in allegro_grasps.poses.qpos]
    way = np.repeat(qpos[0][:, None], 3, axis=1)
    way[:, 0, 2] += 0.2
    way[:, 1, 2] += 0.1
    on_table = dataclasses.replace(
        allegro_grasps,
        poses=Poses.from_qpos(*qpos, approach=way),
        scene=Scene().place(allegro_grasps.object.pieces),
    )
    export_grasps(on_table, tmp_path / "glb", format="glb", hand=allegro)
    scene = trimesh.load(tmp_path / "glb" / "00000.glb")
    assert {"object", "around0", *allegro.link_names[1:2]} <= set(scene.graph.nodes)

    pytest.importorskip("pxr")
    from pxr import Usd, UsdGeom

    export_grasps(on_table, tmp_path / "usd", format="usd", hand=allegro)
    stage = Usd.Stage.Open(str(tmp_path / "usd" / "00000.usda"))
    assert stage.GetStartTimeCode() == -24.0
    assert stage.GetPrimAtPath("/grasp/around/solid0/mesh")
    link = UsdGeom.Xformable(stage.GetPrimAtPath(f"/grasp/hand/{allegro.link_names[-1]}"))
    heights = [link.ComputeLocalToWorldTransform(at)[3][2] for at in (-24.0, -12.0, 0.0)]
    np.testing.assert_allclose(np.diff(heights), -0.1, atol=1e-6)
