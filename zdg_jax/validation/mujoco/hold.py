"""The `Hold` protocols in MuJoCo's C engine, one grasp at a time."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np

from zdg_jax.validation import trajectories
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import Hold
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import Scene
from zdg_jax.validation.settling import Watch

BLOCKED = 0.25
"""A joint farther than this from its target at the grasp was kept from closing [rad]."""
TORQUE_LENGTH = 0.05
"""Lever that compares turns with shifts when the loads are ordered [m]."""


class HoldTest:
    """A `Hold` protocol on one scene."""

    def __init__(self, scene: Scene, protocol: Hold) -> None:
        """Prepares the loads and the numbers of steps."""
        self.scene, self.protocol = scene, protocol
        step = protocol.solver.timestep
        self._stage_steps = max(1, round(protocol.closing_time / protocol.closing_stages / step))
        self._watch = Watch(protocol)
        self._loads = load_wrenches(protocol)
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
        if way.ejected or self._watch.lost(simulation.moved(), closing=False):
            result.fail(i, Reason.EJECTED, simulation.data.time)
            return
        saved = simulation.save()
        for load in load_order(self.protocol, simulation.object_pose):
            simulation.restore(saved)
            way.diverged |= not self._pull(simulation, result, i, load)
            if way.diverged or (self.protocol.fail_fast and not np.isnan(result.failed_at[i])):
                break
        result.steps[i] = simulation.steps
        conclude(self.protocol, result, i, way)

    def _close(
        self,
        simulation: Simulation,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> Way:
        """Moves to the grasp and on to the squeeze."""
        stages, matrix = self.protocol.closing_stages, self.scene.ctrl_from_joints
        way = Way()
        for phase, start, end in (("close", pregrasp, grasp), ("squeeze", grasp, squeeze)):
            simulation.phase = phase
            targets = trajectories.between(start, end, stages, matrix)
            for k in range(stages):
                simulation.aim(targets, k)
                way.diverged = not simulation.step(self._stage_steps)
                way.touched |= simulation.touching().size > 0
                way.ejected = bool(self._watch.lost(simulation.moved(), closing=True))
                if way.ejected or way.diverged:
                    return way
            if end is grasp:
                away = np.abs(simulation.data.qpos[7:-7] - grasp[7:])
                way.blocked = bool(away.max(initial=0.0) > BLOCKED)
        return way

    def _pull(self, simulation: Simulation, result: Validation, i: int, load: int) -> bool:
        """Pulls with one load until the object leaves, rests, or time is up.

        Returns:
            Whether the state stayed sound.
        """
        simulation.phase = self.load_names[load]
        simulation.data.xfrc_applied[self.scene.object_body] = self._loads[load]
        watch, trace = self._watch, [simulation.moved()]
        start = simulation.object_pose[:3].copy()
        sound = survived = True
        for look in range(1, watch.total + 1):
            sound = simulation.step(watch.look_steps)
            trace.append(simulation.moved())
            survived = sound and bool(watch.survives(trace[-1], look))
            first = trace[max(0, look - watch.window)]
            if not survived or watch.rests(trace[-1], trace[-2], first, look):
                break
        result.tested[i, load], result.directions[i, load] = True, survived
        result.drift[i, load], result.turn[i, load] = trace[-1]
        result.slip[i, load] = np.linalg.norm(simulation.object_pose[:3] - start)
        if not survived and np.isnan(result.failed_at[i]):
            result.failed_at[i] = simulation.data.time
        return sound


def load_order(protocol: Hold, object_pose: np.ndarray) -> np.ndarray:
    """Loads in the order to try them, those first that push the object where it is going.

    Args:
        protocol: the protocol; without `fail_fast` the order is its own.
        object_pose: position and quaternion of the object after the squeeze, (7,).
    """
    if not protocol.fail_fast:
        return np.arange(len(protocol.loads))
    turn = np.zeros(3)
    mujoco.mju_quat2Vel(turn, np.array(object_pose[3:], float), 1.0)
    moved = np.concatenate([object_pose[:3], turn * TORQUE_LENGTH])
    scale = np.array([1, 1, 1, *[TORQUE_LENGTH] * 3])
    return np.argsort(-(load_wrenches(protocol) / scale @ moved), kind="stable")


def load_wrenches(protocol: Hold) -> np.ndarray:
    """Forces and torques of the loads, (m, 6)."""
    return np.array([[*load.force, *load.torque] for load in protocol.loads], float)


def conclude(protocol: Hold, result: Validation, i: int, way: Way) -> None:
    """Writes verdict and reason of row `i` after its pulls."""
    failed = not np.isnan(result.failed_at[i])
    limits = [protocol.max_drift, protocol.max_turn]
    out = np.greater_equal([result.closing_drift[i], result.closing_turn[i]], limits).any()
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
class Way:
    """What happened while the hand closed."""

    touched: bool = False
    """The hand touched the object."""
    blocked: bool = False
    """The hand did not reach the grasp."""
    ejected: bool = False
    """The object was pushed so far out that the rest was not run."""
    diverged: bool = False
    """The simulation blew up."""
