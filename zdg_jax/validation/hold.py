"""The `Hold` protocols in MuJoCo's C engine, one grasp at a time."""

from __future__ import annotations

import dataclasses
import math

import mujoco
import numpy as np

from zdg_jax.validation import closing
from zdg_jax.validation.protocols import Hold
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import Scene

_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_BLOCKED = 0.25
"""A joint farther than this from its target at the grasp was kept from closing [rad]."""
_TORQUE_LENGTH = 0.05
"""Lever that compares turns with shifts when the loads are ordered [m]."""


class HoldTest:
    """A `Hold` protocol on one scene. Safe to call from several threads with data of their own."""

    def __init__(self, scene: Scene, protocol: Hold) -> None:
        """Prepares the loads and the numbers of steps."""
        self.scene, self.protocol = scene, protocol
        step = protocol.physics.timestep
        self._origin = np.array([0.0, 0, 0, 1, 0, 0, 0])
        self._stage_steps = max(1, round(protocol.closing_time / protocol.closing_stages / step))
        self._check_steps = max(1, round(protocol.pull_time / protocol.checks / step))
        self._loads = np.array([[*load.force, *load.torque] for load in protocol.loads])
        self._size = mujoco.mj_stateSize(scene.model, _STATE)
        self.load_names = tuple(load.name for load in protocol.loads)

    def run(
        self,
        data: mujoco.MjData,
        result: Validation,
        i: int,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> None:
        """Tests one grasp and writes row `i` of the result.

        Args:
            data: scratch state; what it holds does not matter.
            result: arrays to write to.
            i: row.
            pregrasp: root position, quaternion and joints, (7 + j,).
            grasp: likewise.
            squeeze: likewise.
        """
        row = _Row(result, i, self.protocol)
        if not np.isfinite([pregrasp, grasp, squeeze]).all():
            row.fail(Reason.DIVERGED, 0.0)
            return
        self._reset(data, grasp)
        result.grasp_penetration[i], _ = self._penetration(data)
        self._reset(data, pregrasp)
        deepest = max(self._penetration(data))
        result.pregrasp_penetration[i] = deepest
        if deepest > self.protocol.max_pregrasp_penetration:
            row.fail(Reason.PREGRASP_PENETRATES, 0.0)
            return
        touched, blocked = self._close(data, pregrasp, grasp, squeeze)
        if self._diverged(data, 2 * self.protocol.closing_stages * self._stage_steps):
            row.fail(Reason.DIVERGED, data.time)
            return
        result.steps[i] += 2 * self.protocol.closing_stages * self._stage_steps
        self._record_closing(data, result, i)
        touched |= result.contacts[i] > 0
        state = np.empty(self._size)
        mujoco.mj_getState(self.scene.model, data, state, _STATE)
        for load in self._order(data):
            self._pull(data, state, load, row)
            if row.diverged or (self.protocol.fail_fast and row.failed):
                break
        row.conclude(touched=touched, blocked=blocked)

    def _reset(self, data: mujoco.MjData, pose: np.ndarray) -> None:
        mujoco.mj_resetData(self.scene.model, data)
        data.qpos[:] = np.concatenate([pose, self._origin])
        data.ctrl[:] = self.scene.ctrl_from_joints @ pose[7:]
        data.mocap_pos[0], data.mocap_quat[0] = pose[:3], pose[3:7]
        mujoco.mj_fwdPosition(self.scene.model, data)

    def _penetration(self, data: mujoco.MjData) -> tuple[float, float]:
        """Deepest overlap of hand and object, and of the hand with itself [m]."""
        geom, distance = data.contact.geom, data.contact.dist
        links = self.scene.link_of_geom[geom] >= 0
        own = links.all(axis=1)
        mixed = links.any(axis=1) & ~own
        return (
            max(0.0, -float(distance[mixed].min(initial=0.0))),
            max(0.0, -float(distance[own].min(initial=0.0))),
        )

    def _close(
        self, data: mujoco.MjData, pregrasp: np.ndarray, grasp: np.ndarray, squeeze: np.ndarray
    ) -> tuple[bool, bool]:
        """Moves to the grasp and on to the squeeze; returns whether the hand touched the object
        on the way, and whether it was kept from reaching the grasp."""
        stages, matrix = self.protocol.closing_stages, self.scene.ctrl_from_joints
        touched = blocked = False
        for start, end in ((pregrasp, grasp), (grasp, squeeze)):
            targets = closing.between(start, end, stages, matrix)
            for k in range(stages):
                data.mocap_pos[0] = targets.position[k]
                data.mocap_quat[0] = targets.quaternion[k]
                data.ctrl[:] = targets.ctrl[k]
                mujoco.mj_step(self.scene.model, data, nstep=self._stage_steps)
                touched |= self._touching(data).size > 0
            if end is grasp:
                blocked = bool(np.abs(data.qpos[7:-7] - grasp[7:]).max(initial=0.0) > _BLOCKED)
        return touched, blocked

    def _touching(self, data: mujoco.MjData) -> np.ndarray:
        """Rows of the contacts between hand and object."""
        links = self.scene.link_of_geom[data.contact.geom] >= 0
        return np.flatnonzero(links.any(axis=1) & ~links.all(axis=1))

    def _record_closing(self, data: mujoco.MjData, result: Validation, i: int) -> None:
        rows = self._touching(data)
        links = self.scene.link_of_geom[data.contact.geom[rows]].max(axis=1, initial=-1)
        wrench, force = np.zeros(6), 0.0
        for row in rows:
            mujoco.mj_contactForce(self.scene.model, data, row, wrench)
            force += wrench[0]
        result.contacts[i], result.force[i] = np.unique(links).size, force
        moved = closing.displacement(data.qpos[-7:], self._origin)
        result.closing_drift[i], result.closing_turn[i] = moved

    def _order(self, data: mujoco.MjData) -> np.ndarray:
        """Loads, those first that push the object where it is already going."""
        if not self.protocol.fail_fast:
            return np.arange(len(self._loads))
        quaternion, turn = data.qpos[-4:].copy(), np.zeros(3)
        mujoco.mju_quat2Vel(turn, quaternion, 1.0)
        moved = np.concatenate([data.qpos[-7:-4], turn * _TORQUE_LENGTH])
        scaled = self._loads / [1, 1, 1, *[_TORQUE_LENGTH] * 3]
        return np.argsort(-(scaled @ moved), kind="stable")

    def _pull(self, data: mujoco.MjData, state: np.ndarray, load: int, row: _Row) -> None:
        """Pulls with one load from the given state until the object leaves, rests, or time is
        up."""
        model, protocol = self.scene.model, self.protocol
        mujoco.mj_setState(model, data, state, _STATE)
        data.xfrc_applied[self.scene.object_body] = self._loads[load]
        trace = [closing.displacement(data.qpos[-7:], self._origin)]
        survived = True
        for k in range(protocol.checks):
            before = data.time
            mujoco.mj_step(model, data, nstep=self._check_steps)
            row.result.steps[row.i] += self._check_steps
            trace.append(closing.displacement(data.qpos[-7:], self._origin))
            if data.time <= before or not np.isfinite(trace[-1]).all():
                row.diverged, survived = True, False
                break
            drift, turn = trace[-1]
            survived = drift < protocol.max_drift and turn < protocol.max_turn
            if not survived or (k + 1 < protocol.checks and self._rests(trace)):
                break
        row.record(load, survived, trace[-1], data.time)

    def _rests(self, trace: list[tuple[float, float]]) -> bool:
        """Whether the object will stay within the limits, judged by its motion so far."""
        protocol, settling = self.protocol, self.protocol.settling
        if settling is None:
            return False
        interval = protocol.pull_time / protocol.checks
        window = max(1, round(settling.window / interval))
        if len(trace) <= window:
            return False
        recent = np.array(trace[-window - 1 :])
        rate = np.maximum(np.diff(recent, axis=0).max(axis=0), 0.0)
        left = protocol.checks + 1 - len(trace)
        limit = settling.share * np.array([protocol.max_drift, protocol.max_turn])
        return bool((recent[-1] + settling.safety * rate * left < limit).all())

    def _diverged(self, data: mujoco.MjData, steps: int) -> bool:
        """MuJoCo resets a state that blew up, so its clock falls behind."""
        expected = steps * self.protocol.physics.timestep
        return not (
            np.isfinite(data.qpos).all() and math.isclose(data.time, expected, rel_tol=1e-6)
        )


@dataclasses.dataclass
class _Row:
    """Row `i` of the results, while it is written."""

    result: Validation
    i: int
    protocol: Hold
    diverged: bool = False
    failed: bool = False

    def record(self, load: int, survived: bool, moved: tuple[float, float], time: float) -> None:
        """Keeps the outcome of one pull."""
        result, i = self.result, self.i
        result.tested[i, load], result.directions[i, load] = True, survived
        result.drift[i, load], result.turn[i, load] = moved
        if not survived and not self.failed:
            self.failed = True
            result.failed_at[i] = time

    def fail(self, reason: Reason, time: float) -> None:
        """The grasp failed before any pull."""
        self.result.reason[self.i] = reason
        self.result.failed_at[self.i] = time

    def conclude(self, *, touched: bool, blocked: bool) -> None:
        """Verdict and reason after the pulls."""
        result, i, protocol = self.result, self.i, self.protocol
        result.held[i] = not self.failed
        out = (
            result.closing_drift[i] >= protocol.max_drift
            or result.closing_turn[i] >= protocol.max_turn
        )
        result.reason[i] = (
            Reason.HELD
            if not self.failed
            else Reason.DIVERGED
            if self.diverged
            else Reason.NEVER_TOUCHED
            if not touched
            else Reason.EJECTED
            if out
            else Reason.COULD_NOT_CLOSE
            if blocked
            else Reason.SLIPPED
        )
