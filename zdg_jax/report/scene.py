"""The best grasps of a set as a scene in three dimensions that plays without a server."""

from __future__ import annotations

import numpy as np

from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import OBJECT
from zdg_jax.rendering.scene_shapes import surrounding_shapes
from zdg_jax.viewer.grasp_nodes import batch_color
from zdg_jax.viewer.grasp_path import STAGES, GraspWays
from zdg_jax.viewer.nodes import byte_color, creased
from zdg_jax.viewer.server import Viewer

_LINK_FACES, _OBJECT_FACES = 1000, 6000
"""Faces of a link and of the object at most: a page is sent by mail."""
_FRAMES = 36
_RATE = 18.0
"""Frames per second."""
_ROOM = 0.16
"""Room beside each object for its hand [m]."""


def scene_page(grasps: GraspSet, look: HandAppearance, numbers: np.ndarray) -> str:
    """Makes a page in which hands go from approach over pregrasp and grasp to squeeze.

    The grasps stand in a grid, each with the object.

    Args:
        grasps: the grasps.
        look: their hand.
        numbers: numbers of the grasps to show, one at least.

    Returns:
        HTML that needs no network.

    Raises:
        InputError: viser is not installed.
    """
    viewer = Viewer("zdg")
    try:
        return _built(viewer, grasps, look, numbers)
    finally:
        viewer.stop()


def _built(viewer: Viewer, grasps: GraspSet, look: HandAppearance, numbers: np.ndarray) -> str:
    scene, record = viewer.server.scene, grasps.object
    low, high = record.vertices.min(axis=0), record.vertices.max(axis=0)
    places = _grid(len(numbers), high - low)
    count = len(numbers)
    still = np.tile(np.array([1.0, 0, 0, 0], np.float32), (count, 1))
    scene.add_batched_meshes_simple(
        "/object",
        *creased(*reduce_faces(record.vertices, record.faces, _OBJECT_FACES)),
        still,
        places.astype(np.float32),
        batched_colors=batch_color(byte_color(OBJECT)),
        lod="off",
        side="double",
        cast_shadow=False,
        receive_shadow=False,
    )
    for i, shape in enumerate(surrounding_shapes(grasps[numbers], grasps.scene)):
        scene.add_batched_meshes_simple(
            f"/around{i}",
            *creased(shape.vertices, shape.faces),
            still,
            places.astype(np.float32),
            batched_colors=batch_color(byte_color(shape.single_color)),
            lod="off",
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )
    for number, place in zip(numbers, places, strict=True):
        verdict = "holds" if grasps.held[number] else "does not hold"
        text = f"{number}: {verdict if grasps.tested[number] else 'not tested'}"
        below = place + (low + high) / 2
        below[2] = low[2] - 0.02
        scene.add_label(f"/name{number}", text, position=below, anchor="top-center")
    colors = look.link_colors()
    frames = _frames(grasps, look, numbers)
    links = {}
    for mesh in look.meshes:
        links[mesh.link] = scene.add_batched_meshes_simple(
            f"/link{mesh.link}",
            *creased(*reduce_faces(mesh.vertices, mesh.faces, _LINK_FACES)),
            still,
            places.astype(np.float32),
            batched_colors=batch_color(byte_color(colors[mesh.link])),
            lod="off",
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )
    first, last = places.min(axis=0) + low - 0.05, places.max(axis=0) + high + 0.05
    viewer.look_at(first, last, np.array([0.0, 0.0, 1.0]), towards=(-0.55, 0.0, 0.34))
    recording = viewer.server.get_scene_serializer()
    for positions, quaternions in frames:
        for link, handle in links.items():
            handle.batched_positions = (positions[:, link] + places).astype(np.float32)
            handle.batched_wxyzs = quaternions[:, link].astype(np.float32)
        recording.insert_sleep(1 / _RATE)
    recording.insert_sleep(1.0)
    return recording.as_html()


def _frames(
    grasps: GraspSet, look: HandAppearance, numbers: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions (n, L, 3) and quaternions (n, L, 4) of the links in each frame."""
    ways = GraspWays(grasps, look)
    return [
        look.link_poses(np.stack([ways.pose(int(number), stage) for number in numbers]))
        for stage in np.linspace(0.0, len(STAGES) - 1, _FRAMES)
    ]


def _grid(count: int, size: np.ndarray) -> np.ndarray:
    """Places in a grid two and a half times as wide as deep, (count, 3) [m]."""
    columns = max(1, int(np.ceil(np.sqrt(2.5 * count))))
    step = size[:2] + 2 * _ROOM
    row, column = np.divmod(np.arange(count), columns)
    places = np.stack([column * step[0], -row * step[1], np.zeros(count)], axis=1)
    return np.asarray(places - places.mean(axis=0))
