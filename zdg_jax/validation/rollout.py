"""`rollout`: grasps in, physics' verdicts out."""

from __future__ import annotations

import os

import jax
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.ledger import Ledger, run_name
from zdg_jax.validation.mjx.engine import MjxEngine
from zdg_jax.validation.mjx.scene import MjxOptions
from zdg_jax.validation.mujoco.engine import Engine
from zdg_jax.validation.protocols import Hold, Protocol, six_directions
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike

BACKENDS = ("auto", "mujoco", "mjx", "mjx-warp")


def rollout(
    hand: HandLike,
    obj: ObjectLike,
    pregrasp: np.ndarray,
    grasp: np.ndarray,
    squeeze: np.ndarray,
    protocol: Protocol = six_directions,
    *,
    backend: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    progress: Progress = silent,
    resume: str | os.PathLike[str] | None = None,
) -> Validation:
    """Tests grasps in physics.

    Args:
        hand: the hand.
        obj: the object, with convex pieces.
        pregrasp: root position, quaternion (wxyz) and joints, (n, 7 + j), object frame.
        grasp: likewise.
        squeeze: likewise.
        protocol: what to test.
        backend: `mujoco`, the C engine on threads; `mjx`, one program for many grasps; `mjx-warp`,
            the same with MuJoCo Warp; `auto` takes `mjx` for `Hold` protocols where JAX runs on a
            GPU or TPU, `mujoco` elsewhere.
        threads: threads of the C engine; by default one for each CPU.
        precision: of MJX's steps, see `MjxOptions.precision`; the C engine's is double.
        progress: told of the stage `validate`, in grasps.
        resume: file (.npz) that keeps the results while the run goes. After an interruption the
            same call goes on from there.

    Raises:
        InputError: an unknown backend, a precision that it does not have, shapes that do not fit
            the hand, or a file to resume from that holds another run.
        ValidationError: the backend cannot run the scene.
    """
    if backend not in BACKENDS:
        raise InputError(f"no backend '{backend}'; there are: {', '.join(BACKENDS)}")
    engine = _engine(hand, obj, protocol, backend, threads, precision)
    poses = [np.asarray(pose, float) for pose in (pregrasp, grasp, squeeze)]
    result = engine.empty(len(poses[1]))
    if resume is None:
        for part, values in engine.stream(*poses):
            result.put(part, values)
            progress("validate", part.stop, len(result))
        return result
    scene = engine.scene
    run = run_name(poses, scene.model, protocol, engine.name, scene.changes)
    ledger = Ledger(resume, run, result)
    rows = ledger.missing
    try:
        for part, values in engine.stream(*(pose[rows] for pose in poses)):
            ledger.put(rows[part], values)
            progress("validate", len(result) - len(rows) + part.stop, len(result))
    finally:
        ledger.save()
    return result


def _engine(
    hand: HandLike,
    obj: ObjectLike,
    protocol: Protocol,
    backend: str,
    threads: int | None,
    precision: str,
) -> Engine | MjxEngine:
    if backend == "auto":
        fast = jax.default_backend() != "cpu" and isinstance(protocol, Hold)
        backend = "mjx" if fast else "mujoco"
    options = MjxOptions(precision=precision)
    if backend == "mujoco":
        if precision == "single":
            raise InputError(
                "the C engine computes in double precision, not 'single'; use backend 'mjx'"
            )
        return Engine(hand, obj, protocol, threads=threads)
    return MjxEngine(hand, obj, protocol, options=options, warp=backend == "mjx-warp")
