"""Distance grids from triangles: exact near the surface, signs that survive holes.

Magnitudes come from the exact closest point. Signs come from the generalized winding number
(Jacobson et al., SIGGRAPH 2013, in the fast form of Barill et al., 2018), which stays right on
open, self-intersecting and inconsistently oriented meshes; it is evaluated only where the sign
can change from one cell to the next, and once for every region that no surface crosses.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import igl
import numpy as np
from scipy import ndimage

from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.objects.convex import ConvexPiece
from zdg_jax.runtime.arrays import floats, integers

CELLS = 2**20
"""Rows of a mesh's or a collision grid."""
REGION_CELLS = 2**17
"""Rows of the grid of a set of parts."""
PADDING = 0.01
"""Metres between the mesh's box and the grid's: the closest surface point of every cell on the
grid's border then lies far enough away to extrapolate from."""

_EXACT_BAND = 5.0
"""Spacings from the surface within which every cell gets its exact distance."""

_PLUGS = (0.51, 1.5, 3.0, 6.0, 12.0)
"""Spacings from the surface within which cells are asked one by one, until no region leaks."""
_PROBES = 1000
"""Cells asked for the sign of a region."""

InsideTest = Callable[[np.ndarray], np.ndarray]
"""Points (n, 3) [m] -> whether each is inside, (n,) bool."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VoxelGrid:
    """A grid of cells whose centres are origin + spacing * (i, j, k)."""

    origin: np.ndarray
    """(3,) [m]."""
    spacing: float
    """[m]."""
    shape: tuple[int, int, int]
    """Cells along each axis, odd numbers."""

    @staticmethod
    def around(low: np.ndarray, high: np.ndarray, cells: int) -> VoxelGrid:
        """Makes the finest grid over a box, padded by `PADDING`.

        Args:
            low: lower corner of the box, (3,) [m].
            high: upper corner, (3,) [m].
            cells: cells at most.
        """
        size = np.asarray(high - low, float) + 2 * PADDING
        spacing = float((np.prod(size) / cells) ** (1 / 3))
        while True:
            half = np.ceil(size / (2 * spacing)).astype(int)
            shape = 2 * half + 1
            if np.prod(shape) <= cells:
                break
            spacing *= 1.005
        middle = (np.asarray(low, float) + high) / 2
        return VoxelGrid(
            origin=middle - half * spacing,
            spacing=spacing,
            shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        )

    def points(self, index: np.ndarray) -> np.ndarray:
        """Centres (n, 3) [m] of cells given by flat index (n,)."""
        return self.origin + self.spacing * np.stack(np.unravel_index(index, self.shape), axis=-1)

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """Flat indices (*b) of the cells nearest to points (*b, 3) [m]."""
        cell = np.rint((points - self.origin) / self.spacing).astype(np.int64)
        np.clip(cell, 0, np.asarray(self.shape) - 1, out=cell)
        return cell @ np.array([self.shape[1] * self.shape[2], self.shape[2], 1])


def winding_test(vertices: np.ndarray, faces: np.ndarray) -> InsideTest:
    """Makes a test that is true where the generalized winding number is above one half.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
    """
    V, F = _contiguous(vertices, faces)
    return lambda points: igl.fast_winding_number(V, F, np.ascontiguousarray(points)) > 0.5


def halfspace_test(pieces: Sequence[ConvexPiece]) -> InsideTest:
    """Makes a test that is true where some convex piece has the point behind all its planes."""
    boxes = [(piece.vertices.min(axis=0), piece.vertices.max(axis=0)) for piece in pieces]
    planes = [piece.planes for piece in pieces]

    def test(points: np.ndarray) -> np.ndarray:
        inside = np.zeros(len(points), bool)
        for (low, high), piece in zip(boxes, planes, strict=True):
            near = ~inside
            for axis in range(3):
                near &= (points[:, axis] >= low[axis]) & (points[:, axis] <= high[axis])
            rest = np.flatnonzero(near)
            inside[rest] = np.all(points[rest] @ piece[:, :3].T <= piece[:, 3], axis=-1)
        return inside

    return test


def signed(
    vertices: np.ndarray, faces: np.ndarray, inside: InsideTest, voxels: VoxelGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Measures signed distances (n,) [m] and unit normals (n, 3) at all cells of a grid.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        inside: decides the sign.
        voxels: the cells.
    """
    V, F = _contiguous(vertices, faces)
    distance, arm = _unsigned(V, F, voxels)
    sign = np.where(_inside_cells(distance, inside, voxels), -1.0, 1.0)
    return distance * sign, _normals(V, F, voxels, distance, arm * sign[:, None])


