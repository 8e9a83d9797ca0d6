"""Options by which XLA compiles the library's programs on each platform."""

from __future__ import annotations

import functools

import jax

_CPU = {"xla_cpu_use_fusion_emitters": False}
"""XLA on a CPU emits fused loops through MLIR by default. Its older emitter takes two thirds of the
time to compile these programs, and they run as fast (`docs/notes/performance.md`)."""
_CPU_PLAIN = {**_CPU, "xla_backend_optimization_level": 1}
"""Without vectorizing and unrolling loops, which is half of the time to compile some programs."""


@functools.cache
def compiler_options(platform: str, plain: bool = False) -> dict[str, bool | int | float | str]:
    """Returns what `jax.jit` and `compile` take for programs of a platform.

    Args:
        platform: as JAX names it. Only on "cpu" is anything asked of XLA, and there only what
            its version knows: it refuses other options.
        plain: whether loops of the program gain nothing by being vectorized and unrolled.
    """
    if platform != "cpu":
        return {}
    options: dict[str, bool | int | float | str] = {**(_CPU_PLAIN if plain else _CPU)}
    try:
        jax.jit(lambda x: x, compiler_options=options).lower(0.0).compile()
    except jax.errors.JaxRuntimeError:
        return {}
    return options
