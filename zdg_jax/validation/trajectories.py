"""Trajectories: targets of a hand between poses, and motions measured along them."""

from __future__ import annotations

import dataclasses
import math

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import POSES, Poses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Targets:
    """Targets of k stages: where the root is welded to and where the actuators drive."""

    position: np.ndarray
    """Root position, (k, 3), object frame [m]."""
    quaternion: np.ndarray
    """Root rotation, (k, 4), unit, wxyz."""
    ctrl: np.ndarray
    """Actuator targets, (k, nu)."""


def between(
    start: np.ndarray, end: np.ndarray, stages: int, ctrl_from_joints: np.ndarray
) -> Targets:
    """Returns targets on the way from one pose to another, the last of them at `end`.

    Args:
        start: root position, quaternion and joints, (7 + j,).
        end: likewise.
        stages: k, the number of targets.
        ctrl_from_joints: actuator targets from joints, (nu, j).
    """
    share = np.linspace(0.0, 1.0, stages + 1)[1:]
    relative, velocity = np.zeros(4), np.zeros(3)
    mujoco.mju_mulQuat(relative, start[3:7] * [1, -1, -1, -1], end[3:7])
    mujoco.mju_quat2Vel(velocity, relative, 1.0)
    quaternion = np.tile(start[3:7], (stages, 1))
    for row, s in zip(quaternion, share, strict=True):
        mujoco.mju_quatIntegrate(row, velocity, s)
    joints = start[7:] + share[:, None] * (end[7:] - start[7:])
    return Targets(
        position=start[:3] + share[:, None] * (end[:3] - start[:3]),
        quaternion=quaternion,
        ctrl=np.stack([ctrl_from_joints @ q for q in joints]),
    )


def checked_poses(name: str, poses: np.ndarray, num_joints: int) -> np.ndarray:
    """Returns poses (n, 7 + j) as float64 with unit quaternions.

    Args:
        name: names them in an error.
        poses: root position, quaternion and joints, (n, 7 + j).
        num_joints: joints of the hand.

    Raises:
        InputError: the shape does not fit the hand.
    """
    array = np.array(poses, np.float64)
    if array.ndim != 2 or array.shape[1] != 7 + num_joints:
        raise InputError(
            f"{name} has shape {array.shape}; this hand needs (n, {7 + num_joints}): root "
            f"position, quaternion and {num_joints} joints"
        )
    length = np.linalg.norm(array[:, 3:7], axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        array[:, 3:7] /= length
    return array


def relative_pose(pose: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Returns a pose in the frame of another, (7,).

    Args:
        pose: position and quaternion, (7,).
        frame: likewise, in the same frame as `pose`.
    """
    position, rotation, relative = np.zeros(3), np.zeros(4), np.zeros(7)
    mujoco.mju_negPose(position, rotation, frame[:3].copy(), frame[3:].copy())
    mujoco.mju_mulPose(
        relative[:3], relative[3:], position, rotation, pose[:3].copy(), pose[3:].copy()
    )
    return relative


def displacement(qpos: np.ndarray, origin: np.ndarray) -> tuple[float, float]:
    """Returns distance [m] and angle [rad] between two poses (7,)."""
    turn = 2.0 * math.acos(min(abs(float(qpos[3:7] @ origin[3:7])), 1.0))
    return math.dist(qpos[:3].tolist(), origin[:3].tolist()), turn


def motions(qpos: np.ndarray) -> np.ndarray:
    """Returns distances [m] and angles [rad] of poses (..., 7) from the origin, (..., 2)."""
    turn = 2.0 * np.arccos(np.minimum(np.abs(qpos[..., 3]), 1.0))
    return np.stack([np.linalg.norm(qpos[..., :3], axis=-1), turn], axis=-1)


def checked(poses: Poses, *, num_joints: int) -> Poses:
    """Returns poses as float64 on the host, with unit quaternions.

    Args:
        poses: n grasps.
        num_joints: joints of the hand.

    Raises:
        InputError: shapes that do not fit the hand or each other. Poses that are not finite pass:
            they fail as grasps of their own.
    """
    qpos = [
        checked_poses(name, array, num_joints)
        for name, array in zip(POSES, poses.qpos, strict=True)
    ]
    if len({len(array) for array in qpos}) > 1:
        counts = ", ".join(f"{len(q)} {name}" for name, q in zip(POSES, qpos, strict=True))
        raise InputError(f"the numbers of poses differ: {counts}")
    if poses.approach is None:
        return Poses.from_qpos(*qpos)
    way = np.asarray(poses.approach.qpos, np.float64)
    if way.shape[::2] != qpos[0].shape or not way.shape[1]:
        raise InputError(
            f"approach has shape {way.shape}; ({len(qpos[0])}, T, {7 + num_joints}) is needed"
        )
    flat = checked_poses("approach", way.reshape(-1, way.shape[2]), num_joints)
    pregrasp, grasp, squeeze = qpos
    return Poses.from_qpos(pregrasp, grasp, squeeze, flat.reshape(way.shape))
