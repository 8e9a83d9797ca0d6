"""Least values and their rows beside NumPy's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.kernels.reductions import least_of_columns


def test_the_first_row_of_the_least_value_is_found() -> None:
    values = np.random.default_rng(0).integers(-3, 3, (3, 40, 7)).astype(np.float32)
    least, rows = jax.vmap(least_of_columns)(jnp.asarray(values))
    np.testing.assert_array_equal(least, values.min(axis=1))
    np.testing.assert_array_equal(rows, values.argmin(axis=1))
