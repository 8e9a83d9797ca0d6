"""How far the weight of what a hand holds turns it about its wrist.

Tests hold a hand's root by a weld, which is a spring; the joints between that root and the palm,
such as Shadow's two of the wrist, are driven by position actuators, which are springs too.
"""

from __future__ import annotations

import numpy as np

from zdg_jax.hand import Hand
from zdg_jax.hand.topology import joint_frames
from zdg_jax.physics import Physics
from zdg_jax.synthesis.fit import Fitted


class WristCompliance:
    """The springs between the world and a hand's palm."""

    def __init__(self, hand: Hand, physics: Physics, stiffness: float) -> None:
        """Finds the joints before the palm.

        Args:
            hand: the hand.
            physics: gives the gains of its actuators.
            stiffness: torque per turn of the weld that holds its root [N m/rad].
        """
        self._kinematics, self._stiffness = hand.kinematics, stiffness
        tree, gains = hand.kinematics.tree, physics.drives(hand).gain
        stiff = (hand.ctrl_from_joints**2 * gains[:, None]).sum(axis=0)
        before = np.asarray(tree.moves)[hand.palm.link] * np.asarray(tree.hinge) > 0
        self._joints = np.flatnonzero(before & (stiff > 0))
        self._gains = stiff[self._joints]

    def turn(
        self, fitted: Fitted, center: np.ndarray, weight: float, up: np.ndarray | None = None
    ) -> np.ndarray:
        """Returns the turn of what is held under its weight, (n,) [rad].

        Args:
            fitted: n grasps.
            center: the object's centre of mass, (3,), object frame [m].
            weight: the object's [N].
            up: unit vector against the weight, (3,), object frame; where it is not given the weight
                may point anywhere, and the largest turn counts.
        """
        rotation = fitted.rotation
        arm = np.einsum("nji,nj->ni", rotation, center - fitted.position)
        turns = _cross(arm) / self._stiffness  # of a force, root frame
        tree = self._kinematics.tree
        frames = joint_frames(tree, self._kinematics.joints(fitted.dofs))
        for joint, gain in zip(self._joints, self._gains, strict=True):
            frame = frames[joint]
            axis = frame[..., :3] @ np.asarray(tree.axes, float)[joint]
            anchor = frame[..., :3] @ np.asarray(tree.anchors, float)[joint] + frame[..., 3]
            torque = np.cross(axis, arm - anchor)
            turns = turns + axis[:, :, None] * torque[:, None, :] / gain
        if up is not None:
            force = np.einsum("nji,j->ni", rotation, -up)
            largest = np.linalg.norm(np.einsum("nij,nj->ni", turns, force), axis=1)
        else:
            # The decomposition of one that is not finite would fail for all.
            finite = np.asarray(np.isfinite(turns).all(axis=(1, 2)))
            turns = np.where(finite[:, None, None], turns, 0.0)
            largest = np.where(finite, np.linalg.norm(turns, ord=2, axis=(1, 2)), np.nan)
        return np.asarray(weight * largest)


def _cross(vectors: np.ndarray) -> np.ndarray:
    """Matrices (n, 3, 3) that take a force at points (n, 3) to its moment."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    rows = [[zero, -z, y], [z, zero, -x], [-y, x, zero]]
    return np.array(rows).transpose(2, 0, 1)
