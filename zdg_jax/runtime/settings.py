"""Settings as leaves of a pytree: changing a number never recompiles a program."""

from __future__ import annotations

import dataclasses
from typing import Any

from zdg_jax.runtime.arrays import floats


def float_setting(value: float | tuple[float, ...]) -> Any:
    """Make a dataclass field whose default is a float32 scalar, or vector."""
    return dataclasses.field(default_factory=lambda: floats(value))
