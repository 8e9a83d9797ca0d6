"""Unit quaternions (w, x, y, z) on the host; `kernels.rotations` has their compiled relatives."""

from __future__ import annotations

import numpy as np


def rotation_matrix(quaternion: np.ndarray) -> np.ndarray:
    """Return the rotation of a quaternion.

    Args:
        quaternion: wxyz, (*b, 4), of any length but 0.

    Returns:
        (*b, 3, 3).
    """
    quaternion = np.asarray(quaternion, np.float64)
    length = np.linalg.norm(quaternion, axis=-1, keepdims=True)
    w, x, y, z = np.moveaxis(quaternion / length, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_between(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the least rotation that takes one unit vector to another, (4,), wxyz.

    Args:
        first: unit vector, (3,).
        second: unit vector, (3,).
    """
    cosine = float(first @ second)
    if cosine < -1 + 1e-9:  # half a turn about any axis square to both
        helper = np.eye(3)[np.argmin(np.abs(first))]
        axis = np.cross(first, helper)
        return np.array([0.0, *(axis / np.linalg.norm(axis))])
    quaternion = np.array([1 + cosine, *np.cross(first, second)])
    return quaternion / np.linalg.norm(quaternion)
