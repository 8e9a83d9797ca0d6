"""The lift from a table."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.validation.gripper import (
    OPEN,
    PUSHING,
    TOUCHING,
    Ball,
    Gripper,
    Piece,
    above,
    by_grasp,
    pose,
)
from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.scenes import Box, Scene
from zdg_jax.validation import LiftProtocol, Reason


def test_lifts_drops_and_misses_are_told_apart(gripper: Gripper, ball: Ball) -> None:
    rows = [
        (above(OPEN), above(TOUCHING), above(PUSHING)),
        (above(0.3), above(0.3), above(0.3)),
        (above(OPEN, 0.09), above(TOUCHING, 0.09), above(PUSHING, 0.09)),
        (pose(OPEN), pose(TOUCHING), pose(PUSHING)),
    ]
    result = validation.rollout(gripper, ball, by_grasp(rows), LiftProtocol())
    assert [Reason(code) for code in result.reason] == [
        Reason.HELD,
        Reason.NEVER_TOUCHED,
        Reason.TABLE_IN_THE_WAY,
        Reason.TABLE_IN_THE_WAY,
    ]
    assert result.loads == ("approach", "close", "lift", "hold", "shake")
    assert result.survived_loads[0].all()
    assert result.survived_loads[1].tolist() == [True, False, False, False, False]


def test_a_heavy_object_slips(gripper: Gripper, ball: Ball) -> None:
    heavy = dataclasses.replace(ball, mass=8.0)
    poses = by_grasp([tuple(above(a) for a in (OPEN, TOUCHING, TOUCHING - 0.1))])
    result = validation.rollout(gripper, heavy, poses, LiftProtocol())
    assert result.reasons == ["slipped"]
    assert result.failed_at[0] > 1.4


def test_an_object_that_ends_elsewhere_is_told(gripper: Gripper, ball: Ball) -> None:
    poses = by_grasp([tuple(above(a) for a in (OPEN, TOUCHING, PUSHING))])
    strict = LiftProtocol(max_miss=1e-5)
    result = validation.rollout(gripper, ball, poses, strict)
    assert result.reasons == ["sags"]
    assert result.survived_loads[0].tolist() == [True, True, True, False, False]


def test_the_object_rises_with_the_hand(gripper: Gripper, ball: Ball) -> None:
    poses = by_grasp([tuple(above(a) for a in (OPEN, TOUCHING, PUSHING))])
    shot = validation.record(gripper, ball, poses, LiftProtocol(height=0.15), fps=50)
    heights = shot.object_pose[:, 2]
    held = np.array([name == "hold" for name in shot.phase])
    np.testing.assert_allclose(heights[held], 0.15, atol=0.003)
    shaken = np.array([name == "shake" for name in shot.phase])
    assert np.ptp(heights[shaken]) > 0.03


def test_under_a_shelf_the_hand_lifts_as_far_as_there_is_room(gripper: Gripper, ball: Ball) -> None:
    poses = by_grasp([tuple(above(a) for a in (OPEN, TOUCHING, PUSHING))])

    def height(bottom: float, x: float) -> float:
        shelf = Box(size=(0.1, 0.4, 0.02), position=(x, 0.0, bottom + 0.01))
        protocol = LiftProtocol(scene=Scene(obstacles=(shelf,)), approach_distance=0.03)
        assert validation.rollout(gripper, ball, poses, protocol).reasons == ["held"]
        shot = validation.record(gripper, ball, poses, protocol, fps=50)
        assert len(np.unique(shot.phase)) == 5
        return float(shot.object_pose[np.array(shot.phase) == "hold", 2].mean())

    # The palm's back is 15 cm above the table; the shake takes 3 cm of the room.
    assert height(0.28, 0.075) == pytest.approx(0.10, abs=0.015)
    assert height(0.28, 0.2) == pytest.approx(0.2, abs=0.003)


@dataclasses.dataclass(frozen=True)
class Needle(Ball):
    """A thin rod that cannot stand on its end."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        ball = super().pieces[0]
        return (Piece(ball.vertices * [0.1, 0.1, 3.0] + [0.001, 0, 0], ball.faces),)


def test_an_object_that_topples_is_refused(gripper: Gripper) -> None:
    poses = by_grasp([(above(OPEN, 0.3),) * 3])
    tilted = LiftProtocol(scene=Scene(up=(0.1, 0.0, 1.0)))
    with pytest.raises(InputError, match="name a direction in which it stands"):
        validation.rollout(gripper, Needle(), poses, tilted)
    with pytest.raises(InputError, match="must be a direction"):
        validation.rollout(gripper, Needle(), poses, LiftProtocol(scene=Scene(up=(0.0, 0.0, 0.0))))
