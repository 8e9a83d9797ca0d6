"""Drives of a hand in a test: their damping goes with their gain."""

from __future__ import annotations

import mujoco
import pytest

from tests.hand.grippers import four_bars
from tests.made_up import make_ball
from zdg_jax import Hand
from zdg_jax.physics import Physics
from zdg_jax.validation.protocols import six_directions
from zdg_jax.validation.scene import build


def test_a_soft_drive_is_not_damped_as_the_stiff_one_that_it_replaces() -> None:
    hand = Hand.load(mujoco.MjSpec.from_string(four_bars()))
    assert hand.model.actuator_biasprm[0, 1:3].tolist() == [-100, -10]
    model = build(hand, make_ball(), Physics(drive=5.0), six_directions.solver).model
    assert model.actuator_biasprm[0, 1] == pytest.approx(-5.0)
    assert model.actuator_biasprm[0, 2] == pytest.approx(-0.5)
