"""Contacts on a ball: grasps whose forces are known from their directions alone."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tests import scene
from zdg_jax.energy import Contacts

THREE = [[1, 0, 0], [-0.5, 0.87, 0], [-0.5, -0.87, 0]]
"""Directions of three contacts about the z axis."""


def on_a_ball(ways: list[list[float]], gaps: float | list[float] = 0.0, slots: int = 0) -> Contacts:
    """Contacts of a ball of 3 cm radius about the centre of mass of the jar.

    Args:
        ways: directions of the contacts from there.
        gaps: distances from the surface [m].
        slots: fills up to so many contacts with some that are not active: each number of contacts
            is compiled for itself.
    """
    given = len(ways)
    normals = np.array([*ways, *[[0.0, 0.0, 1.0]] * (slots - given)], float)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    distance = np.broadcast_to(np.asarray(gaps, float), len(normals))
    center = np.asarray(scene.jar().problem.object.center_of_mass)
    points = center + (0.03 + distance[:, None]) * normals
    return Contacts(
        active=(jnp.arange(len(normals)) < given).astype(jnp.float32),
        points=jnp.asarray(points, jnp.float32),
        hand_normals=jnp.asarray(-normals, jnp.float32),
        distance=jnp.asarray(distance, jnp.float32),
        normals=jnp.asarray(normals, jnp.float32),
        link=jnp.ones(len(normals), jnp.int32),
        passive_motions=jnp.zeros((len(normals), 0, 3)),
    )
