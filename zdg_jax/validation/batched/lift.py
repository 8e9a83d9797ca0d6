"""The lift for many grasps at once: each rollout has its own script, all step together."""

from __future__ import annotations

import collections
import dataclasses

import jax
import numpy as np

from zdg_jax.hand.poses import Poses
from zdg_jax.validation.batched.program import Program, State
from zdg_jax.validation.lifting import Script, Seen, Stage
from zdg_jax.validation.mujoco.lift import LiftTest
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene


@dataclasses.dataclass
class _Rollout:
    """A lift under way in one slot."""

    row: int
    script: Script
    stage: Stage
    steps: int = 0


class LiftRollouts:
    """A `LiftProtocol` in a program of many rollouts. A slot that is done takes the next grasp."""

    def __init__(self, test: LiftTest, scene: CompiledScene, program: Program) -> None:
        """Takes what the rollouts share.

        Args:
            test: the same protocol in the C engine, which screens grasps and measures contacts.
            scene: the scene that is simulated.
            program: takes the steps.
        """
        self._test, self._scene, self._program = test, scene, program
        self._simulation = Simulation(test.scene)

    def run(self, poses: Poses, result: Validation) -> np.ndarray:
        """Tests grasps.

        Args:
            poses: n grasps, object frame.
            result: n rows to write to.

        Returns:
            Marks of the grasps of which a contact was missed, (n,) bool.
        """
        steps, batch = self._test.lift.stage_steps, self._program.batch
        missed = np.zeros(len(result), bool)
        waiting = collections.deque(range(len(result)))
        slots: list[_Rollout | None] = [None] * batch
        state: State | None = None
        while True:
            for k in [k for k, rollout in enumerate(slots) if rollout is None]:
                begun = self._next(poses, result, waiting)
                if begun is None:
                    break
                slots[k], at_rest = begun
                if state is None:
                    state = jax.tree.map(lambda leaf: np.repeat(leaf, batch, axis=0), at_rest)
                state.put(k, jax.tree.map(lambda leaf: leaf[0], at_rest))
            busy = [(k, rollout) for k, rollout in enumerate(slots) if rollout is not None]
            if state is None or not busy:
                return missed
            for k, rollout in busy:
                targets, at = rollout.stage.targets, rollout.stage.k
                state.mocap_pos[k, 0], state.mocap_quat[k, 0], state.ctrl[k] = (
                    targets.position[at],
                    targets.quaternion[at],
                    targets.ctrl[at],
                )
            state, lost = self._program.run(state, np.zeros((batch, 6)), steps)
            state = jax.tree.map(lambda leaf: np.array(leaf, float), state)
            sound = state.sound
            for k, rollout in busy:
                rollout.steps += steps
                missed[rollout.row] |= lost[k]
                if lost[k] or not self._goes_on(rollout, state.qpos[k], bool(sound[k]), result):
                    slots[k] = None

    def _next(
        self, poses: Poses, result: Validation, waiting: collections.deque[int]
    ) -> tuple[_Rollout, State] | None:
        """Begins the next grasp that is worth it; its rollout, and its state (1, ...)."""
        while waiting:
            row = waiting.popleft()
            placed = self._test.start(self._simulation, result, row, poses[row])
            if placed is None:
                continue
            way, script = self._test.script(self._simulation, result, row, placed)
            ctrl = way[:1, 7:] @ self._scene.ctrl_from_joints.T
            at_rest = State.at_rest(self._scene.model, way[:1], ctrl, self._test.object_pose)
            return _Rollout(row=row, script=script, stage=next(script)), at_rest
        return None

    def _goes_on(
        self, rollout: _Rollout, qpos: np.ndarray, sound: bool, result: Validation
    ) -> bool:
        """Shows a rollout its state and takes its next stage, or its verdict and returns False."""
        stage = rollout.stage

        def contacts() -> tuple[int, float]:
            if not sound:
                return 0, 0.0
            return self._simulation.contacts_in(qpos, stage.targets, stage.k)

        seen = Seen(sound=sound, hand=qpos[:7], object=qpos[-7:], contacts=contacts)
        try:
            rollout.stage = rollout.script.send(seen)
        except StopIteration as verdict:
            time = rollout.steps * self._test.protocol.solver.timestep
            result.conclude(rollout.row, Reason(verdict.value), rollout.steps, time)
            return False
        return True