def to_surface(
    vertices: np.ndarray, faces: np.ndarray, voxels: VoxelGrid
) -> tuple[np.ndarray, np.ndarray]:
    """Measures distances (n,) [m] from a surface, whatever it encloses, and unit directions away
    from it (n, 3), at all cells of a grid.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        voxels: the cells.
    """
    V, F = _contiguous(vertices, faces)
    distance, arm = _unsigned(V, F, voxels)
    return distance, _normals(V, F, voxels, distance, arm)


def _normals(
    V: np.ndarray, F: np.ndarray, voxels: VoxelGrid, distance: np.ndarray, arm: np.ndarray
) -> np.ndarray:
    """Unit vectors (n, 3) along the arms (n, 3) of cells at some distance (n,) from triangles, and
    normals of the triangles that cells lie on."""
    normal = arm / np.maximum(distance, 1e-12)[:, None]
    on_surface = np.flatnonzero(distance < 1e-3 * voxels.spacing)
    if on_surface.size:
        _, face, _ = igl.point_mesh_squared_distance(voxels.points(on_surface), V, F)
        corner = V[F[face]]
        across = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normal[on_surface] = across / np.maximum(np.linalg.norm(across, axis=-1), 1e-30)[:, None]
    return normal


def _unsigned(V: np.ndarray, F: np.ndarray, voxels: VoxelGrid) -> tuple[np.ndarray, np.ndarray]:
    """Measures distances (n,) [m] of all cells, and the way to them from the closest point, (n, 3).

    Exact within a band of the surface; elsewhere the nearest of the closest points of the up to
    eight neighbours on a grid of twice the spacing, an upper bound that is within a sixteenth of
    the spacing.
    """
    across, along, up = ((side + 1) // 2 for side in voxels.shape)
    every_second = (across, along, up)
    coarse = VoxelGrid(origin=voxels.origin, spacing=2 * voxels.spacing, shape=every_second)
    tree = igl.AABB()
    tree.init(V, F)
    coarse_squared, _, coarse_closest = tree.squared_distance(
        V, F, coarse.points(np.arange(np.prod(every_second)))
    )
    corners = coarse_closest.reshape(*every_second, 3).astype(np.float32)

    axes = [voxels.origin[i] + voxels.spacing * np.arange(n) for i, n in enumerate(voxels.shape)]
    centers = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    points = centers.astype(np.float32)
    squared = np.empty(voxels.shape, np.float32)
    closest = np.empty((*voxels.shape, 3), np.float32)
    # Cells lie on the coarse grid, or half-way between two of its cells, along each axis.
    for offset in itertools.product((0, 1), repeat=3):
        here = tuple(slice(odd, None, 2) for odd in offset)
        least = np.full(squared[here].shape, np.inf, np.float32)
        for step in itertools.product(*(range(odd + 1) for odd in reversed(offset))):
            beside = tuple(
                slice(shift, side - odd + shift)
                for shift, side, odd in zip(reversed(step), every_second, offset, strict=True)
            )
            arm = points[here] - corners[beside]
            gap = np.einsum("...i,...i->...", arm, arm)
            nearer = gap < least
            np.copyto(least, gap, where=nearer)
            np.copyto(closest[here], corners[beside], where=nearer[..., None])
        squared[here] = least

    flat, nearest = squared.reshape(-1).astype(float), closest.reshape(-1, 3).astype(float)
    close = squared < np.float64((_EXACT_BAND * voxels.spacing) ** 2)
    on_coarse = tuple(slice(None, None, 2) for _ in range(3))
    known = np.flatnonzero(close[on_coarse])
    close_there = np.zeros_like(close)
    close_there[on_coarse] = close[on_coarse]
    near_known = np.flatnonzero(close_there)
    flat[near_known], nearest[near_known] = coarse_squared[known], coarse_closest[known]
    everywhere = centers.reshape(-1, 3)
    near = np.flatnonzero(close & ~close_there)
    flat[near], _, nearest[near] = tree.squared_distance(V, F, everywhere[near])
    return np.sqrt(flat), everywhere - nearest


def pack(distance: np.ndarray, normal: np.ndarray, voxels: VoxelGrid, cells: int) -> DistanceGrid:
    """Packs distances and normals into the grid that kernels read.

    Args:
        distance: signed, at the cells of `voxels`, (n,) [m].
        normal: unit, (n, 3).
        voxels: the cells.
        cells: rows of the result; the rest is filled with zeros.
    """
    rows = np.zeros((cells, 4), np.float32)
    rows[: distance.size, 0] = distance
    rows[: distance.size, 1:] = normal
    return DistanceGrid(
        cells=floats(rows),
        shape=integers(voxels.shape),
        origin=floats(voxels.origin),
        spacing=floats(voxels.spacing),
    )


def empty_region(cells: int = REGION_CELLS) -> DistanceGrid:
    """Makes the grid of an empty set: a kilometre away from everything, without a gradient."""
    side = int(cells ** (1 / 3))
    rows = np.zeros((cells, 4), np.float32)
    rows[:, 0] = 1e3
    return DistanceGrid(
        cells=floats(rows),
        shape=integers(np.full(3, side)),
        origin=floats(np.full(3, -5.0 * side)),
        spacing=floats(10.0),
    )


def _inside_cells(distance: np.ndarray, inside: InsideTest, voxels: VoxelGrid) -> np.ndarray:
    """Finds the cells (n,) that are inside.

    The step between two neighbours whose distances are above half a spacing crosses no surface,
    so they share their sign with their connected region and a few probes decide for all of it,
    unless it leaks through a hole of the mesh. Where probes disagree, holes are plugged by
    asking cells ever farther from the surface one by one.
    """
    result = np.zeros(distance.size, bool)
    open_cells = np.ones(distance.size, bool)
    for reach in _PLUGS:
        near = np.flatnonzero(open_cells & (distance <= reach * voxels.spacing))
        result[near] = inside(voxels.points(near))
        open_cells[near] = False
        label, count = ndimage.label(open_cells.reshape(voxels.shape))
        order = np.argsort(label.reshape(-1), kind="stable")
        first = np.searchsorted(label.reshape(-1)[order], np.arange(1, count + 2))
        if count == 0:
            return result
        rng = np.random.default_rng(0)
        size = np.diff(first)
        draws = np.minimum(size, _PROBES)
        probe = np.concatenate(
            [order[first[i] + rng.integers(size[i], size=draws[i])] for i in range(count)]
        )
        region = np.repeat(np.arange(count), draws)
        share = np.bincount(region, inside(voxels.points(probe)), count) / draws
        agreed = np.concatenate([[False], (share == 0) | (share == 1)])
        settled = agreed[label.reshape(-1)] & open_cells
        result[settled] = np.concatenate([[False], share == 1])[label.reshape(-1)][settled]
        open_cells &= ~settled
        if not open_cells.any():
            return result
    rest = np.flatnonzero(open_cells)
    result[rest] = inside(voxels.points(rest))
    return result


def _contiguous(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.ascontiguousarray(vertices, dtype=np.float64),
        np.ascontiguousarray(faces, dtype=np.int64),
    )
