"""Options by which XLA compiles the library's programs on each platform."""

from __future__ import annotations

import functools

import jax

_CPU: dict[str, bool | int | str] = {
    # XLA on a CPU emits fused loops through MLIR by default. Its older emitter takes two thirds of
    # the time to compile these programs, and they run as fast (`docs/notes/performance.md`).
    "xla_cpu_use_fusion_emitters": False,
    # It hands products and sums to a library that is made for large ones: these are small.
    "xla_cpu_experimental_ynn_fusion_type": "",
}
_PLAIN: dict[str, bool | int | str] = {
    # Without vectorizing and unrolling loops, which is half of the time to compile some programs.
    "xla_backend_optimization_level": 1
}


@functools.cache
def compiler_options(platform: str, plain: bool = False) -> dict[str, bool | int | str]:
    """Returns what `jax.jit` and `compile` take for programs of a platform.

    Args:
        platform: as JAX names it. Only on "cpu" is anything asked of XLA, and there only what
            its version knows: it refuses other options.
        plain: whether loops of the program gain nothing by being vectorized and unrolled.
    """
    if platform != "cpu":
        return {}
    asked = _CPU | _PLAIN if plain else _CPU
    return {name: value for name, value in asked.items() if _known(name, value)}


@functools.cache
def _known(name: str, value: bool | int | str) -> bool:
    """Tells whether this XLA takes an option."""
    try:
        jax.jit(lambda x: x, compiler_options={name: value}).lower(0.0).compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True
