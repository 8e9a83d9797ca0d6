"""`rollout`: grasps in, physics' verdicts out."""

from __future__ import annotations

import dataclasses
import os

import jax

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.runtime.forks import check_not_forked
from zdg_jax.runtime.kinds import check_kind, check_path
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.checkpoint import Checkpoint, run_name
from zdg_jax.validation.engine import PhysicsEngine
from zdg_jax.validation.mjx.engine import MjxEngine
from zdg_jax.validation.mjx.simplified import MjxOptions
from zdg_jax.validation.mujoco.engine import Engine
from zdg_jax.validation.protocols import Protocol, six_directions
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike
from zdg_jax.validation.warp.engine import WarpEngine
from zdg_jax.validation.warp.program import has_cuda

BACKENDS = ("auto", "mujoco", "warp", "mjx")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Choice of the engine that runs a test, and how."""

    backend: str = "auto"
    """`mujoco`, the C engine on threads; `warp`, MuJoCo Warp, many grasps at once on an NVIDIA GPU
    (extra `warp`); `mjx`, the same in JAX, for TPUs; `auto` takes one of these two where JAX runs
    on a GPU or TPU and it has the protocol, `warp` where it can, and `mujoco` elsewhere."""
    threads: int | None = None
    """Threads of the C engine; by default one for each CPU."""
    precision: str = "auto"
    """Precision of MJX's steps, see `MjxOptions.precision`; the C engine's is double and Warp's
    single."""

    def build(self, hand: HandLike, obj: ObjectLike, protocol: Protocol) -> PhysicsEngine:
        """Compiles the engine for a hand, an object and a protocol.

        Args:
            hand: the hand.
            obj: the object, with convex pieces.
            protocol: the test.

        Raises:
            InputError: an unknown backend, or a precision or a protocol that it does not have.
            ValidationError: the backend cannot run the scene.
        """
        backend = self.backend
        if backend not in BACKENDS:
            raise InputError(f"no backend '{backend}'; there are: {', '.join(BACKENDS)}")
        if backend == "auto":
            backend = _fitting(protocol)
        options = MjxOptions(precision=self.precision)
        if backend == "mjx":
            return MjxEngine(hand, obj, protocol, options=options)
        other, use = ("double", "mjx") if backend == "warp" else ("single", "mjx or warp")
        if self.precision == other:
            raise InputError(
                f"backend '{backend}' does not compute in {other} precision; use {use}"
            )
        if backend == "warp":
            return WarpEngine(hand, obj, protocol)
        return Engine(hand, obj, protocol, threads=self.threads)


def _fitting(protocol: Protocol) -> str:
    """The backend that suits the device that JAX runs on."""
    if jax.default_backend() == "gpu" and has_cuda() and isinstance(protocol, WarpEngine.kinds):
        return "warp"
    accelerated = jax.default_backend() != "cpu" and isinstance(protocol, MjxEngine.kinds)
    return "mjx" if accelerated else "mujoco"


def rollout(
    hand: HandLike,
    obj: ObjectLike,
    poses: Poses,
    protocol: Protocol = six_directions,
    *,
    engine: EngineOptions = EngineOptions(),
    progress: Progress = silent,
    resume: str | os.PathLike[str] | None = None,
) -> Validation:
    """Tests grasps in physics.

    Args:
        hand: the hand.
        obj: the object, with convex pieces.
        poses: n grasps, object frame.
        protocol: the test.
        engine: engine to run it.
        progress: told of the stage `validate`, in grasps.
        resume: file (.npz) that keeps the results while the run goes. After an interruption the
            same call goes on from there.

    Raises:
        InputError: an unknown backend, a precision that it does not have, shapes that do not fit
            the hand, or a file to resume from that holds another run.
        ValidationError: the backend cannot run the scene.
    """
    check_not_forked()
    check_kind("protocol", protocol, Protocol, "a protocol such as zdg_jax.carry")
    check_kind("engine", engine, EngineOptions, "EngineOptions(backend=...)")
    if resume is not None:
        check_path("resume", resume)
    compiled = engine.build(hand, obj, protocol)
    if resume is None:
        return compiled.run(poses, progress=progress)
    result, scene = compiled.empty(len(poses)), compiled.scene
    run = run_name(poses.qpos, scene.model, protocol, compiled.name, scene.changes)
    checkpoint = Checkpoint(resume, run, result)
    rows = checkpoint.missing
    done = len(result) - len(rows)
    try:
        for part, values in compiled.stream(poses[rows], chunk=0):
            checkpoint.put(rows[part], values)
            progress("validate", done + part.stop, len(result))
    finally:
        checkpoint.save()
    return result
