"""The filled shape of an object: cups, loops and handles without their holes.

What a person calls the body of a mug or the loop of scissors is the convex shape that it bounds,
not its wall. So a point counts as filled when, in some plane through it, the object encloses it:
planes of many directions are laid through the distance field, and every region of a plane that
does not reach the plane's edge is filled. A mug's cavity is enclosed in horizontal planes, the hole
of its handle in the plane of the handle; the space beside a hammer's neck is enclosed in none.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from zdg_jax.geometry.surface_sampling import fibonacci_sphere
from zdg_jax.objects.distance_fields import VoxelGrid

_CELLS = 2**18
"""Cells of the grid on which shapes are filled."""
_DIRECTIONS = 24
"""Directions of planes, besides the mesh's axes."""
_SIDE = 48
"""Cells along the edge of a plane."""
_SMALLEST = 6
"""Cells of a plane that an enclosed region needs to be more than roughness."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilledShape:
    """A shape and its filled shape on one grid."""

    voxels: VoxelGrid
    solid: np.ndarray
    """Cells of the object itself, `voxels.shape` bool."""
    filled: np.ndarray
    """Cells of the object and of what it encloses, `voxels.shape` bool."""


def fill_concavities(
    distance: np.ndarray, voxels: VoxelGrid, low: np.ndarray, high: np.ndarray
) -> FilledShape:
    """Fills what the object encloses in some plane.

    Args:
        distance: signed distances at the cells of `voxels`, (n,) [m].
        voxels: the cells of the distances.
        low: lower corner of the mesh's box, (3,) [m].
        high: upper corner, (3,) [m].
    """
    coarse = VoxelGrid.around(low, high, _CELLS)
    points = coarse.points(np.arange(np.prod(coarse.shape)))
    solid = distance[voxels.nearest(points)] < 0.6 * coarse.spacing
    center = (low + high) / 2
    half = 0.5 * float(np.linalg.norm(high - low))
    step = 2 * half / (_SIDE - 5)
    offsets = (np.arange(_SIDE) - (_SIDE - 1) / 2) * step
    candidates = np.flatnonzero(~solid & (np.linalg.norm(points - center, axis=-1) < half))
    filled = solid.copy()
    open_space = (distance >= 0.6 * step).reshape(voxels.shape)
    for direction in np.concatenate([np.eye(3), fibonacci_sphere(2 * _DIRECTIONS)[:_DIRECTIONS]]):
        frame = _frame(direction)
        # Steps along the planes' three edges add up: no product over all cells is needed.
        start = (center - voxels.origin) / voxels.spacing + 0.5
        steps = (frame[:, None, :] * (offsets / voxels.spacing)[:, None]).astype(np.float32)
        along = steps[0, :, None, None] + steps[1, None, :, None] + (steps[2] + start)[None, None]
        cell = np.clip(along.astype(np.int32), 0, np.array(voxels.shape, np.int32) - 1)
        enclosed = _enclosed(open_space[cell[..., 0], cell[..., 1], cell[..., 2]])
        rest = candidates[~filled[candidates]]
        # Not `@`: threads of a matrix library, started for so little, wait for busy cores.
        at = np.einsum("nj,ij->ni", points[rest] - center, frame / step)
        at = np.rint(at + (_SIDE - 1) / 2).astype(np.int64)
        filled[rest] = enclosed[at[:, 0], at[:, 1], at[:, 2]]
    shape = coarse.shape
    return FilledShape(voxels=coarse, solid=solid.reshape(shape), filled=filled.reshape(shape))


def _enclosed(free: np.ndarray) -> np.ndarray:
    """Cells of a stack of planes (p, a, b) that are free but cut off from the planes' edges."""
    within = ndimage.generate_binary_structure(3, 1)
    within[[0, 2]] = False
    label, count = ndimage.label(free, within)
    outer = np.zeros(count + 1, bool)
    for edge in (label[:, 0], label[:, -1], label[:, :, 0], label[:, :, -1]):
        outer[np.unique(edge)] = True
    size = np.bincount(label.reshape(-1), minlength=count + 1)
    inner = ~outer & (size >= _SMALLEST)
    inner[0] = False
    return inner[label]


def _frame(direction: np.ndarray) -> np.ndarray:
    """An orthonormal frame (3, 3) whose first row is a unit direction."""
    helper = np.eye(3)[np.argmin(np.abs(direction))]
    second = np.cross(direction, helper)
    second /= np.linalg.norm(second)
    return np.stack([direction, second, np.cross(direction, second)])
