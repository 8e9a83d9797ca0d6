"""Contacts of balls with hulls for MJX, exact where its own are not.

MJX takes the face whose plane is farthest from the ball and looks for the closest point on that
face alone. Near edges of long hulls the point is wrong, and a ball 5 mm away can count as 29 mm
deep. Here every face is asked (Ericson, Real-Time Collision Detection, 2004, 5.1).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

_TINY = 1e-12


def ball_and_hull(
    center: jax.Array, radius: jax.Array, faces: jax.Array, normals: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Finds the contact of a ball with a convex hull, hull frame.

    Args:
        center: of the ball, (3,) [m].
        radius: () [m].
        faces: corners of the hull's faces in order, (f, v, 3) [m]; corners may repeat.
        normals: of the faces, outward, unit, (f, 3).

    Returns:
        Distance of the surfaces, negative where they overlap, () [m]; the point in the middle
        between them, (3,) [m]; the unit normal from ball to hull, (3,).
    """
    height = jnp.einsum("fi,fi->f", center - faces[:, 0], normals)
    deepest = jnp.argmax(height)
    foot = center - height[:, None] * normals
    start = jnp.roll(faces, 1, axis=1)
    along = faces - start
    side = jnp.cross(along, normals[:, None])
    above = ~(jnp.einsum("fvi,fvi->fv", foot[:, None] - start, side) > 0).any(axis=1)
    length = jnp.maximum(jnp.einsum("fvi,fvi->fv", along, along), _TINY)
    share = jnp.einsum("fvi,fvi->fv", center - start, along) / length
    on_edges = (start + jnp.clip(share, 0, 1)[..., None] * along).reshape(-1, 3)
    points = jnp.concatenate([foot, on_edges])
    squared = jnp.sum((points - center) ** 2, axis=1)
    usable = jnp.concatenate([above, jnp.ones(len(on_edges), bool)])
    nearest = points[jnp.argmin(jnp.where(usable, squared, jnp.inf))]
    offset = nearest - center
    distance = jnp.sqrt(jnp.maximum(jnp.sum(offset**2), _TINY))
    # Inside, and on the surface, the way out is that of the nearest plane.
    inside = (height[deepest] < 0) | (distance < 1e-6)
    point = jnp.where(inside, foot[deepest], nearest)
    normal = jnp.where(inside, -normals[deepest], offset / distance)
    distance = jnp.where(inside, height[deepest], distance)
    return distance - radius, 0.5 * (point + center + radius * normal), normal


@contextlib.contextmanager
def exact_balls() -> Iterator[None]:
    """Lets MJX use `ball_and_hull` in what is traced within the block."""
    from mujoco.mjx._src import collision_driver
    from mujoco.mjx._src.types import GeomType

    table: dict[Any, Any] = collision_driver._COLLISION_FUNC
    originals = {
        pair: table[pair]
        for pair in ((GeomType.SPHERE, GeomType.MESH), (GeomType.SPHERE, GeomType.BOX))
    }
    table.update(dict.fromkeys(originals, _collider()))
    try:
        yield
    finally:
        table.update(originals)


def _collider() -> Any:
    """`ball_and_hull` as MJX calls it."""
    from mujoco.mjx._src import math
    from mujoco.mjx._src.collision_convex import collider

    @collider(ncon=1)
    def collide(ball: Any, hull: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        center = hull.mat.T @ (ball.pos - hull.pos)
        distance, point, normal = ball_and_hull(center, ball.size[0], hull.face, hull.face_normal)
        return distance, hull.pos + hull.mat @ point, math.make_frame(hull.mat @ normal)

    return collide
