"""Ray casting: first meetings of rays with shapes, and obstacles on their path."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.rendering.shape import Shape


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Hits:
    """First meetings of n rays with shapes."""

    shape: np.ndarray
    """Index of the shape, (n,) int32; -1 = nothing."""
    face: np.ndarray
    """Face of that shape, (n,) int32; -1 = nothing."""
    u: np.ndarray
    """Barycentric weight of the face's second corner, (n,)."""
    v: np.ndarray
    """Barycentric weight of the face's third corner, (n,)."""
    distance: np.ndarray
    """Along the ray, (n,) [m]; inf = nothing."""


class RayScene:
    """Shapes in a bounding volume hierarchy (Embree's)."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        """Builds it.

        Raises:
            InputError: Embree's Python binding is not installed.
        """
        self.shapes = tuple(shapes)
        filled = [i for i, shape in enumerate(self.shapes) if len(shape.faces)]
        self._index = np.array([*filled, -1], np.int32)  # by geometry; the last for "nothing"
        self._scene = None
        # Embree computes in float32: near the origin it is exact enough.
        self._middle = np.zeros(3)
        self.size = 0.0
        if filled:
            low = np.min([self.shapes[i].vertices.min(axis=0) for i in filled], axis=0)
            high = np.max([self.shapes[i].vertices.max(axis=0) for i in filled], axis=0)
            self._middle, self.size = (low + high) / 2, float(np.linalg.norm(high - low))
            scene_type, mesh_type = _embree()
            self._scene = scene_type(robust=True)
            self._meshes = [
                mesh_type(
                    self._scene,
                    (self.shapes[i].vertices - self._middle).astype(np.float32),
                    self.shapes[i].faces.astype(np.int32),
                )
                for i in filled
            ]

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Finds what rays meet first.

        Args:
            origins: (n, 3) [m].
            directions: unit, (n, 3).
        """
        if self._scene is None or not len(origins):
            none, zero = np.full(len(origins), -1, np.int32), np.zeros(len(origins), np.float32)
            return Hits(shape=none, face=none, u=zero, v=zero, distance=zero + np.inf)
        first = self._scene.run(self._local(origins), _float(directions), output=True)
        nothing = first["primID"] < 0
        return Hits(
            shape=self._index[np.where(nothing, -1, first["geomID"])],
            face=first["primID"],
            u=first["u"],
            v=first["v"],
            distance=np.where(nothing, np.float32(np.inf), first["tfar"]),
        )

    def blocked(
        self, origins: np.ndarray, directions: np.ndarray, reach: np.ndarray | float
    ) -> np.ndarray:
        """Finds out whether rays meet anything near, (n,) bool.

        Args:
            origins: (n, 3) [m].
            directions: unit, (n, 3).
            reach: distance within which it counts, of all or of each, (n,) [m].
        """
        if self._scene is None or not len(origins):
            return np.zeros(len(origins), bool)
        limit = np.full(len(origins), reach, np.float32)
        blockers = self._scene.run(
            self._local(origins), _float(directions), dists=limit, query="OCCLUDED"
        )
        return np.asarray(blockers) >= 0

    def _local(self, points: np.ndarray) -> np.ndarray:
        return _float(points - self._middle)


def _float(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, np.float32)


def _embree() -> tuple[type, type]:
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError as error:
        raise InputError(
            f"pictures need the package 'embreex', which cannot be imported here"
            f" ({platform.machine()}: {error}); install it with pip, or go on without pictures"
        ) from error
    return EmbreeScene, TriangleMesh
