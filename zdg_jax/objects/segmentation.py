"""Parts from geometry: pieces of the filled shape that are each nearly convex.

Parts meet where the hull of the whole leaves air: between a mug and its handle, a hammer's head
and its shaft, a bottle's body and its cap (the minima rule of Hoffman and Richards, 1984, in the
form of approximate convex decomposition; Lien and Amato, 2007). The filled shape is cut by the
plane that rids its hull of most air, as long as that air, spread over the smaller side, is deep
for the side's size; then neighbours that leave little air between them are merged again.
"""

from __future__ import annotations

import dataclasses
import heapq

import numpy as np
import scipy.spatial
from scipy import ndimage

from zdg_jax.objects import filling
from zdg_jax.objects.filling import Filled
from zdg_jax.objects.solids import RoughHull, Solid


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """When a cut makes a part."""

    air: float = 0.03
    """Air that a merge may leave and half a cut must rid, over the smaller side's surface^1.5.

    Between 0.018 and 0.035 the mean overlap with hand-made parts moves by 0.03 only."""
    depth: float = 0.2
    """Mean depth of that air over the smaller side's surface, in cells of the lattice."""
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
    lattice: filling.Lattice,
    config: Config | None = None,
) -> np.ndarray:
    """Marks every face with the part it belongs to.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        distance: signed distances at the cells of `lattice`, (n,) [m].
        lattice: the cells.
        config: when a cut makes a part.

    Returns:
        Marks from 1 by falling surface, (f,) int32.
    """
    config = config or Config()
    used = vertices[np.unique(faces)]
    filled = filling.fill(distance, lattice, used.min(axis=0), used.max(axis=0))
    solid = _points(filled)
    groups = _merge(solid, _cut(solid, config), config, filled.lattice.spacing)
    owner = np.empty(len(solid.points), np.int64)
    for mark, members in enumerate(groups):
        owner[members] = mark
    middle = vertices[faces].mean(axis=1)
    _, nearest = scipy.spatial.cKDTree(solid.points).query(middle)
    return _by_area(vertices, faces, owner[nearest])


def _points(shape: Filled) -> Solid:
    """The filled shape as points in its distance field."""
    spacing = shape.lattice.spacing
    out = ndimage.distance_transform_edt(~shape.filled)
    into = ndimage.distance_transform_edt(shape.filled)
    distance = spacing * np.where(shape.filled, 0.5 - into, out - 0.5)
    rng = np.random.default_rng(0)
    inner = ndimage.binary_erosion(shape.filled)
    chosen = []
    for cells, most in ((shape.filled & ~inner, _SHELL), (inner, _INNER)):
        index = np.flatnonzero(cells)
        chosen.append(rng.choice(index, most, replace=False) if len(index) > most else index)
    points = shape.lattice.points(np.concatenate(chosen))
    return Solid(points, distance, shape.lattice, overlap=spacing, slack=0.5 * spacing)


def _air(extra: float, first: RoughHull, second: RoughHull, config: Config, cell: float) -> float:
    """Air between two hulls relative to the smaller one, 0 where it is shallower than cells."""
    smaller = min(first.area, second.area)
    return extra / smaller**1.5 if extra / smaller > config.depth * cell else 0.0


def _cut(solid: Solid, config: Config) -> list[np.ndarray]:
    """Index sets of the points, cut where that rids the most air."""
    whole = solid.hull(solid.points)
    everything = np.arange(len(solid.points))
    if whole is None:
        return [everything]
    queue = [(-whole.cost, 0, everything)]
    finished: list[np.ndarray] = []
    serial = 0
    while queue and len(queue) + len(finished) < config.most:
        _, _, members = heapq.heappop(queue)
        least = config.least_share * whole.area
        cut = solid.best_cut(members, probes=700, levels=9, least=least, refine=4)
        if cut is None or (
            _air(cut.before - cut.after, *cut.sides, config, solid.overlap) < 0.5 * config.air
        ):
            finished.append(members)
            continue
        below = solid.points[members] @ cut.direction <= cut.level
        for side in (members[below], members[~below]):
            shape = solid.hull(solid.points[side])
            serial += 1
            heapq.heappush(queue, (-shape.cost if shape else 0.0, serial, side))
    return finished + [members for _, _, members in queue]


def _merge(solid: Solid, sets: list[np.ndarray], config: Config, cell: float) -> list[np.ndarray]:
    """Merges neighbours that leave little air between them, least first, small ones first.

    Of two equal merges the smaller wins: the middle of a hammer's head goes to its ends before
    it goes to the shaft.
    """
    groups: dict[int, np.ndarray] = {}
    hulls: dict[int, RoughHull] = {}
    queue: list[tuple[int, float, int, int]] = []

    def add(name: int, members: np.ndarray) -> None:
        shape = solid.hull(solid.points[members])
        if shape is None:
            shape = RoughHull(corners=solid.points[members], cost=0.0, area=1e-12)
        tree = scipy.spatial.cKDTree(solid.points[members])
        reach = 2.5 * cell
        for other, theirs in groups.items():
            gap, _ = tree.query(solid.points[theirs], distance_upper_bound=reach)
            if np.min(gap) > reach:
                continue
            common = solid.hull(np.concatenate([shape.corners, hulls[other].corners]))
            if common is not None:
                extra = common.cost - shape.cost - hulls[other].cost
                air = _air(extra, shape, hulls[other], config, cell)
                step = int(air / (_STEP * config.air))
                heapq.heappush(queue, (step, common.area, name, other))
        groups[name], hulls[name] = members, shape

    for members in sets:
        add(len(groups), members)
    name = len(groups)
    while queue:
        step, _, first, second = heapq.heappop(queue)
        if step >= 1 / _STEP:
            break
        if first in groups and second in groups:
            members = np.concatenate([groups.pop(first), groups.pop(second)])
            add(name, members)
            name += 1
    return list(groups.values())


def _by_area(vertices: np.ndarray, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Renumbers labels (f,) from 1 by falling surface; labels of no face vanish."""
    corner = vertices[faces]
    across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    _, compact = np.unique(labels, return_inverse=True)
    area = np.bincount(compact, np.linalg.norm(across, axis=-1))
    rank = np.empty(len(area), np.int32)
    rank[np.argsort(-area, kind="stable")] = np.arange(1, len(area) + 1)
    return rank[compact]
