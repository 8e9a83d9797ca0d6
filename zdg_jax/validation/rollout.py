"""`rollout`: grasps in, physics' verdicts out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.validation.engine import Engine
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

    Raises:
        InputError: an unknown backend, or shapes that do not fit the hand.
        ValidationError: the backend cannot run the scene.
    """
    if backend not in BACKENDS:
        raise InputError(f"no backend '{backend}'; there are: {', '.join(BACKENDS)}")
    engine = Engine(hand, obj, protocol, threads=threads)
    result = engine.empty(len(np.asarray(grasp)))
    for part, values in engine.stream(pregrasp, grasp, squeeze):
        result.put(part, values)
        if progress:
            progress(part.stop, len(result))
    return result
