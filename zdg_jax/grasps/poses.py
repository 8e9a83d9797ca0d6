"""Hand poses: where a hand is and how its joints stand."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from zdg_jax.errors import InputError


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class HandPose:
    """Poses of a hand, with any leading batch shape `*b`.

    A pose is `T_object_hand`, the hand's root body in the object's mesh frame, and the angles of
    all joints in the order of the hand's MJCF, coupled joints included.
    """

    position: jax.Array
    """Origin of the hand's root, (*b, 3), object frame [m]."""
    quaternion: jax.Array
    """Rotation of the hand's root, (*b, 4), unit, wxyz, object frame."""
    joints: jax.Array
    """Joint positions, (*b, j), MJCF order [rad, or m for slide joints]."""

    @property
    def qpos(self) -> jax.Array:
        """Position, quaternion and joints in one array, (*b, 7 + j), as MuJoCo stores them."""
        return jnp.concatenate([self.position, self.quaternion, self.joints], axis=-1)

    @classmethod
    def from_qpos(cls, qpos: ArrayLike) -> HandPose:
        """Splits arrays (*b, 7 + j) as `qpos` joins them.

        Raises:
            InputError: the last axis has fewer than 7 numbers, or not all numbers are finite.
        """
        array = np.asarray(qpos, np.float32)
        if array.ndim == 0 or array.shape[-1] < 7:
            raise InputError(f"a pose needs at least 7 numbers, got shape {array.shape}")
        if not np.isfinite(array).all():
            raise InputError("a pose holds a number that is not finite")
        return cls(
            position=jnp.asarray(array[..., :3]),
            quaternion=jnp.asarray(array[..., 3:7]),
            joints=jnp.asarray(array[..., 7:]),
        )

    def __getitem__(self, index: int | slice | np.ndarray | jax.Array) -> HandPose:
        """The poses at `index` along the first batch axis."""
        return jax.tree.map(lambda leaf: leaf[index], self)
