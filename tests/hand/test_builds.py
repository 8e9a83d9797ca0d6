"""Hands of every build: conversions, scenes, mounts, tendons, claws."""

from __future__ import annotations

import pathlib
import re

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
import trimesh

from tests.hand.models import claw, gripper, urdf
from tests.hands import hand_from_text
from zdg_jax.errors import InputError
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.hand.link_geometry import link_solids


def write_urdf(folder: pathlib.Path, text: str, mesh: str = "meshes/link.ply") -> pathlib.Path:
    """A package as ROS lays it out: tongs/urdf/tongs.urdf beside tongs/meshes."""
    (folder / "tongs" / "urdf").mkdir(parents=True)
    (folder / "tongs" / "meshes").mkdir()
    shape = trimesh.creation.capsule(height=0.03, radius=0.01, count=[16, 16])
    shape.export(folder / "tongs" / mesh)
    path = folder / "tongs" / "urdf" / "tongs.urdf"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("geometry", "mesh"),
    [
        ("collision", "meshes/link.stl"),
        ("visual", "meshes/link.ply"),
        ("visual", "meshes/link.glb"),
    ],
)
def test_urdf_is_read_as_it_comes(tmp_path: pathlib.Path, geometry: str, mesh: str) -> None:
    path = write_urdf(tmp_path, urdf(geometry, mesh), mesh)
    assert any("URDF states no actuators" in note for note in Hand.load(path).notes)
    hand = Hand.load(path, drive=3.0)
    assert hand.dof_names == ("left_base", "right_base")
    joints = np.asarray(joints_from_dofs(hand.arrays, jnp.asarray([0.6, 0.2])))
    at = dict(zip(hand.joint_names, joints.tolist(), strict=True))
    assert at["left_outer"] == pytest.approx(0.4, abs=1e-6)
    assert hand.link_names[hand.palm.link] == "palm"
    assert hand.model.body("palm").id > 0  # the palm can be carried: it is not the world
    # What shows is what collides where the file has nothing that does.
    assert (geometry == "visual") == any("visual geometry collides" in n for n in hand.notes)
    assert all(hand.model.geom_contype)


def test_missing_and_broken_meshes_are_named(tmp_path: pathlib.Path) -> None:
    path = write_urdf(tmp_path, urdf())
    (tmp_path / "tongs" / "meshes" / "link.ply").write_text("no mesh")
    with pytest.raises(InputError, match=r"link\.ply': .*; convert it to STL or OBJ"):
        Hand.load(path, drive=3.0)
    (tmp_path / "tongs" / "meshes" / "link.ply").unlink()
    with pytest.raises(InputError, match=r"tongs\.urdf' names a mesh that .* exist: .*link\.ply"):
        Hand.load(path, drive=3.0)


def test_links_of_every_screw_are_merged(tmp_path: pathlib.Path) -> None:
    path = write_urdf(tmp_path, urdf("collision", screws=70), "meshes/link.ply")
    hand = Hand.load(path, drive=3.0)
    assert hand.num_links < 10
    assert hand.model.body_mass.sum() == pytest.approx(75 * 0.05, rel=1e-6)
    assert hand.dof_names == ("left_base", "right_base")


def test_claw_without_thumb_faces_where_it_points() -> None:
    hand = hand_from_text(claw())
    assert not any(finger.is_thumb for finger in hand.fingers)
    assert hand.palm.normal[2] > 0.98
    # A finger that bends both ways alike closes inward, and its half-closed pose is free.
    center = hand.tip_positions(hand.half_closed_dofs)[:, :2]
    wide = hand.tip_positions(hand.open_dofs)[:, :2]
    assert np.linalg.norm(center, axis=1).max() < np.linalg.norm(wide, axis=1).min()
    data = mujoco.MjData(hand.model)
    data.qpos[:] = hand.joints(hand.half_closed_dofs)
    mujoco.mj_forward(hand.model, data)
    carried = hand.model.body("palm").id
    links = hand.model.geom_bodyid[data.contact.geom]
    assert all(carried in pair for pair in links)  # neighbours of the palm; no finger on another


