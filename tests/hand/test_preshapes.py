"""Preshapes: postures whose pads face each other, at every width that a hand spans."""

from __future__ import annotations

import jax
import mujoco
import numpy as np
import pytest

from tests.hand.models import claw, gripper
from tests.hands import hand_from_text, load_hand
from zdg_jax.hand import Hand, Preshapes
from zdg_jax.hand.preshapes import ROOM, find_preshapes

SHIPPED = ["allegro", "leap", "shadow"]


def hands() -> dict[str, Hand]:
    made_up = {"gripper": hand_from_text(gripper()), "claw": hand_from_text(claw())}
    return {name: load_hand(name) for name in SHIPPED} | made_up


def pads_by_mujoco(hand: Hand, dofs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean contact candidate and mean normal of each fingertip, (f, 3) each, by the C engine."""
    data = mujoco.MjData(hand.model)
    data.qpos[:] = hand.joints(dofs)
    mujoco.mj_kinematics(hand.model, data)
    contacts = hand.arrays.contacts
    points, normals = [], []
    for finger in hand.fingers:
        on_tip = np.asarray(contacts.link) == finger.tip_link
        turn = data.xmat[finger.tip_link].reshape(3, 3)
        middle = np.asarray(contacts.local, float)[on_tip].mean(0)
        points.append(turn @ middle + data.xpos[finger.tip_link])
        outward = turn @ np.asarray(contacts.normals, float)[on_tip].mean(0)
        normals.append(outward / np.linalg.norm(outward))
    return np.array(points), np.array(normals)


@pytest.mark.parametrize("name", SHIPPED)
def test_there_is_a_preshape_for_every_width_from_a_coin_to_a_loaf(name: str) -> None:
    widths = np.sort(np.asarray(load_hand(name).preshapes.width))
    assert widths[0] < 0.035
    assert widths[-1] > 0.17
    assert np.diff(widths).max() < 0.02


@pytest.mark.parametrize("name", [*SHIPPED, "gripper", "claw"])
def test_pads_face_each_other_before_the_palm(name: str) -> None:
    hand = hands()[name]
    preshapes = hand.preshapes
    assert float(np.min(preshapes.opposition)) > 0.3
    assert float(np.min(preshapes.depth)) > 0.0
    first = hand.opposing_finger
    for row in range(0, len(preshapes.width), 5):
        points, normals = pads_by_mujoco(hand, np.asarray(preshapes.dofs[row], float))
        near, far = points[first], np.delete(points, first, axis=0).mean(axis=0)
        axis = (far - near) / np.linalg.norm(far - near)
        assert np.linalg.norm(far - near) == pytest.approx(float(preshapes.width[row]), abs=1e-5)
        np.testing.assert_allclose(preshapes.middle[row], (near + far) / 2, atol=1e-5)
        np.testing.assert_allclose(preshapes.axis[row], axis, atol=1e-3)
        assert normals[first] @ axis > 0.3
        assert np.delete(normals, first, axis=0).mean(axis=0) @ axis < -0.3
        facing = np.asarray(preshapes.facing[row], float)
        assert abs(facing @ axis) < 1e-3
        assert facing @ hand.palm.normal > 0
        height = ((near + far) / 2 - hand.palm.position) @ facing
        assert height == pytest.approx(float(preshapes.depth[row]), abs=1e-5)


@pytest.mark.parametrize("name", [*SHIPPED, "gripper", "claw"])
def test_no_link_stands_in_another(name: str) -> None:
    hand = hands()[name]
    data = mujoco.MjData(hand.model)
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    for dofs in np.asarray(hand.preshapes.dofs):
        assert ((dofs >= lower - 1e-6) & (dofs <= upper + 1e-6)).all()
        data.qpos[:] = hand.joints(dofs)
        mujoco.mj_forward(hand.model, data)
        assert data.contact.dist.min(initial=0.0) > -6e-4


def test_preshapes_are_the_same_at_every_load() -> None:
    hand = load_hand("leap")
    for again in (
        find_preshapes(hand, hand.fingertips, hand.opposing_finger),
        load_hand("leap").preshapes,
    ):
        for one, other in zip(jax.tree.leaves(hand.preshapes), jax.tree.leaves(again), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["allegro", "shadow"])
def test_a_left_hand_opens_as_the_mirror_image_of_the_right_one(name: str) -> None:
    right, left = load_hand(name), load_hand(f"{name}:mirrored")
    dofs = np.asarray(right.preshapes.dofs[::7], float)
    np.testing.assert_allclose(
        left.tip_positions(dofs), right.tip_positions(dofs) * [1, -1, 1], atol=2e-3
    )
    assert left.preshapes.max_aperture == pytest.approx(right.preshapes.max_aperture, abs=1e-2)
    closest = [hand.preshapes.closest(0.05) for hand in (right, left)]
    widths = [
        float(hand.preshapes.width[row]) for hand, row in zip((right, left), closest, strict=True)
    ]
    assert widths[0] == pytest.approx(widths[1], abs=8e-3)


def test_the_first_finger_opposes_the_others_of_a_claw() -> None:
    hand = hand_from_text(claw())
    assert not any(finger.is_thumb for finger in hand.fingers)
    assert hand.opposing_finger == 0
    inward = -hand.tip_positions(hand.half_closed_dofs)[0]
    inward[2] = 0.0
    # Fingers on a ring: the axis goes from the first one to the ring's far side.
    toward = np.asarray(hand.preshapes.axis) @ (inward / np.linalg.norm(inward))
    assert toward.min() > 0.6


def test_a_thumb_reaches_wider_than_the_open_pose() -> None:
    hand = load_hand("shadow")
    tips = hand.tip_positions(hand.open_dofs)
    others = np.delete(tips, hand.opposing_finger, axis=0).mean(axis=0)
    width_of_open_pose = np.linalg.norm(others - tips[hand.opposing_finger])
    assert float(hand.preshapes.open_width) == pytest.approx(width_of_open_pose, abs=1e-6)
    assert hand.preshapes.max_aperture > 1.5 * width_of_open_pose


@pytest.mark.parametrize("width", [0.02, 0.05, 0.09, 0.13])
def test_the_closest_preshape_leaves_room_for_the_object(width: float) -> None:
    for name in SHIPPED:
        preshapes = load_hand(name).preshapes
        row = preshapes.closest(width)
        assert float(preshapes.width[row]) == pytest.approx(width + ROOM, abs=0.012)
        misfit = np.abs(np.asarray(preshapes.width) - width - ROOM)
        better = np.asarray(preshapes.opposition)[misfit <= misfit[row]]
        assert float(preshapes.opposition[row]) >= better.max() - 1e-6


def test_strain_grows_from_the_open_pose_to_the_greatest_width() -> None:
    preshapes = load_hand("allegro").preshapes
    easy, widest = 0.9 * float(preshapes.open_width), preshapes.max_aperture
    assert preshapes.strain(0.01) == preshapes.strain(easy) == 0.0
    assert preshapes.strain((easy + widest) / 2) == pytest.approx(0.5)
    assert preshapes.strain(widest) == pytest.approx(1.0)
    assert preshapes.strain(widest + 0.05) > 1.0


def test_compiled_programs_rate_preshapes_as_the_host_does() -> None:
    preshapes = load_hand("allegro").preshapes
    rate = jax.jit(lambda table, width: table.log_likelihood(width, looseness=0.01))
    compiled = np.asarray(rate(preshapes, 0.06))
    host = np.asarray(preshapes.log_likelihood(0.06, looseness=0.01))
    np.testing.assert_allclose(compiled, host, rtol=1e-5, atol=1e-5)
    assert isinstance(preshapes, Preshapes)
    assert int(compiled.argmax()) == int(host.argmax())
