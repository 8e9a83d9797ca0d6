"""Rotations against SciPy, near identity and at half turns too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from zdg_jax.kernels import rotations


def _random_rotations(count: int = 200) -> Rotation:
    rng = np.random.default_rng(0)
    small = Rotation.from_rotvec(1e-4 * rng.normal(size=(20, 3)))
    half = Rotation.from_rotvec(np.pi * np.eye(3))
    return Rotation.concatenate(
        [Rotation.random(count, rng=rng), small, half, Rotation.identity(1)]
    )


def test_quaternions_match_scipy() -> None:
    expected = _random_rotations()
    quaternions = rotations.quaternion_from_matrix(jnp.asarray(expected.as_matrix(), jnp.float32))
    np.testing.assert_allclose(jnp.linalg.norm(quaternions, axis=-1), 1.0, atol=1e-6)
    assert float(quaternions[:, 0].min()) >= 0
    turned_back = Rotation.from_quat(np.asarray(quaternions), scalar_first=True) * expected.inv()
    np.testing.assert_allclose(turned_back.magnitude(), 0.0, atol=3e-6)


def test_sixd_round_trip_and_orthonormality() -> None:
    matrices = jnp.asarray(_random_rotations().as_matrix(), jnp.float32)
    np.testing.assert_allclose(
        rotations.matrix_from_6d(rotations.sixd_from_matrix(matrices)), matrices, atol=1e-6
    )
    skewed = jnp.asarray(np.random.default_rng(1).normal(size=(50, 6)), jnp.float32)
    made = rotations.matrix_from_6d(skewed)
    np.testing.assert_allclose(made @ made.mT, np.broadcast_to(np.eye(3), made.shape), atol=1e-5)
    np.testing.assert_allclose(jnp.linalg.det(made), 1.0, atol=1e-5)


def test_axis_angle_matches_scipy() -> None:
    rng = np.random.default_rng(2)
    axes = rng.normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = rng.uniform(-np.pi, np.pi, 50)
    made = rotations.axis_angle(jnp.asarray(axes, jnp.float32), jnp.asarray(angles, jnp.float32))
    expected = Rotation.from_rotvec(axes * angles[:, None]).as_matrix()
    np.testing.assert_allclose(made, expected, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 1e-20, 1.0])
def test_normalize_has_finite_gradients(value: float) -> None:
    vector = jnp.array([value, 0.0, 0.0])
    gradient = jax.jacrev(rotations.normalize)(vector)
    assert bool(jnp.all(jnp.isfinite(gradient)))
