"""Distances to planes and boxes against a search over their points."""

from __future__ import annotations

import functools

import igl
import jax
import jax.numpy as jnp
import numpy as np
import trimesh
from jax.test_util import check_grads

from zdg_jax.kernels import solids

HALF = np.array([0.05, 0.1, 0.02])
CENTER = np.array([0.3, -0.1, 0.2])
AXES = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3])[:3, :3]


def points(count: int) -> np.ndarray:
    """Inside the box, near it and far away, (3, n)."""
    scale = np.random.default_rng(0).uniform(-2.5, 2.5, (count, 3))
    return ((scale * HALF) @ AXES.T + CENTER).T


def test_the_distance_to_a_box_is_that_to_its_triangles() -> None:
    mesh = trimesh.creation.box(2 * HALF)
    mesh.apply_transform(np.block([[AXES, CENTER[:, None]], [np.eye(4)[3:]]]))
    places = points(300)
    squared, _, _ = igl.point_mesh_squared_distance(places.T, mesh.vertices, mesh.faces)
    inside = (np.abs((places.T - CENTER) @ AXES) < HALF).all(axis=1)
    signed = np.where(inside, -1, 1) * np.sqrt(squared)
    found = solids.box_distance(*map(jnp.asarray, (CENTER, AXES, HALF, places)))
    np.testing.assert_allclose(found, signed, atol=1e-6)
    assert inside.any()


def test_distances_have_gradients() -> None:
    with jax.enable_x64(True):
        box = [jnp.asarray(part, jnp.float64) for part in (CENTER, AXES, HALF)]
        plane = jnp.array([0.6, 0.0, 0.8, 0.1])
        for place in points(20).T:
            x = jnp.asarray(place)
            for value in (
                functools.partial(solids.box_distance, *box),
                functools.partial(solids.plane_distance, plane),
            ):
                check_grads(value, (x,), order=1, modes=["rev"], eps=1e-7)
