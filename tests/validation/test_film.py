"""Films of one grasp."""

from __future__ import annotations

import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.validation import six_directions

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose


def test_frames_follow_the_test(gripper: Gripper, ball: Ball) -> None:
    poses = [pose(a) for a in (OPEN, TOUCHING, PUSHING)]
    film = validation.film(gripper, ball, *poses, fps=25, loads=["-x", "+y"])
    assert film.result.held.all()
    assert film.hand.shape == (len(film), 13)
    assert list(dict.fromkeys(film.phase)) == ["close", "squeeze", "-x", "+y"]
    assert film.phase.count("-x") == pytest.approx(50, abs=2)
    last = [i for i, name in enumerate(film.phase) if name == "+y"][-1]
    assert film.time[last] == pytest.approx(2.8, abs=0.05)
    # The frames show the rollout itself: the last one's drift is the one that was reported.
    np.testing.assert_allclose(
        np.linalg.norm(film.object_pose[last, :3]), film.result.drift[0, 1], atol=1e-3
    )
    np.testing.assert_allclose(film.hand[:, :3], [[0, 0, -0.095]] * len(film), atol=0.01)


def test_bad_input_is_named(gripper: Gripper, ball: Ball) -> None:
    poses = [pose(a) for a in (OPEN, TOUCHING, PUSHING)]
    with pytest.raises(InputError, match="fps is 0"):
        validation.film(gripper, ball, *poses, fps=0)
    with pytest.raises(InputError, match="there are: -x, -y"):
        validation.film(gripper, ball, *poses, six_directions, loads=["up"])
