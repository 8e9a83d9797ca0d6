"""Dataclasses as pytrees where JAX may not be loaded yet: reading a file of grasps needs no JAX."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeVar

_Class = TypeVar("_Class", bound=type[Any])
_waiting: list[type[Any]] = []


def pytree(cls: _Class) -> _Class:
    """Registers a dataclass with JAX: at once where JAX is loaded, else as soon as it is.

    Args:
        cls: the dataclass; all its fields are data unless their metadata say `static=True`.
    """
    if "jax" in sys.modules:
        _register(cls)
    else:
        _waiting.append(cls)
        if not any(isinstance(finder, _JaxImport) for finder in sys.meta_path):
            sys.meta_path.insert(0, _JaxImport())
    return cls


def _register(cls: type[Any]) -> None:
    import jax

    jax.tree_util.register_dataclass(cls)


class _JaxImport(MetaPathFinder):
    """Notices the first import of JAX."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds JAX as usual, and has the classes registered once it is loaded."""
        if name != "jax":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            while _waiting:
                _register(_waiting.pop())

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec
