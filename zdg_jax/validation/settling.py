"""Early termination: pulls whose end is known before it comes, one or many at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import mujoco
import numpy as np

from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.validation.protocols import HoldProtocol

Components = list[Any]
"""A vector by component: numbers, or arrays of as many states as are looked at."""
Pair = tuple[Any, Any]
"""Two of the same."""


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
        share = protocol.settling.share if protocol.settling else 1.0
        self._most = (share * self.limits).tolist()
        trial = protocol.settling.trial if protocol.settling else 0.0
        self.trial = min(self.total, round(trial / (self.look_steps * self._step)))
        """Looks of a pull without noslip iterations that is tried before; none if 0."""
        self._early = protocol.fail_fast
        slides = model.jnt_type[1:-1] == int(mujoco.mjtJoint.mjJNT_SLIDE)
        self._turns = np.where(slides, 1.0 / TORQUE_LENGTH, 1.0).tolist()

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

    def calm(
        self, motion: np.ndarray, now: Speeds, before: Speeds, look: int | np.ndarray
    ) -> np.ndarray:
        """Marks pulls that would end well if all went on so, see `Settling`, (...,) bool.

        Args:
            motion: drift and turn since the start, (..., 2).
            now: speeds at this look.
            before: speeds at the look before, `Speeds.none` at the first.
            look: number of the look, from 1, (...,).
        """
        settling, left = self._settling, self.total - look
        if settling is None:
            return np.zeros(np.broadcast_shapes(motion.shape[:-1], np.shape(left)), bool)
        time = left * (self.look_steps * self._step)
        inside: Any = True
        for k, moved in enumerate(_components(motion)):
            for speed, earlier, lasting in (
                (now.in_hand[k], before.in_hand[k], time),
                (now.with_hand[k], before.with_hand[k], settling.swing),
            ):
                pace = 1.0 - (1.0 - settling.pace) * (speed < earlier)
                moved = moved + pace * lasting * speed
            inside = inside & (moved < self._most[k])
        for joint, turns in zip(now.joints, self._turns, strict=True):
            inside = inside & (abs(joint * turns) * time < settling.bend)
        return np.asarray(inside)


class Speeds(NamedTuple):
    """Motion of the object, taken apart, and of the joints; numbers or arrays (...,).

    A pair is a linear [m/s] and an angular speed [rad/s].
    """

    in_hand: Pair
    """Of the object, as seen from the hand's root."""
    with_hand: Pair
    """Of a point of the hand's root that is where the object is."""
    joints: Components
    """Of the joints [rad/s or m/s], either sign."""

    @classmethod
    def none(cls, *batch: int) -> Speeds:
        """Those of what rests, with any joints."""
        zero = np.zeros(batch) if batch else 0.0
        return cls((zero, zero), (zero, zero), [])

    @classmethod
    def of(cls, qpos: np.ndarray, qvel: np.ndarray) -> Speeds:
        """Takes a state apart.

        Args:
            qpos: poses of the hand and of the object, (..., nq).
            qvel: their velocities, (..., nv).
        """
        pose, velocity = _components(qpos), _components(qvel)
        hand_turns = _rotated(pose[3:7], velocity[3:6])
        object_turns = _rotated(pose[-4:], velocity[-3:])
        x, y, z = _minus(pose[-7:-4], pose[:3])
        a, b, c = hand_turns
        u, v, w = velocity[:3]
        carried = [u + b * z - c * y, v + c * x - a * z, w + a * y - b * x]
        slips, twists = _minus(velocity[-6:-3], carried), _minus(object_turns, hand_turns)
        return cls(
            in_hand=(_length(slips), _length(twists)),
            with_hand=(_length(carried), _length(hand_turns)),
            joints=velocity[6:-6],
        )


def _components(rows: np.ndarray) -> Components:
    """Rows (..., n) as n arrays (...,), or as n numbers.

    Sums of a few numbers of Python take a tenth of the time of NumPy's.
    """
    components: Components = rows.tolist() if rows.ndim == 1 else list(np.moveaxis(rows, -1, 0))
    return components


def _rotated(quaternion: Components, vector: Components) -> Components:
    """Turns a vector by a unit quaternion (w, x, y, z)."""
    (w, x, y, z), (a, b, c) = quaternion, vector
    s, t, u = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return [a + w * s + y * u - z * t, b + w * t + z * s - x * u, c + w * u + x * t - y * s]


def _minus(first: Components, second: Components) -> Components:
    return [a - b for a, b in zip(first, second, strict=True)]


def _length(vector: Components) -> Any:
    x, y, z = vector
    return (x * x + y * y + z * z) ** 0.5
