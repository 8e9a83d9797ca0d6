"""Parts of an object: numbered patches of its surface, each with its size."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.geometry.surface_sampling import facets


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part, object frame. `planning.geometry.parts.measure` gives the traits that plans use."""

    mark: int
    """Number of the part, from 1; parts found in the geometry come by falling surface, pieces of
    one coarse part one after the other."""
    parent: int
    """Mark of the largest piece of the coarse part that it is a piece of; its own where the
    coarse part is not cut finer."""
    name: str | None
    """Name that the asset gives it, if it does."""
    faces: np.ndarray
    """Faces of the object's mesh that belong to it, (k,)."""
    area: float
    """Surface [m^2]."""
    extents: np.ndarray
    """Size along its principal axes, the longest first, (3,) [m]."""


def describe_parts(
    vertices: np.ndarray,
    faces: np.ndarray,
    face_parts: np.ndarray,
    parents: np.ndarray,
    names: dict[int, str],
) -> tuple[Part, ...]:
    """Describes every part.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        face_parts: mark of each face, 1 to p, (f,).
        parents: for each mark, that of the largest piece of its coarse part, (p,).
        names: names by mark, where the asset gives any.

    Returns:
        The parts by mark: `parts[i].mark == i + 1`.
    """
    corners = vertices[faces]
    _, area = facets(vertices, faces)
    parts = []
    for mark in range(1, int(face_parts.max()) + 1):
        members = np.flatnonzero(face_parts == mark)
        parts.append(
            Part(
                mark=mark,
                parent=int(parents[mark - 1]),
                name=names.get(mark),
                faces=members,
                area=float(area[members].sum()),
                extents=_extents(corners[members], area[members]),
            )
        )
    return tuple(parts)


def _extents(corners: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Sizes (3,) of triangles (f, 3, 3) of areas (f,) along their principal axes, falling."""
    weight = area / max(area.sum(), 1e-30)
    points = corners.reshape(-1, 3) - weight @ corners.mean(axis=1)
    _, axes = np.linalg.eigh((points * np.repeat(weight, 3)[:, None]).T @ points)
    extents = np.ptp(points @ axes, axis=0)
    return np.sort(extents)[::-1]
