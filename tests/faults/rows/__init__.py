"""The rows, by kind. One call of `add` adds one: name, input, command or program, outcome."""

from __future__ import annotations

from tests.faults.rows import (
    arguments,
    builds,
    caches,
    datasets,
    hands,
    objects,
    others,
    results,
    scenes,
    servers,
    sets,
    settings,
)
from tests.faults.rows.table import ROWS

__all__ = [
    "ROWS",
    "arguments",
    "builds",
    "caches",
    "datasets",
    "hands",
    "objects",
    "others",
    "results",
    "scenes",
    "servers",
    "sets",
    "settings",
]
