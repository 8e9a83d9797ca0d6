"""Hands: the shipped ones, Menagerie's, small made-up ones, and what is refused."""

from __future__ import annotations

import dataclasses
import pathlib
import re

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.hand.models import gripper
from tests.hands import hand_from_text, load_hand
from zdg_jax.errors import InputError
from zdg_jax.hand import Hand, describe, joints_from_dofs, shipped_hands
from zdg_jax.hand.link_geometry import link_solids, sample_links
from zdg_jax.hand.spheres import LinkSpheres, measure_coverage
from zdg_jax.kernels import kinematics

MENAGERIE = {"allegro": "wonik_allegro", "leap": "leap_hand", "shadow": "shadow_hand"}


def random_dofs(hand: Hand, num: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    return (lower + rng.random((num, hand.num_dofs)) * (upper - lower)).astype(np.float32)


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_kinematics_agree_with_the_c_engine(name: str) -> None:
    hand = load_hand(name)
    joints = np.asarray(joints_from_dofs(hand.arrays, random_dofs(hand, 30)))
    poses = np.moveaxis(kinematics.link_poses(hand.arrays.tree, jnp.asarray(joints)), -1, 1)
    data = mujoco.MjData(hand.model)
    for k, pose in enumerate(joints):
        data.qpos[:] = pose
        mujoco.mj_kinematics(hand.model, data)
        assert np.abs(data.xpos - poses[k, ..., 3]).max() < 1e-5
        assert np.abs(data.xmat.reshape(-1, 3, 3) - poses[k, ..., :3]).max() < 1e-5


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_shipped_hands_carry_over_to_menagerie(name: str, shared_assets: pathlib.Path) -> None:
    hand = load_hand(name)
    path = shared_assets / "hands" / MENAGERIE[name] / "right_hand.xml"
    model = mujoco.MjSpec.from_file(str(path)).compile()
    assert hand.joint_names == tuple(model.joint(j).name for j in range(model.njnt))
    assert hand.actuator_names == tuple(model.actuator(a).name for a in range(model.nu))
    np.testing.assert_allclose(hand.model.jnt_range, model.jnt_range, atol=1e-5)
    assert worst_offset(hand, model) < 2e-3


def link_poses(model: mujoco.MjModel, qpos: ArrayLike) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return {
        model.body(b).name: (data.xmat[b].reshape(3, 3).copy(), data.xpos[b].copy())
        for b in range(1, model.nbody)
    }


def frames_between(hand: Hand, model: mujoco.MjModel) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pose of each link of `hand` in the frame of the model's link of the same name, at rest."""
    ours, theirs = link_poses(hand.model, 0.0), link_poses(model, 0.0)
    return {
        name: (theirs[name][0].T @ turn, theirs[name][0].T @ (place - theirs[name][1]))
        for name, (turn, place) in ours.items()
    }


def worst_offset(hand: Hand, model: mujoco.MjModel) -> float:
    """Greatest distance [m] between the fingertips of both over random joints."""
    between, worst = frames_between(hand, model), 0.0
    for pose in np.asarray(joints_from_dofs(hand.arrays, random_dofs(hand, 20))):
        ours, theirs = link_poses(hand.model, pose), link_poses(model, pose)
        for finger in hand.fingers:
            name = hand.link_names[finger.tip_link]
            tip = np.asarray(hand.arrays.contacts.local)[
                np.asarray(hand.arrays.contacts.link) == finger.tip_link
            ].mean(0)
            turn, place = between[name]
            there = theirs[name][0] @ (turn @ tip + place) + theirs[name][1]
            worst = max(worst, np.linalg.norm(ours[name][0] @ tip + ours[name][1] - there))
    return worst


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_shipped_hands_touch_where_menagerie_does(name: str, shared_assets: pathlib.Path) -> None:
    hand = load_hand(name)
    other = load_hand(shared_assets / "hands" / MENAGERIE[name] / "right_hand.xml")
    between, solids = frames_between(hand, other.model), link_solids(hand.model)
    contacts, gaps = other.arrays.contacts, []
    touching = {finger.tip_link for finger in other.fingers} | {other.palm.link}
    for point, link in zip(np.asarray(contacts.local), np.asarray(contacts.link), strict=True):
        if link not in touching:
            continue
        turn, place = between[other.link_names[link]]
        own = hand.link_names.index(other.link_names[link])
        local = turn.T @ (point - place)
        gaps.append(min(s.depth(local[None])[0] for s in solids if s.link == own))
    assert len(gaps) > 100
    assert np.abs(gaps).mean() < 1e-3
    assert np.percentile(np.abs(gaps), 90) < 2e-3


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_anatomy(name: str) -> None:
    hand = load_hand(name)
    assert len(hand.fingers) == (5 if name == "shadow" else 4)
    assert sum(finger.is_thumb for finger in hand.fingers) == 1
    assert hand.fingers[-1].is_thumb
    assert abs(hand.palm.normal @ hand.palm.direction) < 1e-6
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    gap = {}
    for label, dofs in (("open", hand.open_dofs), ("half", hand.half_closed_dofs)):
        assert (dofs >= lower - 1e-6).all()
        assert (dofs <= upper + 1e-6).all()
        tips = hand.tip_positions(dofs)
        gap[label] = np.linalg.norm(tips[:-1].mean(axis=0) - tips[-1])
    assert gap["open"] > 0.05
    assert gap["half"] < 0.7 * gap["open"]


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_links_do_not_touch_in_open_and_half_closed_poses(name: str) -> None:
    hand = load_hand(name)
    data = mujoco.MjData(hand.model)
    for dofs in (hand.open_dofs, hand.half_closed_dofs):
        data.qpos[:] = hand.joints(dofs)
        mujoco.mj_forward(hand.model, data)
        assert data.ncon == 0


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow", *MENAGERIE.values()])
def test_spheres_stand_for_the_links(name: str, shared_assets: pathlib.Path) -> None:
    if name in MENAGERIE.values():
        name = shared_assets / "hands" / name / "right_hand.xml"
    hand = load_hand(name)
    assert hand.coverage.mean < 3e-3
    assert hand.coverage.stick_out < 5e-3
    spheres = hand.arrays.spheres
    assert len(spheres.radii) <= 104
    assert (spheres.inner <= spheres.radii).all()


def test_points_and_normals_of_round_solids_are_exact() -> None:
    spec = mujoco.MjSpec.from_string(
        '<mujoco><worldbody><body><geom type="capsule" size=".01" fromto="0 0 0 0 .03 .04"/></body>'
        "</worldbody></mujoco>"
    )
    own = sample_links(link_solids(spec.compile()), 2)[1]
    axis = np.array([0, 0.6, 0.8])
    along = np.clip(own.points @ axis, 0, 0.05)
    radial = own.points - along[:, None] * axis
    np.testing.assert_allclose(np.linalg.norm(radial, axis=1), 0.01, atol=1e-9)
    np.testing.assert_allclose(own.normals, radial / 0.01, atol=1e-6)


def test_coverage_is_measured_to_the_surface() -> None:
    """A sphere of 11 mm about the middle of a box of 20 mm sticks out by 1 mm."""
    spec = mujoco.MjSpec.from_string(
        '<mujoco><worldbody><body><geom type="box" size=".01 .01 .01"/></body></worldbody></mujoco>'
    )
    solids = link_solids(spec.compile())
    samples = sample_links(solids, 2)
    ball = LinkSpheres(centers=np.zeros((1, 3)), radii=np.array([0.011]), link=np.array([1]))
    coverage = measure_coverage(ball, solids, samples)
    assert coverage.stick_out == pytest.approx(1e-3, abs=1e-5)
    assert coverage.largest == pytest.approx(0.01 * 3**0.5 - 0.011, abs=5e-4)


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_candidates_lie_on_the_collision_geometry(name: str) -> None:
    hand = load_hand(name)
    contacts, model = hand.arrays.contacts, hand.model
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    place = kinematics.link_poses(hand.arrays.tree, jnp.asarray(data.qpos, jnp.float32))
    points = np.asarray(kinematics.transform_points(place, contacts.local, contacts.link).T, float)
    links = np.asarray(contacts.link)
    for point, link in zip(points[::5], links[::5], strict=True):
        nearest = min(
            _distance(model, data, g, point)
            for g in range(model.ngeom)
            if model.geom_bodyid[g] == link
        )
        assert abs(nearest) < 2e-4
    np.testing.assert_allclose(np.linalg.norm(contacts.normals, axis=1), 1, atol=1e-5)


def _distance(model: mujoco.MjModel, data: mujoco.MjData, geom: int, point: np.ndarray) -> float:
    local = data.geom_xmat[geom].reshape(3, 3).T @ (point - data.geom_xpos[geom])
    size, kind = model.geom_size[geom], model.geom_type[geom]
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        q = np.abs(local) - size
        return np.linalg.norm(np.maximum(q, 0)) + min(q.max(), 0)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        local[2] -= np.clip(local[2], -size[1], size[1])
    return np.linalg.norm(local) - size[0]


def test_joints_that_share_a_tendon_have_a_coordinate_each() -> None:
    hand = load_hand("shadow")
    assert (hand.num_joints, hand.num_dofs, hand.num_actuators) == (24, 24, 20)
    for finger in ("FF", "MF", "RF", "LF"):
        inner, outer = (hand.joint_names.index(f"rh_{finger}J{n}") for n in (2, 1))
        row = hand.actuator_names.index(f"rh_A_{finger}J0")
        assert hand.ctrl_from_joints[row, [inner, outer]].tolist() == [1, 1]


def test_shadow_lets_joints_of_a_tendon_move_against_each_other() -> None:
    hand = load_hand("shadow")
    passive_motions = np.asarray(hand.arrays.passive_motions)
    np.testing.assert_allclose(passive_motions @ passive_motions.T, np.eye(4), atol=1e-6)
    np.testing.assert_allclose(hand.ctrl_from_joints @ passive_motions.T, 0, atol=1e-6)
    assert load_hand("allegro").arrays.passive_motions.shape == (0, 16)


def test_joint_equality_becomes_a_coupling() -> None:
    hand = hand_from_text(
        gripper(
            '<joint joint1="lb" joint2="la" polycoef="0.1 0.5 0.2 0 0"/>',
            '<position joint="la" kp="5"/><position joint="ra" kp="5"/>'
            '<position joint="rb" kp="5"/>',
        )
    )
    assert hand.dof_names == ("la", "ra", "rb")
    joints = np.asarray(joints_from_dofs(hand.arrays, jnp.asarray([0.4, 0.0, 0.0])))
    assert joints[hand.joint_names.index("lb")] == pytest.approx(0.1 + 0.2 + 0.2 * 0.16, abs=1e-6)


def test_joints_without_actuators_stay_and_a_floor_goes() -> None:
    hand = hand_from_text(gripper(actuators='<position joint="la"/><position joint="ra"/>'))
    assert hand.dof_names == ("la", "ra")
    assert any("lb has no actuator" in note for note in hand.notes)
    assert "left out a floor" in hand.notes
    assert not any(g.type == mujoco.mjtGeom.mjGEOM_PLANE for g in hand.spec().geoms)
    assert "MJX: takes all of it" in describe(hand)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (gripper(actuators='<motor joint="la"/>'), "is not a position actuator"),
        (gripper(actuators='<position joint="la" gear="0"/>'), "moves no joint"),
        (gripper(actuators='<position joint="la" ctrlrange="1 -1"/>'), "the lower end goes first"),
        (gripper(actuators='<position joint="la" kp="1e9"/>'), "0.001 to 1e+06 is taken"),
    ],
)
def test_what_cannot_work_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        hand_from_text(text)


