"""Hollows of a part, measured on points of its surface: walls seen from inside, and holes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_RASTER = 64
"""Cells along the side of the picture in which holes are looked for, at most."""
_COARSEST = 0.6
"""Side of such a cell over the way between neighbouring points, at least: a gap is no hole."""
_FEWEST = 16
"""A part of fewer points is too small for walls and holes."""


def hollow_share(
    points: np.ndarray,
    normals: np.ndarray,
    middle: np.ndarray,
    axes: np.ndarray,
    extents: np.ndarray,
) -> float:
    """Measures the share of a part's surface that faces its own axis: walls seen from inside.

    Args:
        points: on the part, (k, 3) [m].
        normals: outward and unit there, (k, 3).
        middle: mean of the points, (3,) [m].
        axes: principal axes as rows, the longest first, (3, 3).
        extents: sizes along them, (3,) [m].
    """
    if len(points) < _FEWEST:
        return 0.0
    best = 0.0
    for axis in axes:
        spoke = points - middle
        spoke = spoke - np.outer(spoke @ axis, axis)
        length = np.linalg.norm(spoke, axis=1)
        inward = np.einsum("ij,ij->i", spoke, normals) < -0.5 * length
        best = max(best, float((inward & (length > 0.2 * extents[2])).mean()))
    return best


def largest_hole(
    points: np.ndarray,
    others: np.ndarray,
    middle: np.ndarray,
    axes: np.ndarray,
    extents: np.ndarray,
    spacing: float,
) -> tuple[float, float]:
    """Finds the largest hole that a part closes in, alone or with its neighbours, in its own plane.

    Args:
        points: on the part, (k, 3) [m].
        others: on other parts, (m, 3) [m].
        middle: mean of the points, (3,) [m].
        axes: principal axes as rows, the longest first, (3, 3).
        extents: sizes along them, (3,) [m].
        spacing: way between neighbouring points [m].

    Returns:
        Its area [m^2] and the diameter of the largest circle in it [m].
    """
    if len(points) < _FEWEST or extents[1] < 1e-4:
        return 0.0, 0.0
    cell = max(float(extents[:2].max()) * 1.5 / _RASTER, _COARSEST * spacing)
    low = np.array([axes[0] @ middle, axes[1] @ middle]) - cell * _RASTER / 2

    def raster(drawn: np.ndarray) -> np.ndarray:
        index = np.floor((drawn @ axes[:2].T - low) / cell).astype(int)
        inside = ((index >= 0) & (index < _RASTER)).all(1)
        grid = np.zeros((_RASTER, _RASTER), bool)
        grid[tuple(index[inside].T)] = True
        return grid

    # Neighbours close the hole only where they lie in the slab of the part.
    depth = np.abs((others - middle) @ axes[2])
    covered = ndimage.binary_closing(np.pad(raster(points), 2))[2:-2, 2:-2]
    touched = ndimage.binary_dilation(covered, iterations=2)
    hole = 0.0, 0.0
    # A bail closes its hole with what is broader than it.
    for slab in (extents[2], extents[0] / 2):
        if hole[0] == 0.0:
            beside = ndimage.binary_closing(np.pad(raster(others[depth < slab]), 2))[2:-2, 2:-2]
            hole = _largest(covered | beside, touched, cell)
    return hole


def _largest(solid: np.ndarray, touched: np.ndarray, cell: float) -> tuple[float, float]:
    """Area and width of the largest hole of a picture that borders well on what is touched."""
    regions, count = ndimage.label(~solid)
    edge = set(regions[0]) | set(regions[-1]) | set(regions[:, 0]) | set(regions[:, -1])
    best, widest = 0, 0.0
    for region in range(1, count + 1):
        if region in edge:
            continue
        inside = regions == region
        border = ndimage.binary_dilation(inside) & ~inside
        if inside.sum() > best and (border & touched).sum() >= 0.3 * border.sum():
            best = int(inside.sum())
            widest = 2 * float(ndimage.distance_transform_edt(inside).max())
    return float(best * cell * cell), widest * cell
