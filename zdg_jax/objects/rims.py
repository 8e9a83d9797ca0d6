"""Rims: the band around the opening of a vessel."""

from __future__ import annotations

import numpy as np
import scipy.spatial

from zdg_jax.objects.concavities import FilledShape

_BAND, _BOUNDS = 0.09, (0.006, 0.025)
"""Height of a rim over the vessel's, and its bounds [m]."""
_OPEN = 0.2
"""Share of the cross-section near the opening that a vessel's cavity has at least."""
_FLOOR = 0.6
"""Share of a cavity's columns that end on the vessel's floor: a ring has none."""
_BELOW = 0.1
"""Distance of the cavity's top from the vessel's at most, of the vessel's height."""
_LEAST_CELLS = 60
"""Cells that a cavity has at least."""


def rim(
    shape: FilledShape, vertices: np.ndarray, faces: np.ndarray, face_parts: np.ndarray
) -> np.ndarray | None:
    """Finds the rim of a vessel that opens upwards.

    Args:
        shape: the object, solid and filled.
        vertices: (v, 3) [m], z up.
        faces: (f, 3).
        face_parts: part of each face, (f,).

    Returns:
        Faces of the rim, (f,) bool, all of one part; None where the object holds nothing.
    """
    cavity = shape.filled & ~shape.solid
    covered = np.maximum.accumulate(shape.solid[..., ::-1], axis=2)[..., ::-1]
    hollow = cavity & ~covered
    floored = hollow & np.maximum.accumulate(shape.solid, axis=2)
    if floored.sum() < max(_LEAST_CELLS, _FLOOR * hollow.sum()):
        return None
    middle = vertices[faces].mean(axis=1)
    tree = scipy.spatial.cKDTree(middle)
    owner = face_parts[tree.query(shape.voxels.points(np.flatnonzero(floored)))[1]]
    vessel = int(np.bincount(owner).argmax())
    inside = shape.voxels.points(np.flatnonzero(floored))[owner == vessel]
    members = face_parts == vessel
    heights = vertices[faces[members]][..., 2]
    bottom, top = float(heights.min()), float(heights.max())
    height = top - bottom
    open_top = np.percentile(inside[:, 2], 98)
    cell = shape.voxels.spacing
    if open_top < top - max(_BELOW * height, 2.5 * cell):
        return None
    level = open_top - 1.5 * cell
    free = np.count_nonzero(np.abs(inside[:, 2] - level) < cell) / 2
    walls = shape.voxels.points(np.flatnonzero(shape.solid))
    walls = walls[(np.abs(walls[:, 2] - level) < cell)]
    if free < _OPEN * (free + len(walls) / 2):
        return None
    band = float(np.clip(_BAND * height, *_BOUNDS))
    chosen = members & (middle[:, 2] > top - band)
    return chosen if chosen.any() and not chosen[members].all() else None
