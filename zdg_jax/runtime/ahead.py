"""Compiling ahead: programs are compiled side by side before the first of them is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from concurrent import futures
from types import TracebackType
from typing import Any

import jax

from zdg_jax.runtime.devices import Listener, active_devices, calls_told_to
from zdg_jax.runtime.parallel import available_cpus

_log = logging.getLogger(__name__)


def trace_calls(listener: Listener, road: Callable[..., Any], *arguments: Any) -> None:
    """Tells of each program that a function calls, see `calls_told_to`; runs nothing.

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


def compile_ahead(
    kind: Hashable,
    road: Callable[..., Any],
    *arguments: Any,
    pool: futures.ThreadPoolExecutor | None = None,
) -> None:
    """Compiles all programs that a function calls, see `calls_told_to`, in threads.

    JAX compiles a program when it is first called, so a road of many waits for one after the other.
    Here each is compiled as soon as the shapes of its arguments are known, and calls find it in
    JAX's own caches. With several devices nothing is done: there the programs are others.

    Args:
        kind: says what shapes and programs depend on, see `signature`; each is compiled once.
        road: calls the programs; it is traced.
        *arguments: what it is called with.
        pool: threads that compile, and are no longer wanted in the end; some if not given.

    Raises:
        RuntimeError: the pool was shut down meanwhile.
        CancelledError: likewise.
    """
    if len(active_devices()) > 1 or kind in _COMPILED:
        return
    pool = pool or futures.ThreadPoolExecutor(available_cpus())
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


Road = tuple[Hashable, Callable[..., Any], tuple[Any, ...]]
"""A kind, a function and its arguments, see `compile_ahead`."""
_OCCASIONS: set[Hashable] = set()
"""Occasions on which a road was compiled early in this process, or is being."""


class EarlyCompilation:
    """Compiles the programs of a road while its own arguments are still being made.

    A context. Programs that are not compiled at its end are left to whoever calls them; those that
    are just being compiled are the last. Nothing is raised: what cannot be compiled early will be
    when it is called, and its errors are told there.
    """

    def __init__(self, occasion: Hashable, prepare: Callable[[], Road]) -> None:
        """Says what is compiled.

        Args:
            occasion: for each the programs are compiled early once.
            prepare: gives the road, with arguments of the shapes that are going to be; it is called
                in a thread of its own.
        """
        self._occasion, self._prepare = occasion, prepare
        self._kind: futures.Future[Hashable] = futures.Future()
        self._devices = active_devices()
        self._compiled: futures.Future[None] | None = None

    def __enter__(self) -> EarlyCompilation:
        """Starts, unless there is nothing to do."""
        if len(self._devices) == 1 and self._occasion not in _OCCASIONS:
            _OCCASIONS.add(self._occasion)
            self._pool = futures.ThreadPoolExecutor(available_cpus())
            thread = futures.ThreadPoolExecutor(1, "early compilation")
            self._compiled = thread.submit(self._compile)
            thread.shutdown(wait=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops."""
        if self._compiled is not None and not self._compiled.done():
            self._pool.shutdown(wait=False, cancel_futures=True)
            if error is not None:
                _OCCASIONS.discard(self._occasion)

    def wait_for(self, kind: Hashable) -> None:
        """Waits until the programs are compiled if they are of a kind; stops if of another."""
        if self._compiled is None:
            return
        if self._kind.result() == kind:
            self._compiled.result()
        else:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _compile(self) -> None:
        try:
            if active_devices() == self._devices:  # settings of JAX may be those of a thread
                kind, road, arguments = self._prepare()
                self._kind.set_result(kind)
                compile_ahead(kind, road, *arguments, pool=self._pool)
        except Exception as error:
            _log.debug("not compiled early: %r", error)
        finally:
            if not self._kind.done():
                self._kind.set_result(None)
            self._pool.shutdown(wait=False)


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
