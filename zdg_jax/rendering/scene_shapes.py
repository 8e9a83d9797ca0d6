"""The surroundings of an object, as pictures show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import trimesh

from zdg_jax.geometry.frames import upright_axes
from zdg_jax.rendering.shape import Shape
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.scenes.scene import Scene

TABLE, OBSTACLE = (0.66, 0.69, 0.73), (0.56, 0.60, 0.66)
"""Colours, sRGB."""
_THICK = 0.004
"""Thickness of the plate that shows the table [m]."""


def scene_shapes(
    around: Surroundings | None, points: np.ndarray, *, label: int, opacity: float = 1.0
) -> list[Shape]:
    """Makes shapes of a table's top, as far as points reach, and of all obstacles.

    Args:
        around: the surroundings; none gives no shapes.
        points: what is to be seen on the table, (n, 3), object frame [m].
        label: number by which pictures name the shapes.
        opacity: less than 1 lets things shine through.
    """
    if around is None:
        return []
    meshes = []
    if around.table is not None:
        axes = upright_axes(around.up)
        local = points @ axes
        low, high = local[:, :2].min(axis=0) - 0.03, local[:, :2].max(axis=0) + 0.03
        plate = trimesh.creation.box((*(high - low), _THICK))
        center = np.array([*(low + high) / 2, around.table - _THICK / 2])
        meshes.append((plate.vertices @ axes.T + axes @ center, plate.faces, TABLE))
    for box in around.boxes:
        mesh = trimesh.creation.box(2 * box.half)
        meshes.append((mesh.vertices @ box.axes.T + box.center, mesh.faces, OBSTACLE))
    for piece in (piece for solid in around.solids for piece in solid.pieces):
        meshes.append((piece.vertices, piece.faces, OBSTACLE))
    return [
        Shape(vertices=vertices, faces=faces, color=color, label=label, gloss=0.0, opacity=opacity)
        for vertices, faces, color in meshes
    ]


def surrounding_shapes(grasps: GraspSet, scene: Scene | None) -> list[Shape]:
    """Makes shapes of a table and obstacles, as far as the grasps of a set reach; object frame.

    Args:
        grasps: the grasps.
        scene: where their object stands, as a rule `grasps.scene`; none gives no shapes.
    """
    if scene is None or not scene.placed:
        return []
    reached = [np.asarray(pose.position, float) for pose in (grasps.pregrasp, grasps.grasp)]
    points = np.concatenate([grasps.object.vertices, *reached])
    return scene_shapes(Surroundings.seen_from(scene), points, label=0)
