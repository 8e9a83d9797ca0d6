"""Arrays of an object for jitted programs, of one shape for every object."""

from __future__ import annotations

import dataclasses

import jax

from zdg_jax.kernels.distance import DistanceGrid

SAMPLES = 2048
"""Surface samples of every object."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SurfaceSamples:
    """Points spread evenly over the surface, by farthest-point order: any prefix is even too."""

    points: jax.Array
    """(S, 3), object frame [m]."""
    normals: jax.Array
    """Unit normals out of the object, (S, 3)."""
    parts: jax.Array
    """Mark of the part that each lies on, (S,) int32."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectArrays:
    """One object, object frame."""

    grid: DistanceGrid
    """Signed distance to the mesh."""
    collision_grid: DistanceGrid
    """Signed distance to the union of the convex pieces: the shape that physics sees."""
    samples: SurfaceSamples
    """Samples of the mesh's surface."""
    center_of_mass: jax.Array
    """(3,) [m]."""
    radius: jax.Array
    """Radius of the smallest sphere about the centre of mass that holds the mesh, () [m]."""
    mass: jax.Array
    """() [kg]."""
    friction: jax.Array
    """Sliding friction coefficient, ()."""
