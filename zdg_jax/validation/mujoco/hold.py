"""Hold protocols in MuJoCo's C engine, one grasp at a time."""

from __future__ import annotations

import copy
import dataclasses

import mujoco
import numpy as np

from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.validation import trajectories
from zdg_jax.validation.mujoco.screening import GraspTest
from zdg_jax.validation.mujoco.simulation import SavedState, Simulation
from zdg_jax.validation.placed_grasp import PlacedGrasp
from zdg_jax.validation.protocols import HoldProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene
from zdg_jax.validation.settling import EarlyTermination, Speeds

BLOCKED = 0.25
"""A joint farther than this from its target at the grasp was kept from closing [rad]."""


class HoldTest(GraspTest):
    """A `HoldProtocol` on one scene."""

    def __init__(self, scene: CompiledScene, protocol: HoldProtocol, wrenches: np.ndarray) -> None:
        """Prepares the loads and the numbers of steps.

        Args:
            scene: the scene, without a table.
            protocol: the protocol.
            wrenches: its loads on this object, (m, 6), see `HoldProtocol.wrenches`.
        """
        self.scene, self.protocol = scene, protocol
        self.max_pregrasp_penetration = protocol.max_pregrasp_penetration
        step = protocol.solver.timestep
        self._stage_steps = max(1, round(protocol.closing_time / protocol.closing_stages / step))
        self._watch = EarlyTermination(protocol, scene.model)
        self._creeping = None
        if self._watch.trial and scene.model.opt.noslip_iterations:
            self._creeping = copy.copy(scene.model)
            self._creeping.opt.noslip_iterations = 0
        self.wrenches = wrenches
        """Loads on this object, (m, 6) [N, N m]."""
        self.load_names = tuple(load.name for load in protocol.loads)

    def roll_out(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> Reason:
        """Closes, squeezes and pulls; arguments as of `GraspTest.roll_out`."""
        outcome = self._close(simulation, placed)
        if outcome.diverged:
            return Reason.DIVERGED
        result.contacts[i], result.force[i] = simulation.contact_summary()
        result.closing_drift[i], result.closing_turn[i] = simulation.moved()
        if outcome.ejected or self._watch.lost(simulation.moved(), closing=False):
            return Reason.EJECTED
        saved = simulation.save()
        for load in load_order(self.protocol, self.wrenches, simulation.object_pose):
            pull = self._pull(simulation, saved, load)
            pull.write(result, i, load)
            outcome.diverged |= not pull.sound
            if outcome.diverged or (self.protocol.fail_fast and not np.isnan(result.failed_at[i])):
                break
        return verdict(self.protocol, result, i, outcome)

    def _close(self, simulation: Simulation, placed: PlacedGrasp) -> ClosingOutcome:
        """Moves to the grasp and on to the squeeze."""
        stages, matrix = self.protocol.closing_stages, self.scene.ctrl_from_joints
        outcome = ClosingOutcome()
        for phase, (start, end) in zip(("close", "squeeze"), placed.closing, strict=True):
            simulation.phase = phase
            targets = trajectories.between(start, end, stages, matrix)
            for k in range(stages):
                simulation.aim(targets, k)
                outcome.diverged = not simulation.step(self._stage_steps)
                outcome.touched = outcome.touched or simulation.touching().size > 0
                outcome.ejected = bool(self._watch.lost(simulation.moved(), closing=True))
                if outcome.ejected or outcome.diverged:
                    return outcome
            if phase == "close":
                away = np.abs(simulation.data.qpos[7:-7] - end[7:])
                outcome.blocked = bool(away.max(initial=0.0) > BLOCKED)
        return outcome

    def _pull(self, simulation: Simulation, saved: SavedState, load: int) -> Pull:
        """Pulls with one load until the object leaves, rests, or time is up; see `Settling.trial`.

        Args:
            simulation: the state.
            saved: state after the squeeze.
            load: number of the load.
        """
        simulation.phase = self.load_names[load]
        if self._creeping is not None:
            with simulation.stepping(self._creeping):
                pull = self._watched(simulation, saved, load, self._watch.trial)
            if pull.calm:
                return pull
        return self._watched(simulation, saved, load, self._watch.total)

    def _watched(self, simulation: Simulation, saved: SavedState, load: int, looks: int) -> Pull:
        """Pulls for so many looks at most."""
        simulation.restore(saved)
        simulation.data.xfrc_applied[self.scene.object_body] = self.wrenches[load]
        watch, data, pull = self._watch, simulation.data, Pull()
        start, calm = simulation.object_pose[:3].copy(), 0
        before = Speeds.none()
        for look in range(1, looks + 1):
            pull.sound = simulation.step(watch.look_steps)
            moved = simulation.moved()
            pull.survived = pull.sound and bool(watch.survives(moved, look))
            now = Speeds.of(data.qpos, data.qvel)
            calm = calm + 1 if watch.calm(moved, now, before, look) else 0
            before = now
            pull.calm = calm >= watch.enough
            if not pull.survived or pull.calm:
                break
        pull.moved, pull.time = moved, data.time
        pull.slip = float(np.linalg.norm(simulation.object_pose[:3] - start))
        return pull


def load_order(protocol: HoldProtocol, wrenches: np.ndarray, object_pose: np.ndarray) -> np.ndarray:
    """Orders loads so that those come first that push the object where it is going.

    Args:
        protocol: the protocol; without `fail_fast` the order is its own.
        wrenches: forces and torques of the loads, (m, 6).
        object_pose: position and quaternion of the object after the squeeze, (7,).

    Returns:
        Numbers of the loads, (m,).
    """
    if not protocol.fail_fast:
        return np.arange(len(wrenches))
    turn = np.zeros(3)
    mujoco.mju_quat2Vel(turn, np.array(object_pose[3:], float), 1.0)
    moved = np.concatenate([object_pose[:3], turn * TORQUE_LENGTH])
    scale = np.array([1, 1, 1, *[TORQUE_LENGTH] * 3])
    return np.argsort(-(wrenches / scale @ moved), kind="stable")


def verdict(protocol: HoldProtocol, result: Validation, i: int, outcome: ClosingOutcome) -> Reason:
    """Says why grasp `i` failed, or that it held, after its pulls.

    Args:
        protocol: the protocol.
        result: its `failed_at`, `closing_drift` and `closing_turn` are read.
        i: row of the grasp.
        outcome: how the hand closed.
    """
    limits = [protocol.max_drift, protocol.max_turn]
    out = np.greater_equal([result.closing_drift[i], result.closing_turn[i]], limits).any()
    cases = (
        (np.isnan(result.failed_at[i]), Reason.HELD),
        (outcome.diverged, Reason.DIVERGED),
        (not outcome.touched, Reason.NEVER_TOUCHED),
        (out, Reason.EJECTED),
        (outcome.blocked, Reason.COULD_NOT_CLOSE),
        (True, Reason.SLIPPED),
    )
    return next(reason for holds, reason in cases if holds)


@dataclasses.dataclass
class Pull:
    """The end of one pull."""

    sound: bool = True
    """The simulation did not blow up."""
    survived: bool = True
    """The object stayed within the limits."""
    calm: bool = False
    """Object and hand came to rest."""
    moved: np.ndarray | tuple[float, float] = (0.0, 0.0)
    """Drift [m] and turn [rad] since the start."""
    slip: float = 0.0
    """Way of the object in this pull [m]."""
    time: float = 0.0
    """Clock at its end [s]."""

    def write(self, result: Validation, i: int, load: int) -> None:
        """Writes it as that of grasp `i` under a load."""
        result.tested[i, load], result.survived_loads[i, load] = True, self.survived
        result.drift[i, load], result.turn[i, load] = self.moved
        result.slip[i, load] = self.slip
        if not self.survived and np.isnan(result.failed_at[i]):
            result.failed_at[i] = self.time


@dataclasses.dataclass
class ClosingOutcome:
    """Events while the hand closed."""

    touched: bool = False
    """The hand touched the object."""
    blocked: bool = False
    """The hand did not reach the grasp."""
    ejected: bool = False
    """The object was pushed so far out that the rest was not run."""
    diverged: bool = False
    """The simulation blew up."""
