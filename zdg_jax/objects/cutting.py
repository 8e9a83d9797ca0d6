"""Sets of points of a solid: rough hulls, what they add, where to cut, and what to merge."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import scipy.spatial

from zdg_jax.geometry.frames import square_to
from zdg_jax.geometry.surface_sampling import fibonacci_sphere
from zdg_jax.objects.distance_fields import VoxelGrid

_PROBES = np.array([[2, 2, 2], [3, 3, 0], [0, 3, 3], [3, 0, 3]]) / 6
"""Where the distance of a facet is taken: its middle and those of its edges, barycentric."""
_FINALISTS = 3
"""Cuts that are refined before the best of them is taken."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoughHull:
    """The convex hull of a few extreme points of a set."""

    corners: np.ndarray
    """(n, 3) [m]."""
    cost: float
    """Integral over its surface of what lies outside the solid, see `PointSolid`."""
    area: float
    """Its surface [m^2]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cut:
    """A plane n.x = level and what the hulls of the two sides are."""

    direction: np.ndarray
    """Unit normal, (3,)."""
    level: float
    """[m]."""
    before: float
    """Cost of the uncut set's hull."""
    sides: tuple[RoughHull, RoughHull]
    """Hulls of the sides below and above."""

    @property
    def after(self) -> float:
        """Cost of both sides."""
        return self.sides[0].cost + self.sides[1].cost


class PointSolid:
    """Points of a solid and its distance field.

    A hull costs the integral over its surface of d+ + d+^2 / scale, d+ = max(d - slack, 0).
    """

    def __init__(
        self,
        points: np.ndarray,
        distance: np.ndarray,
        voxels: VoxelGrid,
        *,
        overlap: float,
        slack: float = 0.0,
        scale: float = np.inf,
    ) -> None:
        """Shuffles the points, so that the first ones of any subset stand for it.

        Args:
            points: on the solid's surface and inside, (p, 3) [m].
            distance: signed distances at the cells of `voxels`, (n,) [m].
            voxels: the cells.
            overlap: both sides of a cut own the points within half of this of it [m].
            slack: distance from the solid that costs nothing [m].
            scale: distance at which the square weighs as much as the linear term [m].
        """
        self.points = points[np.random.default_rng(0).permutation(len(points))]
        self.overlap = overlap
        self._voxels, self._slack, self._scale = voxels, slack, scale
        self._distance = distance.reshape(-1).astype(np.float32)
        self._strides = np.array([voxels.shape[1] * voxels.shape[2], voxels.shape[2], 1.0])
        self._directions = np.concatenate([fibonacci_sphere(64), np.eye(3), -np.eye(3)])

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Signed distance at the cells nearest to points (n, 3), or to the grid's border [m]."""
        cell = np.rint((points - self._voxels.origin) * (1 / self._voxels.spacing))
        np.clip(cell, 0, np.array(self._voxels.shape) - 1, out=cell)
        return self._distance[(cell @ self._strides).astype(np.int64)]

    def hull(self, points: np.ndarray) -> RoughHull | None:
        """The hull of the points that are extreme in 70 directions; None if it has no volume."""
        if len(points) > len(self._directions):
            extreme = np.zeros(len(points), bool)
            extreme[(points @ self._directions.T).argmax(axis=0)] = True
            points = points[extreme]
        try:
            shape = scipy.spatial.ConvexHull(points)
        except (scipy.spatial.QhullError, ValueError):
            return None
        corner = points[shape.simplices]
        u, w = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        # by Lagrange's identity: a cross product costs as much as the hull
        uu, ww, uw = (np.einsum("ij,ij->i", a, b) for a, b in ((u, u), (w, w), (u, w)))
        area = 0.5 * np.sqrt(np.maximum(uu * ww - uw * uw, 0))
        probes = (_PROBES @ corner).reshape(-1, 3)
        out = np.maximum(self.distance(probes) - self._slack, 0).reshape(-1, 4).T
        return RoughHull(
            corners=points[shape.vertices],
            cost=float(area @ (out + out * out / self._scale).mean(axis=0)),
            area=float(area.sum()),
        )

    def best_cut(
        self, members: np.ndarray, *, probes: int, levels: int, least: float = 0, refine: int = 0
    ) -> Cut | None:
        """The plane whose two sides cost least, across principal, main and diagonal axes.

        Args:
            members: indices of the set among the points.
            probes: points of the set by which planes are judged.
            levels: planes across each axis.
            least: surface that the hull of either side must have [m^2].
            refine: halvings of the step by which the best planes are shifted and tilted.
        """
        points = self.points[members[:probes]]
        whole = self.hull(points)
        if whole is None:
            return None
        before = whole.cost

        def attempt(direction: np.ndarray, level: float) -> Cut | None:
            along = points @ direction
            hulls = []
            for half in (along <= level + self.overlap / 2, along >= level - self.overlap / 2):
                shape = self.hull(points[half]) if half.sum() >= 8 else None
                if shape is None or shape.area < least:
                    return None
                hulls.append(shape)
            sides = (hulls[0], hulls[1])
            return Cut(direction=direction, level=level, before=before, sides=sides)

        _, _, principal = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
        cuts: list[Cut] = []
        for direction in np.concatenate([principal, _AXES]):
            along = points @ direction
            tries = [
                attempt(direction, float(level))
                for level in np.linspace(along.min(), along.max(), levels + 2)[1:-1]
            ]
            cuts += sorted((cut for cut in tries if cut), key=lambda cut: cut.after)[:1]
        cuts.sort(key=lambda cut: cut.after)
        if not refine:
            return cuts[0] if cuts else None
        step = np.ptp(points, axis=0).max() / (levels + 1) / 2
        better = [self._refine(cut, points, attempt, step, refine) for cut in cuts[:_FINALISTS]]
        return min(better, key=lambda cut: cut.after, default=None)

    @staticmethod
    def _refine(
        cut: Cut,
        points: np.ndarray,
        attempt: Callable[[np.ndarray, float], Cut | None],
        step: float,
        halvings: int,
    ) -> Cut:
        """Shifts and tilts a plane as long as that lowers the cost, by ever smaller steps."""
        tilt = np.radians(12)
        for _ in range(halvings):
            near = np.abs(points @ cut.direction - cut.level) < step
            pivot = points[near].mean(axis=0) if near.any() else cut.level * cut.direction
            tries = [attempt(cut.direction, cut.level + shift) for shift in (-step, step)]
            for axis in square_to(cut.direction):
                for angle in (-tilt, tilt):
                    turned = np.cos(angle) * cut.direction + np.sin(angle) * axis
                    tries.append(attempt(turned, float(pivot @ turned)))
            cut = min([cut, *(new for new in tries if new)], key=lambda new: new.after)
            step, tilt = step / 2, tilt / 2
        return cut


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """Points of a solid that are treated as one piece."""

    members: np.ndarray
    """Their indices, (k,)."""
    hull: RoughHull
    """Their hull."""


