"""Keeping XLA on a CPU from computing a value again for each of its readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

Result = TypeVar("Result")


def materialize(function: Callable[..., Result], always_true: jax.Array, *operands: Any) -> Result:
    """Compute `function(*operands)` once and keep the result.

    XLA on a CPU fuses arithmetic into all that reads it, and so repeats it, reader by reader and
    level by level; an optimization barrier is gone before that happens. What stands in a branch
    of a conditional is not fused with what stands outside. On other devices it is a plain call.

    Args:
        function: pure; not differentiated here: call this within a custom rule.
        always_true: () bool that is true, from data, so that the compiler cannot know it.
        operands: pytrees of arrays.

    Returns:
        The function's result.
    """

    traced = jax.jit(function)  # once, not for its shapes and each of the platforms

    def branch(always_true: jax.Array, *operands: Any) -> Result:
        shapes = jax.eval_shape(traced, *operands)
        blank = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return jax.lax.cond(always_true, traced, lambda *_: blank, *operands)

    return jax.lax.platform_dependent(
        always_true, *operands, cpu=branch, default=lambda _, *operands: traced(*operands)
    )
