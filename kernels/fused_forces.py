"""The force solver as one kernel for CUDA, by Pallas.

XLA runs each step of `friction_cone.minimize` as several kernels, whose start is what a refinement
of some thousand grasps waits for on a GPU (`docs/notes/lowering.md`). Here all steps of a grasp are
one program, whose forces stay in registers; `jax.vmap` makes a program of each grasp. No GPU has
measured it, so nothing takes it unless it is asked for (`RefineConfig.fused_forces`).
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax.experimental import pallas
from jax.experimental.pallas import triton

from zdg_jax.kernels import friction_cone
from zdg_jax.kernels.friction_cone import Components, ConeProblem

_WARPS = 1
"""A grasp is some 16 contacts by 8 to 32 targets: a few numbers for each thread of a warp."""


def minimize(
    problem: ConeProblem, start: Components, iterations: int
) -> tuple[Components, jax.Array]:
    """As `friction_cone.minimize`: one kernel on CUDA, that very program on other platforms."""
    return jax.lax.platform_dependent(
        problem,
        start,
        cuda=functools.partial(launch, iterations=iterations),
        default=functools.partial(friction_cone.minimize, iterations=iterations),
    )


def launch(
    problem: ConeProblem, start: Components, iterations: int, *, interpret: bool = False
) -> tuple[Components, jax.Array]:
    """Runs the kernel.

    Args:
        problem: c contacts, t targets.
        start: x, y and z of forces to start from, each (c, t).
        iterations: static.
        interpret: evaluate it by XLA, on any device, to test it.

    Returns:
        As of `friction_cone.minimize`.
    """
    contacts, targets = start[0].shape
    count = len(problem.passive_motions)
    # Triton's arrays are powers of two long. Contacts without a greatest force carry none.
    c, t = pallas.next_power_of_2(contacts), pallas.next_power_of_2(targets)
    columns = [*problem.arms, *problem.axes, problem.low, problem.high, problem.preferred]
    columns += [part for motion in problem.passive_motions for part in motion]
    given = (
        _padded(jnp.stack([column[:, 0] for column in columns]), (len(columns), c)),
        _padded(jnp.concatenate(problem.targets), (6, t)),
        jnp.stack([problem.mu, problem.damping]),
        _padded(jnp.stack(start), (3, c, t)),
    )
    dtype = start[0].dtype
    forces, residual = pallas.pallas_call(
        functools.partial(_kernel, passive_motions=count, iterations=iterations),
        out_shape=(jax.ShapeDtypeStruct((3, c, t), dtype), jax.ShapeDtypeStruct((t,), dtype)),
        compiler_params=triton.CompilerParams(num_warps=_WARPS),
        interpret=interpret,
        name="contact_forces",
    )(*given)
    return list(forces[:, :contacts, :targets]), residual[:targets]


def _kernel(
    columns_ref: jax.Ref,
    targets_ref: jax.Ref,
    scalars_ref: jax.Ref,
    start_ref: jax.Ref,
    forces_ref: jax.Ref,
    residual_ref: jax.Ref,
    *,
    passive_motions: int,
    iterations: int,
) -> None:
    column = [columns_ref[i, :][:, None] for i in range(9 + 3 * passive_motions)]
    problem = ConeProblem(
        arms=column[:3],
        axes=column[3:6],
        low=column[6],
        high=column[7],
        preferred=column[8],
        passive_motions=[column[9 + 3 * m : 12 + 3 * m] for m in range(passive_motions)],
        targets=[targets_ref[i, :][None, :] for i in range(6)],
        mu=scalars_ref[0],
        damping=scalars_ref[1],
    )
    start = [start_ref[i, :, :] for i in range(3)]
    forces, residual_ref[...] = friction_cone.minimize(problem, start, iterations)
    for i in range(3):
        forces_ref[i, :, :] = forces[i]


def _padded(array: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Fills up with zeros behind."""
    widths = [(0, size - now) for now, size in zip(array.shape, shape, strict=True)]
    return jnp.pad(array, widths)
