"""Patches: what concave seams bound all round, or what is a shell of its own in the mesh.

A lid that lies flat on its pot, a knob on it, a trigger or a switch leave next to no air in a hull,
so that no plane cuts them off; but a seam runs around each of them. Where the mesh shows it sharp,
nothing has to be searched for: the faces fall apart along it. On a scan seams have gaps, and there
are no patches.
"""

from __future__ import annotations

import numpy as np

from zdg_jax.objects.face_graph import FaceGraph

_SEAM = 0.5
"""Degree from which an edge is a seam, see `FaceGraph.seam`."""
_SHARP = 0.99
"""Mean degree to which the border of a patch is a seam, at least: on scans it is not as clear."""
_ROUND = 5.0
"""Length of the border at most, over the root of the surface."""
_BULK = 0.006
"""Volume of a patch that is closed at its border, over its surface^1.5: the floor of a vessel has
none, and a cavity less."""


def find(graph: FaceGraph, vertices: np.ndarray, faces: np.ndarray, least: float) -> np.ndarray:
    """Finds patches that stand out of the rest.

    Args:
        graph: of the faces.
        vertices: (v, 3) [m].
        faces: (f, 3).
        least: surface that a patch must have [m^2].

    Returns:
        Number of the patch of each face from 1, larger patches first, 0 on the rest, (f,).
    """
    label = graph.fallen_apart(_SEAM)
    surface = np.bincount(label, graph.area)
    across = label[graph.pairs[:, 0]] != label[graph.pairs[:, 1]]
    pairs, length = label[graph.pairs[across]], graph.length[across]
    middle = vertices[faces[graph.pairs[across]]].mean(axis=(1, 2))
    along = np.column_stack([middle, graph.seam[across], np.ones(len(middle))]) * length[:, None]
    border = np.zeros((len(surface), along.shape[1]))
    for side in pairs.T:
        np.add.at(border, side, along)
    apex, seam = np.split(border[:, :4] / np.maximum(border[:, 4:], 1e-30), [3], axis=1)
    corners = vertices[faces] - apex[label][:, None]
    volume = np.bincount(label, np.linalg.det(corners) / 6)
    standing = (surface >= least) & (volume > _BULK * surface**1.5)
    standing &= (border[:, 4] == 0) | (seam[:, 0] > _SHARP)
    standing &= border[:, 4] < _ROUND * surface**0.5
    order = np.argsort(-surface, kind="stable")
    number = np.zeros(len(surface), np.int64)
    chosen = order[standing[order]]
    number[chosen] = np.arange(1, len(chosen) + 1)
    return number[label]
