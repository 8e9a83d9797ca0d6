"""Coarse parts: the filled shape as points, cut where that rids its hull of air, then merged."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence

import numpy as np
import scipy.spatial
from scipy import ndimage

from zdg_jax.objects.concavities import FilledShape
from zdg_jax.objects.cutting import (
    Group,
    PointSolid,
    RoughHull,
    cut_best_first,
    merge_cheapest_first,
)


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
_REACH = 2.5
"""Groups with points as close as this are neighbours [cells]."""


def point_solid(shape: FilledShape) -> PointSolid:
    """Makes points of a filled shape, in its distance field.

    Args:
        shape: the filled shape.
    """
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


def air_between(solid: PointSolid, one: RoughHull, other: RoughHull, config: Config) -> float:
    """Air that the common hull of two sets leaves besides theirs, as `Config.air` counts it.

    Args:
        solid: the points.
        one: hull of a set.
        other: hull of another.
        config: when a cut makes a part.
    """
    common = solid.hull(np.concatenate([one.corners, other.corners]))
    extra = common.cost - one.cost - other.cost if common else np.inf
    return _air(extra, one, other, config, solid.overlap)


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


def cut_apart(solid: PointSolid, config: Config) -> list[np.ndarray]:
    """Cuts points into sets of indices, where that rids their hull of most air.

    Args:
        solid: the points.
        config: when a cut makes a part.
    """
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


def merge_again(solid: PointSolid, sets: Sequence[np.ndarray], config: Config) -> list[np.ndarray]:
    """Merges neighbours that leave little air between them, least first, small ones first.

    Of two equal merges the smaller wins: the middle of a hammer's head goes to its ends before
    it goes to the shaft.

    Args:
        solid: the points.
        sets: indices of the points of each set.
        config: when a cut makes a part.
    """
    groups, _ = _merge_until(solid, sets, config, 1 / _STEP)
    return [group.members for group in groups]


def unions_of(solid: PointSolid, sets: Sequence[np.ndarray], config: Config) -> list[np.ndarray]:
    """Lists unions of pieces: those on the way to the whole, then pairs with little air.

    Args:
        solid: the points.
        sets: indices of the points of each piece.
        config: when a cut makes a part.
    """
    _, unions = _merge_until(solid, sets, config, np.inf)
    groups = [_PartGroup.of(solid, members) for members in sets]
    for one, other in itertools.combinations(groups, 2):
        if not _close(solid, one, other):
            continue
        if air_between(solid, one.hull, other.hull, config) < config.air:
            unions.append(np.concatenate([one.members, other.members]))
    return unions


def _close(solid: PointSolid, one: _PartGroup, other: _PartGroup) -> bool:
    """Tells whether two groups are neighbours."""
    reach = _REACH * solid.overlap
    gap, _ = one.tree.query(other.points, distance_upper_bound=reach)
    return bool(np.min(gap) <= reach)


def _merge_until(
    solid: PointSolid, sets: Sequence[np.ndarray], config: Config, most: float
) -> tuple[list[_PartGroup], list[np.ndarray]]:
    """Merges while the air is less than `most` steps; the rest, and every union on the way."""
    unions: list[np.ndarray] = []

    def price(
        extra: float, common: RoughHull, one: _PartGroup, other: _PartGroup
    ) -> tuple[float, float]:
        air = _air(extra, one.hull, other.hull, config, solid.overlap)
        return int(air / (_STEP * config.air)), common.area

    def join(one: _PartGroup, other: _PartGroup, common: RoughHull) -> _PartGroup:
        unions.append(np.concatenate([one.members, other.members]))
        return _PartGroup.of(solid, unions[-1])

    groups = merge_cheapest_first(
        solid,
        [_PartGroup.of(solid, members) for members in sets],
        close=lambda one, other: _close(solid, one, other),
        price=price,
        join=join,
        enough=lambda step, count: step >= most,
    )
    return groups, unions