def test_thumb_in_the_plane_of_two_fingers_makes_a_claw() -> None:
    """Two fingers side by side and one across, all pointing up: the palm faces up."""
    finger = """<body name="{n}1" pos="{x} {y} .02"><joint name="{n}a" axis="{s} 0 0"
        range="-.3 1.4"/><geom type="capsule" size=".008" fromto="0 0 0 0 {o} .05"/>
        <body name="{n}2" pos="0 {o} .05"><joint name="{n}b" axis="{s} 0 0" range="0 1.4"/>
        <geom type="capsule" size=".008" fromto="0 0 0 0 0 .04"/></body></body>"""
    bodies = finger.format(n="a", x=0.03, y=0.04, s=1, o=0.02)
    bodies += finger.format(n="b", x=-0.03, y=0.04, s=1, o=0.02)
    bodies += finger.format(n="c", x=0, y=-0.04, s=-1, o=-0.02)
    drives = "".join(f'<position joint="{f}{j}"/>' for f in "abc" for j in "ab")
    hand = hand_from_text(f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>
      <body name="palm"><geom type="box" size=".05 .05 .01"/>{bodies}</body></worldbody>
      <actuator>{drives}</actuator></mujoco>""")
    assert [finger.is_thumb for finger in hand.fingers] == [False, False, True]
    assert hand.palm.normal[2] > 0.98


def test_scene_and_mount_are_left_out_and_a_wrist_stays() -> None:
    scene = """<geom type="box" size="1 1 .1" pos="0 0 -.5"/>
      <body name="table" pos="1 0 0"><geom type="box" size=".3 .3 .3"/></body>
      <body name="ball" pos="0 0 .3"><joint name="bx" type="slide"/><geom size=".02"/></body>"""
    arm = "".join(
        f'<joint name="{n}" type="{t}" axis="{a}" range="-1 1"/>'
        for n, t, a in (
            ("px", "slide", "1 0 0"),
            ("py", "slide", "0 1 0"),
            ("pz", "slide", "0 0 1"),
            ("rz", "hinge", "0 0 1"),
        )
    )
    text = claw(scene=scene).replace(
        '<body name="palm">',
        f'<body name="arm">{arm}<geom size=".01"/><body name="palm">'
        '<joint name="wrist" axis="1 0 0" range="-.5 .5"/>',
    )
    text = text.replace("</body></worldbody>", "</body></body></worldbody>")
    text = text.replace("<actuator>", '<actuator><position joint="px"/><position joint="wrist"/>')
    hand = hand_from_text(text)
    assert hand.joint_names == ("wrist", "j0a", "j0b", "j1a", "j1b", "j2a", "j2b")
    assert set(hand.link_names[1:3]) == {"arm", "palm"}
    notes = "; ".join(hand.notes)
    for what in ("geometry of the world", "body 'table'", "body 'ball'", "joints px, py, pz, rz"):
        assert what in notes


def test_tendon_with_hardly_any_range_ties_joints() -> None:
    tendon = """<fixed name="tie" range="-.001 .001"><joint joint="la" coef=".01"/>
      <joint joint="lb" coef="-.01"/></fixed>"""
    drives = "".join(f'<position joint="{j}" kp="5"/>' for j in ("la", "ra", "rb"))
    hand = hand_from_text(gripper(tendon=tendon, actuators=drives))
    assert hand.dof_names == ("la", "ra", "rb")
    joints = np.asarray(joints_from_dofs(hand.arrays, jnp.asarray([0.7, 0.0, 0.0])))
    assert joints[hand.joint_names.index("lb")] == pytest.approx(0.7, abs=1e-6)


def test_a_tendon_over_three_joints_leaves_two_motions_slack() -> None:
    tendon = """<fixed name="pull"><joint joint="la" coef="2"/><joint joint="lb" coef="1"/>
      <joint joint="rb" coef="-1"/></fixed>"""
    drives = '<position tendon="pull" kp="5"/><position joint="ra" kp="5"/>'
    passive_motions = np.asarray(
        hand_from_text(gripper(tendon=tendon, actuators=drives)).arrays.passive_motions
    )
    assert passive_motions.shape == (2, 4)
    np.testing.assert_allclose(passive_motions @ passive_motions.T, np.eye(2), atol=1e-6)
    np.testing.assert_allclose(passive_motions @ [2.0, 1.0, 0.0, -1.0], 0, atol=1e-6)
    np.testing.assert_allclose(passive_motions[:, 2], 0, atol=1e-6)


def test_joints_that_an_equality_ties_are_not_slack() -> None:
    tendon = """<fixed name="pull"><joint joint="la" coef="1"/><joint joint="lb" coef="1"/></fixed>
    """
    drives = '<position tendon="pull" kp="5"/><position joint="ra" kp="5"/>'
    equality = '<joint joint1="lb" joint2="la" polycoef="0 0.7 0 0 0"/>'
    hand = hand_from_text(gripper(equality, drives + '<position joint="rb" kp="5"/>', tendon))
    assert hand.arrays.passive_motions.shape == (0, 4)


def test_links_built_into_one_another_may_pass() -> None:
    base = '<geom type="capsule" size=".02" fromto=".035 0 .02 .035 0 .09"/>'
    hand = hand_from_text(claw(base=base))
    assert any("built into one another, left to pass: palm and f0_2" in n for n in hand.notes)
    assert hand.spec().compile().nexclude == hand.model.nexclude == 1


def test_bodies_of_several_joints() -> None:
    text = gripper().replace(
        '<joint name="la"', '<joint name="la0" axis="0 0 1" range="-.3 .3"/><joint name="la"'
    )
    hand = hand_from_text(text.replace("<actuator>", '<actuator><position joint="la0" kp="5"/>'))
    assert hand.dof_names == ("la0", "la", "lb", "ra", "rb")
    assert hand.closing[0] == 0
    assert (hand.closing[1:] != 0).all()


def test_hull_of_thousands_of_corners_is_thinned() -> None:
    rng = np.random.default_rng(0)
    corners = rng.normal(size=(20000, 3))
    corners *= 0.03 / np.linalg.norm(corners, axis=1, keepdims=True)
    listed = " ".join(f"{x:.6f}" for x in corners.ravel())
    spec = mujoco.MjSpec.from_string(
        f'<mujoco><asset><mesh name="ball" vertex="{listed}"/></asset><worldbody><body>'
        '<geom type="mesh" mesh="ball"/></body></worldbody></mujoco>'
    )
    (solid,) = link_solids(spec.compile())
    assert len(solid.vertices) <= 500
    assert np.abs(solid.depth(corners)).max() < 5e-4


def test_a_cord_over_sites_is_replaced_by_drives() -> None:
    hand = hand_from_text(
        gripper(
            tendon='<spatial name="cord"><site site="p"/><site site="q"/></spatial>',
            actuators='<position tendon="cord" kp="5"/>',
            extra='<site name="p"/><site name="q" pos="0 0 1"/>',
        )
    )
    assert hand.num_actuators == 4
    assert "tendon 'cord' runs over sites: every joint is driven with 5 N m/rad" in hand.notes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (claw(fingers=7), "has 7 chains of joints, more than a hand has fingers"),
        (claw(fingers=1), "has 1 finger; at least 2 are needed"),
    ],
)
def test_what_cannot_work_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        hand_from_text(text)
