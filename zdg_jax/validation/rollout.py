"""`rollout`: grasps in, physics' verdicts out."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.validation.engine import Engine
from zdg_jax.validation.ledger import Ledger, run_name
from zdg_jax.validation.protocols import Protocol, six_directions
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike

BACKENDS = ("auto", "mujoco")


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
    progress: Callable[[int, int], None] | None = None,
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
        backend: `mujoco`, the C engine, or `auto`.
        threads: threads of the C engine; by default one for each CPU.
        progress: called as `progress(done, n)`.
        resume: file (.npz) that keeps the results while the run goes. After an interruption the
            same call goes on from there.

    Raises:
        InputError: an unknown backend, shapes that do not fit the hand, or a file to resume from
            that holds another run.
        ValidationError: the backend cannot run the scene.
    """
    if backend not in BACKENDS:
        raise InputError(f"no backend '{backend}'; there are: {', '.join(BACKENDS)}")
    engine = Engine(hand, obj, protocol, threads=threads)
    poses = [np.asarray(pose, float) for pose in (pregrasp, grasp, squeeze)]
    result = engine.empty(len(poses[1]))
    if resume is None:
        for part, values in engine.stream(*poses):
            result.put(part, values)
            if progress:
                progress(part.stop, len(result))
        return result
    shape = [np.asarray(piece.vertices) for piece in obj.pieces]
    run = run_name([*poses, *shape], hand.name, obj.name, protocol, engine.name)
    ledger = Ledger(resume, run, result)
    rows = ledger.missing
    try:
        for part, values in engine.stream(*(pose[rows] for pose in poses)):
            ledger.put(rows[part], values)
            if progress:
                progress(len(result) - len(rows) + part.stop, len(result))
    finally:
        ledger.save()
    return result
