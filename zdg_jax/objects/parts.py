"""Parts of an object: marks on its faces and the traits that a planner reads."""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part, object frame."""

    mark: int
    """Number of the part, from 1."""
    name: str | None
    """Name that the asset gives it, if it does."""
    faces: np.ndarray
    """Faces of the object's mesh that belong to it, (k,)."""
    area: float
    """Surface [m^2]."""
    area_share: float
    """Share of the object's surface, in (0, 1]."""
    centroid: np.ndarray
    """Centre of its surface, (3,) [m]."""
    axes: np.ndarray
    """Principal axes as columns, longest first, (3, 3)."""
    extents: np.ndarray
    """Size along its principal axes, (3,) [m]."""


def describe(
    vertices: np.ndarray, faces: np.ndarray, labels: np.ndarray, names: dict[int, str]
) -> tuple[Part, ...]:
    """The traits of every part.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        labels: mark of each face from 1, (f,).
        names: names by mark, where the asset gives any.
    """
    corners = vertices[faces]
    area = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1
    )
    area = area / 2
    parts = []
    for mark in range(1, int(labels.max()) + 1):
        mine = np.flatnonzero(labels == mark)
        weight = area[mine] / max(area[mine].sum(), 1e-30)
        middle = corners[mine].mean(axis=1)
        centroid = weight @ middle
        points = corners[mine].reshape(-1, 3) - centroid
        _, axes = np.linalg.eigh((points * np.repeat(weight, 3)[:, None]).T @ points)
        axes = axes[:, ::-1]
        parts.append(
            Part(
                mark=mark,
                name=names.get(mark),
                faces=mine,
                area=float(area[mine].sum()),
                area_share=float(area[mine].sum() / area.sum()),
                centroid=centroid,
                axes=axes,
                extents=np.ptp(points @ axes, axis=0),
            )
        )
    return tuple(parts)
