"""MJX: rollouts of many grasps in one compiled program, the backend for GPUs and TPUs."""

from __future__ import annotations

import collections
import dataclasses
import logging
from collections.abc import Generator

import jax
import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.validation.mjx.program import Program, State
from zdg_jax.validation.mjx.scene import MjxOptions, build_mjx
from zdg_jax.validation.mujoco.hold import BLOCKED, Way, conclude, load_order, load_wrenches
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import Hold, Protocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import HandLike, ObjectLike, build
from zdg_jax.validation.settling import Watch
from zdg_jax.validation.trajectories import between, checked_triples, motions

_log = logging.getLogger(__name__)
_BLOWN_UP = 1e6
"""A coordinate beyond this is a simulation that blew up."""


class MjxEngine:
    """A hand, an object and a `Hold` protocol, compiled once for batches of one size."""

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
            protocol: what to test, a `Hold`.
            batch: rollouts at a time; by default what the device's memory takes.
            options: how the scene is simplified.
            warp: run MuJoCo Warp inside MJX, on NVIDIA GPUs.

        Raises:
            InputError: the protocol is not a `Hold`, the batch is not positive, or Warp is asked
                for double precision.
            ValidationError: MJX cannot take the scene, or Warp cannot run here.
        """
        if not isinstance(protocol, Hold):
            raise InputError(f"MJX has no protocol '{protocol.name}'; use backend 'mujoco'")
        if batch is not None and batch < 1:
            raise InputError(f"batch is {batch}; at least one rollout is needed")
        options = options or MjxOptions()
        if warp and options.precision == "double":
            raise InputError("MuJoCo Warp has single precision alone; use backend 'mjx'")
        self.name = "mjx-warp" if warp else "mjx"
        self.protocol, self._watch = protocol, Watch(protocol)
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
        self._wrenches = load_wrenches(protocol)

    def empty(self, n: int) -> Validation:
        """Results of `n` grasps that are not tested yet."""
        return Validation.empty(
            n,
            protocol=self.protocol.name,
            backend=self.name,
            loads=[load.name for load in self.protocol.loads],
            changes=self.scene.changes,
        )

    def stream(
        self,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
        *,
        chunk: int | None = None,
    ) -> Generator[tuple[slice, Validation], None, None]:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            pregrasp: root position, quaternion and joints, (n, 7 + j), object frame.
            grasp: likewise.
            squeeze: likewise.
            chunk: grasps a yield, by default one batch.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = checked_triples(pregrasp, grasp, squeeze, num_joints=self.scene.num_joints)
        chunk = chunk or self.batch
        for start in range(0, len(poses[0]), chunk):
            part = slice(start, min(start + chunk, len(poses[0])))
            yield part, self._fitted([pose[part] for pose in poses])

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
        ways = [Way() for _ in range(len(result))]
        saved: dict[int, State] = {}
        for start in range(0, len(alive), self.batch):
            rows = alive[start : start + self.batch]
            state = self._close([pose[rows] for pose in poses], result, rows, ways)
            for k, row in enumerate(rows):
                if result.reason[row] == Reason.NOT_TESTED:
                    saved[row] = jax.tree.map(lambda leaf, k=k: leaf[k], state)
        if saved:
            self._pull_all(saved, result, ways)
        for row in saved:
            conclude(self.protocol, result, row, ways[row])
        return result

    def _screen(self, poses: list[np.ndarray], result: Validation) -> np.ndarray:
        """Fails grasps that are not finite or start too deep; returns the others' rows."""
        simulation = Simulation(self._reference)
        pregrasp, grasp, _ = poses
        alive = []
        for i in range(len(result)):
            if not all(np.isfinite(pose[i]).all() for pose in poses):
                result.fail(i, Reason.DIVERGED, 0.0)
                continue
            simulation.reset(grasp[i])
            result.grasp_penetration[i] = simulation.penetration()[0]
            simulation.reset(pregrasp[i])
            deepest = max(simulation.penetration())
            result.pregrasp_penetration[i] = deepest
            if deepest > self.protocol.max_pregrasp_penetration:
                result.fail(i, Reason.PREGRASP_PENETRATES, 0.0)
            else:
                alive.append(i)
        return np.array(alive, int)

    def _close(
        self, poses: list[np.ndarray], result: Validation, rows: np.ndarray, ways: list[Way]
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
                self._look_at_grasp(np.asarray(state.qpos, float)[:count], grasp, rows, ways)
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
            result.contacts[row], result.force[row] = simulation.grip()
            ways[row].touched |= bool(result.contacts[row])
            if far_out[k]:
                result.fail(row, Reason.EJECTED, time)
        return state

    def _look_at_grasp(
        self, qpos: np.ndarray, grasp: np.ndarray, rows: np.ndarray, ways: list[Way]
    ) -> None:
        """Notes which hands touch the object at the grasp, and which did not get there."""
        simulation = Simulation(self._reference)
        for row, q, wanted in zip(rows, qpos, grasp, strict=False):
            if (np.abs(q) < _BLOWN_UP).all():
                simulation.reset(q[:-7], q[-7:])
                ways[row].touched = simulation.touching().size > 0
                away = np.abs(q[7:-7] - wanted[7:]).max(initial=0.0)
                ways[row].blocked = bool(away > BLOCKED)

    def _pull_all(self, saved: dict[int, State], result: Validation, ways: list[Way]) -> None:
        """Runs the pulls in slots; a slot that is done takes the next pull at once.

        Pulls are queued first loads first, so that a grasp that fails saves its later ones.
        """
        watch = self._watch
        starts = {row: motions(np.asarray(s.qpos, float)[-7:]) for row, s in saved.items()}
        orders = {
            row: load_order(self.protocol, np.asarray(s.qpos[-7:])) for row, s in saved.items()
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
            self._look(np.asarray(state.qpos, float), slots, result, ways)

    def _look(self, qpos: np.ndarray, slots: _Slots, result: Validation, ways: list[Way]) -> None:
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
            result.tested[row, load], result.directions[row, load] = True, survived[k]
            result.drift[row, load], result.turn[row, load] = trace[k, -1]
            result.slip[row, load] = np.linalg.norm(qpos[k, -7:-4] - slots.origin[k])
            ways[row].diverged |= not sound[k]
            if not survived[k] and np.isnan(result.failed_at[row]):
                pulled = steps * self.protocol.solver.timestep
                result.failed_at[row] = 2 * self.protocol.closing_time + pulled

    def _given_up(self, result: Validation, row: int) -> bool:
        return self.protocol.fail_fast and not np.isnan(result.failed_at[row])


@dataclasses.dataclass(kw_only=True)
class _Slots:
    """Pulls that run side by side, b of them."""

    busy: np.ndarray
    row: np.ndarray
    load: np.ndarray
    look: np.ndarray
    wrench: np.ndarray
    origin: np.ndarray
    """Where the object was after the squeeze, (b, 3)."""
    trace: np.ndarray
    """Motions at the last looks, (b, window + 1, 2)."""

    @classmethod
    def empty(cls, b: int, window: int) -> _Slots:
        """Free slots."""
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
    """Rows repeated to a fixed number of them."""
    return rows[np.arange(size) % len(rows)]
