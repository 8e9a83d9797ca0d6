"""Hold protocols for many grasps at once: all hands close together, then pulls run in slots."""

from __future__ import annotations

import collections
import dataclasses

import jax
import numpy as np

from zdg_jax.hand.poses import Poses
from zdg_jax.validation.batched.program import Program, State
from zdg_jax.validation.batched.slots import Slots
from zdg_jax.validation.mujoco.hold import BLOCKED, ClosingOutcome, HoldTest, load_order, verdict
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene
from zdg_jax.validation.settling import EarlyTermination, Speeds
from zdg_jax.validation.trajectories import between, motions


class HoldRollouts:
    """A `HoldProtocol` in a program of many rollouts."""

    def __init__(self, test: HoldTest, scene: CompiledScene, program: Program) -> None:
        """Prepares the numbers of steps.

        Args:
            test: the same protocol in the C engine, which screens grasps and measures contacts.
            scene: the scene that is simulated.
            program: takes the steps.
        """
        self.scene, self.program, self.protocol = scene, program, test.protocol
        self._test, self._reference, self._wrenches = test, test.scene, test.wrenches
        self._watch = EarlyTermination(self.protocol, scene.model)
        time = self.protocol.closing_time / self.protocol.closing_stages
        self._stage_steps = max(1, round(time / self.protocol.solver.timestep))

    @property
    def batch(self) -> int:
        """Rollouts at a time."""
        return self.program.batch

    def run(self, poses: Poses, result: Validation) -> np.ndarray:
        """Tests grasps.

        Args:
            poses: n grasps, object frame.
            result: n rows to write to.

        Returns:
            Marks of the grasps of which a contact was missed, (n,) bool.
        """
        qpos = list(poses.qpos)
        alive = self._screen(poses, result)
        outcomes = [ClosingOutcome() for _ in range(len(result))]
        missed = np.zeros(len(result), bool)
        saved: dict[int, State] = {}
        for start in range(0, len(alive), self.batch):
            rows = alive[start : start + self.batch]
            state, lost = self._close([pose[rows] for pose in qpos], result, rows, outcomes)
            missed[rows] = lost
            for k, row in enumerate(rows.tolist()):
                if result.reason[row] == Reason.NOT_TESTED and not missed[row]:
                    saved[row] = jax.tree.map(lambda leaf, k=k: leaf[k], state)
        if saved:
            self._pull_all(saved, result, outcomes, missed)
        for row in saved:
            reason = verdict(self.protocol, result, row, outcomes[row])
            result.reason[row], result.held[row] = reason, reason is Reason.HELD
        return missed

    def _screen(self, poses: Poses, result: Validation) -> np.ndarray:
        """Fails grasps that are not finite or start too deep; returns the others' rows."""
        simulation = Simulation(self._reference)
        alive = [
            i
            for i in range(len(result))
            if self._test.start(simulation, result, i, poses[i]) is not None
        ]
        return np.array(alive, int)

    def _close(
        self,
        poses: list[np.ndarray],
        result: Validation,
        rows: np.ndarray,
        outcomes: list[ClosingOutcome],
    ) -> tuple[State, np.ndarray]:
        """Closes and squeezes one batch; fails what blew up or was ejected.

        Returns:
            The state, and marks of the rows in which a contact was missed.
        """
        pregrasp, grasp, squeeze = (_padded(pose, self.batch) for pose in poses)
        matrix, stages = self.scene.ctrl_from_joints, self.protocol.closing_stages
        state = State.at_rest(self.scene.model, pregrasp, pregrasp[:, 7:] @ matrix.T)
        count, missed = len(rows), np.zeros(self.batch, bool)
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
                state, lost = self.program.run(state, none, self._stage_steps)
                missed |= lost
            if end is grasp:
                self._look_at_grasp(state, grasp, rows, outcomes)
        qpos = np.asarray(state.qpos, float)[:count]
        moved = motions(qpos[:, -7:])
        time = 2 * self.protocol.closing_time
        result.steps[rows] = 2 * stages * self._stage_steps
        result.closing_drift[rows], result.closing_turn[rows] = moved.T
        simulation = Simulation(self._reference)
        far_out, sound = self._watch.lost(moved, closing=False), state.sound
        for k, row in enumerate(rows):
            if not sound[k]:
                result.fail(row, Reason.DIVERGED, time)
                continue
            summary = simulation.contacts_in(qpos[k], targets[k], stages - 1)
            result.contacts[row], result.force[row] = summary
            outcomes[row].touched |= bool(result.contacts[row])
            if far_out[k]:
                result.fail(row, Reason.EJECTED, time)
        return state, missed[:count]

    def _look_at_grasp(
        self, state: State, grasp: np.ndarray, rows: np.ndarray, outcomes: list[ClosingOutcome]
    ) -> None:
        """Notes the hands that touch the object at the grasp, and those that did not get there."""
        simulation, sound = Simulation(self._reference), state.sound
        qpos = np.asarray(state.qpos, float)
        for k, row in enumerate(rows):
            if sound[k]:
                simulation.reset(qpos[k, :-7], qpos[k, -7:])
                outcomes[row].touched = simulation.touching().size > 0
                away = np.abs(qpos[k, 7:-7] - grasp[k, 7:]).max(initial=0.0)
                outcomes[row].blocked = bool(away > BLOCKED)

    def _pull_all(
        self,
        saved: dict[int, State],
        result: Validation,
        outcomes: list[ClosingOutcome],
        missed: np.ndarray,
    ) -> None:
        """Runs the pulls in slots; a slot that is done takes the next pull at once.

        Pulls are queued first loads first, so that a grasp that fails saves its later ones.
        """
        watch = self._watch
        starts = {row: np.asarray(s.qpos, float)[-7:] for row, s in saved.items()}
        orders = {
            row: load_order(self.protocol, self._wrenches, start) for row, start in starts.items()
        }
        queue = collections.deque(
            (row, int(order[k]))
            for k in range(len(self.protocol.loads))
            for row, order in orders.items()
        )
        slots = Slots.empty(self.batch)
        filler = next(iter(saved.values()))
        state = jax.tree.map(lambda leaf: np.stack([leaf] * self.batch), filler)
        while True:
            for k in np.flatnonzero(~slots.busy).tolist():
                while queue and self._given_up(result, missed, queue[0][0]):
                    queue.popleft()
                if not queue:
                    break
                row, load = queue.popleft()
                state.put(k, saved[row])
                slots.take(k, row, load, wrench=self._wrenches[load], origin=starts[row][:3])
            if not slots.busy.any():
                return
            state, lost = self.program.run(state, slots.wrench, watch.look_steps)
            missed[slots.row[slots.busy & lost]] = True
            self._look(state, slots, result, outcomes, missed)

    def _look(
        self,
        state: State,
        slots: Slots,
        result: Validation,
        outcomes: list[ClosingOutcome],
        missed: np.ndarray,
    ) -> None:
        """Looks at every pull and frees the slots of those that are decided."""
        watch, qpos = self._watch, np.asarray(state.qpos, float)
        moved = motions(qpos[:, -7:])
        slots.look += 1
        sound = state.sound
        survived = sound & watch.survives(moved, slots.look)
        now = Speeds.of(qpos, np.asarray(state.qvel, float))
        calm = watch.calm(moved, now, slots.speeds, slots.look)
        slots.speeds = now
        slots.calm[:] = np.where(calm, slots.calm + 1, 0)
        goes_on = survived & (slots.calm < watch.enough) & (slots.look < watch.total)
        goes_on &= ~self._given_up(result, missed, slots.row)
        for k in np.flatnonzero(slots.busy & ~goes_on):
            row, load = slots.row[k], slots.load[k]
            slots.busy[k] = False
            steps = int(slots.look[k]) * watch.look_steps
            result.steps[row] += steps
            if self._given_up(result, missed, row):
                continue
            result.tested[row, load], result.survived_loads[row, load] = True, survived[k]
            result.drift[row, load], result.turn[row, load] = moved[k]
            result.slip[row, load] = np.linalg.norm(qpos[k, -7:-4] - slots.origin[k])
            outcomes[row].diverged |= not sound[k]
            if not survived[k] and np.isnan(result.failed_at[row]):
                pulled = steps * self.protocol.solver.timestep
                result.failed_at[row] = 2 * self.protocol.closing_time + pulled

    def _given_up(
        self, result: Validation, missed: np.ndarray, row: int | np.ndarray
    ) -> np.ndarray:
        """Marks grasps whose other pulls are not of interest any more."""
        failed = ~np.isnan(result.failed_at[row])
        return np.asarray(missed[row] | (failed & self.protocol.fail_fast))


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    """Repeats rows up to a fixed number of them."""
    return rows[np.arange(size) % len(rows)]
