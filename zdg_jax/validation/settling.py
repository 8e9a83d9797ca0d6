"""Early termination: pulls whose end is known before it comes, one or many at once."""

from __future__ import annotations

import numpy as np

from zdg_jax.validation.protocols import HoldProtocol

_STEADY = 2e-4
"""Acceleration from look to look that counts as none, over the limits."""


class EarlyTermination:
    """Decides from looks at the object when a rollout of a `HoldProtocol` may stop.

    A motion is a pair of drift [m] and turn [rad], (..., 2).
    """

    def __init__(self, protocol: HoldProtocol) -> None:
        """Divides the pull into checks, and the checks into looks."""
        self._settling = protocol.settling
        self.limits = np.array([protocol.max_drift, protocol.max_turn])
        step = protocol.solver.timestep
        check_steps = max(1, round(protocol.pull_time / protocol.checks / step))
        wanted = 1
        if protocol.settling is not None:
            wanted = max(1, round(check_steps * step / protocol.settling.interval))
        self.looks = max(k for k in range(1, wanted + 1) if check_steps % k == 0)
        """Looks per check."""
        self.look_steps = check_steps // self.looks
        """Simulation steps between two looks."""
        self.total = self.looks * protocol.checks
        """Looks per pull."""
        self.window = protocol.settling.window if protocol.settling else 1
        """Looks back that `rests` needs."""
        self._early = protocol.fail_fast

    def lost(self, motion: np.ndarray, *, closing: bool) -> np.ndarray:
        """Marks objects that are so far out that no pull need be tried, (...,) bool.

        Args:
            motion: drift and turn since the start, (..., 2).
            closing: the hand is still closing, which may yet bring the object back.
        """
        if self._settling is None or not self._early:
            return np.zeros(motion.shape[:-1], bool)
        factor = self._settling.ejection * (2.0 if closing else 1.0)
        return np.asarray((motion > factor * self.limits).any(axis=-1))

    def survives(self, motion: np.ndarray, look: int | np.ndarray) -> np.ndarray:
        """Marks objects that are within the limits, which count at the checks alone, (...,) bool.

        Args:
            motion: drift and turn since the start, (..., 2).
            look: number of the look, from 1, (...,).
        """
        inside = (motion < self.limits).all(axis=-1)
        return inside | (np.asarray(look) % self.looks != 0)

    def rests(
        self, now: np.ndarray, last: np.ndarray, first: np.ndarray, look: int | np.ndarray
    ) -> np.ndarray:
        """Marks objects that will stay within the limits to the end of the pull, (...,) bool.

        Args:
            now: motion at this look, (..., 2).
            last: at the look before.
            first: `window` looks ago.
            look: number of the look, from 1, (...,).
        """
        settling, look = self._settling, np.asarray(look)
        if settling is None:
            return np.zeros(np.broadcast_shapes(now.shape[:-1], look.shape), bool)
        mean, latest = (now - first) / settling.window, now - last
        steady = (latest <= np.maximum(mean, 0.0) + _STEADY * self.limits).all(axis=-1)
        rate = np.maximum(np.maximum(mean, latest), 0.0)
        end = now + settling.safety * rate * (self.total - look)[..., None]
        inside = (end < settling.share * self.limits).all(axis=-1)
        return steady & inside & (look >= settling.window)
