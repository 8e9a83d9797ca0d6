"""Stable poses."""

from __future__ import annotations

import numpy as np
import pytest

from tests import scene as world
from zdg_jax.errors import InputError
from zdg_jax.scenes import stable_poses


def test_a_box_rests_on_its_sides_the_larger_the_likelier() -> None:
    poses = stable_poses(world.brick().object)
    ups = np.round([pose.scene.object_up() for pose in poses])
    assert {tuple(np.abs(up)) for up in ups[:2]} == {(1.0, 0.0, 0.0)}  # on 60 x 90 mm
    assert sum(pose.probability for pose in poses) == pytest.approx(1.0, abs=0.06)
    assert [pose.probability for pose in poses] == sorted(
        (pose.probability for pose in poses), reverse=True
    )
    assert "probability 0." in repr(poses[0])


def test_a_pose_that_is_too_unlikely_is_refused() -> None:
    with pytest.raises(InputError, match=r"as likely as 0\.9"):
        stable_poses(world.brick().object, least=0.9)
