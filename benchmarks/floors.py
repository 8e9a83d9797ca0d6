"""Limits of the machine: measured bandwidth and arithmetic, and the times they allow."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.metrics import Metric

_NUMBERS = 2**25


@functools.cache
def bandwidth() -> float:
    """Bytes a second that a copy of 128 MiB reads and writes: by numpy, or on the accelerator."""
    if jax.default_backend() == "cpu":
        source, target = np.ones(_NUMBERS, np.float32), np.empty(_NUMBERS, np.float32)
        return 2 * source.nbytes / _best(lambda: np.copyto(target, source))
    values = jnp.zeros(_NUMBERS, jnp.float32)
    copy = jax.jit(lambda x: x + 1)
    return 2 * values.nbytes / _best(lambda: jax.block_until_ready(copy(values)))


@functools.cache
def arithmetic() -> float:
    """Single-precision operations a second of compiled element-wise code on data in cache.

    Multiply-adds on 4096 numbers, or on a million on an accelerator: element-wise work is what
    the programs here are made of. Matrix units would do more.
    """
    width = 4096 if jax.default_backend() == "cpu" else 2**20
    steps = 4096

    @jax.jit
    def run(values: jax.Array) -> jax.Array:
        def step(_: jax.Array, x: jax.Array) -> jax.Array:
            for _ in range(8):
                x = x * jnp.float32(0.999) + jnp.float32(0.001)
            return x

        return jax.lax.fori_loop(0, steps, step, values)

    values = jnp.zeros(width, jnp.float32)
    return 16 * steps * width / _best(lambda: jax.block_until_ready(run(values)))


@functools.cache
def products() -> float:
    """Single-precision operations a second of a product of two matrices of 1024 x 1024."""
    size = 1024
    values = jnp.ones((size, size), jnp.float32)
    run = jax.jit(lambda a: jnp.matmul(a, a, precision="highest"))
    return 2 * size**3 / _best(lambda: jax.block_until_ready(run(values)))


def floor(*, nbytes: float = 0.0, operations: float = 0.0) -> Metric:
    """The longest of the times that moving the bytes and doing the operations take at least."""
    seconds = max(nbytes / bandwidth(), operations / arithmetic() if operations else 0.0)
    return Metric(value=1e3 * seconds, unit="ms", better="lower")


def _best(run: Callable[[], object], repeats: int = 5) -> float:
    """Shortest of several runs, after a warm-up [s]."""
    run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
