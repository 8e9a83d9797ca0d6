"""The pads of a hand's fingertips: where most contacts are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.hand.fingers import Finger
from zdg_jax.hand.hand_arrays import ContactCandidates
from zdg_jax.hand.host_kinematics import HandKinematics


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fingertips:
    """One pad per finger, f of them: the mean of its tip link's contact candidates."""

    link: np.ndarray
    """Tip link of each finger, (f,) int."""
    local: np.ndarray
    """Middle of each pad, (f, 3), link frame [m]."""
    normals: np.ndarray
    """Unit normal out of each pad, (f, 3), link frame; 0 for a tip without candidates."""

    @classmethod
    def of(cls, fingers: Sequence[Finger], contacts: ContactCandidates) -> Fingertips:
        """Average the contact candidates on each tip link.

        Args:
            fingers: the hand's fingers.
            contacts: the hand's contact candidates.
        """
        link = np.array([finger.tip_link for finger in fingers])
        member = (np.asarray(contacts.link) == link[:, None]).astype(float)
        member /= np.maximum(member.sum(1, keepdims=True), 1.0)
        normals = member @ np.asarray(contacts.normals, float)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        return cls(
            link=link,
            local=member @ np.asarray(contacts.local, float),
            normals=normals / np.maximum(length, 1e-9),
        )

    def posed(self, kinematics: HandKinematics, dofs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place the pads.

        Args:
            kinematics: the hand's kinematics.
            dofs: independent coordinates, (*b, d).

        Returns:
            Points [m] and unit normals, (*b, f, 3) each, hand root frame.
        """
        rotation, translation = kinematics.link_poses(dofs)
        rotation, translation = rotation[..., self.link, :, :], translation[..., self.link, :]
        points = np.einsum("...fij,fj->...fi", rotation, self.local) + translation
        return points, np.einsum("...fij,fj->...fi", rotation, self.normals)
