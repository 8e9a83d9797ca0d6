"""Evenly spread directions and points: on spheres, on triangles, and thinned."""

from __future__ import annotations

import numpy as np


def fibonacci_sphere(count: int) -> np.ndarray:
    """Spread unit vectors evenly over the sphere (Fibonacci lattice).

    Args:
        count: vectors wanted.

    Returns:
        (count, 3).
    """
    height = 1 - 2 * (np.arange(count) + 0.5) / count
    angle = np.pi * (1 + 5**0.5) * (np.arange(count) + 0.5)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=-1)


def scatter(
    vertices: np.ndarray, faces: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on triangles, one from each of `count` equal shares of their area.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3) int, with some area in total.
        count: points wanted.
        rng: source of randomness.

    Returns:
        Points (count, 3) [m] and the face that each lies on, (count,) int.
    """
    _, area = facets(vertices, faces)
    total = np.cumsum(area)
    level = (np.arange(count) + rng.random(count)) / count * total[-1]
    face = np.minimum(np.searchsorted(total, level, side="right"), len(faces) - 1)
    r, s = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - r, r * (1 - s), r * s], axis=-1)
    return np.einsum("nk,nkd->nd", weights, vertices[faces[face]]), face


def facets(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Measure triangles.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3) int, counterclockwise from outside.

    Returns:
        Unit outward normals (f, 3), 0 for a triangle without area, and areas (f,) [m^2].
    """
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    doubled = np.linalg.norm(across, axis=-1)
    return across / np.maximum(doubled, 1e-30)[:, None], doubled / 2


def farthest_points(points: np.ndarray, count: int, first: int) -> np.ndarray:
    """Thin points to some that lie far from one another (Eldar et al., 1997).

    Args:
        points: (n, 3) [m].
        count: points wanted, at most n.
        first: index of the point to begin with.

    Returns:
        Indices in the order in which each is farthest from those before it, (count,).
    """
    chosen = np.empty(count, np.int64)
    chosen[0] = first
    squared = np.full(len(points), np.inf)
    for i in range(1, count):
        offset = points - points[chosen[i - 1]]
        np.minimum(squared, np.einsum("nd,nd->n", offset, offset), out=squared)
        chosen[i] = int(np.argmax(squared))
    return chosen
