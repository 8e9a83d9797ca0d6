"""Compiling ahead: programs are compiled side by side before the first of them is needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent import futures
from typing import Any

import jax

from zdg_jax.runtime.devices import Listener, active_devices, calls_told_to
from zdg_jax.runtime.parallel import available_cpus


def trace_calls(listener: Listener, road: Callable[..., Any], *arguments: Any) -> None:
    """Tells of each program that a function calls, of those made by `shard_rows`; runs nothing.

    Args:
        listener: called with the program of one device and with its arguments, of which those that
            are not known yet are shapes and types.
        road: calls the programs; it is traced, see `jax.eval_shape`.
        *arguments: what it is called with.
    """

    def told(program: Any, given: tuple[Any, ...]) -> None:
        listener(program, jax.tree.map(_shape, given))

    with calls_told_to(told):
        jax.eval_shape(road, *arguments)


_COMPILED: set[Hashable] = set()
"""Kinds of roads that were compiled in this process."""


def compile_ahead(kind: Hashable, road: Callable[..., Any], *arguments: Any) -> None:
    """Compiles all programs that a function calls, those made by `shard_rows`, in threads.

    JAX compiles a program when it is first called, so a road of many waits for one after the other.
    Here each is compiled as soon as the shapes of its arguments are known, and calls find it in
    JAX's own caches. With several devices nothing is done: there the programs are others.

    Args:
        kind: says what shapes and programs depend on, see `signature`; each is compiled once.
        road: calls the programs; it is traced.
        *arguments: what it is called with.
    """
    if len(active_devices()) > 1 or kind in _COMPILED:
        return
    pool = futures.ThreadPoolExecutor(available_cpus())
    jobs: dict[Any, futures.Future[Any]] = {}

    def compiled(program: Any, given: tuple[Any, ...]) -> None:
        key = (program, signature(given))
        if key not in jobs:
            # Tracing holds Python's lock and is done here; compiling does not.
            jobs[key] = pool.submit(program.lower(*given).compile)

    try:
        trace_calls(compiled, road, *arguments)
        for job in jobs.values():
            job.result()
        _COMPILED.add(kind)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def signature(tree: Any) -> Hashable:
    """Returns what a program compiled for some arrays depends on: their structure and shapes."""
    leaves, structure = jax.tree.flatten(tree)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)


def _shape(leaf: Any) -> Any:
    """Shape and type of a traced value; other values as they are."""
    if not isinstance(leaf, jax.core.Tracer):
        return leaf
    weak = bool(getattr(leaf.aval, "weak_type", False))
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, weak_type=weak)
