"""Strength of fingertips, against forces worked out by hand."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from tests.hands import load_hand
from zdg_jax.hand import Hand
from zdg_jax.hand.strength import fingertip_forces, fingertip_payload

JAWS = """<mujoco><worldbody><body name="base"><geom type="box" size="0.03 0.08 0.01"/>
  <body name="left" pos="0 0.04 0.03"><joint name="l" type="slide" axis="0 -1 0" range="0 0.04"/>
    <geom type="box" size="0.01 0.005 0.02"/></body>
  <body name="right" pos="0 -0.04 0.03"><joint name="r" type="slide" axis="0 1 0" range="0 0.04"/>
    <geom type="box" size="0.01 0.005 0.02"/></body></body></worldbody>
  <actuator><position joint="l" kp="500"/><position joint="r" kp="500"/></actuator></mujoco>"""


def test_jaws_on_slides_press_with_the_force_of_their_actuators() -> None:
    hand = Hand.load(mujoco.MjSpec.from_string(JAWS))
    assert fingertip_forces(hand, np.array([30.0, 20.0])) == pytest.approx([30.0, 20.0])
    assert fingertip_payload(hand, np.array([30.0, 20.0]), 0.5) == pytest.approx(20.0)


def test_a_finger_is_as_strong_as_its_weakest_joint_over_its_lever() -> None:
    hand = load_hand("allegro")
    weak = fingertip_forces(hand, np.full(hand.num_actuators, 0.7))
    strong = fingertip_forces(hand, np.full(hand.num_actuators, 1.4))
    assert np.allclose(strong, 2 * weak)
    # A finger is about 10 cm long: 0.7 N m at its base are about 7 N at its tip.
    assert (weak > 0.7 / 0.15).all()
    assert (weak < 0.7 / 0.06).all()


def test_the_weaker_side_of_a_pinch_limits_what_it_carries() -> None:
    hand = load_hand("allegro")
    limit = np.full(hand.num_actuators, 0.7)
    forces = fingertip_forces(hand, limit)
    thumb = next(i for i, finger in enumerate(hand.fingers) if finger.is_thumb)
    assert fingertip_payload(hand, limit, 0.5) == pytest.approx(forces[thumb])
