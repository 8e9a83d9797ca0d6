"""MJX: rollouts of many grasps in one compiled program, the backend for TPUs."""

from __future__ import annotations

import logging

import jax

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.validation.batched.engine import BatchedEngine
from zdg_jax.validation.mjx.program import MjxProgram
from zdg_jax.validation.mjx.simplified import MjxOptions, build_mjx
from zdg_jax.validation.protocols import Protocol
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike

_log = logging.getLogger(__name__)


class MjxEngine(BatchedEngine):
    """A hand, an object and a `HoldProtocol`, compiled once for batches of one size."""

    name = "mjx"

    def __init__(
        self,
        hand: HandLike,
        obj: ObjectLike,
        protocol: Protocol,
        *,
        batch: int | None = None,
        options: MjxOptions | None = None,
    ) -> None:
        """Builds the scene; the program compiles at the first grasps.

        Args:
            hand: the hand.
            obj: the object.
            protocol: the test, a `HoldProtocol`.
            batch: rollouts at a time; by default what the device's memory takes.
            options: simplifications of the scene.

        Raises:
            InputError: the protocol is not a `HoldProtocol`, or the batch is not positive.
            ValidationError: MJX cannot take the scene.
        """
        if batch is not None and batch < 1:
            raise InputError(f"batch is {batch}; at least one rollout is needed")
        super().__init__(hand, obj, protocol)
        options = options or MjxOptions()
        scene = build_mjx(hand, obj, protocol.physics, protocol.solver, options)
        self._use(
            scene, MjxProgram(scene.model, scene.object_body, batch=batch, double=options.double)
        )

    def _chunk(self, poses: Poses) -> Validation:
        """Runs a chunk, in smaller batches if the device's memory does not do."""
        while True:
            try:
                # MJX mixes weak and strong types; the library's own code is tested strictly.
                with jax.numpy_dtype_promotion("standard"):
                    return super()._chunk(poses)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error) or self.batch == 1:
                    raise
                self.program.batch //= 2
                _log.warning("out of device memory; going on with batches of %d", self.batch)
