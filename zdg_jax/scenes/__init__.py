"""Scenes: how an object stands, what carries it, and what is in the way around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.scenes.arrays import SceneArrays
    from zdg_jax.scenes.obstacles import Box, Obstacle, Solid
    from zdg_jax.scenes.resting import StablePose, stable_poses
    from zdg_jax.scenes.scene import Scene
    from zdg_jax.scenes.surroundings import Surroundings

__all__ = [
    "Box",
    "Obstacle",
    "Scene",
    "SceneArrays",
    "Solid",
    "StablePose",
    "Surroundings",
    "stable_poses",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Box": "obstacles",
        "Obstacle": "obstacles",
        "Scene": "scene",
        "SceneArrays": "arrays",
        "Solid": "obstacles",
        "StablePose": "resting",
        "Surroundings": "surroundings",
        "stable_poses": "resting",
    },
)
