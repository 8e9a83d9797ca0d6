"""Small linear systems, beside NumPy in double precision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zdg_jax.kernels import elimination

BATCH = 16


def symmetric(size: int, negative: int, seed: int) -> np.ndarray:
    """Quasi-definite matrices, (BATCH, size, size): the last `negative` pivots are negative."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(BATCH, size, size))
    matrix = factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(size)
    last = np.arange(size) >= size - negative
    matrix[:, last[:, None] & last] *= -1
    return matrix


@pytest.mark.parametrize(("size", "negative"), [(1, 0), (4, 0), (7, 1), (22, 2), (40, 0)])
def test_solutions_are_those_of_numpy(size: int, negative: int) -> None:
    matrix = symmetric(size, negative, size)
    right = np.random.default_rng(1).normal(size=(BATCH, size, 3))
    found = jax.vmap(elimination.solve)(jnp.float32(matrix), jnp.float32(right))
    missed = np.linalg.norm(matrix @ np.asarray(found, float) - right, axis=(1, 2))
    assert np.all(missed < 1e-3 * np.linalg.norm(right, axis=(1, 2)))
    error = np.asarray(found) - np.linalg.solve(matrix, right)
    assert np.median(np.linalg.norm(error, axis=(1, 2))) < 1e-3


def test_one_right_side_is_a_vector() -> None:
    matrix, right = jnp.array([[4.0, 1.0], [1.0, 3.0]]), jnp.array([1.0, 2.0])
    assert np.allclose(elimination.solve(matrix, right), [1 / 11, 7 / 11], atol=1e-6)


def test_a_singular_matrix_gives_no_numbers() -> None:
    assert not np.isfinite(elimination.solve(jnp.zeros((3, 3)), jnp.ones(3))).any()


def test_it_calls_no_library() -> None:
    lowered = jax.jit(elimination.solve).lower(jnp.eye(8), jnp.ones((8, 2)))
    assert "custom_call" not in lowered.as_text()
