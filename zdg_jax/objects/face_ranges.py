"""Sets of faces as ranges of their numbers: short where parts are written to files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def to_ranges(faces: np.ndarray) -> list[tuple[int, int]]:
    """Writes numbers (k,) as ranges [first, end), rising."""
    faces = np.unique(faces)
    breaks = np.flatnonzero(np.diff(faces) > 1) + 1
    runs = np.split(faces, breaks) if len(faces) else []
    return [(int(run[0]), int(run[-1]) + 1) for run in runs]


def in_ranges(faces: np.ndarray, ranges: Iterable[Sequence[int]]) -> np.ndarray:
    """Tells which numbers (f,) lie in one of the ranges [first, end), (f,) bool."""
    inside = np.zeros(len(faces), bool)
    for first, end in ranges:
        inside |= (faces >= first) & (faces < end)
    return inside
