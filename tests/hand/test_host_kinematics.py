"""Kinematics on the host against compiled kinematics and differences."""

from __future__ import annotations

import functools

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from tests.hand.models import gripper
from tests.hands import load_hand
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.kernels import kinematics


@functools.cache
def coupled() -> Hand:
    """A gripper one of whose joints follows another along a parabola."""
    drives = "".join(f'<position joint="{joint}" kp="5"/>' for joint in ("la", "ra", "rb"))
    text = gripper('<joint joint1="lb" joint2="la" polycoef="0.1 0.5 0.2 0 0"/>', drives)
    return Hand.load(mujoco.MjSpec.from_string(text))


def some_dofs(hand: Hand, num: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    return lower + rng.random((num, hand.num_dofs)) * (upper - lower)


@pytest.mark.parametrize("name", ["allegro", "shadow", "coupled"])
def test_joints_and_links_agree_with_the_compiled_ones(name: str) -> None:
    hand = coupled() if name == "coupled" else load_hand(name)
    dofs = some_dofs(hand, 6)
    compiled = joints_from_dofs(hand.arrays, jnp.asarray(dofs, jnp.float32))
    np.testing.assert_allclose(hand.joints(dofs), compiled, atol=1e-5)
    rotation, translation = hand.kinematics.link_poses(dofs.reshape(2, 3, -1))
    poses = np.moveaxis(kinematics.link_poses(hand.arrays.tree, compiled), -1, 1)
    np.testing.assert_allclose(rotation.reshape(6, -1, 3, 3), poses[..., :3], atol=1e-5)
    np.testing.assert_allclose(translation.reshape(6, -1, 3), poses[..., 3], atol=1e-5)


def test_slopes_of_joints_are_their_differences() -> None:
    hand = coupled()
    dofs = some_dofs(hand, 4)
    slopes = hand.kinematics.joint_slopes(dofs)
    assert slopes.shape == (4, hand.num_joints, hand.num_dofs)
    for k in range(hand.num_dofs):
        step = 1e-6 * np.eye(hand.num_dofs)[k]
        difference = (hand.joints(dofs + step) - hand.joints(dofs - step)) / 2e-6
        np.testing.assert_allclose(slopes[..., k], difference, atol=1e-8)


def test_fingertips_are_the_means_of_their_candidates() -> None:
    hand = load_hand("allegro")
    contacts = hand.arrays.contacts
    links = kinematics.link_poses(hand.arrays.tree, jnp.asarray(hand.joints(hand.open_dofs)))
    points = np.asarray(kinematics.transform_points(links, contacts.local, contacts.link)).T
    tips = hand.tip_positions(np.stack([hand.open_dofs, hand.half_closed_dofs]))
    assert tips.shape == (2, 4, 3)
    for tip, finger in zip(tips[0], hand.fingers, strict=True):
        on_tip = np.asarray(contacts.link) == finger.tip_link
        np.testing.assert_allclose(tip, points[on_tip].mean(axis=0), atol=1e-5)
    farthest = np.linalg.norm(tips[0] - hand.palm.position, axis=1).max()
    assert hand.reach == pytest.approx(farthest)


@pytest.mark.parametrize("name", ["allegro", "leap", "shadow"])
def test_the_thumbs_side_is_across_the_fingers_on_the_side_of_the_thumb(name: str) -> None:
    hand = load_hand(name)
    palm, thumb = hand.palm, hand.fingers[hand.opposing_finger]
    assert thumb.is_thumb
    frame = np.stack([palm.normal, palm.direction, palm.thumb_side])
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-6)
    for dofs in (hand.open_dofs, hand.half_closed_dofs):
        tip = hand.tip_positions(dofs)[hand.opposing_finger]
        assert (tip - palm.position) @ palm.thumb_side > 0
    np.testing.assert_allclose(hand.arrays.thumb_side, palm.thumb_side, atol=1e-6)
    np.testing.assert_allclose(hand.arrays.palm_normal, palm.normal, atol=1e-6)
    left = hand.mirrored().palm
    np.testing.assert_allclose(left.thumb_side, palm.thumb_side * [1, -1, 1], atol=0.02)
