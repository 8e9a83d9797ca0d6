"""The rows, by kind. One call of `add` adds one: name, input, command or program, outcome."""

from __future__ import annotations

from tests.faults.rows import (
    builds,
    datasets,
    hands,
    objects,
    others,
    results,
    scenes,
    servers,
    sets,
)
from tests.faults.rows.table import ROWS

__all__ = [
    "ROWS",
    "builds",
    "datasets",
    "hands",
    "objects",
    "others",
    "results",
    "scenes",
    "servers",
    "sets",
]
