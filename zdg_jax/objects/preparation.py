"""The costly part of making an object: from clean triangles to arrays that can be kept on disk."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.meshes.hashing import mesh_hash
from zdg_jax.objects import (
    convex,
    decomposers,
    disk_cache,
    distance_fields,
    inertia,
    sampling,
    segmentation,
)
from zdg_jax.objects.arrays import SAMPLES
from zdg_jax.runtime.progress import Progress

_VERSION = 10
"""Raise it whenever the same input should give other arrays."""

STEPS = 100
"""Steps of the stage `object` in reports of progress: about per cent of its time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """All that decides about the arrays besides the mesh."""

    decomposer: str = "split"
    """One of `decomposers.NAMES`."""
    pieces: int = 40
    """Most convex pieces."""
    piece_vertices: int = 32
    """Most vertices of a convex piece."""


def prepare(
    vertices: np.ndarray,
    faces: np.ndarray,
    labels: np.ndarray | None,
    options: Options,
    *,
    keep: bool,
    progress: Progress,
) -> disk_cache.Arrays:
    """Distances, mass, pieces, parts and samples of clean triangles.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        labels: parts as given, any whole number for each face, (f,); None to find them.
        options: the options.
        keep: read and write the cache.
        progress: told of the stage `object`.

    Raises:
        InputError: options that no decomposer can meet, or a mesh that encloses nothing.
    """
    decomposers.check(options.decomposer, options.pieces, options.piece_vertices)

    def make() -> disk_cache.Arrays:
        return _make(vertices, faces, labels, options, progress)

    if not keep:
        return make()
    digest = hashlib.sha256(f"{_VERSION} {options} {mesh_hash(vertices, faces)}".encode())
    if labels is not None:
        digest.update(np.ascontiguousarray(labels, np.int64).tobytes())
    return disk_cache.load_or_make(digest.hexdigest(), make)


def _make(
    vertices: np.ndarray,
    faces: np.ndarray,
    labels: np.ndarray | None,
    options: Options,
    progress: Progress,
) -> disk_cache.Arrays:
    progress("object", 5, STEPS)
    inside = distance_fields.winding_test(vertices, faces)
    voxels = distance_fields.VoxelGrid.around(
        vertices.min(0), vertices.max(0), distance_fields.CELLS
    )
    distance, normal = distance_fields.signed(vertices, faces, inside, voxels)
    if np.count_nonzero(distance < 0) < _LEAST_CELLS:
        raise InputError(
            f"the mesh encloses no volume at a resolution of {voxels.spacing * 1e3:.2g} mm: "
            "close it, or give its sheets a thickness"
        )
    solid = inertia.mass_properties(distance, voxels)

    progress("object", 30, STEPS)  # the distance field
    hulls = decomposers.decompose(
        options.decomposer,
        vertices,
        faces,
        distance,
        voxels,
        pieces=options.pieces,
        piece_vertices=options.piece_vertices,
    )
    progress("object", 65, STEPS)  # convex pieces
    collision = distance_fields.signed(
        *convex.union(hulls), distance_fields.halfspace_test(hulls), voxels
    )

    progress("object", 85, STEPS)  # the field of the pieces
    if labels is None:
        found = segmentation.segment(vertices, faces, distance, voxels)
    else:
        found = segmentation.Segmentation.of_labels(labels)
    points, normals, on = sampling.sample_surface(vertices, faces, SAMPLES)
    normals = sampling.outward(points, normals, inside, 0.5 * voxels.spacing)
    return {
        "origin": voxels.origin,
        "spacing": np.array(voxels.spacing),
        "shape": np.array(voxels.shape),
        "distance": distance.astype(np.float32),
        "normal": normal.astype(np.float16),
        "collision_distance": collision[0].astype(np.float32),
        "collision_normal": collision[1].astype(np.float16),
        "volume": np.array(solid.volume),
        "center": solid.center,
        "inertia": solid.inertia,
        "piece_vertices": np.concatenate([hull.vertices for hull in hulls]),
        "piece_faces": np.concatenate([hull.faces for hull in hulls]),
        "piece_sizes": np.array([(len(hull.vertices), len(hull.faces)) for hull in hulls]),
        "face_parts": found.marks,
        "part_parents": found.parents,
        "part_groups": _membership(found),
        "sample_points": points.astype(np.float32),
        "sample_normals": normals.astype(np.float32),
        "sample_faces": on.astype(np.int32),
    }


_LEAST_CELLS = 8
"""Cells that must be inside for a mesh to enclose a volume."""


def _membership(found: segmentation.Segmentation) -> np.ndarray:
    """Marks (p,) of each group, (g, p) bool."""
    marks = np.arange(1, int(found.marks.max()) + 1)
    return np.array([np.isin(marks, group) for group in found.groups]).reshape(-1, len(marks))


def groups(arrays: disk_cache.Arrays) -> tuple[tuple[int, ...], ...]:
    """The sets of marks among prepared arrays that together make a larger part."""
    return tuple(tuple((np.flatnonzero(row) + 1).tolist()) for row in arrays["part_groups"])


def pieces(arrays: disk_cache.Arrays) -> tuple[convex.ConvexPiece, ...]:
    """The convex pieces among prepared arrays."""
    result, vertex, face = [], 0, 0
    for vertices, faces in arrays["piece_sizes"]:
        result.append(
            convex.ConvexPiece(
                vertices=arrays["piece_vertices"][vertex : vertex + vertices],
                faces=arrays["piece_faces"][face : face + faces],
            )
        )
        vertex, face = vertex + vertices, face + faces
    return tuple(result)
