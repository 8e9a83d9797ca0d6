"""Measured grasps as they leave the pipeline: arrays of the host, a batch at a time."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np

from zdg_jax.energy import GraspVariables
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.hand import HandArrays, joints_from_dofs
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.kernels import rotations
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.synthesis.squeeze import SqueezeResult


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspBatch:
    """Measured grasps, n of them, as arrays of the host."""

    poses: Poses
    """Pregrasp, grasp and squeeze, leaves (n, ...)."""
    forces: SqueezeForces
    """Contact forces and actuator torques of the squeeze, leaves (n, ...)."""
    terms: dict[str, np.ndarray]
    """Unweighted energy terms of the grasp by name, each (n,)."""
    metrics: dict[str, np.ndarray]
    """Metrics by name, each (n,): those of `quality.measure`, `TaskAlignment.measure` and the
    fit, and `predicted_hold_probability`."""
    score: np.ndarray
    """Rank value, see `quality.score`, (n,); -inf where not `finite`."""
    predicted_success: np.ndarray
    """Chance to hold and, as far as the plan binds, to serve it, (n,); 0 where not `finite`."""
    finite: np.ndarray
    """False where a pose, or a gradient on the way to it, is not finite, (n,) bool."""


@shard_rows(replicated=(0,))
@jax.jit
def poses_of_grasps(hand: HandArrays, variables: GraspVariables, squeezed: SqueezeResult) -> Poses:
    """Returns the three poses of grasps; the wrist keeps its rotation, and stays in the squeeze.

    Args:
        hand: the hand.
        variables: n grasps.
        squeezed: their pregrasps and squeezes.
    """
    matrix = rotations.matrix_from_6d(variables.rotation)
    quaternion = rotations.quaternion_from_matrix(matrix)

    def pose(position: jax.Array, dofs: jax.Array) -> HandPose:
        joints = joints_from_dofs(hand, dofs)
        return HandPose(position=position, quaternion=quaternion, joints=joints)

    return Poses(
        pregrasp=pose(squeezed.pregrasp.position, squeezed.pregrasp.dofs),
        grasp=pose(variables.position, variables.dofs),
        squeeze=pose(variables.position, squeezed.squeeze),
    )


def finite_rows(poses: Poses) -> np.ndarray:
    """Returns True for grasps whose poses are all finite, (n,) bool.

    Args:
        poses: of n grasps, on the host.
    """
    rows = [np.isfinite(leaf).reshape(len(leaf), -1).all(axis=1) for leaf in jax.tree.leaves(poses)]
    return np.all(rows, axis=0)
