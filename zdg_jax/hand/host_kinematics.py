"""Kinematics of a hand on the host: NumPy, double precision, nothing to compile."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.hand.coupling import Coupling
from zdg_jax.hand.topology import joint_frames, link_poses
from zdg_jax.kernels.kinematics import Tree


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandKinematics:
    """Joints, links and points of a hand of j joints, L links and d dofs; hand root frame."""

    tree: Tree
    """Kinematic tree."""
    coupling: Coupling
    """Independent coordinates."""

    @property
    def rest(self) -> np.ndarray:
        """The dofs nearest to zero, (d,)."""
        return np.clip(0.0, self.coupling.lower, self.coupling.upper)

    def joints(self, dofs: np.ndarray) -> np.ndarray:
        """Return joints (*b, j) [rad or m], MJCF order, of dofs (*b, d)."""
        dofs = np.asarray(dofs, float)
        total = self.coupling.matrices[0].sum(1)
        power = np.ones_like(dofs)
        for mapping in self.coupling.matrices[1:]:
            power = power * dofs
            total = total + power @ mapping.T
        return total

    def joint_slopes(self, dofs: np.ndarray) -> np.ndarray:
        """Return the derivative of joints by dofs, (*b, j, d), at dofs (*b, d)."""
        dofs = np.asarray(dofs, float)
        power = np.ones_like(dofs)
        total = np.zeros((*dofs.shape[:-1], *self.coupling.matrices.shape[1:]))
        for order, mapping in enumerate(self.coupling.matrices[1:], 1):
            total = total + order * power[..., None, :] * mapping
            power = power * dofs
        return total

    def link_poses(self, dofs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rotations (*b, L, 3, 3) and translations (*b, L, 3) [m] of links at dofs."""
        return link_poses(self.tree, self.joints(dofs))

    def point(self, dofs: np.ndarray, link: int, local: np.ndarray) -> np.ndarray:
        """Return a point of a link at dofs.

        Args:
            dofs: (*b, d).
            link: index of the link.
            local: the point, (3,), link frame [m].

        Returns:
            (*b, 3) [m].
        """
        rotation, translation = self.link_poses(dofs)
        return rotation[..., link, :, :] @ local + translation[..., link, :]

    def dofs_of(self, joints: Sequence[int]) -> list[int]:
        """Return the dofs that move any of the joints."""
        moved = np.abs(self.coupling.matrices[1:]).sum((0,))[list(joints)].sum(0) > 0
        return [int(d) for d in np.flatnonzero(moved)]

    def axis(self, dofs: np.ndarray, joint: int) -> np.ndarray:
        """Return the unit axis of a joint, (3,), at dofs (d,)."""
        frame = joint_frames(self.tree, self.joints(dofs))[joint]
        return frame[:, :3] @ np.asarray(self.tree.axes, float)[joint]
