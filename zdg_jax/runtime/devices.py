"""Several devices: programs over many independent rows, a share of the rows on each device.

Rows are grasps, seeds or rollouts, which never influence each other. Each device runs the program
of one device on its own rows and none waits for another: a compiler that splits the program by
itself makes a loop whose length depends on the rows ask all devices at every turn.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar, cast

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from zdg_jax.runtime.exported import ExportedProgram

_Tree = TypeVar("_Tree")
_Function = TypeVar("_Function", bound=Callable[..., Any])
_AXIS = "rows"
Listener = Callable[[ExportedProgram, tuple[Any, ...]], None]
_LISTENER: contextvars.ContextVar[Listener | None] = contextvars.ContextVar("calls", default=None)


def active_devices() -> tuple[jax.Device, ...]:
    """The devices that rows are spread over: all of this process, or the default one if it is set.

    Several processes each work on rows of their own.
    """
    chosen = cast(Any, jax.config).jax_default_device
    if chosen is None:
        return tuple(jax.local_devices())
    return (jax.local_devices(backend=chosen)[0] if isinstance(chosen, str) else chosen,)


def default_batch() -> int:
    """Rows one device works on at once: few enough for a CPU's caches, many for an accelerator."""
    return 32 if jax.default_backend() == "cpu" else 1024


def batch_of_all() -> int:
    """Rows all devices work on at once."""
    return default_batch() * len(active_devices())


def replicate(tree: _Tree) -> _Tree:
    """Arrays copied to every device, so that no call has to; unchanged where there is one."""
    devices = active_devices()
    return tree if len(devices) == 1 else jax.device_put(tree, _sharding(devices, PartitionSpec()))


@contextlib.contextmanager
def calls_told_to(listener: Listener) -> Iterator[None]:
    """Tells of each call of a program within the block, before it: of those made by `shard_rows`
    and `whole_batch`.

    Args:
        listener: called with the program of one device and the arguments.
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def shard_rows(
    *, replicated: Collection[int] = (), plain: bool = False
) -> Callable[[_Function], _Function]:
    """A decorator for compiled functions of rows: devices share the rows.

    Such a function takes positional arguments. All leaves of those with rows, and of its result,
    have them as first axis, (n, ...), and row i of the result depends on row i alone. Rows that
    do not come out even are filled up with copies of the last and cut again. With one device the
    function is called as it is, see `ExportedProgram`.

    Args:
        replicated: positions of the arguments without rows, which every device sees whole.
        plain: how it is compiled, see `compiler_options`.
    """

    def decorate(program: _Function) -> _Function:
        compiled: dict[tuple[tuple[jax.Device, ...], int], Callable[..., Any]] = {}
        single = ExportedProgram(program, plain=plain)

        @functools.wraps(program)
        def spread(*arguments: Any) -> Any:
            _tell(single, arguments)
            devices = active_devices()
            rows = [k for k in range(len(arguments)) if k not in replicated]
            count = len(jax.tree.leaves([arguments[k] for k in rows])[0])
            if len(devices) == 1 or not count:
                return single(*arguments)
            even = -(-count // len(devices)) * len(devices)
            filled = np.minimum(np.arange(even), count - 1)
            specs, placed = [], []
            for k, argument in enumerate(arguments):
                if k in rows and even != count:
                    argument = jax.tree.map(lambda leaf: leaf[filled], argument)
                specs.append(PartitionSpec(_AXIS) if k in rows else PartitionSpec())
                placed.append(jax.device_put(argument, _sharding(devices, specs[k])))
            key = (devices, len(arguments))
            if key not in compiled:
                # Nothing is exchanged, so there is nothing to check that devices agree on.
                shared = jax.shard_map(
                    program,
                    mesh=_mesh(devices),
                    in_specs=tuple(specs),
                    out_specs=PartitionSpec(_AXIS),
                    check_vma=False,
                )
                compiled[key] = jax.jit(shared)
            result = compiled[key](*placed)
            return result if even == count else jax.tree.map(lambda leaf: leaf[:count], result)

        return cast(_Function, spread)

    return decorate


def whole_batch(program: _Function) -> _Function:
    """A decorator for compiled functions that mix rows: every device's are seen together.

    Such a function takes positional arguments. With one device it is called as those of
    `shard_rows` are, and calls are told of likewise; of several, JAX takes those where the
    arguments are.
    """
    single = ExportedProgram(program)

    @functools.wraps(program)
    def together(*arguments: Any) -> Any:
        _tell(single, arguments)
        return single(*arguments) if len(active_devices()) == 1 else program(*arguments)

    return cast(_Function, together)


def _tell(program: ExportedProgram, arguments: tuple[Any, ...]) -> None:
    if (listener := _LISTENER.get()) is not None:
        listener(program, arguments)


@functools.cache
def _mesh(devices: tuple[jax.Device, ...]) -> Mesh:
    return Mesh(np.array(devices), (_AXIS,))


def _sharding(devices: tuple[jax.Device, ...], spec: PartitionSpec) -> NamedSharding:
    return NamedSharding(_mesh(devices), spec)
