"""MuJoCo Warp: rollouts of many grasps in many worlds, the backend for NVIDIA GPUs."""

from __future__ import annotations

import dataclasses

import mujoco

from zdg_jax.errors import InputError
from zdg_jax.validation.batched.engine import BatchedEngine
from zdg_jax.validation.batched.program import SINGLE
from zdg_jax.validation.lifting import surroundings_of
from zdg_jax.validation.protocols import HoldProtocol, LiftProtocol, Protocol
from zdg_jax.validation.scene import HandLike, ObjectLike, build_spec, compile_scene
from zdg_jax.validation.warp.program import WarpProgram
from zdg_jax.validation.warp.room import Room


class WarpEngine(BatchedEngine):
    """A hand, an object and a protocol in the C engine's own scene, nothing simplified.

    Warp computes in single precision. It runs on a CPU too, where the C engine is faster: there it
    shows whether both agree.
    """

    name = "warp"
    kinds = (HoldProtocol, LiftProtocol)

    def __init__(
        self,
        hand: HandLike,
        obj: ObjectLike,
        protocol: Protocol,
        *,
        batch: int | None = None,
        room: Room | None = None,
    ) -> None:
        """Builds the scene; kernels compile at the first grasps, once for a kind of scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: the test, a `HoldProtocol` or a `LiftProtocol`.
            batch: rollouts at a time; by default what suits the device.
            room: contacts and constraint rows of a rollout to begin with; by default guessed from
                the scene. It grows where it is too small.

        Raises:
            InputError: the protocol is a `UseProtocol`, the batch is not positive, or
                `mujoco-warp` is not installed.
            ValidationError: Warp cannot take the scene, or the device lacks the memory.
        """
        if batch is not None and batch < 1:
            raise InputError(f"batch is {batch}; at least one rollout is needed")
        super().__init__(hand, obj, protocol)
        around = surroundings_of(protocol, obj) if isinstance(protocol, LiftProtocol) else None
        spec = build_spec(hand, obj, protocol.physics, protocol.solver, surroundings=around)
        spec.option.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
        scene = dataclasses.replace(compile_scene(spec), changes=(SINGLE,))
        self._use(scene, WarpProgram(scene.model, scene.object_body, batch=batch, room=room))
