"""Programs kept on disk as traced, so that the next process does not trace them again.

JAX's compile cache keeps what XLA made of a program, and is asked after the program was traced and
lowered: seconds of Python for each new process. Here the lowered program is kept, as `jax.export`
writes it, under a key of all that tracing reads: the library's sources, the versions of what it
calls, JAX's settings, the platform, and structure, static fields, shapes and types of the
arguments. A file that is damaged, or of another program, is made anew.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import logging
import pathlib
import threading
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import jax
import jax.export
import numpy as np
from jax.sharding import SingleDeviceSharding

import zdg_jax
from zdg_jax import kernels
from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root
from zdg_jax.runtime.compiler_options import compiler_options
from zdg_jax.runtime.sealed_files import read_sealed, write_sealed
from zdg_jax.runtime.versions import version_of

_PACKAGES = ("zdg_jax", "optax")
"""Packages whose functions and classes are known by their names alone: the key holds the hash of
the one and the version of the other."""
_VERSIONS = ("jax", "jaxlib", "numpy", "optax")
_SETTINGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
)
"""Settings of JAX that programs depend on."""
_DEBUGGING = ("jax_disable_jit", "jax_debug_nans", "jax_debug_infs", "jax_check_tracer_leaks")
"""Settings of JAX under which nothing is kept: they look into programs as they are traced."""
_LIMIT = 100_000_000
"""A file with more bytes is none of this cache."""
_LEAVES = (jax.Array, jax.ShapeDtypeStruct, np.ndarray, np.generic, bool, int, float, complex)

_log = logging.getLogger(__name__)


class _NotKeptError(Exception):
    """A program depends on, or returns, something without a name that holds in another process."""


class ExportedProgram:
    """A compiled function of the library, traced once for all processes of a machine.

    It is called as the function itself, also where that is traced, but not where it is
    differentiated or mapped. What cannot be kept, such as a program with a user's own energy term,
    is traced as usual; so are all where JAX's compile cache is turned off.
    """

    def __init__(self, program: Any, *, plain: bool = False) -> None:
        """Wraps a function that `jax.jit` made.

        Args:
            program: the function, of the module that defines it; it takes positional arguments.
            plain: how it is compiled, see `compiler_options`.
        """
        self.jitted = program
        """The function, which is traced in each process."""
        self._plain = plain
        self._forms: dict[Hashable, tuple[Any, Any]] = {}
        self._lock = threading.Lock()
        functools.update_wrapper(self, program)

    def __call__(self, *arguments: Any) -> Any:
        """Calls the function."""
        flat, structure, given = self._form(arguments)
        if structure is not None and any(isinstance(leaf, jax.core.Tracer) for leaf in given):
            flat = flat.__wrapped__  # within another program JAX takes no options of XLA
        result = flat(*given)
        return result if structure is None else jax.tree.unflatten(structure, result)

    def lower(self, *arguments: Any) -> Any:
        """Lowers the function, as `jax.jit` does, for arguments or their shapes and types."""
        flat, _, given = self._form(arguments)
        return flat.lower(*given)

    def _form(self, arguments: tuple[Any, ...]) -> tuple[Any, Any, Sequence[Any]]:
        """Finds the program for such arguments.

        Returns:
            A function of leaves, the structure of its result and the leaves; or the function
            itself, None and the arguments.
        """
        leaves, structure = jax.tree.flatten(arguments)
        form = (structure, tuple(map(_shape, leaves)), _settings(_SETTINGS), _device())
        known = self._forms.get(form)
        if known is None:
            if any(_settings(_DEBUGGING)) or not _keeps():
                return self.jitted, None, arguments
            with self._lock:
                if form not in self._forms:
                    self._forms[form] = self._kept(arguments, form) or (self.jitted, None)
                known = self._forms[form]
        flat, result = known
        return flat, result, arguments if result is None else leaves

    def _kept(self, arguments: tuple[Any, ...], form: tuple[Any, ...]) -> tuple[Any, Any] | None:
        try:
            name = _name(self.jitted)
            _, shapes, settings, device = form
            facts = (*shapes, *settings, device.platform, *_versions(), _sources())
            described = [name, _describe(arguments), *map(str, facts)]
        except _NotKeptError as error:
            _log.debug("%r is traced in each process: %s", self.jitted, error)
            return None
        key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        path = cache_root() / "programs" / f"{self.jitted.__name__.strip('_')}-{key}.bin"
        try:
            return _read(path, key, self.jitted.__name__, device, self._plain)
        except OSError:  # there is none, or no folder to have it in
            pass
        except InputError as error:
            _log.warning("damaged file in the cache of programs, made anew: %s", error)
        try:
            content = _export(self.jitted, form[0], shapes)
        except Exception as error:  # what cannot be exported can still be called
            _log.debug("%s is traced in each process: %s", name, error)
            return None
        try:
            write_sealed(path, key, content)
        except InputError as error:
            _warn_of_no_cache(path.parent)
            _log.debug("%s", error)
        return _loaded(content, self.jitted.__name__, device, self._plain)


@functools.cache
def _warn_of_no_cache(folder: pathlib.Path) -> None:
    """Warns of a folder, once for all programs."""
    _log.warning("no cache of programs: files cannot be written in %s", folder)


def _export(program: Any, structure: Any, shapes: tuple[Any, ...]) -> bytes:
    """A program as bytes: the structure of its result as a line of JSON, and what it computes.

    Raises:
        _NotKeptError: the result has parts without a name.
    """

    def of_leaves(*leaves: Any) -> tuple[Any, ...]:
        result = program(*jax.tree.unflatten(structure, leaves))
        described = json.dumps(_describe(result))
        returned: list[Any] = jax.tree.leaves(result)
        made: Any = jax.tree.structure(result)
        if made != jax.tree.structure(_build(json.loads(described), iter(returned))):
            raise _NotKeptError("its result has static fields that JSON does not know")
        structures.append(described)
        return tuple(returned)

    structures: list[str] = []
    avals = [jax.ShapeDtypeStruct(shape, dtype, weak_type=weak) for shape, dtype, weak in shapes]
    exported = jax.export.export(jax.jit(of_leaves))(*avals)
    return structures[0].encode() + b"\n" + bytes(exported.serialize())


def _loaded(content: bytes, name: str, device: jax.Device, plain: bool) -> tuple[Any, Any]:
    """The function of leaves that `_export` wrote, on a device, and the structure of its result."""
    line, _, rest = content.partition(b"\n")
    exported = jax.export.deserialize(bytearray(rest))

    def of_leaves(*leaves: Any) -> Any:
        return exported.call(*leaves)

    of_leaves.__name__ = of_leaves.__qualname__ = name
    result = _build(json.loads(line), iter(exported.out_avals))
    # Results of an exported program are bound to its device. Were its arguments not said to be so
    # too, programs would be compiled twice: for those that are and for those that are not.
    there = SingleDeviceSharding(device)
    compiled = jax.jit(
        of_leaves,
        in_shardings=there,
        out_shardings=there,
        compiler_options=compiler_options(device.platform, plain),
    )
    return compiled, jax.tree.structure(result)


def _read(
    path: pathlib.Path, key: str, name: str, device: jax.Device, plain: bool
) -> tuple[Any, Any]:
    """The function of leaves that lies at a path, and the structure of its result.

    Raises:
        FileNotFoundError: nothing does.
        InputError: it is not what was written for this key.
        OSError: it cannot be read.
    """
    content = read_sealed(path, key, _LIMIT)
    if content is None:
        raise InputError(f"{path} is of another program, or was changed")
    try:
        return _loaded(content, name, device, plain)
    except Exception as error:  # JAX reads files of its own versions alone
        raise InputError(f"{path} cannot be read: {error}") from None


def _shape(leaf: Any) -> tuple[Any, ...]:
    """Shape, type and whether the type is weak, of an array, a number, or what stands for one."""
    # JAX's arrays know it; asked by `typeof`, the hundred of a program take half a millisecond.
    known = getattr(leaf, "aval", leaf)
    if not hasattr(known, "weak_type"):
        known = jax.typeof(leaf)
    return known.shape, known.dtype, bool(known.weak_type)


def _describe(tree: Any) -> Any:
    """A pytree as JSON values: its structure and static fields, "*" for each leaf.

    Raises:
        _NotKeptError: a static field has no value that JSON knows, nor a name.
    """
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields: dict[str, Any] = {}
        for field in dataclasses.fields(tree):
            value = getattr(tree, field.name)
            static = field.metadata.get("static")
            fields[field.name] = [_constant(value)] if static else _describe(value)
        return {"class": _name(type(tree)), "fields": fields}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return {"tuple": _name(type(tree)), "items": list(map(_describe, tree))}
    if type(tree) in (tuple, list):
        return {type(tree).__name__: list(map(_describe, tree))}
    if type(tree) is dict:
        return {"dict": {key: _describe(tree[key]) for key in sorted(tree)}}
    if tree is None or isinstance(tree, _LEAVES):
        return None if tree is None else "*"
    raise _NotKeptError(f"it depends on a {type(tree).__name__}")


def _constant(value: Any) -> Any:
    """A static value as JSON values."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return list(map(_constant, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {_name(type(value)): [_constant(getattr(value, field.name)) for field in fields]}
    return {"name": _name(value)}


