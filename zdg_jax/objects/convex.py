"""Convex pieces: what physics engines collide with."""

from __future__ import annotations

import dataclasses

import manifold3d
import numpy as np
import scipy.spatial
import vhacdx

from zdg_jax.errors import InputError

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
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-30)
        return np.concatenate([normal, np.sum(normal * a, axis=-1, keepdims=True)], axis=-1)


def decompose(
    vertices: np.ndarray, faces: np.ndarray, *, pieces: int = 32, piece_vertices: int = 32
) -> tuple[ConvexPiece, ...]:
    """Approximates a solid by convex pieces (V-HACD; Mamou, 2016).

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        pieces: most pieces to use.
        piece_vertices: most vertices of a piece.

    Raises:
        InputError: a budget below one piece or four vertices.
    """
    if pieces < 1 or piece_vertices < 4:
        raise InputError(
            f"cannot decompose into {pieces} pieces of {piece_vertices} vertices: "
            "ask for at least 1 piece of at least 4 vertices"
        )
    size = float(np.ptp(vertices, axis=0).max())
    hulls = vhacdx.compute_vhacd(
        np.ascontiguousarray((vertices - vertices.min(0)) / size, np.float64),
        np.ascontiguousarray(faces, np.uint32),
        maxConvexHulls=pieces,
        resolution=100_000,
        maxNumVerticesPerCH=piece_vertices,
    )
    return tuple(hull(np.asarray(points) * size + vertices.min(0)) for points, _ in hulls)


def hull(points: np.ndarray) -> ConvexPiece:
    """The convex hull of points (n, 3) [m]; a flat set gets a thickness of 1 mm."""
    center = points.mean(axis=0)
    _, _, axes = np.linalg.svd(points - center, full_matrices=False)
    if np.ptp((points - center) @ axes[2]) < 0.1 * _LEAST_THICKNESS:
        half = 0.5 * _LEAST_THICKNESS * axes[2]
        points = np.concatenate([points - half, points + half])
    convex = scipy.spatial.ConvexHull(points)
    used, faces = np.unique(convex.simplices, return_inverse=True)
    faces = faces.reshape(-1, 3)
    vertices = np.ascontiguousarray(points[used], np.float64)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    inward = np.sum(np.cross(b - a, c - a) * convex.equations[:, :3], axis=-1) < 0
    faces[inward] = faces[inward][:, ::-1]
    return ConvexPiece(vertices=vertices, faces=faces.astype(np.int32))


def union(pieces: tuple[ConvexPiece, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (v, 3) [m] and faces (f, 3) of the surface of the pieces' union."""
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
