"""`glb`: the posed hand on the object as glTF binaries, for any 3-D viewer.

    out/00000.glb ...       one file per grasp, best first

Nodes are `object` and the hand's links by name, under `object_frame`; of grasps made in a scene its
table and obstacles too, `around0` ... . glTF is y up: that node turns the object's z axis up.
"""

from __future__ import annotations

import pathlib

import numpy as np
import trimesh
from trimesh.visual.material import PBRMaterial

from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import OBJECT
from zdg_jax.rendering.hand_shapes import posed_links
from zdg_jax.rendering.scene_shapes import surrounding_shapes

NEEDS_HAND = True
MOST_FACES = 2500
"""Faces of a link at most: a scanned hand of half a million would make a gigabyte of files."""
_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
_FRAME = "object_frame"


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the files, see `zdg_jax.export.Format`."""
    if hand is None:
        raise InputError("a 3-D file needs the hand itself: hand=... (--hand)")
    thing = _painted(grasps.object.vertices, grasps.object.faces, OBJECT)
    look = HandAppearance.of(hand)
    colors = look.link_colors()
    meshes = {
        mesh.link: _painted(*reduce_faces(mesh.vertices, mesh.faces, MOST_FACES), colors[mesh.link])
        for mesh in look.meshes
    }
    around = [
        _painted(shape.vertices, shape.faces, shape.single_color)
        for shape in surrounding_shapes(grasps, grasps.scene)
    ]
    paths = []
    for i, qpos in enumerate(np.asarray(grasps.grasp.qpos)):
        rotation, translation = posed_links(hand, qpos)
        scene = trimesh.Scene()
        scene.graph.update(frame_from=scene.graph.base_frame, frame_to=_FRAME, matrix=_Y_UP)
        scene.add_geometry(thing, node_name="object", geom_name="object", parent_node_name=_FRAME)
        for k, mesh in enumerate(around):
            name = f"around{k}"
            scene.add_geometry(mesh, node_name=name, geom_name=name, parent_node_name=_FRAME)
        for link, mesh in meshes.items():
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = rotation[link], translation[link]
            name = hand.link_names[link]
            scene.add_geometry(
                mesh, node_name=name, geom_name=name, parent_node_name=_FRAME, transform=pose
            )
        path = out / f"{i:05d}.glb"
        path.write_bytes(scene.export(file_type="glb"))
        paths.append(path)
    return paths


def _painted(
    vertices: np.ndarray, faces: np.ndarray, color: tuple[float, float, float]
) -> trimesh.Trimesh:
    material = PBRMaterial(
        baseColorFactor=[*(round(255 * value) for value in color), 255],
        metallicFactor=0.0,
        roughnessFactor=0.6,
    )
    visual = trimesh.visual.TextureVisuals(material=material)
    return trimesh.Trimesh(np.asarray(vertices), np.asarray(faces), visual=visual, process=False)
