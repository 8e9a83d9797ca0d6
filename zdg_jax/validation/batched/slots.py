"""Slots: pulls that run side by side, of which each starts when another has ended."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.validation.settling import Speeds


@dataclasses.dataclass(kw_only=True)
class Slots:
    """Pulls that run side by side, b of them."""

    busy: np.ndarray
    """Marks the slots in which a pull runs, (b,) bool."""
    row: np.ndarray
    """Grasp of each slot, (b,) int."""
    load: np.ndarray
    """Load of each slot, (b,) int."""
    look: np.ndarray
    """Looks taken at each pull, (b,) int."""
    wrench: np.ndarray
    """Force and torque on the object, (b, 6) [N, N m]."""
    origin: np.ndarray
    """Position of the object after the squeeze, (b, 3) [m]."""
    calm: np.ndarray
    """Last looks in a row at which all was calm, (b,) int."""
    speeds: Speeds
    """Speeds at the last look, arrays (b,)."""

    @classmethod
    def empty(cls, b: int) -> Slots:
        """Returns `b` free slots."""
        return cls(
            busy=np.zeros(b, bool),
            row=np.zeros(b, int),
            load=np.zeros(b, int),
            look=np.zeros(b, int),
            wrench=np.zeros((b, 6)),
            origin=np.zeros((b, 3)),
            calm=np.zeros(b, int),
            speeds=Speeds.none(b),
        )

    def take(self, k: int, row: int, load: int, *, wrench: np.ndarray, origin: np.ndarray) -> None:
        """Puts a pull into slot `k`.

        Args:
            k: the slot.
            row: the grasp.
            load: the load.
            wrench: force and torque on the object, (6,) [N, N m].
            origin: position of the object after the squeeze, (3,) [m].
        """
        self.busy[k], self.row[k], self.load[k] = True, row, load
        self.look[k], self.calm[k] = 0, 0
        for speed in (*self.speeds.in_hand, *self.speeds.with_hand):
            speed[k] = 0.0
        self.wrench[k], self.origin[k] = wrench, origin
