"""Fingers whose joints share a tendon give way under a pressed tip, as far as their stops."""

from __future__ import annotations

import mujoco
import numpy as np

from tests import scene
from tests.hand.models import gripper
from tests.hands import load_hand
from zdg_jax.hand import Hand
from zdg_jax.hand.passive_motion import given_way, in_dofs


def test_a_pressed_tip_straightens_the_inner_joint_and_bends_the_outer_one() -> None:
    hand = load_hand("shadow")
    motions = np.asarray(hand.arrays.passive_motions)
    assert len(motions) == 4
    for motion in motions:
        inner, outer = np.argmin(motion), np.argmax(motion)
        finger = hand.joint_names[inner][:-2]
        assert [hand.joint_names[k] for k in (inner, outer)] == [f"{finger}J2", f"{finger}J1"]


def test_fingers_give_way_to_a_stop_and_the_tendon_stays() -> None:
    hand = load_hand("shadow")
    motions = np.asarray(hand.arrays.passive_motions, float)
    rng = np.random.default_rng(0)
    lower, upper = hand.kinematics.coupling.lower, hand.kinematics.coupling.upper
    before = lower + rng.random((50, hand.num_dofs)) * (upper - lower)
    after = given_way(hand.kinematics, motions, before)
    assert (after >= lower - 1e-9).all()
    assert (after <= upper + 1e-9).all()
    targets = [hand.ctrl_from_joints @ hand.joints(dofs).T for dofs in (before, after)]
    np.testing.assert_allclose(*targets, atol=1e-6)
    for motion in in_dofs(hand.kinematics, motions):
        inner, outer = np.argmin(motion), np.argmax(motion)
        room = np.minimum(after[:, inner] - lower[inner], upper[outer] - after[:, outer])
        np.testing.assert_allclose(room, 0, atol=1e-6)


def test_hands_with_an_actuator_a_joint_give_way_nowhere() -> None:
    hand = scene.allegro()
    postures = np.asarray(hand.preshapes.dofs, float)
    motions = np.asarray(hand.arrays.passive_motions, float)
    np.testing.assert_array_equal(given_way(hand.kinematics, motions, postures), postures)


def test_tendons_are_told_apart_and_one_between_two_fingers_yields_for_neither() -> None:
    def tendon(name: str, *joints: str) -> str:
        parts = "".join(f'<joint joint="{joint}" coef="1"/>' for joint in joints)
        return f'<fixed name="{name}">{parts}</fixed>'

    each = tendon("l", "la", "lb") + tendon("r", "ra", "rb")
    drives = '<position tendon="l" kp="5"/><position tendon="r" kp="5"/>'
    hand = Hand.load(mujoco.MjSpec.from_string(gripper(tendon=each, actuators=drives)))
    expected = np.sqrt(0.5) * np.array([[-1, 1, 0, 0], [0, 0, -1, 1]])
    np.testing.assert_allclose(np.asarray(hand.arrays.passive_motions), expected, atol=1e-6)

    drives = '<position tendon="both" kp="5"/><position joint="lb"/><position joint="rb"/>'
    text = gripper(tendon=tendon("both", "la", "ra"), actuators=drives)
    hand = Hand.load(mujoco.MjSpec.from_string(text))
    assert hand.arrays.passive_motions.shape == (1, 4)
    lower, upper = hand.kinematics.coupling.lower, hand.kinematics.coupling.upper
    shares = (np.asarray(hand.preshapes.dofs) - lower) / (upper - lower)
    assert (np.minimum(shares, 1 - shares).min(axis=1) > 0.01).any()