GroupType = TypeVar("GroupType", bound=Group)


def cut_best_first(
    solid: PointSolid, most: int, halve: Callable[[np.ndarray, float], Sequence[Group]]
) -> list[np.ndarray]:
    """Cuts a solid, the set whose hull costs most first.

    Args:
        solid: the solid.
        most: sets at most.
        halve: gives the two sides of a set (k,) whose hull has a cost, or nothing where it should
            stay whole.

    Returns:
        Index sets that together hold all points.
    """
    everything = np.arange(len(solid.points))
    whole = solid.hull(solid.points)
    if whole is None:
        return [everything]
    queue = [(-whole.cost, 0, everything)]
    finished: list[np.ndarray] = []
    serial = 0
    while queue and len(queue) + len(finished) < most:
        cost, _, members = heapq.heappop(queue)
        sides = halve(members, -cost)
        if not sides:
            finished.append(members)
        for side in sides:
            serial += 1
            heapq.heappush(queue, (-side.hull.cost, serial, side.members))
    return finished + [members for _, _, members in queue]


def merge_cheapest_first(
    solid: PointSolid,
    groups: Sequence[GroupType],
    *,
    close: Callable[[GroupType, GroupType], bool],
    price: Callable[[float, RoughHull, GroupType, GroupType], tuple[float, float]],
    join: Callable[[GroupType, GroupType, RoughHull], GroupType],
    enough: Callable[[float, int], bool],
) -> list[GroupType]:
    """Merges neighbours until that costs too much.

    Args:
        solid: the solid.
        groups: what to merge.
        close: whether two groups are neighbours.
        price: of a merge, and what decides between equal prices, from what the common hull costs
            more than the two, the common hull and the groups.
        join: makes one group of two and their common hull.
        enough: whether to stop before a merge of some price while there are so many groups.
    """
    alive: dict[int, GroupType] = {}
    queue: list[tuple[tuple[float, float], int, int, RoughHull]] = []

    def add(name: int, group: GroupType) -> None:
        for other_name, other in alive.items():
            if not close(group, other):
                continue
            common = solid.hull(np.concatenate([group.hull.corners, other.hull.corners]))
            if common is not None:
                extra = common.cost - group.hull.cost - other.hull.cost
                cost = price(extra, common, group, other)
                heapq.heappush(queue, (cost, name, other_name, common))
        alive[name] = group

    for name, group in enumerate(groups):
        add(name, group)
    name = len(groups)
    while queue:
        (cost, _), first, second, common = heapq.heappop(queue)
        if first not in alive or second not in alive:
            continue
        if enough(cost, len(alive)):
            break
        add(name, join(alive.pop(first), alive.pop(second), common))
        name += 1
    return list(alive.values())


_AXES = np.concatenate(
    [
        np.eye(3),
        np.array([[1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1], [0, 1, 1], [0, 1, -1]]) / 2**0.5,
    ]
)
