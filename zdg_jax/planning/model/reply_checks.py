"""Checks of a model's replies that several questions share: faults, in words that it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_LIGHTEST, _HEAVIEST = 0.003, 12.0  # masses of a bounding box: thin film, solid lead [g/cm^3]


def mass_faults(mass_g: float | None, size: np.ndarray) -> list[str]:
    """Lists the fault of a mass that nothing of an object's size can have: mostly another unit.

    Args:
        mass_g: the mass [g]; None where none is given.
        size: sides of the bounding box, (3,) [m].
    """
    box = float(np.prod(size)) * 1e6
    if mass_g is None or _LIGHTEST * box <= mass_g <= _HEAVIEST * box:
        return []
    return [
        f"a mass of {mass_g:g} g does not fit a thing in a box of {box:.0f} cm3 "
        f"({mass_g / box:.2g} g/cm3); give grams"
    ]


def unknown_faults(used: Sequence[int], known: Sequence[int], what: str = "parts") -> list[str]:
    """Lists the fault of numbers that do not exist.

    Args:
        used: the numbers.
        known: those that exist.
        what: name of what is numbered.
    """
    unknown = sorted(set(used) - set(known))
    return [f"there are no {what} {unknown}; there are {list(known)}"] if unknown else []


def once_faults(named: Sequence[Any], known: Sequence[Any], what: str) -> list[str]:
    """Lists faults where not every known one is named exactly once.

    Args:
        named: what the reply names.
        known: what there is.
        what: name of what is named.
    """
    faults = []
    unknown = [name for name in dict.fromkeys(named) if name not in known]
    missing = [name for name in known if name not in named]
    if unknown:
        faults.append(f"there are no {what} {unknown}; there are {list(known)}")
    if missing:
        faults.append(f"{what} {missing} are missing")
    if len(set(named)) < len(named):
        faults.append(f"some {what} are named twice: {list(named)}")
    return faults
