"""Even, deterministic surface samples."""

from __future__ import annotations

import numpy as np

from zdg_jax.geometry.surface_sampling import facets, farthest_points, scatter
from zdg_jax.objects.distance_fields import InsideTest

_CANDIDATES = 5
"""Random candidates for each sample that is kept."""


def sample_surface(
    vertices: np.ndarray, faces: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spreads samples over a surface in farthest-point order (Eldar et al., 1997).

    Candidates are drawn with equal shares of area (a stratified draw over the cumulated area
    with a fixed seed), then thinned: each new sample is the candidate that is farthest from
    those taken so far.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3), with some area in total.
        count: samples to return.

    Returns:
        Points (count, 3) [m], unit face normals (count, 3), faces (count,).
    """
    points, face = scatter(vertices, faces, count * _CANDIDATES, np.random.default_rng(0))
    outermost = int(np.argmax(np.linalg.norm(points - points.mean(0), axis=-1)))
    kept = farthest_points(points, count, outermost)
    normals, _ = facets(vertices, faces)
    return points[kept], normals[face[kept]], face[kept]


def outward(points: np.ndarray, normals: np.ndarray, inside: InsideTest, step: float) -> np.ndarray:
    """Turns normals out of the object where one step along them leads into it.

    Where both sides are outside (a sheet without thickness) the normal stays as it is.

    Args:
        points: on the surface, (n, 3) [m].
        normals: unit, (n, 3).
        inside: tells inside from outside.
        step: [m].
    """
    ahead, behind = inside(points + step * normals), inside(points - step * normals)
    return np.where((ahead & ~behind)[:, None], -normals, normals)
