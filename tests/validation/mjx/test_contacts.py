"""Contacts of balls with hulls, against MuJoCo's C engine."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from mujoco.mjx._src import collision_driver
from mujoco.mjx._src.types import GeomType

from zdg_jax.objects.convex import hull
from zdg_jax.validation.mjx.contacts import ball_and_hull, exact_balls

RADIUS = 0.012


def long_hull(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of an irregular splinter, 12 cm long, its centre of mass at the origin."""
    random = np.random.default_rng(seed)
    piece = hull(random.uniform(-1, 1, (24, 3)) * [0.06, 0.01, 0.004])
    return np.asarray(piece.vertices, float), np.asarray(piece.faces)


def c_engine(vertices: np.ndarray, faces: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Signed distances of balls from the hull by MuJoCo, (n,)."""
    spec = mujoco.MjSpec()
    spec.add_mesh(name="hull", uservert=vertices.ravel(), userface=faces.ravel())
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="hull")
    ball = spec.worldbody.add_body(mocap=True)
    ball.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[RADIUS, 0, 0])
    model = spec.compile()
    data = mujoco.MjData(model)
    distances = []
    for center in centers:
        data.mocap_pos[0] = center
        mujoco.mj_kinematics(model, data)
        distances.append(mujoco.mj_geomDistance(model, data, 0, 1, 1.0, None))
    return np.array(distances)


@pytest.mark.parametrize("seed", range(3))
def test_distances_are_the_c_engines(seed: int) -> None:
    vertices, faces = long_hull(seed)
    random = np.random.default_rng(100 + seed)
    centers = random.uniform(-1, 1, (200, 3)) * [0.08, 0.03, 0.024]
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    inputs = (jnp.asarray(a, jnp.float32) for a in (RADIUS, corners, normals))
    distance, point, normal = jax.vmap(ball_and_hull, in_axes=(0, None, None, None))(
        jnp.asarray(centers, jnp.float32), *inputs
    )
    np.testing.assert_allclose(distance, c_engine(vertices, faces, centers), atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-4)
    # The point lies in the middle: half the distance along the normal from the ball's surface.
    surface = centers + RADIUS * np.asarray(normal)
    middle = surface + 0.5 * np.asarray(distance)[:, None] * np.asarray(normal)
    np.testing.assert_allclose(point, middle, atol=2e-5)


def test_mjx_gets_its_own_functions_back() -> None:
    table = collision_driver._COLLISION_FUNC
    pair = (GeomType.SPHERE, GeomType.MESH)
    original = table[pair]
    with exact_balls():
        assert table[pair] is not original
        assert table[pair].ncon == 1
    assert table[pair] is original
