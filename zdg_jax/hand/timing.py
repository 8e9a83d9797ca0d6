"""Kinematics timed beside MJX, in one run on one machine."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.hand.hand import Hand
from zdg_jax.kernels import kinematics


@dataclasses.dataclass(frozen=True, kw_only=True)
class KinematicsTiming:
    """Milliseconds of one call for all hands; the best of several."""

    forward: float
    """`link_poses`."""
    gradient: float
    """Reverse gradient of a sum of squares of all poses, `link_poses`."""
    mjx_forward: float
    """`mjx.kinematics`."""
    mjx_gradient: float
    """The same gradient through `mjx.kinematics`."""


def time_kinematics(hand: Hand, num: int = 1024, repeats: int = 20) -> KinematicsTiming:
    """Times poses of all links of `num` hands at random joints, and their reverse gradient."""
    from mujoco import mjx  # imported here: loading a hand needs no MJX

    tree, model = hand.arrays.tree, mjx.put_model(hand.model)
    data = mjx.make_data(model)
    low, high = (
        jnp.asarray(hand.joints(np.asarray(d))) for d in (hand.arrays.lower, hand.arrays.upper)
    )
    share = jax.random.uniform(jax.random.key(0), (num, hand.num_joints))
    joints = (low + share * (high - low)).astype(jnp.float32)

    def ours(q: jax.Array) -> tuple[jax.Array]:
        return (kinematics.link_poses(tree, q),)

    def theirs(q: jax.Array) -> tuple[jax.Array, jax.Array]:
        def single(one: jax.Array) -> tuple[jax.Array, jax.Array]:
            moved = mjx.kinematics(model, data.replace(qpos=one))
            return moved.xmat, moved.xpos

        return jax.vmap(single)(q)

    def gradient(poses: Callable) -> Callable:
        return jax.jit(jax.grad(lambda q: sum(jnp.sum(p * p * (p + 1.0)) for p in poses(q))))

    programs: list[Callable] = [jax.jit(ours), gradient(ours), jax.jit(theirs), gradient(theirs)]
    best = [float("inf")] * len(programs)
    for program in programs:
        jax.block_until_ready(program(joints))
    for _ in range(repeats):  # interleaved, so that other load falls on all alike
        for i, program in enumerate(programs):
            start = time.perf_counter()
            jax.block_until_ready(program(joints))
            best[i] = min(best[i], 1e3 * (time.perf_counter() - start))
    return KinematicsTiming(
        forward=best[0], gradient=best[1], mjx_forward=best[2], mjx_gradient=best[3]
    )
