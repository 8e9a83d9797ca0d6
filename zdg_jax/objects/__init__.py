"""Objects: a mesh from the wild, made ready for grasping."""

from zdg_jax.objects.arrays import SAMPLES, ObjectArrays, SurfaceSamples
from zdg_jax.objects.convex import ConvexPiece
from zdg_jax.objects.disk_cache import clear_cache
from zdg_jax.objects.object import Object
from zdg_jax.objects.parts import Part

__all__ = [
    "SAMPLES",
    "ConvexPiece",
    "Object",
    "ObjectArrays",
    "Part",
    "SurfaceSamples",
    "clear_cache",
]
