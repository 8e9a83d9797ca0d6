"""Early termination: pulls whose end is known before it comes, one or many at once."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.validation.protocols import HoldProtocol


class EarlyTermination:
    """Decides from looks at object and hand when a rollout of a `HoldProtocol` may stop.

    A motion is a pair of drift [m] and turn [rad], (..., 2).
    """

    def __init__(self, protocol: HoldProtocol, model: mujoco.MjModel) -> None:
        """Divides the pull into checks, and the checks into looks.

        Args:
            protocol: the protocol.
            model: the scene: a hand on a free root, then a free object.
        """
        self._settling = protocol.settling
        self.limits = np.array([protocol.max_drift, protocol.max_turn])
        self._step = protocol.solver.timestep
        check_steps = max(1, round(protocol.pull_time / protocol.checks / self._step))
        wanted = 1
        if protocol.settling is not None:
            wanted = max(1, round(check_steps * self._step / protocol.settling.interval))
        self.looks = max(k for k in range(1, wanted + 1) if check_steps % k == 0)
        """Looks per check."""
        self.look_steps = check_steps // self.looks
        """Simulation steps between two looks."""
        self.total = self.looks * protocol.checks
        """Looks per pull."""
        self.enough = protocol.settling.window if protocol.settling else self.total
        """Calm looks in a row after which a pull need not go on."""
        self._early = protocol.fail_fast
        slides = model.jnt_type[1:-1] == int(mujoco.mjtJoint.mjJNT_SLIDE)
        self._turns = np.where(slides, 1.0 / TORQUE_LENGTH, 1.0)

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

    def calm(self, motion: np.ndarray, qvel: np.ndarray, look: int | np.ndarray) -> np.ndarray:
        """Marks pulls that would end well if all went on so, see `Settling`, (...,) bool.

        Args:
            motion: drift and turn since the start, (..., 2).
            qvel: velocities of the hand's root and joints and of the object, (..., nv).
            look: number of the look, from 1, (...,).
        """
        settling, left = self._settling, self.total - np.asarray(look)
        if settling is None:
            return np.zeros(np.broadcast_shapes(motion.shape[:-1], left.shape), bool)
        time = left * (self.look_steps * self._step)
        twist = qvel[..., -6:].reshape(*qvel.shape[:-1], 2, 3)
        speed = np.sqrt((twist * twist).sum(axis=-1))
        end = motion + (settling.pace * time)[..., None] * speed
        inside = (end < settling.share * self.limits).all(axis=-1)
        fastest = (np.abs(qvel[..., 6:-6]) * self._turns).max(axis=-1, initial=0.0)
        return np.asarray(inside & (fastest * time < settling.bend))
