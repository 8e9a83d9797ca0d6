"""Parts from geometry: pieces of the filled shape that are each nearly convex.

Parts meet where the hull of the whole leaves air: between a mug and its handle, a hammer's head
and its shaft, a bottle's body and its cap (the minima rule of Hoffman and Richards, 1984, in the
form of approximate convex decomposition; Lien and Amato, 2007). The filled shape is cut by the
plane that rids its hull of most air, as long as that air, spread over the smaller side, is deep
for the side's size; then neighbours that leave little air between them are merged again.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import scipy.spatial
from scipy import ndimage

from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.objects.concavities import FilledShape, fill_concavities
from zdg_jax.objects.cutting import (
    Group,
    PointSolid,
    RoughHull,
    cut_best_first,
    merge_cheapest_first,
)
from zdg_jax.objects.distance_fields import VoxelGrid


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """When a cut makes a part."""

    air: float = 0.03
    """Air that a merge may leave and half a cut must rid, over the smaller side's surface^1.5.

    Between 0.018 and 0.035 the mean overlap with hand-made parts moves by 0.03 only."""
    depth: float = 0.2
    """Mean depth of that air over the smaller side's surface, in voxels."""
    least_share: float = 0.03
    """Surface of a part's hull, of that of the whole."""
    most: int = 16
    """Parts at most before merging."""


_STEP = 0.25
"""Merges whose air differs by less than this share of the limit count as equal."""
_SHELL, _INNER = 9_000, 3_000
"""Points that stand for the filled shape: of its outermost cells, inside."""


def segment(
    vertices: np.ndarray,
    faces: np.ndarray,
    distance: np.ndarray,
    voxels: VoxelGrid,
    config: Config | None = None,
) -> np.ndarray:
    """Marks every face with the part it belongs to.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        distance: signed distances at the cells of `voxels`, (n,) [m].
        voxels: the cells.
        config: when a cut makes a part.

    Returns:
        Marks from 1 by falling surface, (f,) int32.
    """
    config = config or Config()
    used = vertices[np.unique(faces)]
    filled = fill_concavities(distance, voxels, used.min(axis=0), used.max(axis=0))
    solid = _points(filled)
    groups = _merge(solid, _cut(solid, config), config)
    owner = np.empty(len(solid.points), np.int64)
    for mark, members in enumerate(groups):
        owner[members] = mark
    middle = vertices[faces].mean(axis=1)
    _, nearest = scipy.spatial.cKDTree(solid.points).query(middle)
    return _by_area(vertices, faces, owner[nearest])


def _points(shape: FilledShape) -> PointSolid:
    """The filled shape as points in its distance field."""
    spacing = shape.voxels.spacing
    out = ndimage.distance_transform_edt(~shape.filled)
    into = ndimage.distance_transform_edt(shape.filled)
    distance = spacing * np.where(shape.filled, 0.5 - into, out - 0.5)
    rng = np.random.default_rng(0)
    inner = ndimage.binary_erosion(shape.filled)
    chosen = []
    for cells, most in ((shape.filled & ~inner, _SHELL), (inner, _INNER)):
        index = np.flatnonzero(cells)
        chosen.append(rng.choice(index, most, replace=False) if len(index) > most else index)
    points = shape.voxels.points(np.concatenate(chosen))
    return PointSolid(points, distance, shape.voxels, overlap=spacing, slack=0.5 * spacing)


def _air(extra: float, first: RoughHull, second: RoughHull, config: Config, cell: float) -> float:
    """Air between two hulls relative to the smaller one, 0 where it is shallower than cells."""
    smaller = min(first.area, second.area)
    return extra / smaller**1.5 if extra / smaller > config.depth * cell else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _PartGroup(Group):
    """Points that may become a part."""

    points: np.ndarray
    """Their places, (k, 3) [m]."""

    @classmethod
    def of(cls, solid: PointSolid, members: np.ndarray) -> _PartGroup:
        """A group of points; one without volume has a hull that costs nothing."""
        points = solid.points[members]
        hull = solid.hull(points) or RoughHull(corners=points, cost=0.0, area=1e-12)
        return cls(members=members, hull=hull, points=points)

    @functools.cached_property
    def tree(self) -> scipy.spatial.cKDTree:
        """The points, ready for searches."""
        return scipy.spatial.cKDTree(self.points)


def _cut(solid: PointSolid, config: Config) -> list[np.ndarray]:
    """Index sets of the points, cut where that rids the most air."""
    whole = solid.hull(solid.points)
    least = config.least_share * whole.area if whole else 0.0

    def halve(members: np.ndarray, cost: float) -> list[_PartGroup]:
        cut = solid.best_cut(members, probes=700, levels=9, least=least, refine=4)
        if cut is None or (
            _air(cut.before - cut.after, *cut.sides, config, solid.overlap) < 0.5 * config.air
        ):
            return []
        below = solid.points[members] @ cut.direction <= cut.level
        return [_PartGroup.of(solid, side) for side in (members[below], members[~below])]

    return cut_best_first(solid, config.most, halve)


def _merge(solid: PointSolid, sets: Sequence[np.ndarray], config: Config) -> list[np.ndarray]:
    """Merges neighbours that leave little air between them, least first, small ones first.

    Of two equal merges the smaller wins: the middle of a hammer's head goes to its ends before
    it goes to the shaft.
    """
    cell = solid.overlap
    reach = 2.5 * cell

    def close(one: _PartGroup, other: _PartGroup) -> bool:
        gap, _ = one.tree.query(other.points, distance_upper_bound=reach)
        return bool(np.min(gap) <= reach)

    def price(
        extra: float, common: RoughHull, one: _PartGroup, other: _PartGroup
    ) -> tuple[float, float]:
        air = _air(extra, one.hull, other.hull, config, cell)
        return int(air / (_STEP * config.air)), common.area

    def join(one: _PartGroup, other: _PartGroup, common: RoughHull) -> _PartGroup:
        return _PartGroup.of(solid, np.concatenate([one.members, other.members]))

    groups = merge_cheapest_first(
        solid,
        [_PartGroup.of(solid, members) for members in sets],
        close=close,
        price=price,
        join=join,
        enough=lambda step, count: step >= 1 / _STEP,
    )
    return [group.members for group in groups]


def _by_area(vertices: np.ndarray, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Renumbers labels (f,) from 1 by falling surface; labels of no face vanish."""
    _, compact = np.unique(labels, return_inverse=True)
    area = np.bincount(compact, facets(vertices, faces)[1])
    rank = np.empty(len(area), np.int32)
    rank[np.argsort(-area, kind="stable")] = np.arange(1, len(area) + 1)
    return rank[compact]
