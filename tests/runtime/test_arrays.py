"""Numbers of the host as arrays of JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zdg_jax.runtime.arrays import booleans, floats, integers


@pytest.mark.parametrize(
    ("put", "dtype"), [(floats, jnp.float32), (integers, jnp.int32), (booleans, jnp.bool_)]
)
def test_numbers_are_those_of_the_host_and_stay_so(
    put: Callable[..., jax.Array], dtype: Any
) -> None:
    for _ in range(20):  # whether memory is shared depends on where it lies
        given = np.zeros((1000, 4), dtype)
        found = put(given)
        given[:] = 1
        assert found.dtype == dtype
        assert not found.weak_type
        assert not found.any()
    assert put(1).shape == ()


def test_no_program_is_compiled() -> None:
    compiled: list[str] = []

    def told(event: str, duration: float, **about: object) -> None:
        if event.endswith("backend_compile_duration"):
            compiled.append(str(about))

    jax.monitoring.register_event_duration_secs_listener(told)
    try:
        floats(np.arange(1234.0))
        integers(range(1235))
        booleans([True] * 1236)
    finally:
        jax.monitoring.unregister_event_duration_listener(told)
    assert not compiled
