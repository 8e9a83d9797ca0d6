"""Distances to parts of an object: made when a plan first asks for them, and kept on disk."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.objects import disk_cache
from zdg_jax.objects.distance_fields import REGION_CELLS, VoxelGrid, pack, to_surface
from zdg_jax.runtime.arrays import floats

_VERSION = 1
"""Raise it whenever the same part should give another grid."""


def distance_to_part(
    vertices: np.ndarray, faces: np.ndarray, members: np.ndarray, *, mesh_hash: str, keep: bool
) -> DistanceGrid:
    """Makes the grid of unsigned distances to a part of a mesh, around the whole mesh.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        members: the part's faces, (f,) bool.
        mesh_hash: fingerprint of the mesh.
        keep: read and write the cache on disk.
    """
    voxels = VoxelGrid.around(vertices.min(0), vertices.max(0), REGION_CELLS)

    def measured() -> disk_cache.Arrays:
        distance, normal = to_surface(vertices, faces[members], voxels)
        return {"distance": distance.astype(np.float32), "normal": normal.astype(np.float32)}

    if keep:
        digest = hashlib.sha256(f"part {_VERSION} {REGION_CELLS} {mesh_hash}".encode())
        digest.update(np.packbits(members).tobytes())
        arrays = disk_cache.load_or_make(digest.hexdigest(), measured)
    else:
        arrays = measured()
    return pack(arrays["distance"], arrays["normal"], voxels, REGION_CELLS)


def nearest_of(parts: Sequence[DistanceGrid]) -> DistanceGrid:
    """Joins grids of the same cells: the distance to whichever part is nearest.

    Args:
        parts: the grids, one at least.
    """
    cells = np.array(parts[0].cells)
    for part in parts[1:]:
        other = np.asarray(part.cells)
        np.copyto(cells, other, where=other[:, :1] < cells[:, :1])
    return dataclasses.replace(parts[0], cells=floats(cells))
