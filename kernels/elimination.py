"""Small systems of linear equations, solved without leaving the program they are part of.

`jnp.linalg` calls LAPACK on a CPU and cuSOLVER on a GPU. On a CPU such a call hands its batch to
XLA's threads and waits for them: other programs stand still meanwhile, and two at once on two cores
waited for each other for ever. Here elimination is a loop of whole-matrix operations.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

_BLOCK = 4
"""Columns eliminated at once: a quarter of the passes over the whole matrix."""


def solve(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """Solve A X = B by Gaussian elimination without a choice of pivots.

    That is stable for positive definite A, and for the quasi-definite of interior point methods
    (Vanderbei, SIAM J. Optimization 1995): positive definite but for trailing rows, whose pivots
    are negative. A singular A gives values that are not finite.

    Args:
        matrix: A, (n, n), symmetric. Batch it with `jax.vmap`.
        right: B, (n, m) or (n,).

    Returns:
        X, of the shape of B.
    """
    size = len(matrix)
    filled = jax.scipy.linalg.block_diag(matrix, jnp.eye(-size % _BLOCK, dtype=matrix.dtype))
    width = len(filled)
    columns = right[:, None] if right.ndim == 1 else right
    columns = jnp.pad(columns, ((0, width - size), (0, 0)))
    places = jnp.arange(width)

    def eliminate(block: jax.Array, rows: jax.Array) -> jax.Array:
        first = _BLOCK * block
        across = jax.lax.dynamic_slice_in_dim(rows, first, _BLOCK, axis=1)
        pivots = jax.lax.dynamic_slice_in_dim(rows, first, _BLOCK, axis=0)
        diagonal = jax.lax.dynamic_slice_in_dim(across, first, _BLOCK, axis=0)
        pivots = jnp.concatenate([diagonal, pivots], axis=1)
        for i in range(_BLOCK):
            pivot = pivots[i] / pivots[i, i]
            pivots = (pivots - pivots[:, i, None] * pivot).at[i].set(pivot)
        pivots = pivots[:, _BLOCK:]
        below = jnp.where((places >= first + _BLOCK)[:, None], across, 0.0)
        for i in range(_BLOCK):
            rows = rows - below[:, i, None] * pivots[i]
        return jax.lax.dynamic_update_slice_in_dim(rows, pivots, first, axis=0)

    def substitute(step: jax.Array, solution: jax.Array) -> jax.Array:
        first = width - _BLOCK * (step + 1)
        pivots = jax.lax.dynamic_slice_in_dim(rows, first, _BLOCK, axis=0)
        # What is not found yet is zero: the block itself and what lies before it add nothing.
        known = jnp.sum(pivots[:, :width, None] * solution, axis=1)
        return jax.lax.dynamic_update_slice_in_dim(
            solution, pivots[:, width:] - known, first, axis=0
        )

    blocks = width // _BLOCK
    rows = jnp.concatenate([filled, columns], axis=1)
    rows = jax.lax.fori_loop(0, blocks, eliminate, rows)
    solution = jax.lax.fori_loop(0, blocks, substitute, jnp.zeros_like(columns))
    return solution[:size].reshape(right.shape)
