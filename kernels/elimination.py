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
_TURNS = 4
"""Blocks after which columns that are done are left out. Each such round is a loop of its own,
which takes time to compile."""


def solve(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """Solve A X = B by Gauss-Jordan elimination without a choice of pivots.

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
    rows = jnp.concatenate([filled, columns], axis=1)
    places = jnp.arange(width)

    def eliminate(first: jax.Array, column: jax.Array, rows: jax.Array) -> jax.Array:
        across = jax.lax.dynamic_slice_in_dim(rows, column, _BLOCK, axis=1)
        pivots = jax.lax.dynamic_slice_in_dim(rows, first, _BLOCK, axis=0)
        diagonal = jax.lax.dynamic_slice_in_dim(across, first, _BLOCK, axis=0)
        pivots = jnp.concatenate([diagonal, pivots], axis=1)
        for i in range(_BLOCK):
            pivot = pivots[i] / pivots[i, i]
            pivots = (pivots - pivots[:, i, None] * pivot).at[i].set(pivot)
        pivots = pivots[:, _BLOCK:]
        # The block's own rows become the pivots in the same pass, so that nothing is written twice.
        identity = places[:, None] == first + jnp.arange(_BLOCK)
        inside = jnp.any(identity, axis=1, keepdims=True)
        factors = jnp.where(inside, -identity.astype(rows.dtype), across)
        rows = jnp.where(inside, 0.0, rows)
        for i in range(_BLOCK):
            rows = rows - factors[:, i, None] * pivots[i]
        return rows

    for done in range(0, width, _TURNS * _BLOCK):
        turns = min(_TURNS, (width - done) // _BLOCK)

        def turn(number: jax.Array, rows: jax.Array, done: int = done) -> jax.Array:
            return eliminate(done + _BLOCK * number, _BLOCK * number, rows)

        rows = jax.lax.fori_loop(0, turns, turn, rows)[:, _BLOCK * turns :]
    return rows[:size].reshape(right.shape)
