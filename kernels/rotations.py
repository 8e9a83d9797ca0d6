"""Rotations: unit quaternions (w, x, y, z), 3x3 matrices and the continuous 6-D form.

Quaternions follow MuJoCo: scalar first, Hamilton product, `T_a_b` takes coordinates of b to a.
Every function works on any leading batch shape and is smooth where it is used: no square root
or quotient is evaluated at zero.
"""

from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np

_Array = TypeVar("_Array", jax.Array, np.ndarray)
_TINY = 1e-12


def normalize(vectors: jax.Array) -> jax.Array:
    """Scales vectors (*b, k) to unit length; a vector shorter than 1e-6 stays short, never NaN."""
    squared = jnp.sum(vectors * vectors, axis=-1, keepdims=True)
    return vectors * jax.lax.rsqrt(jnp.maximum(squared, _TINY))


def matrix_from_6d(sixd: jax.Array) -> jax.Array:
    """Rotation matrices (*b, 3, 3) from the first two columns (*b, 6), by Gram-Schmidt.

    Zhou et al., On the Continuity of Rotation Representations in Neural Networks, CVPR 2019.
    """
    first = normalize(sixd[..., :3])
    second = sixd[..., 3:]
    second = normalize(second - jnp.sum(first * second, axis=-1, keepdims=True) * first)
    return jnp.stack([first, second, jnp.cross(first, second)], axis=-1)


def sixd_from_matrix(matrix: _Array) -> _Array:
    """The first two columns (*b, 6) of rotation matrices (*b, 3, 3), of JAX or of NumPy."""
    return matrix[..., :2].swapaxes(-1, -2).reshape(*matrix.shape[:-2], 6)


def quaternion_from_matrix(matrix: jax.Array) -> jax.Array:
    """Unit quaternions wxyz (*b, 4), w >= 0, of rotation matrices (*b, 3, 3).

    Bar-Itzhack's form without branches: of the four scaled quaternions that the matrix gives,
    the longest is the best conditioned (Shepperd, 1978).
    """
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    yz, zx, xy = m[..., 2, 1], m[..., 0, 2], m[..., 1, 0]
    zy, xz, yx = m[..., 1, 2], m[..., 2, 0], m[..., 0, 1]
    candidates = jnp.stack(
        [
            jnp.stack([1 + xx + yy + zz, yz - zy, zx - xz, xy - yx], axis=-1),
            jnp.stack([yz - zy, 1 + xx - yy - zz, xy + yx, zx + xz], axis=-1),
            jnp.stack([zx - xz, xy + yx, 1 - xx + yy - zz, yz + zy], axis=-1),
            jnp.stack([xy - yx, zx + xz, yz + zy, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    longest = jnp.argmax(jnp.sum(candidates * candidates, axis=-1), axis=-1)
    chosen = jnp.take_along_axis(candidates, longest[..., None, None], axis=-2)[..., 0, :]
    return normalize(jnp.where(chosen[..., :1] < 0, -chosen, chosen))


def rotate(matrix: jax.Array, points: jax.Array) -> jax.Array:
    """Rotates points (*b, n, 3) by one matrix (*b, 3, 3) a batch element."""
    return jnp.einsum("...ij,...nj->...ni", matrix, points)


def axis_angle(axis: jax.Array, angle: jax.Array) -> jax.Array:
    """Rotation matrices (*b, 3, 3) about unit axes (*b, 3) by angles (*b) [rad] (Rodrigues)."""
    x, y, z = (axis[..., i] for i in range(3))
    s, c = jnp.sin(angle), jnp.cos(angle)
    d = 1 - c
    rows = [
        [c + x * x * d, x * y * d - z * s, x * z * d + y * s],
        [x * y * d + z * s, c + y * y * d, y * z * d - x * s],
        [x * z * d - y * s, y * z * d + x * s, c + z * z * d],
    ]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
