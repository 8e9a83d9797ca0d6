"""Balls and arrows, drawn beside hands and objects."""

from __future__ import annotations

import functools

import numpy as np
import trimesh
from numpy.typing import ArrayLike

from zdg_jax.errors import InputError
from zdg_jax.rendering.shape import Shape

_HEAD = 2.4  # width of an arrow's head over that of its shaft
_HEAD_LENGTH = 5.5  # length of the head over the radius of the shaft


def balls(
    centers: np.ndarray,
    radii: ArrayLike,
    color: ArrayLike,
    *,
    opacity: float = 1.0,
    label: int = 0,
    detail: int = 2,
) -> Shape:
    """Balls as one shape.

    Args:
        centers: (n, 3) [m].
        radii: of all or of each, (n,) [m].
        color: of all, (3,), or of each, (n, 3).
        opacity: see `Shape`.
        label: see `Shape`.
        detail: 1 for dots, 3 for large balls.
    """
    centers = np.asarray(centers, float).reshape(-1, 3)
    points, faces = _ball(detail)
    radius = np.broadcast_to(np.asarray(radii, float), len(centers))
    vertices = centers[:, None] + radius[:, None, None] * points
    paint = np.asarray(color, np.float32)
    normals = np.broadcast_to(points[faces], (len(centers), *faces.shape, 3))
    return Shape(
        vertices=vertices.reshape(-1, 3),
        faces=_repeated(faces, len(points), len(centers)),
        color=paint if paint.ndim == 1 else np.repeat(paint, len(faces), axis=0),
        opacity=opacity,
        label=label,
        normals=normals.reshape(-1, 3, 3),
    )


def arrows(
    starts: np.ndarray,
    ends: np.ndarray,
    radius: float,
    color: ArrayLike,
    *,
    label: int = 0,
    sections: int = 20,
) -> Shape:
    """Arrows as one shape.

    Args:
        starts: (n, 3) [m].
        ends: where their tips are, (n, 3) [m].
        radius: of the shafts [m].
        color: of all, (3,), or of each, (n, 3).
        label: see `Shape`.
        sections: corners around.

    Raises:
        InputError: an arrow has no length.
    """
    starts, ends = (np.asarray(p, float).reshape(-1, 3) for p in (starts, ends))
    length = np.linalg.norm(ends - starts, axis=1)
    if not (length > 0).all():
        raise InputError("an arrow must have a length: its start and its end are one point")
    head = np.minimum(_HEAD_LENGTH * radius, 0.6 * length)
    # Rings of a profile along z: (radius, share of the shaft, share of the head).
    rings = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (_HEAD, 1, 0), (0, 1, 1)]
    angle = 2 * np.pi * np.arange(sections) / sections
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    frames = np.stack([_frame(direction) for direction in (ends - starts) / length[:, None]])
    local = np.zeros((len(starts), len(rings), sections, 3))
    for i, (wide, shaft, top) in enumerate(rings):
        local[:, i, :, :2] = wide * radius * around
        local[:, i, :, 2] = (shaft * (length - head) + top * head)[:, None]
    vertices = np.einsum("nij,nrsj->nrsi", frames, local) + starts[:, None, None]
    step = np.arange(sections)
    after = (step + 1) % sections
    quads = np.concatenate(
        [
            np.stack([step + a, after + a, after + a + sections, step + a + sections], axis=1)
            for a in sections * np.arange(len(rings) - 1)
        ]
    )
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    faces = faces[_solid_faces(vertices[0].reshape(-1, 3), faces)]
    paint = np.asarray(color, np.float32)
    return Shape(
        vertices=vertices.reshape(-1, 3),
        faces=_repeated(faces, len(rings) * sections, len(starts)),
        color=paint if paint.ndim == 1 else np.repeat(paint, len(faces), axis=0),
        label=label,
        crease=35.0,
    )


@functools.cache
def _ball(detail: int) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(subdivisions=detail)
    return np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int64)


def _repeated(faces: np.ndarray, vertices: int, count: int) -> np.ndarray:
    return (faces + vertices * np.arange(count)[:, None, None]).reshape(-1, 3)


def _solid_faces(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Numbers of the faces that have an area."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.flatnonzero(np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-15)


def _frame(axis: np.ndarray) -> np.ndarray:
    """A rotation whose third column is a unit vector (3,)."""
    side = np.cross(axis, np.eye(3)[int(np.abs(axis).argmin())])
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(axis, side), axis], axis=1)
