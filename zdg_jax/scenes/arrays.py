"""Arrays of a scene for jitted programs."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.kernels import distance, solids
from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.runtime.arrays import floats

FREE = 1.0
"""Clearance where there is nothing near by [m]; greater ones count as this."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SceneArrays:
    """Surroundings of an object, object frame. The numbers of planes, boxes and grids are static:
    a scene without any costs compiled programs nothing."""

    up: jax.Array
    """Unit direction that points up, (3,)."""
    planes: jax.Array
    """Planes that bound half-spaces: unit normals into the free side and offsets, (p, 4) [m]."""
    centers: jax.Array
    """Centres of boxes, (b, 3) [m]."""
    axes: jax.Array
    """Their unit axes as columns, (b, 3, 3)."""
    halves: jax.Array
    """Half of their lengths, (b, 3) [m]."""
    grids: tuple[DistanceGrid, ...]
    """Distances to solids of any other shape."""

    @classmethod
    def empty(cls) -> SceneArrays:
        """Returns a scene with nothing in it."""
        return cls(
            up=floats([0.0, 0.0, 1.0]),
            planes=floats(np.zeros((0, 4))),
            centers=floats(np.zeros((0, 3))),
            axes=floats(np.zeros((0, 3, 3))),
            halves=floats(np.zeros((0, 3))),
            grids=(),
        )

    @property
    def is_empty(self) -> bool:
        """True where nothing is in the way anywhere; static."""
        return not (len(self.planes) or len(self.centers) or self.grids)

    def nearest(self, gap: jax.Array, points: jax.Array) -> jax.Array:
        """Returns the lesser of a signed distance (*b,) and the clearance of points (3, *b) [m]."""
        return gap if self.is_empty else jnp.minimum(gap, self.clearance(points))

    def clearance_and_normals(self, points: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Measures clearances (*b,) [m] of points (3, *b), and their unit gradients, (3, *b)."""
        gap, back = jax.vjp(self.clearance, points)
        return gap, back(jnp.ones_like(gap))[0]

    def push_off(self, centers: jax.Array, radii: jax.Array) -> jax.Array:
        """Returns the shift that takes spheres out of the planes, (3,) [m].

        Args:
            centers: by component, (3, s), object frame [m].
            radii: (s,) [m].
        """
        shift = jnp.zeros_like(centers[:, 0])
        for plane in self.planes:
            depth = jnp.max(jax.nn.relu(radii - solids.plane_distance(plane, centers)))
            shift = shift + depth * plane[:3]
        return shift

    def set_down(self, centers: jax.Array, radii: jax.Array, low: jax.Array) -> jax.Array:
        """Returns the shift that brings the lowest of some spheres near the planes, (3,) [m].

        Args:
            centers: by component, (3, s), object frame [m].
            radii: (s,) [m].
            low: greatest height of the lowest sphere above a plane, () [m]; none goes into it.
        """
        shift = jnp.zeros_like(centers[:, 0])
        for plane in self.planes:
            height = jnp.min(solids.plane_distance(plane, centers) - radii)
            shift = shift + (jnp.clip(height, 0.0, low) - height) * plane[:3]
        return shift

    def clearance(self, points: jax.Array) -> jax.Array:
        """Measures the signed distance of points to the nearest thing around.

        Args:
            points: by component, (3, *b), object frame [m].

        Returns:
            (*b,) [m], negative inside, `FREE` at most.
        """
        gap = jnp.full_like(points[0], FREE)
        for plane in self.planes:
            gap = jnp.minimum(gap, solids.plane_distance(plane, points))
        for center, axes, half in zip(self.centers, self.axes, self.halves, strict=True):
            gap = jnp.minimum(gap, solids.box_distance(center, axes, half, points))
        for grid in self.grids:
            gap = jnp.minimum(gap, distance.query(grid, points, 0)[0])
        return gap
