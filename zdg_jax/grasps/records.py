"""Records of an object and a hand: what a set of grasps keeps of them in its file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.objects.convex import ConvexPiece

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectRecord:
    """An object as physics, pictures and export need it, in the mesh's frame after `scale` [m]."""

    name: str
    """Name; the stem of the mesh file unless the user gave one."""
    source: str | None
    """Absolute path of the mesh file, if there was one."""
    mesh_hash: str
    """SHA-256 of the scaled triangles, hexadecimal."""
    scale: float
    """Factor from the file's unit to metres."""
    vertices: np.ndarray
    """(v, 3) [m]."""
    faces: np.ndarray
    """(f, 3)."""
    face_parts: np.ndarray
    """Mark of the part that each face is of, (f,) int; 0 where nothing says."""
    part_names: Mapping[int, str] = dataclasses.field(default_factory=dict)
    """Names of the parts by mark, those that have one: from the asset, the user, or by pointing."""
    pieces: tuple[ConvexPiece, ...]
    """Convex pieces, what physics sees."""
    mass: float
    """[kg]."""
    friction: float
    """Sliding friction coefficient."""
    volume: float
    """[m^3]."""

    @classmethod
    def of(cls, obj: Object | ObjectRecord) -> ObjectRecord:
        """The record of a prepared object."""
        return cls(**{field.name: getattr(obj, field.name) for field in dataclasses.fields(cls)})

    def __repr__(self) -> str:
        """One line: the name, size and mass, and counts of what it is made of."""
        size = " x ".join(f"{1e3 * side:.0f}" for side in np.ptp(self.vertices, axis=0))
        return (
            f"<ObjectRecord '{self.name}': {size} mm, {self.mass:.3g} kg, {len(self.faces)} faces,"
            f" {len(self.pieces)} convex pieces>"
        )

    @property
    def stem(self) -> str:
        """Name of the object's folder in an export: the stem of its mesh file."""
        if self.source is None:
            return self.name
        return os.path.splitext(os.path.basename(self.source))[0] or self.name

    def prepare(self, **options: Any) -> Object:
        """Prepares the object again from its own geometry.

        Args:
            **options: passed on to `Object.from_mesh`.
        """
        from zdg_jax.objects import Object

        settings: dict[str, Any] = {"mass": self.mass, "friction": self.friction, "name": self.name}
        return Object.from_mesh((self.vertices, self.faces), **(settings | options))


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandRecord:
    """The hand that the joints belong to."""

    name: str
    """The hand's name."""
    source: str
    """Shipped name or absolute path; empty for a hand that was made in memory."""
    fingerprint: str
    """SHA-256 of what defines the hand, hexadecimal."""
    joint_names: tuple[str, ...]
    """Names of the joints, in the order of the poses."""
    link_names: tuple[str, ...] = ()
    """Names of the links that `GraspSet.forces` counts; none in files that do not say."""
    actuator_names: tuple[str, ...] = ()
    """Names of the actuators, in the order of its torques; likewise."""

    @classmethod
    def of(cls, hand: Hand | HandRecord) -> HandRecord:
        """The record of a loaded hand."""
        return cls(
            name=hand.name,
            source=str(hand.source or ""),
            fingerprint=hand.fingerprint,
            joint_names=tuple(hand.joint_names),
            link_names=tuple(hand.link_names),
            actuator_names=tuple(hand.actuator_names),
        )

    def load(self, hand: Hand | str | os.PathLike[str] | None = None) -> Hand:
        """Loads the hand again.

        Args:
            hand: a hand, name or path to use instead of the recorded source. It may differ from
                the recorded hand as long as it has the same joints: the user says that it serves.

        Raises:
            InputError: the hand cannot be found, or is no longer the one of the grasps.
        """
        from zdg_jax.hand import Hand

        if hand is None and not self.source:
            raise InputError(
                f"the hand '{self.name}' of these grasps was made in memory; say which hand to use"
                " (hand=..., or --hand)"
            )
        if hand is None:
            try:
                loaded = Hand.load(self.source)
            except InputError as error:
                raise InputError(
                    f"the grasps' hand cannot be loaded: {error}; say where it is (hand=..., or"
                    " --hand)"
                ) from error
            if loaded.fingerprint != self.fingerprint:
                raise InputError(
                    f"the hand '{self.source}' has changed since these grasps were made"
                    f" ({loaded.fingerprint[:12]}, not {self.fingerprint[:12]}); restore it, or"
                    " name a hand to use all the same (hand=..., or --hand)"
                )
            return loaded
        loaded = hand if isinstance(hand, Hand) else Hand.load(hand)
        if tuple(loaded.joint_names) != self.joint_names:
            raise InputError(
                f"the hand '{loaded.name}' has joints {_few(loaded.joint_names)}; the grasps are"
                f" for '{self.name}' with {_few(self.joint_names)}"
            )
        return loaded


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:4])
    return f"{len(names)} ({shown}{', ...' if len(names) > 4 else ''})"
