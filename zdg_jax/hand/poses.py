"""Hand poses: where a hand is and how its joints stand, alone and as the three poses of a grasp."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.runtime.pytrees import pytree

if TYPE_CHECKING:
    import jax
    from jax.typing import ArrayLike

    Rows: TypeAlias = int | slice | np.ndarray | jax.Array
    """Chooses along the first batch axis: a number, a slice, numbers or a mask."""


@pytree
@dataclasses.dataclass(frozen=True, kw_only=True)
class HandPose:
    """Poses of a hand, with any leading batch shape `*b`.

    A pose is `T_object_hand`, the hand's root frame in the object's mesh frame, and the angles of
    all joints in the order of the hand's MJCF, coupled joints included. The leaves are NumPy arrays
    where the poses lie on the host.
    """

    position: jax.Array
    """Origin of the hand's root, (*b, 3), object frame [m]."""
    quaternion: jax.Array
    """Rotation of the hand's root, (*b, 4), unit, wxyz, object frame."""
    joints: jax.Array
    """Joint positions, (*b, j), MJCF order [rad, or m for slide joints]."""
    joint_names: tuple[str, ...] = dataclasses.field(default=(), metadata={"static": True})
    """Names of the joints, (j,); those of a `GraspSet` know them."""

    @property
    def qpos(self) -> jax.Array:
        """Position, quaternion and joints in one array, (*b, 7 + j), as MuJoCo stores them."""
        leaves = (self.position, self.quaternion, self.joints)
        if all(isinstance(leaf, np.ndarray) for leaf in leaves):
            return np.concatenate(leaves, axis=-1)  # type: ignore[return-value]
        import jax.numpy as jnp

        return jnp.concatenate(leaves, axis=-1)

    def matrix(self) -> np.ndarray:
        """Computes the pose of the hand's root as a matrix on the host, `T_object_hand`.

        Returns:
            Rotation and position, (*b, 4, 4), object frame [m], so that p_object = T p_hand.
        """
        position = np.asarray(self.position, np.float64)
        matrix = np.zeros((*position.shape[:-1], 4, 4))
        matrix[..., :3, :3] = rotation_matrix(np.asarray(self.quaternion))
        matrix[..., :3, 3], matrix[..., 3, 3] = position, 1.0
        return matrix

    def joint(self, name: str) -> jax.Array:
        """Returns the positions of one joint, (*b,) [rad, or m for a slide joint].

        Args:
            name: one of `joint_names`.

        Raises:
            InputError: there is no such joint, or nobody named the joints.
        """
        if name not in self.joint_names:
            there = ", ".join(self.joint_names) or "no names; those of a GraspSet have them"
            raise InputError(f"no joint '{name}'; there are: {there}")
        return self.joints[..., self.joint_names.index(name)]

    @classmethod
    def from_qpos(cls, qpos: ArrayLike) -> HandPose:
        """Splits arrays as `qpos` joins them, into NumPy arrays.

        Args:
            qpos: root position, quaternion (wxyz) and joints, (*b, 7 + j), object frame [m, rad].

        Raises:
            InputError: the last axis has fewer than 7 numbers.
        """
        array = np.asarray(qpos)
        if array.ndim == 0 or array.shape[-1] < 7:
            raise InputError(f"a pose needs at least 7 numbers, got shape {array.shape}")
        leaves: Any = np.split(array, [3, 7], axis=-1)
        return cls(**dict(zip(("position", "quaternion", "joints"), leaves, strict=True)))

    def __repr__(self) -> str:
        """One line: how many poses there are, and of how many joints."""
        *batch, joints = np.shape(self.joints) or (0,)
        return f"<HandPose: {' x '.join(map(str, batch)) or 'one'}, {joints} joints>"

    def __getitem__(self, rows: Rows) -> HandPose:
        """The poses of some rows of the first batch axis."""
        return dataclasses.replace(self, **{leaf: getattr(self, leaf)[rows] for leaf in LEAVES})


@pytree
@dataclasses.dataclass(frozen=True, kw_only=True)
class Poses:
    """The three poses of n grasps, in the order in which the hand goes through them, and the way
    to the first."""

    pregrasp: HandPose
    """The open hand before it closes, leaves (n, ...)."""
    grasp: HandPose
    """The hand in contact, leaves (n, ...)."""
    squeeze: HandPose
    """The pose that the hand is driven to so that it pushes, leaves (n, ...)."""
    approach: HandPose | None = None
    """The way to the pregrasp, which is its last pose, leaves (n, T, ...); `None` where nobody
    looked for one."""

    @classmethod
    def from_qpos(
        cls,
        pregrasp: ArrayLike,
        grasp: ArrayLike,
        squeeze: ArrayLike,
        approach: ArrayLike | None = None,
    ) -> Poses:
        """Splits the poses as MuJoCo stores them.

        Args:
            pregrasp: root position, quaternion (wxyz) and joints, (n, 7 + j), object frame.
            grasp: likewise.
            squeeze: likewise.
            approach: likewise, (n, T, 7 + j).

        Raises:
            InputError: the last axis of one of them has fewer than 7 numbers.
        """
        return cls(
            pregrasp=HandPose.from_qpos(pregrasp),
            grasp=HandPose.from_qpos(grasp),
            squeeze=HandPose.from_qpos(squeeze),
            approach=None if approach is None else HandPose.from_qpos(approach),
        )

    @property
    def qpos(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pregrasps, grasps and squeezes as physics takes them, (n, 7 + j) each, float64."""
        pregrasp, grasp, squeeze = (
            np.asarray(getattr(self, name).qpos, np.float64) for name in POSES
        )
        return pregrasp, grasp, squeeze

    def __len__(self) -> int:
        """Number of grasps."""
        return len(self.grasp.position)

    def __getitem__(self, rows: Rows) -> Poses:
        """The poses of some grasps."""
        return Poses(
            pregrasp=self.pregrasp[rows],
            grasp=self.grasp[rows],
            squeeze=self.squeeze[rows],
            approach=None if self.approach is None else self.approach[rows],
        )


LEAVES = ("position", "quaternion", "joints")
"""Names of the arrays of a pose."""
POSES = ("pregrasp", "grasp", "squeeze")
"""Names of the three poses of a grasp, in their order."""
