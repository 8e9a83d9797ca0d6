"""Hand poses as matrices."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from zdg_jax.hand.poses import HandPose


def test_the_matrix_takes_points_of_the_hand_to_the_object() -> None:
    rng = np.random.default_rng(3)
    qpos = rng.normal(size=(4, 12))
    pose = HandPose.from_qpos(qpos)
    point = np.array([0.1, -0.2, 0.3])
    turned = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).apply(point)
    moved = pose.matrix() @ np.append(point, 1.0)
    np.testing.assert_allclose(moved[:, :3], turned + qpos[:, :3], atol=1e-12)
    np.testing.assert_allclose(pose[2].matrix(), pose.matrix()[2])
