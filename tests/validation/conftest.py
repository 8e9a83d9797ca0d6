"""Fixtures of the physics tests."""

from __future__ import annotations

import numpy as np
import pytest

from zdg_jax.hand.poses import Poses

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose


@pytest.fixture(scope="session")
def gripper() -> Gripper:
    return Gripper()


@pytest.fixture(scope="session")
def ball() -> Ball:
    return Ball()


@pytest.fixture(scope="module")
def poses() -> Poses:
    """Grasps that hold, slip, start too deep, throw the ball, and are not finite."""
    rows = [np.array([pose(a)] * 6) for a in (OPEN, TOUCHING)]
    rows.append(np.array([pose(a) for a in (PUSHING, TOUCHING, -0.45, 0.3, PUSHING, PUSHING)]))
    rows[0][4] = pose(-0.5)
    rows[2][5] = np.nan
    return Poses.from_qpos(*rows)
