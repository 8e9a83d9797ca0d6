"""One real object and one real hand, prepared once."""

from __future__ import annotations

import functools
import pathlib

import trimesh

from tests.hands import load_hand
from tests.planning import things
from zdg_jax.hand import Hand
from zdg_jax.objects import Object


@functools.cache
def jug() -> Object:
    """A jug of two marked parts: body and handle."""
    thing = things.jug()
    mesh = (thing.vertices, thing.faces)
    return Object.from_mesh(mesh, name="jug", parts=thing.face_parts, pieces=4)


def jug_file(folder: pathlib.Path) -> pathlib.Path:
    """Writes the jug as a GLB file with one node per part, and returns its path."""
    thing, scene = things.jug(), trimesh.Scene()
    for number, name in enumerate(thing.names, 1):
        faces = thing.faces[thing.face_parts == number]
        scene.add_geometry(trimesh.Trimesh(thing.vertices, faces), node_name=name, geom_name=name)
    path = folder / "jug.glb"
    scene.export(path)
    return path


def allegro() -> Hand:
    return load_hand("allegro")