def _build(described: Any, leaves: Iterator[Any]) -> Any:
    """The pytree that was described, of some leaves."""
    if described == "*":
        return next(leaves)
    if described is None:
        return None
    if "class" in described:
        fields = described["fields"]
        static = {key: _tuples(value[0]) for key, value in fields.items() if type(value) is list}
        data = {key: _build(fields[key], leaves) for key in fields if key not in static}
        return _called(described["class"])(**static, **data)
    if "tuple" in described and "items" in described:
        return _called(described["tuple"])(*(_build(item, leaves) for item in described["items"]))
    if "dict" in described:
        return {key: _build(value, leaves) for key, value in described["dict"].items()}
    ((kind, items),) = described.items()
    return {"tuple": tuple, "list": list}[kind](_build(item, leaves) for item in items)


def _tuples(value: Any) -> Any:
    """A static value as it was before JSON made lists of its tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _name(thing: Any) -> str:
    """Where a function or class of a known package is found.

    Raises:
        _NotKeptError: it is of another package, or made within a function.
    """
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    known = isinstance(module, str) and module.partition(".")[0] in _PACKAGES
    if not known or not name.replace(".", "").isidentifier():
        raise _NotKeptError(f"it depends on {thing!r}"[:200])
    return f"{module}:{name}"


def _called(name: str) -> Any:
    """The class of a name that `_name` gave."""
    module, _, inside = name.partition(":")
    if module.partition(".")[0] not in _PACKAGES:
        raise InputError(f"no class of {module} is kept")
    return functools.reduce(getattr, inside.split("."), importlib.import_module(module))


def _settings(names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(jax.config, name) for name in names)


def _keeps() -> bool:
    """Whether compiled programs may be kept on disk at all."""
    return bool(jax.config.jax_enable_compilation_cache)  # type: ignore[attr-defined]


def _device() -> jax.Device:
    """The device that programs run on where there is one, or one is chosen."""
    chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
    if chosen is None or isinstance(chosen, str):
        return jax.local_devices(backend=chosen)[0]
    return chosen


def _versions() -> tuple[str, ...]:
    return tuple(map(version_of, _VERSIONS))


@functools.cache
def _sources() -> str:
    """Hash of the library's sources."""
    digest = hashlib.sha256()
    for folder in sorted({*zdg_jax.__path__, *kernels.__path__}):
        for path in sorted(pathlib.Path(folder).rglob("*.py")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
