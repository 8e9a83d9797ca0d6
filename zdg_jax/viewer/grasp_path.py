"""The way of a hand to its squeeze: from afar over pregrasp and grasp, for a slider to walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mujoco
import numpy as np

if TYPE_CHECKING:
    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand.appearance import HandAppearance

STAGES = ("approach", "pregrasp", "grasp", "squeeze")
"""Stops on the way, at whole numbers from 0."""
_FAR = 0.10
"""Distance from which the hand comes to its pregrasp [m]."""


class GraspWays:
    """The ways of all hands of a set."""

    def __init__(self, grasps: GraspSet, look: HandAppearance) -> None:
        """Takes the approach that the set states; where it states none, hands are drawn back.

        Args:
            grasps: the grasps.
            look: their hand.
        """
        self._stops = np.stack(grasps.poses.qpos, axis=1)
        stated = grasps.approach
        if stated is not None and np.shape(stated.position)[1] > 1:
            self._approach = np.asarray(stated.qpos, np.float64)
            return
        pregrasp, vertices = self._stops[:, 0], grasps.object.vertices
        middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        start = approach_start(pregrasp, look.palm_positions(pregrasp), middle)
        self._approach = np.stack([start, pregrasp], axis=1)

    def pose(self, number: int, stage: float) -> np.ndarray:
        """Gives the pose of a hand on its way.

        Args:
            number: number of the grasp.
            stage: where on the way, from 0 afar to 3 at the squeeze; see `STAGES`.

        Returns:
            Pose (7 + j,), object frame.
        """
        if stage < 1:
            way = self._approach[number]
            return pose_at(way, stage * (len(way) - 1))
        return pose_at(self._stops[number], stage - 1)


def approach_start(pregrasp: np.ndarray, palm: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Draws pregrasps back from the object.

    Args:
        pregrasp: poses (n, 7 + j), object frame.
        palm: points of the hand that lead the way, (n, 3) [m].
        middle: middle of the object, (3,) [m].

    Returns:
        Poses (n, 7 + j).
    """
    away = palm - middle
    away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    start = np.array(pregrasp, np.float64)
    start[:, :3] += _FAR * away
    return start


def pose_at(stops: np.ndarray, stage: float) -> np.ndarray:
    """Interpolates between stops.

    Args:
        stops: poses (s, 7 + j): position, quaternion (wxyz) and joints.
        stage: where on the way, from 0 at the first stop to s - 1 at the last.

    Returns:
        Pose (7 + j,); rotations go the shorter way round.
    """
    first = int(np.clip(np.floor(stage), 0, len(stops) - 2))
    share = float(np.clip(stage - first, 0.0, 1.0))
    start, end = stops[first], stops[first + 1]
    pose = (1 - share) * start + share * end
    velocity = np.zeros(3)
    mujoco.mju_subQuat(velocity, end[3:7].copy(), start[3:7].copy())
    turned = start[3:7].copy()
    mujoco.mju_quatIntegrate(turned, velocity, share)
    pose[3:7] = turned
    return np.asarray(pose)
