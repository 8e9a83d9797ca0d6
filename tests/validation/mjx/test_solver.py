"""Line searches that end when they are done."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from mujoco.mjx._src import solver

from zdg_jax.validation.mjx.solver import short_searches

State = tuple[jax.Array, jax.Array]


def _halved(start: jax.Array) -> State:
    """Halves a number until it is below one, ten times at most; counts how often."""
    return solver._while_loop_scan(
        lambda state: (state[0] >= 1) & (state[1] < 10),
        lambda state: (state[0] / 2, state[1] + 1),
        (start, jnp.int32(0)),
        10,
    )


def test_searches_end_with_the_same_numbers() -> None:
    starts = jnp.array([0.5, 5.0, 300.0, 1e9])
    expected = jax.vmap(_halved)(starts)
    with short_searches():
        results = jax.vmap(_halved)(starts)
        loops = str(jax.make_jaxpr(jax.vmap(_halved))(starts))
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert expected[1].tolist() == [0, 3, 9, 10]
    assert "while" in loops
    assert "scan" not in loops


def test_mjx_gets_its_own_loop_back() -> None:
    original = solver._while_loop_scan
    with short_searches():
        assert solver._while_loop_scan is not original
    assert solver._while_loop_scan is original
