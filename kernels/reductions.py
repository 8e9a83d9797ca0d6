"""Reductions that XLA on a CPU turns into loops over whole vector registers."""

from __future__ import annotations

import jax
import jax.numpy as jnp


def least_of_columns(values: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Find the least value of each column and the first row that has it.

    Two vectorized reductions: `argmin` keeps value and place together, number by number, which
    takes several times as long.

    Args:
        values: (n, *c).

    Returns:
        Least values, (*c,), and their rows, (*c,) int32.
    """
    last = len(values) - 1
    rows = jnp.arange(last + 1, dtype=jnp.int32).reshape(-1, *[1] * (values.ndim - 1))
    least = jnp.min(values, axis=0)
    return least, jnp.min(jnp.where(values == least, rows, last), axis=0)
