"""One real object and one real hand, prepared once."""

from __future__ import annotations

import functools

from tests.planning import things
from zdg_jax.hand import Hand
from zdg_jax.objects import Object


@functools.cache
def jug() -> Object:
    """A jug of two marked parts: body and handle."""
    thing = things.jug()
    mesh = (thing.vertices, thing.faces)
    return Object.from_mesh(mesh, name="jug", parts=thing.face_parts, pieces=4)


@functools.cache
def allegro() -> Hand:
    return Hand.load("allegro")
