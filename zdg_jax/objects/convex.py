"""Convex pieces: what physics engines collide with."""

from __future__ import annotations

import dataclasses

import manifold3d
import numpy as np
import scipy.spatial

from zdg_jax.geometry.surface_sampling import facets

_LEAST_THICKNESS = 1e-3
"""A piece without volume is made this thick [m]: physics engines refuse flat ones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConvexPiece:
    """One convex polytope, object frame."""

    vertices: np.ndarray
    """(v, 3) [m]."""
    faces: np.ndarray
    """Triangles, counter-clockwise from outside, (f, 3)."""

    @property
    def planes(self) -> np.ndarray:
        """Half-spaces (f, 4), rows (n, o): inside where n.x <= o for all of them."""
        normal, _ = facets(self.vertices, self.faces)
        offset = np.sum(normal * self.vertices[self.faces[:, 0]], axis=-1, keepdims=True)
        return np.concatenate([normal, offset], axis=-1)


def hull(points: np.ndarray) -> ConvexPiece:
    """Makes the convex hull of points (n, 3) [m]; a flat set gets a thickness of 1 mm."""
    center = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - center, full_matrices=True)
    for axis in axes:
        if np.ptp((points - center) @ axis) < 0.1 * _LEAST_THICKNESS:
            half = 0.5 * _LEAST_THICKNESS * axis
            points = np.concatenate([points - half, points + half])
    convex = scipy.spatial.ConvexHull(points)
    used, faces = np.unique(convex.simplices, return_inverse=True)
    faces = faces.reshape(-1, 3)
    vertices = np.ascontiguousarray(points[used], np.float64)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    inward = np.sum(np.cross(b - a, c - a) * convex.equations[:, :3], axis=-1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return ConvexPiece(vertices=vertices, faces=faces.astype(np.int32))


def limited(points: np.ndarray, most: int) -> ConvexPiece:
    """Makes a hull of few vertices that keeps to the surface of the points' full hull.

    Vertices are taken one by one, always the one that sticks out farthest of those taken so
    far. The rest that sticks out would be lost all on one side, so the vertices move outwards
    by its mean, which leaves as much outside the new hull as it adds.

    Args:
        points: (n, 3) [m].
        most: vertices at most, 4 or more.
    """
    corners = _corners(points)
    if len(corners) <= most:
        return hull(corners)
    extremes = np.concatenate([corners.argmin(axis=0), corners.argmax(axis=0)])
    taken = list(dict.fromkeys(extremes.tolist()))[:most]
    while len(taken) < 4:  # fewer than four extremes: add what spans a volume
        away = np.linalg.norm(corners - corners[taken].mean(axis=0), axis=-1)
        away[taken] = -1
        taken.append(int(away.argmax()))
    while True:
        kept = hull(corners[taken])
        planes = kept.planes
        out = (corners @ planes[:, :3].T - planes[:, 3]).max(axis=1)
        if len(taken) >= most or out.max() < 1e-6:
            break
        out[taken] = -1
        taken.append(int(out.argmax()))
    normals = vertex_normals(kept.vertices, kept.faces)
    return hull(kept.vertices + np.maximum(out, 0).mean() * normals)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Averages the normals of the triangles round each vertex by area, to unit length, (v, 3).

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
    """
    normal, area = facets(vertices, faces)
    total = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(total, faces[:, corner], area[:, None] * normal)
    return total / np.maximum(np.linalg.norm(total, axis=-1, keepdims=True), 1e-30)


def union(pieces: tuple[ConvexPiece, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Returns vertices (v, 3) [m] and faces (f, 3) of the surface of the pieces' union.

    The Boolean is exact in topology: what one piece buries of another is gone.
    """
    solids = [
        manifold3d.Manifold(
            manifold3d.Mesh64(
                vert_properties=piece.vertices.astype(np.float64),
                tri_verts=piece.faces.astype(np.uint64),
            )
        )
        for piece in pieces
    ]
    mesh = manifold3d.Manifold.batch_boolean(solids, manifold3d.OpType.Add).to_mesh64()
    return np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts).astype(np.int64)


def _corners(points: np.ndarray) -> np.ndarray:
    """The points of a set that are corners of its hull; all of a set that has no volume."""
    try:
        return points[scipy.spatial.ConvexHull(points).vertices]
    except scipy.spatial.QhullError:
        thick = hull(points)
        return thick.vertices
