"""Objects: a mesh from the wild, made ready for grasping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.objects.arrays import SAMPLES, ObjectArrays, SurfaceSamples
    from zdg_jax.objects.convex import ConvexPiece
    from zdg_jax.objects.object import Object
    from zdg_jax.objects.parts import Part

__all__ = [
    "SAMPLES",
    "ConvexPiece",
    "Object",
    "ObjectArrays",
    "Part",
    "SurfaceSamples",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ConvexPiece": "convex",
        "Object": "object",
        "ObjectArrays": "arrays",
        "Part": "parts",
        "SAMPLES": "arrays",
        "SurfaceSamples": "arrays",
    },
)
