"""Grippers: loops of links become couplings, fingers that translate face one another."""

from __future__ import annotations

import pathlib

import mujoco
import numpy as np
import pytest
import trimesh

from tests.hand.grippers import four_bars, slides
from tests.hands import hand_from_text
from zdg_jax import Hand, Object, synthesize


def gap(text: str, hand: Hand) -> float:
    """Farthest that the file's own loops stand open along the range of the hand's one dof [m]."""
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    coupling, worst = hand.kinematics.coupling, 0.0
    assert hand.joint_names == tuple(model.joint(j).name for j in range(model.njnt))
    for value in np.linspace(coupling.lower[0], coupling.upper[0], 23):
        data.qpos[:] = hand.joints(np.array([value]))
        mujoco.mj_forward(model, data)
        rows = data.efc_type == int(mujoco.mjtConstraint.mjCNSTR_EQUALITY)
        worst = max(worst, float(np.abs(data.efc_pos[rows]).max()))
    return worst


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(four_bars(), id="parallel"),
        pytest.param(four_bars((0.033, 0.027)), id="not parallel"),
        pytest.param(four_bars((0.031, 0.03), sites=True), id="by sites"),
    ],
)
def test_a_loop_becomes_couplings_that_keep_it_closed(text: str) -> None:
    hand = hand_from_text(text)
    assert hand.num_dofs == 1
    assert gap(text, hand) < 1e-3
    assert sum("loop" in note and "opened" in note for note in hand.notes) == 1
    # The bars of a finger are one finger, that with the pad.
    assert [finger.links for finger in hand.fingers] == [
        tuple(hand.link_names.index(f"{side}_{part}") for part in ("link", "finger"))
        for side in ("left", "right")
    ]
    assert not (hand.model.eq_type == int(mujoco.mjtEq.mjEQ_CONNECT)).any()


def test_bars_that_move_in_two_ways_are_cut_and_driven() -> None:
    hand = hand_from_text(four_bars(loose=True))
    assert any("does not move in one way and is cut" in note for note in hand.notes)
    assert {"left_link", "left_finger", "right_link", "right_finger"} <= set(hand.dof_names)


def test_a_mirrored_gripper_is_opened_too() -> None:
    hand = hand_from_text(four_bars()).mirrored()
    assert len(hand.fingers) == 2
    assert hand.num_dofs == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(four_bars(), id="bars"),
        pytest.param(slides(), id="slides"),
        pytest.param(slides(coupled=True), id="coupled slides"),
    ],
)
def test_fingers_that_translate_face_one_another(text: str) -> None:
    hand = hand_from_text(text)
    np.testing.assert_allclose(hand.palm.normal, [0, 0, 1], atol=0.05)
    wide, narrow = (hand.tip_positions(d) for d in (hand.open_dofs, hand.half_closed_dofs))
    assert np.ptp(wide[:, 1]) > 1.5 * np.ptp(narrow[:, 1]) > 0.005
    rotation, translation = hand.kinematics.link_poses(hand.half_closed_dofs)
    contacts = hand.arrays.contacts
    links = np.asarray(contacts.link)
    points = np.einsum("kij,kj->ki", rotation[links], np.asarray(contacts.local))
    points += translation[links]
    normals = np.einsum("kij,kj->ki", rotation[links], np.asarray(contacts.normals))
    tips = np.asarray(contacts.tip)
    assert tips.sum() >= 28
    # None is on the finger's back, and most look at the other finger.
    inward = -np.sign(points[tips, 1]) * normals[tips, 1]
    assert inward.min() > -0.3
    assert (inward > 0.9).mean() > 0.6


def test_a_file_in_millimetres_is_the_same_hand() -> None:
    hand, scaled = hand_from_text(slides()), hand_from_text(slides(unit=1000.0), scale=0.001)
    for name in ("body_pos", "geom_pos", "geom_size", "jnt_range", "body_mass"):
        np.testing.assert_allclose(
            getattr(scaled.model, name), getattr(hand.model, name), rtol=1e-6, atol=1e-12
        )
    np.testing.assert_allclose(scaled.kp, hand.kp, rtol=1e-6)
    np.testing.assert_allclose(scaled.force_range, hand.force_range)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(four_bars(), id="bars"),
        pytest.param(slides(), id="slides"),
        pytest.param(slides(coupled=True), id="coupled slides"),
    ],
)
def test_grippers_hold_a_box(text: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "gripper.xml"
    path.write_text(text)
    box = Object.from_mesh(trimesh.creation.box((0.05, 0.04, 0.06)))
    grasps = synthesize("pick it up", box, Hand.load(path), num=16, keep=4, planner="rules")
    assert grasps.held[grasps.tested].mean() > 0.7