def test_a_file_without_actuators_is_driven_and_says_so() -> None:
    hand = hand_from_text(gripper(actuators=""))
    assert hand.num_actuators == 4
    assert any("states no actuators: every joint is driven" in note for note in hand.notes)


def test_a_hand_that_nothing_resists_is_damped_and_says_so() -> None:
    hand = hand_from_text(gripper())
    assert any("no joint states damping" in note for note in hand.notes)
    np.testing.assert_allclose(hand.model.dof_armature, 1e-3)
    np.testing.assert_allclose(hand.model.actuator_biasprm[:, 2], -0.05 * hand.kp)
    stated = hand_from_text(gripper().replace('name="la"', 'name="la" damping="0.01"'))
    assert not any("damping" in note for note in stated.notes)
    assert not stated.model.dof_armature.any()


def test_drive_gives_every_joint_an_actuator() -> None:
    hand = Hand.load(mujoco.MjSpec.from_string(gripper(actuators="")), drive=4.0)
    assert hand.num_actuators == 4
    np.testing.assert_allclose(hand.kp, 4.0)
    # Fingers that swing freely knock away what they close on.
    np.testing.assert_allclose(hand.model.actuator_biasprm[:, 2], -0.05 * hand.kp)


def test_drives_of_slides_push_as_hard_as_those_of_hinges() -> None:
    hinge = 'name="rb" axis="-1 0 0" range="-0.1 1.2"'
    text = gripper(actuators="")
    assert hinge in text
    slide = 'name="rb" type="slide" axis="0 0 1" range="0 0.03"'
    hand = hand_from_text(text.replace(hinge, slide))
    assert hand.linear.sum() == 1
    np.testing.assert_allclose(hand.kp, np.where(hand.linear, 5.0 / 0.07**2, 5.0))


def test_unknown_names_list_the_shipped_hands() -> None:
    assert shipped_hands() == ("allegro", "leap", "shadow")
    message = "no hand 'alegro'; shipped: allegro, leap, shadow; or give the path of an MJCF file"
    with pytest.raises(InputError, match=re.escape(message)):
        Hand.load("alegro")


def test_hands_are_frozen_and_fingerprinted() -> None:
    hand = load_hand("allegro")
    assert hand.fingerprint != load_hand("leap").fingerprint
    assert hand.spec().compile().nq == 16
    with pytest.raises(dataclasses.FrozenInstanceError):
        hand.name = "other"
