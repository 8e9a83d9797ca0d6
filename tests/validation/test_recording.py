"""Recordings of one grasp."""

from __future__ import annotations

import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.validation import six_directions

from .gripper import PUSHING, Ball, Gripper, closing


def test_frames_follow_the_test(gripper: Gripper, ball: Ball) -> None:
    shot = validation.record(gripper, ball, closing([PUSHING]), fps=25, loads=["-x", "+y"])
    assert shot.result.held.all()
    assert shot.hand.shape == (len(shot), 13)
    assert list(shot.wrenches) == ["-x", "+y"]
    np.testing.assert_array_equal(shot.wrenches["+y"], [0, 1, 0, 0, 0, 0])
    assert list(dict.fromkeys(shot.phase)) == ["close", "squeeze", "-x", "+y"]
    assert shot.phase.count("-x") == pytest.approx(50, abs=2)
    last = [i for i, name in enumerate(shot.phase) if name == "+y"][-1]
    assert shot.time[last] == pytest.approx(2.8, abs=0.05)
    # The frames show the rollout itself: the last one's drift is the one that was reported.
    np.testing.assert_allclose(
        np.linalg.norm(shot.object_pose[last, :3]), shot.result.drift[0, 1], atol=1e-3
    )
    np.testing.assert_allclose(shot.hand[:, :3], [[0, 0, -0.095]] * len(shot), atol=0.01)


def test_bad_input_is_named(gripper: Gripper, ball: Ball) -> None:
    poses = closing([PUSHING])
    with pytest.raises(InputError, match="fps is 0"):
        validation.record(gripper, ball, poses, fps=0)
    with pytest.raises(InputError, match="there are: -x, -y"):
        validation.record(gripper, ball, poses, six_directions, loads=["up"])
