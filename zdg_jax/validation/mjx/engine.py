"""MJX: rollouts of many grasps in one compiled program, the backend for GPUs and TPUs."""

from __future__ import annotations

import collections
import dataclasses
import logging

import jax
import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.validation.engine import Chunks, PhysicsEngine
from zdg_jax.validation.mjx.program import Program, State
from zdg_jax.validation.mjx.simplified import MjxOptions, build_mjx
from zdg_jax.validation.mujoco.hold import BLOCKED, ClosingOutcome, load_order, verdict
from zdg_jax.validation.mujoco.screening import screen
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import HoldProtocol, Protocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import HandLike, ObjectLike, build
from zdg_jax.validation.settling import EarlyTermination
from zdg_jax.validation.trajectories import between, checked, motions

_log = logging.getLogger(__name__)
_BLOWN_UP = 1e6
"""A coordinate beyond this is a simulation that blew up."""


class MjxEngine(PhysicsEngine):
    """A hand, an object and a `HoldProtocol`, compiled once for batches of one size."""

    protocol: HoldProtocol

    def __init__(
        self,
        hand: HandLike,
        obj: ObjectLike,
        protocol: Protocol,
        *,
        batch: int | None = None,
        options: MjxOptions | None = None,
        warp: bool = False,
    ) -> None:
        """Builds the scene; the program compiles at the first grasps.

        Penetration, contacts and forces are measured by the C engine in its own scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: the test, a `HoldProtocol`.
            batch: rollouts at a time; by default what the device's memory takes.
            options: simplifications of the scene.
            warp: run MuJoCo Warp inside MJX, on NVIDIA GPUs.

        Raises:
            InputError: the protocol is not a `HoldProtocol`, the batch is not positive, or Warp is
                asked for double precision.
            ValidationError: MJX cannot take the scene, or Warp cannot run here.
        """
        if not isinstance(protocol, HoldProtocol):
            raise InputError(f"MJX has no protocol '{protocol.name}'; use backend 'mujoco'")
        if batch is not None and batch < 1:
            raise InputError(f"batch is {batch}; at least one rollout is needed")
        options = options or MjxOptions()
        if warp and options.precision == "double":
            raise InputError("MuJoCo Warp has single precision alone; use backend 'mjx'")
        self.name = "mjx-warp" if warp else "mjx"
        self.protocol, self._watch = protocol, EarlyTermination(protocol)
        physics, solver = protocol.physics, protocol.solver
        self.scene = build_mjx(hand, obj, physics, solver, options, caps=not warp)
        self._reference = build(hand, obj, physics, solver)
        self._program = Program(
            self.scene.model,
            self.scene.object_body,
            batch=batch,
            warp=warp,
            double=options.double and not warp,
        )
        self.batch = self._program.batch
        step = protocol.solver.timestep
        self._stage_steps = max(1, round(protocol.closing_time / protocol.closing_stages / step))
        self._wrenches = protocol.wrenches(physics.weight_of(obj))

    @property
    def load_names(self) -> tuple[str, ...]:
        """Names of the loads."""
        return tuple(load.name for load in self.protocol.loads)

    def stream(self, poses: Poses, *, chunk: int = 0) -> Chunks:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            poses: n grasps, object frame.
            chunk: grasps per yield; 0 for one batch.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = checked(poses, num_joints=self.scene.num_joints)
        chunk = chunk or self.batch
        for start in range(0, len(poses), chunk):
            part = slice(start, min(start + chunk, len(poses)))
            yield part, self._fitted(list(poses[part].qpos))

    def _fitted(self, poses: list[np.ndarray]) -> Validation:
        """Runs a chunk, in smaller batches if the device's memory does not do."""
        while True:
            try:
                # MJX mixes weak and strong types; the library's own code is tested strictly.
                with jax.numpy_dtype_promotion("standard"):
                    return self._chunk(poses)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error) or self.batch == 1:
                    raise
                self.batch //= 2
                _log.warning("out of device memory; going on with batches of %d", self.batch)

    def _chunk(self, poses: list[np.ndarray]) -> Validation:
        result = self.empty(len(poses[0]))
        alive = self._screen(poses, result)
        outcomes = [ClosingOutcome() for _ in range(len(result))]
        saved: dict[int, State] = {}
        for start in range(0, len(alive), self.batch):
            rows = alive[start : start + self.batch]
            state = self._close([pose[rows] for pose in poses], result, rows, outcomes)
            for k, row in enumerate(rows):
                if result.reason[row] == Reason.NOT_TESTED:
                    saved[row] = jax.tree.map(lambda leaf, k=k: leaf[k], state)
        if saved:
            self._pull_all(saved, result, outcomes)
        for row in saved:
            reason = verdict(self.protocol, result, row, outcomes[row])
            result.reason[row], result.held[row] = reason, reason is Reason.HELD
        return result

    def _screen(self, poses: list[np.ndarray], result: Validation) -> np.ndarray:
        """Fails grasps that are not finite or start too deep; returns the others' rows."""
        simulation = Simulation(self._reference)
        limit = self.protocol.max_pregrasp_penetration
        alive = []
        for i, (pregrasp, grasp, squeeze) in enumerate(zip(*poses, strict=True)):
            if not all(np.isfinite(pose).all() for pose in (pregrasp, grasp, squeeze)):
                result.fail(i, Reason.DIVERGED, 0.0)
            elif screen(simulation, result, i, pregrasp, grasp, limit):
                alive.append(i)
        return np.array(alive, int)

    def _close(
        self,
        poses: list[np.ndarray],
        result: Validation,
        rows: np.ndarray,
        outcomes: list[ClosingOutcome],
    ) -> State:
        """Closes and squeezes one batch; fails what blew up or was ejected."""
        pregrasp, grasp, squeeze = (_padded(pose, self.batch) for pose in poses)
        matrix, stages = self.scene.ctrl_from_joints, self.protocol.closing_stages
        state, count = self._program.initial(pregrasp, pregrasp[:, 7:] @ matrix.T), len(rows)
        none = np.zeros((self.batch, 6))
        for start, end in ((pregrasp, grasp), (grasp, squeeze)):
            targets = [between(a, b, stages, matrix) for a, b in zip(start, end, strict=True)]
            for k in range(stages):
                state = dataclasses.replace(
                    state,
                    ctrl=np.stack([t.ctrl[k] for t in targets]),
                    mocap_pos=np.stack([t.position[k] for t in targets])[:, None],
                    mocap_quat=np.stack([t.quaternion[k] for t in targets])[:, None],
                )
                state = self._program.run(state, none, self._stage_steps)
            if end is grasp:
                self._look_at_grasp(np.asarray(state.qpos, float)[:count], grasp, rows, outcomes)
        qpos = np.asarray(state.qpos, float)[:count]
        moved = motions(qpos[:, -7:])
        time = 2 * self.protocol.closing_time
        result.steps[rows] = 2 * stages * self._stage_steps
        result.closing_drift[rows], result.closing_turn[rows] = moved.T
        simulation = Simulation(self._reference)
        far_out = self._watch.lost(moved, closing=False)
        for k, (row, q) in enumerate(zip(rows, qpos, strict=True)):
            if not (np.abs(q) < _BLOWN_UP).all():
                result.fail(row, Reason.DIVERGED, time)
                continue
            simulation.reset(q[:-7], q[-7:])
            simulation.aim(targets[k], stages - 1)
            mujoco.mj_forward(simulation.model, simulation.data)
            result.contacts[row], result.force[row] = simulation.contact_summary()
            outcomes[row].touched |= bool(result.contacts[row])
            if far_out[k]:
                result.fail(row, Reason.EJECTED, time)
        return state

    def _look_at_grasp(
        self, qpos: np.ndarray, grasp: np.ndarray, rows: np.ndarray, outcomes: list[ClosingOutcome]
    ) -> None:
        """Notes the hands that touch the object at the grasp, and those that did not get there."""
        simulation = Simulation(self._reference)
        for row, q, wanted in zip(rows, qpos, grasp, strict=False):
            if (np.abs(q) < _BLOWN_UP).all():
                simulation.reset(q[:-7], q[-7:])
                outcomes[row].touched = simulation.touching().size > 0
                away = np.abs(q[7:-7] - wanted[7:]).max(initial=0.0)
                outcomes[row].blocked = bool(away > BLOCKED)

    def _pull_all(
        self, saved: dict[int, State], result: Validation, outcomes: list[ClosingOutcome]
    ) -> None:
        """Runs the pulls in slots; a slot that is done takes the next pull at once.

        Pulls are queued first loads first, so that a grasp that fails saves its later ones.
        """
        watch = self._watch
        starts = {row: motions(np.asarray(s.qpos, float)[-7:]) for row, s in saved.items()}
        orders = {
            row: load_order(self.protocol, self._wrenches, np.asarray(s.qpos[-7:]))
            for row, s in saved.items()
        }
        queue = collections.deque(
            (row, int(order[k]))
            for k in range(len(self.protocol.loads))
            for row, order in orders.items()
        )
        slots = _Slots.empty(self.batch, watch.window)
        filler = next(iter(saved.values()))
        state = jax.tree.map(lambda leaf: np.stack([leaf] * self.batch), filler)
        while True:
            for k in np.flatnonzero(~slots.busy).tolist():
                while queue and self._given_up(result, queue[0][0]):
                    queue.popleft()
                if queue:
                    row, load = queue.popleft()
                    _fill(state, k, saved[row])
                    slots.take(k, row, load, self._wrenches[load], starts[row])
                    slots.origin[k] = saved[row].qpos[-7:-4]
            if not slots.busy.any():
                return
            state = self._program.run(state, slots.wrench, watch.look_steps)
            self._look(np.asarray(state.qpos, float), slots, result, outcomes)

    def _look(
        self, qpos: np.ndarray, slots: _Slots, result: Validation, outcomes: list[ClosingOutcome]
    ) -> None:
        """Looks at every pull and frees the slots of those that are decided."""
        watch, trace = self._watch, slots.trace
        trace[:, :-1] = trace[:, 1:]
        trace[:, -1] = motions(qpos[:, -7:])
        slots.look += 1
        sound = (np.abs(qpos) < _BLOWN_UP).all(axis=1)
        survived = sound & watch.survives(trace[:, -1], slots.look)
        rests = watch.rests(trace[:, -1], trace[:, -2], trace[:, 0], slots.look)
        for k in np.flatnonzero(slots.busy):
            row, load = slots.row[k], slots.load[k]
            given_up = self._given_up(result, row)
            if survived[k] and not rests[k] and slots.look[k] < watch.total and not given_up:
                continue
            slots.busy[k] = False
            steps = int(slots.look[k]) * watch.look_steps
            result.steps[row] += steps
            if given_up:
                continue
            result.tested[row, load], result.survived_loads[row, load] = True, survived[k]
            result.drift[row, load], result.turn[row, load] = trace[k, -1]
            result.slip[row, load] = np.linalg.norm(qpos[k, -7:-4] - slots.origin[k])
            outcomes[row].diverged |= not sound[k]
            if not survived[k] and np.isnan(result.failed_at[row]):
                pulled = steps * self.protocol.solver.timestep
                result.failed_at[row] = 2 * self.protocol.closing_time + pulled

    def _given_up(self, result: Validation, row: int) -> bool:
        return self.protocol.fail_fast and not np.isnan(result.failed_at[row])


@dataclasses.dataclass(kw_only=True)
class _Slots:
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
    trace: np.ndarray
    """Motions at the last looks, (b, window + 1, 2)."""

    @classmethod
    def empty(cls, b: int, window: int) -> _Slots:
        """Returns `b` free slots that keep `window` looks."""
        return cls(
            busy=np.zeros(b, bool),
            row=np.zeros(b, int),
            load=np.zeros(b, int),
            look=np.zeros(b, int),
            wrench=np.zeros((b, 6)),
            origin=np.zeros((b, 3)),
            trace=np.zeros((b, max(window, 1) + 1, 2)),
        )

    def take(self, k: int, row: int, load: int, wrench: np.ndarray, start: np.ndarray) -> None:
        """Puts a pull into slot `k`."""
        self.busy[k], self.row[k], self.load[k], self.look[k] = True, row, load, 0
        self.wrench[k], self.trace[k] = wrench, start


def _fill(state: State, k: int, row: State) -> None:
    for target, source in zip(jax.tree.leaves(state), jax.tree.leaves(row), strict=True):
        target[k] = source


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    """Repeats rows up to a fixed number of them."""
    return rows[np.arange(size) % len(rows)]
