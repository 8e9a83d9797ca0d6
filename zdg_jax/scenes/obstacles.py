"""Obstacles: boxes, and solids that are unions of convex pieces."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.objects.convex import ConvexPiece

if TYPE_CHECKING:
    from zdg_jax.objects import Object

Triple = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
_LARGEST = 100.0
"""Lengths beyond this are a mistake of units [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Box:
    """A box."""

    size: Triple
    """Lengths along its axes [m]."""
    position: Triple = (0.0, 0.0, 0.0)
    """Its centre, scene frame [m]."""
    quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0)
    """Its rotation, wxyz, scene frame."""
    name: str = "box"
    """Name in messages."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: a length is not positive, or a number is not finite.
        """
        for field, count in (("size", 3), ("position", 3), ("quaternion", 4)):
            object.__setattr__(
                self, field, numbers(getattr(self, field), f"the {field} of {self.name}", count)
            )
        if min(self.size) <= 0:
            raise InputError(f"{self.name} has the size {self.size}; lengths are positive [m]")
        if not any(self.quaternion):
            raise InputError(f"the quaternion of {self.name} is zero; (1, 0, 0, 0) is no rotation")

    @property
    def corners(self) -> np.ndarray:
        """Its corners, (8, 3), scene frame [m]."""
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        local = 0.5 * signs * np.array(self.size)
        return local @ rotation_matrix(np.array(self.quaternion)).T + np.array(self.position)

    def to_json(self) -> dict[str, Any]:
        """Describes it in JSON values."""
        return {"shape": "box", **dataclasses.asdict(self)}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Solid:
    """A solid of any shape: the union of convex pieces."""

    pieces: tuple[ConvexPiece, ...]
    """Its pieces, scene frame."""
    name: str = "solid"
    """Name in messages."""

    def __post_init__(self) -> None:
        """Checks the pieces.

        Raises:
            InputError: there is none, or a vertex is not finite.
        """
        if not self.pieces:
            raise InputError(f"{self.name} has no pieces")
        for piece in self.pieces:
            numbers(np.ravel(piece.vertices), f"vertices of {self.name}", piece.vertices.size)

    @classmethod
    def of(
        cls,
        obj: Object,
        position: Triple = (0.0, 0.0, 0.0),
        quaternion: Quaternion = (1.0, 0.0, 0.0, 0.0),
    ) -> Solid:
        """Makes an obstacle of an object: of any mesh that `Object.from_mesh` reads.

        Args:
            obj: the object.
            position: of its frame, scene frame [m].
            quaternion: its rotation, wxyz, scene frame.

        Raises:
            InputError: the object has no convex pieces.
        """
        rotation, shift = rotation_matrix(np.array(quaternion)), np.array(position)
        pieces = tuple(
            ConvexPiece(vertices=piece.vertices @ rotation.T + shift, faces=piece.faces)
            for piece in obj.pieces
        )
        return cls(pieces=pieces, name=obj.name or "solid")

    def to_json(self) -> dict[str, Any]:
        """Describes it in JSON values."""
        pieces = [
            {"vertices": piece.vertices.tolist(), "faces": np.asarray(piece.faces).tolist()}
            for piece in self.pieces
        ]
        return {"shape": "solid", "name": self.name, "pieces": pieces}


Obstacle = Box | Solid


def obstacle_from_json(values: Mapping[str, Any]) -> Obstacle:
    """Makes an obstacle of what `to_json` described.

    Raises:
        InputError: the values do not fit.
        KeyError: a value is missing.
    """
    values = dict(values)
    shape = values.pop("shape")
    if shape == "box":
        return Box(**values)
    if shape != "solid":
        raise InputError(f"an obstacle has the shape {str(shape)[:40]!r}; there are box and solid")
    pieces = []
    for piece in values["pieces"]:
        vertices, faces = np.array(piece["vertices"], float), np.array(piece["faces"], np.int32)
        if vertices.ndim != 2 or vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
            raise InputError("a piece of an obstacle has no lists of vertices and triangles")
        if not (len(faces) and faces.min() >= 0 and faces.max() < len(vertices)):
            raise InputError("a piece of an obstacle names vertices that do not exist")
        pieces.append(ConvexPiece(vertices=vertices, faces=faces))
    return Solid(pieces=tuple(pieces), name=str(values["name"]))


def numbers(values: Sequence[float] | np.ndarray, what: str, count: int) -> tuple[float, ...]:
    """Returns values as plain floats.

    Raises:
        InputError: not `count` finite numbers of sensible size.
    """
    try:
        plain = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        plain = ()
    if len(plain) != count or not all(map(math.isfinite, plain)):
        raise InputError(f"{what} is {values}; {count} finite numbers are needed")
    if max(map(abs, plain), default=0.0) > _LARGEST:
        raise InputError(f"{what} goes to {max(map(abs, plain)):.3g} m; lengths are in metres")
    return plain
