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

import heapq

import numpy as np
import scipy.spatial

from zdg_jax.objects import convex
from zdg_jax.objects.fields import Lattice

_SCALE = 2e-3
"""Distance at which the square in the cost weighs as much as the linear term [m]."""
_TOLERANCE = 1e-4
"""Mean distance over the surface that one more merge may add below the budget [m]."""
_OVERSPLIT = 6
"""Pieces that cutting makes for each piece of the budget."""
_SURFACE, _VERTICES, _INTERIOR = 12_000, 6_000, 8_000
"""Points that stand for the solid: on its surface, of its mesh, inside."""
_PROBES = 250
"""Points of a set by which candidate cuts are judged."""
_FEWEST = 12
"""A set of fewer points is not cut."""


class _Solid:
    """Points of a solid, its distance field, and the cost of hulls in it."""

    def __init__(self, distance: np.ndarray, lattice: Lattice, surface: np.ndarray, area: float):
        rng = np.random.default_rng(0)
        inside = np.flatnonzero(distance < -0.2 * lattice.spacing)
        if len(inside) > _INTERIOR:
            inside = rng.choice(inside, _INTERIOR, replace=False)
        points = np.concatenate([surface, lattice.points(inside)])
        self.points = points[rng.permutation(len(points))]
        self.area = area
        self.overlap = float(np.sqrt(area / len(surface)))
        """Neighbouring sets share the points within this distance of their cut [m]."""
        self.directions = np.concatenate([_sphere(64), np.eye(3), -np.eye(3)])
        self._distance = distance.astype(np.float32)
        self._lattice = lattice
        self._strides = np.array(
            [lattice.shape[1] * lattice.shape[2], lattice.shape[2], 1], np.int64
        )

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Signed distance of the mesh at the cells nearest to points (n, 3)."""
        cell = np.rint((points - self._lattice.origin) / self._lattice.spacing).astype(np.int64)
        np.clip(cell, 0, np.asarray(self._lattice.shape) - 1, out=cell)
        return self._distance[cell @ self._strides]

    def hull(self, points: np.ndarray) -> tuple[np.ndarray, float] | None:
        """Corners (n, 3) and cost of a rough hull of points; None where it has no volume."""
        if len(points) > len(self.directions):
            points = points[np.unique((points @ self.directions.T).argmax(axis=0))]
        try:
            shape = scipy.spatial.ConvexHull(points)
        except (scipy.spatial.QhullError, ValueError):
            return None
        corner = points[shape.simplices]
        u, w = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
        area = 0.5 * np.linalg.norm(np.cross(u, w), axis=-1)
        probes = np.concatenate(
            [
                corner.mean(axis=1),
                (corner[:, 0] + corner[:, 1]) / 2,
                (corner[:, 1] + corner[:, 2]) / 2,
                (corner[:, 2] + corner[:, 0]) / 2,
            ]
        )
        out = np.maximum(self.distance(probes), 0).reshape(4, -1)
        return points[shape.vertices], float(area @ (out + out * out / _SCALE).mean(axis=0))


def decompose(
    vertices: np.ndarray,
    faces: np.ndarray,
    distance: np.ndarray,
    lattice: Lattice,
    *,
    pieces: int,
    piece_vertices: int,
) -> tuple[convex.ConvexPiece, ...]:
    """Convex pieces whose union's surface lies close to the mesh.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        distance: signed distances of the mesh at the cells of `lattice`, (n,) [m].
        lattice: the cells.
        pieces: most pieces.
        piece_vertices: most vertices of a piece.
    """
    surface, area = _surface(vertices, faces)
    solid = _Solid(distance, lattice, surface, area)
    sets = _merge(solid, _cut(solid, _OVERSPLIT * pieces), pieces)
    limited = [convex.limited(solid.points[members], piece_vertices) for members in sets]
    return tuple(_balance(solid, piece) for piece in limited)


def _cut(solid: _Solid, count: int) -> list[np.ndarray]:
    """Index sets of the point set, cut best first into up to `count`."""
    everything = np.arange(len(solid.points))
    first = solid.hull(solid.points)
    if first is None:
        return [everything]
    queue = [(-first[1], 0, everything)]
    finished: list[np.ndarray] = []
    serial = 0
    while queue and len(queue) + len(finished) < count:
        cost, _, members = heapq.heappop(queue)
        if -cost < 0.2 * _TOLERANCE * solid.area:
            finished.append(members)
            continue
        halves = _best_cut(solid, members)
        hulls = [solid.hull(solid.points[half]) for half in halves]
        if len(halves) < 2 or any(h is None for h in hulls):
            finished.append(members)
            continue
        for half, shape in zip(halves, hulls, strict=True):
            assert shape is not None
            serial += 1
            heapq.heappush(queue, (-shape[1], serial, half))
    return finished + [members for _, _, members in queue]


def _best_cut(solid: _Solid, members: np.ndarray) -> list[np.ndarray]:
    """The two halves of the cheapest cut among planes across twelve directions; [] if none."""
    probes = solid.points[members[:_PROBES]]
    _, _, principal = np.linalg.svd(probes - probes.mean(axis=0), full_matrices=False)
    best: tuple[float, np.ndarray, float] | None = None
    for direction in np.concatenate([principal, _DIRECTIONS]):
        along = probes @ direction
        low, high = along.min(), along.max()
        for share in (0.25, 0.5, 0.75):
            level = low + share * (high - low)
            halves = (along <= level + solid.overlap / 2, along >= level - solid.overlap / 2)
            hulls = [solid.hull(probes[half]) if half.sum() >= 8 else None for half in halves]
            if hulls[0] is None or hulls[1] is None:
                continue
            cost = hulls[0][1] + hulls[1][1]
            if best is None or cost < best[0]:
                best = (cost, direction, level)
    if best is None:
        return []
    along = solid.points[members] @ best[1]
    halves = (along <= best[2] + solid.overlap / 2, along >= best[2] - solid.overlap / 2)
    parts = [members[half] for half in halves]
    smaller = all(_FEWEST <= len(part) < len(members) for part in parts)
    return parts if smaller else []


def _merge(solid: _Solid, sets: list[np.ndarray], budget: int) -> list[np.ndarray]:
    """Merges index sets, cheapest common hull first."""
    groups: dict[int, np.ndarray] = {}
    hulls: dict[int, tuple[np.ndarray, float]] = {}
    boxes: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    queue: list[tuple[float, int, int, int, tuple[np.ndarray, float]]] = []

    def add(name: int, members: np.ndarray, shape: tuple[np.ndarray, float]) -> None:
        low = solid.points[members].min(axis=0) - solid.overlap
        high = solid.points[members].max(axis=0) + solid.overlap
        for other, (other_low, other_high) in boxes.items():
            if np.all(low <= other_high) and np.all(other_low <= high):
                common = solid.hull(np.concatenate([shape[0], hulls[other][0]]))
                if common is not None:
                    extra = common[1] - shape[1] - hulls[other][1]
                    heapq.heappush(queue, (extra, len(queue), name, other, common))
        groups[name], hulls[name], boxes[name] = members, shape, (low, high)

    for members in sets:
        shape = solid.hull(solid.points[members])
        if shape is not None:
            add(len(groups), members, shape)
    if not groups:
        return sets
    name = len(groups)
    while queue:
        extra, _, first, second, common = heapq.heappop(queue)
        if first not in groups or second not in groups:
            continue
        if len(groups) <= budget and extra > _TOLERANCE * solid.area:
            break
        members = np.union1d(groups.pop(first), groups.pop(second))
        for old in (first, second):
            del hulls[old], boxes[old]
        add(name, members, common)
        name += 1
    return list(groups.values())


def _balance(solid: _Solid, piece: convex.ConvexPiece) -> convex.ConvexPiece:
    """Moves vertices of facets that lie outside the mesh inwards, at most 1.5 mm."""
    limit, rate = 1.5e-3, 0.6
    vertices, faces = piece.vertices.copy(), piece.faces
    for _ in range(3):
        normal, area = convex.facets(vertices, faces)
        probes = np.einsum("sk,fkd->fsd", _BARYCENTRIC, vertices[faces])
        out = np.maximum(solid.distance(probes.reshape(-1, 3)), 0).reshape(len(faces), -1)
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
    _, area = convex.facets(vertices, faces)
    total = np.cumsum(area)
    level = (np.arange(_SURFACE) + rng.random(_SURFACE)) / _SURFACE * total[-1]
    face = np.minimum(np.searchsorted(total, level, side="right"), len(faces) - 1)
    r, s = np.sqrt(rng.random(_SURFACE)), rng.random(_SURFACE)
    weights = np.stack([1 - r, r * (1 - s), r * s], axis=-1)
    points = np.einsum("nk,nkd->nd", weights, vertices[faces[face]])
    used = np.unique(faces)
    corners = vertices[rng.permutation(used)[:_VERTICES]]
    return np.concatenate([points, corners]), float(total[-1] / 2)


def _sphere(count: int) -> np.ndarray:
    """Evenly spread unit vectors (count, 3), by the golden spiral."""
    height = 1 - 2 * (np.arange(count) + 0.5) / count
    angle = np.pi * (1 + 5**0.5) * (np.arange(count) + 0.5)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), height], axis=-1)


_DIRECTIONS = np.concatenate(
    [
        np.eye(3),
        np.array([[1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1], [0, 1, 1], [0, 1, -1]]) / 2**0.5,
    ]
)
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
