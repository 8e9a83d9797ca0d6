"""Quaternions against SciPy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from zdg_jax.geometry.quaternions import rotation_matrix


def test_matrices_match_scipy_in_any_batch_and_at_any_length() -> None:
    expected = Rotation.random(12, rng=np.random.default_rng(0))
    quaternions = expected.as_quat(scalar_first=True)
    np.testing.assert_allclose(rotation_matrix(quaternions), expected.as_matrix(), atol=1e-12)
    stacked = rotation_matrix(3.0 * quaternions.reshape(3, 4, 4))
    np.testing.assert_allclose(stacked.reshape(-1, 3, 3), expected.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(rotation_matrix(quaternions[5]), expected.as_matrix()[5], atol=1e-12)
