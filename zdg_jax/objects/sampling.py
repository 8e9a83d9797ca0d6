"""Even, deterministic surface samples."""

from __future__ import annotations

import numpy as np

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
    rng = np.random.default_rng(0)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    doubled = np.linalg.norm(across, axis=-1)
    total = np.cumsum(doubled)
    number = count * _CANDIDATES
    level = (np.arange(number) + rng.random(number)) / number * total[-1]
    face = np.minimum(np.searchsorted(total, level, side="right"), len(faces) - 1)
    r, s = np.sqrt(rng.random(number)), rng.random(number)
    weights = np.stack([1 - r, r * (1 - s), r * s], axis=-1)
    points = np.einsum("nk,nkd->nd", weights, vertices[faces[face]])

    kept = np.empty(count, np.int64)
    kept[0] = int(np.argmax(np.linalg.norm(points - points.mean(0), axis=-1)))
    squared = np.full(number, np.inf)
    for i in range(1, count):
        offset = points - points[kept[i - 1]]
        np.minimum(squared, np.einsum("nd,nd->n", offset, offset), out=squared)
        kept[i] = int(np.argmax(squared))
    normal = across[face[kept]] / np.maximum(doubled[face[kept], None], 1e-30)
    return points[kept], normal, face[kept]


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


def fibonacci_sphere(count: int) -> np.ndarray:
    """Spreads unit vectors (count, 3) evenly over the sphere, along a golden spiral."""
    height = 1 - 2 * (np.arange(count) + 0.5) / count
    angle = np.pi * (1 + 5**0.5) * (np.arange(count) + 0.5)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=-1)
