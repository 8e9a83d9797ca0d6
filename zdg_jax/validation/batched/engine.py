"""Rollouts of many grasps at once: the base of the engines for accelerators."""

from __future__ import annotations

import logging

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.validation.batched.hold import HoldRollouts
from zdg_jax.validation.batched.lift import LiftRollouts
from zdg_jax.validation.batched.program import Program
from zdg_jax.validation.engine import Chunks, PhysicsEngine
from zdg_jax.validation.mujoco.engine import grasp_test
from zdg_jax.validation.mujoco.lift import LiftTest
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.mujoco.use import UseTest
from zdg_jax.validation.protocols import HoldProtocol, Protocol
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import CompiledScene, HandLike, ObjectLike
from zdg_jax.validation.trajectories import checked

_log = logging.getLogger(__name__)


class BatchedEngine(PhysicsEngine):
    """A hand, an object and a protocol, stepped by a program of many rollouts.

    Penetration, contacts and forces are measured by the C engine in its own scene. A grasp in whose
    rollouts the program missed a contact is tested by the C engine instead.
    """

    kinds: tuple[type, ...] = (HoldProtocol,)
    """Kinds of protocols that it runs."""
    program: Program
    """What takes the steps."""

    def __init__(self, hand: HandLike, obj: ObjectLike, protocol: Protocol) -> None:
        """Takes the protocol, and builds the C engine's scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: the test, of one of `kinds`.

        Raises:
            InputError: a protocol of another kind, or the object has no convex pieces.
            ValidationError: MuJoCo refuses the scene.
        """
        if not isinstance(protocol, self.kinds):
            raise InputError(
                f"backend '{self.name}' has no protocol '{protocol.name}'; use backend 'mujoco'"
            )
        self.protocol = protocol
        self._test = grasp_test(hand, obj, protocol)

    def _use(self, scene: CompiledScene, program: Program) -> None:
        """Takes the scene that is simulated, and what steps it."""
        self.scene, self.program = scene, program
        test = self._test
        assert not isinstance(test, UseTest)
        self._rollouts = (
            LiftRollouts(test, scene, program)
            if isinstance(test, LiftTest)
            else HoldRollouts(test, scene, program)
        )

    @property
    def batch(self) -> int:
        """Rollouts at a time."""
        return self.program.batch

    @property
    def load_names(self) -> tuple[str, ...]:
        """Names of the loads or phases."""
        return self._test.load_names

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
            yield part, self._chunk(poses[part])

    def _chunk(self, poses: Poses) -> Validation:
        """Tests the grasps of one chunk."""
        result = self.empty(len(poses))
        missed = self._rollouts.run(poses, result)
        if missed.any():
            self._test_again(poses, result, np.flatnonzero(missed))
        return result

    def _test_again(self, poses: Poses, result: Validation, rows: np.ndarray) -> None:
        """Tests by the C engine what the program cannot be trusted with."""
        _log.info("%d of %d grasps are tested by the C engine instead", len(rows), len(result))
        result.put(rows, self.empty(len(rows)))
        simulation = Simulation(self._test.scene)
        with logged_warnings():
            for row in rows.tolist():
                self._test.run(simulation, result, row, poses[row])
