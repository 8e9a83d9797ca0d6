"""Parts of an object: marks on its faces and the traits that a planner reads."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.spatial
from scipy import ndimage

from zdg_jax.objects.convex import facets
from zdg_jax.objects.fields import Lattice
from zdg_jax.objects.filling import Filled
from zdg_jax.objects.solids import sphere

_SPACE = 60
"""Cells that an enclosed space needs to be more than roughness."""
_MIDDLES = 6000
"""Faces that enclosed cells are shared out to."""
_LINES = 256
"""Lines along which an enclosed space is looked through."""
_STEPS = np.arange(1, 61) * 5e-4
"""Depths at which thickness is probed [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """One part, object frame."""

    mark: int
    """Number of the part, from 1 by falling surface."""
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
    thickness: float
    """Median depth of material under its surface [m]."""
    hollow: float
    """Share of the shape that it bounds which is empty: 0 for a bar, near 1 for a cup."""
    openings: int
    """Ways out of the space that it encloses: 0 none or closed, 1 a cup, 2 a ring."""
    along: float
    """Place of its centre along the object's longest axis, -1 and 1 at the ends."""
    height: float
    """Place of its centre along the mesh's z axis, -1 at the bottom, 1 at the top."""
    offset: float
    """Distance of its centre from the object's longest axis, over half the object's width."""

    @property
    def elongation(self) -> float:
        """Length over width."""
        return float(self.extents[0] / max(self.extents[1], 1e-9))

    @property
    def ring(self) -> bool:
        """Whether a finger or a stick could pass through it."""
        return self.openings >= 2


def describe(
    vertices: np.ndarray,
    faces: np.ndarray,
    labels: np.ndarray,
    names: dict[int, str],
    inner: np.ndarray,
) -> tuple[Part, ...]:
    """The traits of every part.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        labels: mark of each face, 1 to p, (f,).
        names: names by mark, where the asset gives any.
        inner: thickness [m], hollowness and openings of each part, (p, 3), see `inner_traits`.
    """
    corners = vertices[faces]
    _, area = facets(vertices, faces)
    center, axes, _ = _frame(corners, area)
    spread = (corners.reshape(-1, 3) - center) @ axes
    low, high = spread.min(axis=0), spread.max(axis=0)
    floor, top = corners[..., 2].min(), corners[..., 2].max()
    parts = []
    for mark in range(1, int(labels.max()) + 1):
        mine = np.flatnonzero(labels == mark)
        centroid, own_axes, extents = _frame(corners[mine], area[mine])
        place = (centroid - center) @ axes
        parts.append(
            Part(
                mark=mark,
                name=names.get(mark),
                faces=mine,
                area=float(area[mine].sum()),
                area_share=float(area[mine].sum() / area.sum()),
                centroid=centroid,
                axes=own_axes,
                extents=extents,
                thickness=float(inner[mark - 1, 0]),
                hollow=float(inner[mark - 1, 1]),
                openings=int(inner[mark - 1, 2]),
                along=float(2 * (place[0] - low[0]) / max(high[0] - low[0], 1e-9) - 1),
                height=float(2 * (centroid[2] - floor) / max(top - floor, 1e-9) - 1),
                offset=float(np.linalg.norm(place[1:]) / max((high[1] - low[1]) / 2, 1e-9)),
            )
        )
    return tuple(parts)


def inner_traits(
    vertices: np.ndarray,
    faces: np.ndarray,
    labels: np.ndarray,
    distance: np.ndarray,
    lattice: Lattice,
    shape: Filled,
) -> np.ndarray:
    """Thickness [m], hollowness and openings of each part, (p, 3).

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        labels: mark of each face, 1 to p, (f,).
        distance: signed distances at the cells of `lattice`, (n,) [m].
        lattice: the cells.
        shape: the object's filled shape.
    """
    count = int(labels.max())
    normal, area = facets(vertices, faces)
    middle = vertices[faces].mean(axis=1)
    probe = np.random.default_rng(0).permutation(len(middle))[:_MIDDLES]
    _, nearest = scipy.spatial.cKDTree(middle[probe]).query(
        shape.lattice.points(np.flatnonzero(shape.filled))
    )
    face = probe[nearest]
    owner = np.zeros(shape.filled.shape, np.int64)
    owner[shape.filled] = labels[face]
    empty = shape.filled & ~shape.solid
    cells = np.bincount(owner[shape.filled], minlength=count + 1)
    void = np.bincount(owner[empty], minlength=count + 1)
    openings = _openings(shape, owner, count)
    result = np.zeros((count, 3))
    rng = np.random.default_rng(0)
    for mark in range(1, count + 1):
        mine = np.flatnonzero(labels == mark)
        weight = area[mine] / area[mine].sum()
        probe = rng.choice(mine, min(400, len(mine)), p=weight)
        points = middle[probe][:, None] - _STEPS[:, None] * normal[probe][:, None]
        outside = distance[lattice.nearest(points)] > 0
        outside &= 2 * lattice.spacing < _STEPS
        through = np.where(outside.any(axis=1), outside.argmax(axis=1), len(_STEPS) - 1)
        thickness = float(np.median(_STEPS[through]))
        hollow = void[mark] / max(cells[mark], 1)
        result[mark - 1] = thickness, hollow, openings[mark]
    return result


def _openings(shape: Filled, owner: np.ndarray, count: int) -> np.ndarray:
    """Ways out of the enclosed spaces of each part, the most that one has, (count + 1,).

    From the middle of a space rays go both ways along many lines: a line that is free both ways
    runs through a ring, one that is free one way comes out of a cup.
    """
    result = np.zeros(count + 1, np.int64)
    lines = sphere(2 * _LINES)[:_LINES]
    steps = np.arange(1, max(shape.solid.shape))[:, None, None]
    limit = np.asarray(shape.solid.shape) - 1
    for mark in range(1, count + 1):
        label, spaces = ndimage.label(shape.filled & ~shape.solid & (owner == mark))
        sizes = np.bincount(label.reshape(-1), minlength=spaces + 1)[1:]
        for space in 1 + np.flatnonzero(sizes >= max(_SPACE, 0.1 * sizes.max(initial=0))):
            cells = np.argwhere(label == space)
            middle = cells[np.argmin(np.sum((cells - cells.mean(axis=0)) ** 2, axis=-1))]
            free = []
            for way in (lines, -lines):
                cell = np.clip(np.rint(middle + steps * way).astype(np.int64), 0, limit)
                free.append(~shape.solid[cell[..., 0], cell[..., 1], cell[..., 2]].any(axis=0))
            ways = 2 if np.any(free[0] & free[1]) else int(np.any(free[0] | free[1]))
            result[mark] = max(result[mark], ways)
    return result


def _frame(corners: np.ndarray, area: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centroid (3,), principal axes as columns (3, 3) and extents (3,) of triangles (f, 3, 3)."""
    weight = area / max(area.sum(), 1e-30)
    centroid = weight @ corners.mean(axis=1)
    points = corners.reshape(-1, 3) - centroid
    _, axes = np.linalg.eigh((points * np.repeat(weight, 3)[:, None]).T @ points)
    axes = axes[:, ::-1]
    extents = np.ptp(points @ axes, axis=0)
    order = np.argsort(-extents, kind="stable")
    axes = axes[:, order]
    if np.linalg.det(axes) < 0:
        axes = np.concatenate([axes[:, :2], -axes[:, 2:]], axis=1)
    return centroid, axes, extents[order]
