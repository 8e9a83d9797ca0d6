"""Convex decomposition by cutting where it pays and merging what fits.

The aim is what a grasp needs: the surface of the union of the pieces lies close to the mesh. So
a hull costs what it adds outside the mesh, read off the distance field at its facets,

    cost = integral over its surface of d+ + d+^2 / s,      d+ = max(d, 0), s = 2 mm,

where the square keeps cavities open. The point set of the solid is cut by the plane that lowers
the cost most, best first, into several times the pieces asked for; then neighbours whose common
hull costs least are merged until the budget is met and merging on would cost more than a
tolerance. At last vertices of facets that lie outside move inwards, so that a concave wall is
hit on average and not only from one side.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.geometry.surface_sampling import facets, scatter
from zdg_jax.objects import convex
from zdg_jax.objects.cutting import (
    Group,
    PointSolid,
    RoughHull,
    cut_best_first,
    merge_cheapest_first,
)
from zdg_jax.objects.distance_fields import VoxelGrid

_SCALE = 2e-3
"""Distance at which the square in the cost weighs as much as the linear term [m]."""
_TOLERANCE = 1e-4
"""Mean distance over the surface that one more merge may add below the budget [m]."""
_OVERSPLIT = 4
"""Pieces that cutting makes for each piece of the budget."""
_SURFACE, _VERTICES, _INTERIOR = 12_000, 6_000, 8_000
"""Points that stand for the solid: on its surface, of its mesh, inside."""
_PROBES = 250
"""Points of a set by which candidate cuts are judged."""
_FEWEST = 12
"""A set of fewer points is not cut."""


def decompose(
    vertices: np.ndarray,
    faces: np.ndarray,
    distance: np.ndarray,
    voxels: VoxelGrid,
    *,
    pieces: int,
    piece_vertices: int,
) -> tuple[convex.ConvexPiece, ...]:
    """Convex pieces whose union's surface lies close to the mesh.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        distance: signed distances of the mesh at the cells of `voxels`, (n,) [m].
        voxels: the cells.
        pieces: most pieces.
        piece_vertices: most vertices of a piece.
    """
    surface, area = _surface(vertices, faces)
    inside = np.flatnonzero(distance < -0.2 * voxels.spacing)
    if len(inside) > _INTERIOR:
        inside = np.random.default_rng(0).choice(inside, _INTERIOR, replace=False)
    solid = PointSolid(
        np.concatenate([surface, voxels.points(inside)]),
        distance,
        voxels,
        overlap=float(np.sqrt(area / len(surface))),
        scale=_SCALE,
    )
    sets = _merge(solid, _cut(solid, _OVERSPLIT * pieces, area), pieces, area)
    limited = [convex.limited(solid.points[members], piece_vertices) for members in sets]
    return tuple(_balance(solid, piece) for piece in limited)


def _cut(solid: PointSolid, count: int, area: float) -> list[np.ndarray]:
    """Index sets of the point set, cut best first into up to `count`."""

    def halve(members: np.ndarray, cost: float) -> list[Group]:
        if cost < 0.2 * _TOLERANCE * area:
            return []
        return _halves(solid, members)

    return cut_best_first(solid, count, halve)


def _halves(solid: PointSolid, members: np.ndarray) -> list[Group]:
    """The two sides of the cheapest cut; [] where there is none."""
    cut = solid.best_cut(members, probes=_PROBES, levels=3)
    if cut is None:
        return []
    along = solid.points[members] @ cut.direction
    sides = (
        members[along <= cut.level + solid.overlap / 2],
        members[along >= cut.level - solid.overlap / 2],
    )
    if not all(_FEWEST <= len(side) < len(members) for side in sides):
        return []
    hulls = [solid.hull(solid.points[side]) for side in sides]
    groups = [
        Group(members=side, hull=hull)
        for side, hull in zip(sides, hulls, strict=True)
        if hull is not None
    ]
    return groups if len(groups) == 2 else []


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class _BoxedGroup(Group):
    """A group and its bounding box, somewhat larger than it."""

    low: np.ndarray
    """(3,) [m]."""
    high: np.ndarray
    """(3,) [m]."""

    @classmethod
    def of(cls, solid: PointSolid, members: np.ndarray, hull: RoughHull) -> _BoxedGroup:
        points = solid.points[members]
        low, high = points.min(axis=0) - solid.overlap, points.max(axis=0) + solid.overlap
        return cls(members=members, hull=hull, low=low, high=high)

    def meets(self, other: _BoxedGroup) -> bool:
        """Returns whether the boxes overlap."""
        return bool(np.all(self.low <= other.high) and np.all(other.low <= self.high))


def _merge(
    solid: PointSolid, sets: Sequence[np.ndarray], budget: int, area: float
) -> list[np.ndarray]:
    """Merges index sets, cheapest common hull first."""
    hulls = [solid.hull(solid.points[members]) for members in sets]
    groups = [
        _BoxedGroup.of(solid, members, hull)
        for members, hull in zip(sets, hulls, strict=True)
        if hull is not None
    ]
    if not groups:
        return list(sets)

    def price(extra: float, *_: object) -> tuple[float, float]:
        return extra, 0.0

    def join(one: _BoxedGroup, other: _BoxedGroup, common: RoughHull) -> _BoxedGroup:
        return _BoxedGroup.of(solid, np.union1d(one.members, other.members), common)

    merged = merge_cheapest_first(
        solid,
        groups,
        close=_BoxedGroup.meets,
        price=price,
        join=join,
        enough=lambda extra, count: count <= budget and extra > _TOLERANCE * area,
    )
    return [group.members for group in merged]


def _balance(solid: PointSolid, piece: convex.ConvexPiece) -> convex.ConvexPiece:
    """Moves vertices of facets that lie outside the mesh inwards, at most 1.5 mm."""
    limit, rate = 1.5e-3, 0.6
    vertices, faces = piece.vertices.copy(), piece.faces
    for _ in range(3):
        normal, area = facets(vertices, faces)
        probes = (_BARYCENTRIC @ vertices[faces]).reshape(-1, 3)
        out = np.maximum(solid.distance(probes), 0).reshape(len(faces), -1)
        depth = np.minimum(out.mean(axis=1), limit)
        depth[depth < 1e-4] = 0
        push, weight = np.zeros_like(vertices), np.zeros(len(vertices))
        for corner in range(3):
            np.add.at(push, faces[:, corner], (area * depth)[:, None] * normal)
            np.add.at(weight, faces[:, corner], area * (depth > 0))
        vertices -= rate * push / np.maximum(weight, 1e-30)[:, None]
        moved = vertices - piece.vertices
        size = np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-12)
        vertices = piece.vertices + moved * np.minimum(1, limit / size)
    return convex.hull(vertices)


def _surface(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, float]:
    """Points (n, 3) of the surface, corners of the mesh among them, and half its area [m^2].

    Half: the two sides of a wall make one sheet.
    """
    rng = np.random.default_rng(0)
    points, _ = scatter(vertices, faces, _SURFACE, rng)
    _, area = facets(vertices, faces)
    used = np.unique(faces)
    corners = vertices[rng.permutation(used)[:_VERTICES]]
    return np.concatenate([points, corners]), float(area.sum() / 2)


_BARYCENTRIC = np.array(
    [
        [1 / 3, 1 / 3, 1 / 3],
        [0.6, 0.2, 0.2],
        [0.2, 0.6, 0.2],
        [0.2, 0.2, 0.6],
        [0.8, 0.1, 0.1],
        [0.1, 0.8, 0.1],
        [0.1, 0.1, 0.8],
    ]
)
