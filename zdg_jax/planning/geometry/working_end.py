"""The end of an object that works, or is offered: where it meets the world while it is held."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from zdg_jax.planning.grip import Grip
from zdg_jax.planning.taxonomy import GraspType

_FARTHEST = 0.1
"""Share of the end's points, the farthest ones, whose mean is the working end."""
_IN_LINE = 0.7
"""Cosine between a held part's length and the way to the working end from which an index finger
laid along the part points there."""
_SLENDER = 1.5
"""Ratio of a held part's first extent to its second from which it has a length."""


class Parted(Protocol):
    """A mesh of v vertices and f triangles, each of which belongs to a part."""

    @property
    def vertices(self) -> np.ndarray:
        """Vertices, (v, 3), object frame [m]."""

    @property
    def faces(self) -> np.ndarray:
        """Triangles, (f, 3) int."""

    @property
    def face_parts(self) -> np.ndarray:
        """Mark of the part of each triangle, (f,) int."""


def working_end(grip: Grip, obj: Parted) -> np.ndarray:
    """Finds the working end: the far end of the parts to keep off, or of what is not held.

    Args:
        grip: what is held and avoided.
        obj: the object; its parts carry the grip's marks.

    Returns:
        Its place, (3,), object frame [m]. Of an object that is held all over, the place that is
        farthest from its middle.
    """
    held, avoided = [part.mark for part in grip.held], [part.mark for part in grip.avoided]
    inside = np.isin(obj.face_parts, held)
    end = np.isin(obj.face_parts, avoided)
    if not end.any():
        end = ~inside if not inside.all() else inside
    middle = _corners(obj, inside).mean(axis=0)
    points = _corners(obj, end)
    distance = np.linalg.norm(points - middle, axis=1)
    return points[distance >= np.quantile(distance, 1 - _FARTHEST)].mean(axis=0)


def held_length(grip: Grip, obj: Parted) -> np.ndarray | None:
    """Finds the direction of the held parts' length.

    Args:
        grip: what is held.
        obj: the object.

    Returns:
        Unit direction, (3,), object frame; None where they are about as wide as long.
    """
    points = _corners(obj, np.isin(obj.face_parts, [part.mark for part in grip.held]))
    _, axes = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T) + 1e-12 * np.eye(3))
    spans = np.ptp(points @ axes[:, ::-1], axis=0)
    return axes[:, 2] if spans[0] > _SLENDER * spans[1] else None


def pointing(grip: Grip, obj: Parted) -> np.ndarray | None:
    """Finds the direction in which an extended index finger lies.

    Args:
        grip: what is held, and by which type.
        obj: the object.

    Returns:
        Unit direction along the held parts' length, to the side of the working end, or to that end
        where it lies aside, as on a pistol grip, (3,), object frame. None for other types, and
        where a finger works a control instead.
    """
    held = {part.mark for part in grip.held}
    working = any(f.role == "press" and f.mark not in held for f in grip.fingers)
    if grip.grasp_type is not GraspType.INDEX_EXTENDED or working:
        return None
    middle = _corners(obj, np.isin(obj.face_parts, sorted(held))).mean(axis=0)
    work = working_end(grip, obj) - middle
    work = work / max(float(np.linalg.norm(work)), 1e-9)
    length = held_length(grip, obj)
    along = 0.0 if length is None else float(work @ length)
    return work if length is None or abs(along) < _IN_LINE else np.sign(along) * length


def _corners(obj: Parted, faces: np.ndarray) -> np.ndarray:
    """Corners of marked faces, and of all where none is, (k, 3) [m]."""
    chosen = obj.faces[faces] if faces.any() else obj.faces
    return obj.vertices[np.unique(chosen)]
