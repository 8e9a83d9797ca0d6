"""Vertex clustering (Rossignac and Borrel, 1993): vertices of one grid cell become one."""

from __future__ import annotations

import numpy as np


def cluster_vertices(
    vertices: np.ndarray, faces: np.ndarray, step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merges vertices to the mean of those that share a cube, and drops faces that collapse.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        step: edge of the cubes [m]; 0 merges equal vertices only.

    Returns:
        The merged vertices, their faces with three distinct corners, and which of `faces` those
        are. Vertices that no face uses are gone.
    """
    used, faces = np.unique(faces, return_inverse=True)
    faces, vertices = faces.reshape(-1, 3), vertices[used]
    key = vertices if step == 0 else np.floor((vertices - vertices.min(axis=0)) / step)
    order = np.lexsort(key.T)
    first = np.ones(len(key), bool)
    first[1:] = np.any(key[order[1:]] != key[order[:-1]], axis=1)
    group = np.empty(len(key), np.int64)
    group[order] = np.cumsum(first) - 1
    if step == 0:
        merged = vertices[order[first]]
    else:
        count = np.bincount(group)
        merged = np.stack([np.bincount(group, vertices[:, i]) / count for i in range(3)], axis=-1)
    faces = group[faces]
    a, b, c = faces.T
    kept = np.flatnonzero((a != b) & (b != c) & (c != a))
    return merged, faces[kept], kept


def reduce_faces(
    vertices: np.ndarray, faces: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Clusters vertices of a mesh of many faces, as coarsely as it takes, for something to look at.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        most: faces wanted at most; with cells of a thirtieth of the size it ends in any case.

    Returns:
        Vertices and faces; those given where they are few enough.
    """
    size, cells = float(np.ptp(vertices, axis=0).max()), 256
    merged, kept = vertices, faces
    while len(kept) > most and cells >= 32:
        merged, kept, _ = cluster_vertices(vertices, faces, size / cells)
        cells = int(cells * 0.8)
    return merged, kept
