"""One grasp in the world of a test, as every test takes it."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlacedGrasp:
    """A grasp at the object where that awaits the hand. Poses are of the world frame.

    A pose is root position, quaternion (wxyz) and joints.
    """

    approach: np.ndarray | None
    """The way to the pregrasp, (T, 7 + j), its last pose; None where it is not known."""
    pregrasp: np.ndarray
    """Pose before the hand closes, (7 + j,)."""
    grasp: np.ndarray
    """Pose in contact, (7 + j,)."""
    squeeze: np.ndarray
    """Pose that the hand is driven to so that it pushes, (7 + j,)."""

    @property
    def closing(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """The two motions of a hand that closes, each from one pose to another."""
        return (self.pregrasp, self.grasp), (self.grasp, self.squeeze)
