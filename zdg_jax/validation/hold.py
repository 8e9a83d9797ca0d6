"""The `Hold` protocols in MuJoCo's C engine, one grasp at a time."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np

from zdg_jax.validation import closing
from zdg_jax.validation.protocols import Hold
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import Scene
from zdg_jax.validation.simulation import Simulation

BLOCKED = 0.25
"""A joint farther than this from its target at the grasp was kept from closing [rad]."""
_STEADY = 2e-4
"""Acceleration from look to look that counts as none, over the limits."""
TORQUE_LENGTH = 0.05
"""Lever that compares turns with shifts when the loads are ordered [m]."""


class HoldTest:
    """A `Hold` protocol on one scene."""

    def __init__(self, scene: Scene, protocol: Hold) -> None:
        """Prepares the loads and the numbers of steps."""
        self.scene, self.protocol = scene, protocol
        step = protocol.physics.timestep
        self._stage_steps = max(1, round(protocol.closing_time / protocol.closing_stages / step))
        check_steps = max(1, round(protocol.pull_time / protocol.checks / step))
        looks = 1
        if protocol.settling is not None:
            looks = max(1, round(check_steps * step / protocol.settling.interval))
        self._look_steps = [
            check_steps * (k + 1) // looks - check_steps * k // looks for k in range(looks)
        ]
        self._limits = np.array([protocol.max_drift, protocol.max_turn])
        self._loads = np.array([[*load.force, *load.torque] for load in protocol.loads])
        self.load_names = tuple(load.name for load in protocol.loads)

    def run(
        self,
        simulation: Simulation,
        result: Validation,
        i: int,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> None:
        """Tests one grasp and writes row `i` of the result.

        Args:
            simulation: scratch state; what it holds does not matter.
            result: arrays to write to.
            i: row.
            pregrasp: root position, quaternion and joints, (7 + j,), finite.
            grasp: likewise.
            squeeze: likewise.
        """
        simulation.reset(grasp)
        result.grasp_penetration[i] = simulation.penetration()[0]
        simulation.reset(pregrasp)
        deepest = max(simulation.penetration())
        result.pregrasp_penetration[i] = deepest
        if deepest > self.protocol.max_pregrasp_penetration:
            result.fail(i, Reason.PREGRASP_PENETRATES, 0.0)
            return
        way = self._close(simulation, pregrasp, grasp, squeeze)
        result.steps[i] = simulation.steps
        if way.diverged:
            result.fail(i, Reason.DIVERGED, simulation.data.time)
            return
        result.contacts[i], result.force[i] = simulation.grip()
        result.closing_drift[i], result.closing_turn[i] = simulation.moved()
        if way.ejected or self._lost(simulation, 1.0):
            result.fail(i, Reason.EJECTED, simulation.data.time)
            return
        saved = simulation.save()
        for load in self._order(simulation):
            simulation.restore(saved)
            way.diverged |= not self._pull(simulation, result, i, load)
            if way.diverged or (self.protocol.fail_fast and not np.isnan(result.failed_at[i])):
                break
        result.steps[i] = simulation.steps
        self._conclude(result, i, way)

    def _close(
        self,
        simulation: Simulation,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> _Way:
        """Moves to the grasp and on to the squeeze."""
        stages, matrix = self.protocol.closing_stages, self.scene.ctrl_from_joints
        way = _Way()
        for phase, start, end in (("close", pregrasp, grasp), ("squeeze", grasp, squeeze)):
            simulation.phase = phase
            targets = closing.between(start, end, stages, matrix)
            for k in range(stages):
                simulation.aim(targets, k)
                way.diverged = not simulation.step(self._stage_steps)
                way.touched |= simulation.touching().size > 0
                way.ejected = self._lost(simulation, 2.0)
                if way.ejected or way.diverged:
                    return way
            if end is grasp:
                away = np.abs(simulation.data.qpos[7:-7] - grasp[7:])
                way.blocked = bool(away.max(initial=0.0) > BLOCKED)
        return way

    def _lost(self, simulation: Simulation, factor: float) -> bool:
        """Whether the object is so far out that no pull need be tried."""
        settling = self.protocol.settling
        if settling is None or not self.protocol.fail_fast:
            return False
        return bool((simulation.moved() > factor * settling.ejection * self._limits).any())

    def _order(self, simulation: Simulation) -> np.ndarray:
        """Loads, those first that push the object where it is already going."""
        if not self.protocol.fail_fast:
            return np.arange(len(self._loads))
        turn = np.zeros(3)
        mujoco.mju_quat2Vel(turn, simulation.object_pose[3:].copy(), 1.0)
        moved = np.concatenate([simulation.object_pose[:3], turn * TORQUE_LENGTH])
        scaled = self._loads / [1, 1, 1, *[TORQUE_LENGTH] * 3]
        return np.argsort(-(scaled @ moved), kind="stable")

    def _pull(self, simulation: Simulation, result: Validation, i: int, load: int) -> bool:
        """Pulls with one load until the object leaves, rests, or time is up.

        Returns:
            Whether the state stayed sound.
        """
        simulation.phase = self.load_names[load]
        simulation.data.xfrc_applied[self.scene.object_body] = self._loads[load]
        trace = [simulation.moved()]
        looks = len(self._look_steps)
        total = looks * self.protocol.checks
        sound = survived = True
        for k in range(1, total + 1):
            sound = simulation.step(self._look_steps[(k - 1) % looks])
            trace.append(simulation.moved())
            if k % looks == 0:
                survived = bool((trace[-1] < self._limits).all())
            survived &= sound
            if not survived or self._rests(trace, total - k):
                break
        result.tested[i, load], result.directions[i, load] = True, survived
        result.drift[i, load], result.turn[i, load] = trace[-1]
        if not survived and np.isnan(result.failed_at[i]):
            result.failed_at[i] = simulation.data.time
        return sound

    def _rests(self, trace: list[np.ndarray], left: int) -> bool:
        """Whether the object will stay within the limits for `left` more looks."""
        settling = self.protocol.settling
        if settling is None or len(trace) <= settling.window:
            return False
        now, last, first = (trace[-k] for k in (1, 2, settling.window + 1))
        mean, latest = (now - first) / settling.window, now - last
        if (latest > np.maximum(mean, 0.0) + _STEADY * self._limits).any():
            return False
        rate = np.maximum(np.maximum(mean, latest), 0.0)
        return bool((now + settling.safety * rate * left < settling.share * self._limits).all())

    def _conclude(self, result: Validation, i: int, way: _Way) -> None:
        """Verdict and reason after the pulls."""
        failed = not np.isnan(result.failed_at[i])
        out = ([result.closing_drift[i], result.closing_turn[i]] >= self._limits).any()
        cases = (
            (not failed, Reason.HELD),
            (way.diverged, Reason.DIVERGED),
            (not way.touched, Reason.NEVER_TOUCHED),
            (out, Reason.EJECTED),
            (way.blocked, Reason.COULD_NOT_CLOSE),
            (True, Reason.SLIPPED),
        )
        result.held[i] = not failed
        result.reason[i] = next(reason for holds, reason in cases if holds)


@dataclasses.dataclass
class _Way:
    """What happened while the hand closed."""

    touched: bool = False
    """The hand touched the object."""
    blocked: bool = False
    """The hand did not reach the grasp."""
    ejected: bool = False
    """The object was pushed so far out that the rest was not run."""
    diverged: bool = False
    """The simulation blew up."""
