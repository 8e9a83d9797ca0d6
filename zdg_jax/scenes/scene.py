"""`Scene`: how an object stands, what it stands on, and what is around it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_between, rotation_matrix
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.scenes.obstacles import (
    Obstacle,
    Quaternion,
    Triple,
    numbers,
    obstacle_from_json,
)


class Piece(Protocol):
    """A convex piece."""

    @property
    def vertices(self) -> np.ndarray:
        """Vertices, (v, 3) [m]."""

    @property
    def faces(self) -> np.ndarray:
        """Triangles, (f, 3)."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """The surroundings of an object: a table under it, unless told otherwise, and obstacles.

    The scene's frame has z up. `Scene()` is the object on a table, standing as its plan says.
    """

    up: Triple | None = None
    """Direction of the object frame that points up; the plan's (`object.upright`) if not given."""
    position: Triple | None = None
    """Origin of the object frame, scene frame [m]. If not given, the object rests on the table, its
    origin above the scene's."""
    quaternion: Quaternion | None = None
    """Rotation of the object, wxyz, scene frame; instead of `up`."""
    table: float | None = 0.0
    """Height of the table's top, an endless plane, scene frame [m]; None where obstacles alone
    carry the object."""
    obstacles: tuple[Obstacle, ...] = ()
    """All else that is in the way."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: `up` is no direction, it is given beside a rotation, or a number is not
                finite.
        """
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        for name, count in (("up", 3), ("position", 3), ("quaternion", 4)):
            value = getattr(self, name)
            if value is not None:
                put(name, numbers(value, f"{name} of the scene", count))
        if self.table is not None:
            put("table", numbers([self.table], "the table's height", 1)[0])
        check_kind("obstacles", self.obstacles, Sequence, "a list of Box and Solid")
        for obstacle in self.obstacles:
            check_kind("an obstacle", obstacle, Obstacle, "a Box or a Solid")
        put("obstacles", tuple(self.obstacles))
        if self.up is not None and not np.linalg.norm(self.up) > 1e-6:
            raise InputError(f"up is {self.up}; it must be a direction, e.g. (0, 0, 1)")
        if self.quaternion is not None and not np.linalg.norm(self.quaternion) > 1e-6:
            raise InputError("the object's quaternion is zero; (1, 0, 0, 0) is no rotation")
        if self.up is not None and self.quaternion is not None:
            raise InputError("up and the object's quaternion both say how it stands; give one")
        if self.table is None and self.position is None:
            raise InputError("without a table the scene must say where the object is: position")

    @classmethod
    def from_mjcf(
        cls,
        path: str | os.PathLike[str],
        *,
        up: Triple | None = None,
        position: Triple | None = None,
        quaternion: Quaternion | None = None,
    ) -> Scene:
        """Reads surroundings from an MJCF file, see `zdg_jax.scenes.mjcf`.

        Args:
            path: the file. A body called `object` without geoms says where the object is.
            up: as the field of this name.
            position: likewise.
            quaternion: likewise.

        Raises:
            InputError: the file cannot be read, holds something that moves, or its body `object`
                and the arguments both say where the object is.
        """
        from zdg_jax.scenes.mjcf import read_scene

        return read_scene(path, up=up, position=position, quaternion=quaternion)

    @property
    def placed(self) -> bool:
        """True where the scene says all about where the object is."""
        return self.position is not None and self.quaternion is not None

    @property
    def leaves_up_open(self) -> bool:
        """True where the scene does not say how the object stands."""
        return self.up is None and self.quaternion is None

    def object_up(self, upright: Triple = (0.0, 0.0, 1.0)) -> np.ndarray:
        """Returns the unit direction that points up, (3,), object frame.

        Args:
            upright: the direction where the scene does not say, object frame.
        """
        if self.quaternion is not None:
            up: np.ndarray = rotation_matrix(np.array(self.quaternion))[2]
        else:
            up = np.array(self.up or upright, float)
        return up / np.linalg.norm(up)

    def place(self, pieces: Sequence[Piece], upright: Triple = (0.0, 0.0, 1.0)) -> Scene:
        """Returns the scene with the object's place in it; the same where it is given.

        Args:
            pieces: the object's convex pieces, object frame.
            upright: direction that points up where the scene does not say, object frame.
        """
        quaternion, position = self.quaternion, self.position
        up = self.object_up(upright)
        if quaternion is None:
            turn = rotation_between(up, np.array([0.0, 0.0, 1.0]))
            quaternion = (float(turn[0]), float(turn[1]), float(turn[2]), float(turn[3]))
        if position is None:
            assert self.table is not None  # or the position would be given
            lowest = min(float((np.asarray(piece.vertices) @ up).min()) for piece in pieces)
            position = (0.0, 0.0, self.table - lowest)
        return dataclasses.replace(self, up=None, position=position, quaternion=quaternion)

    def rest(self, pieces: Sequence[Piece], upright: Triple = (0.0, 0.0, 1.0)) -> Scene:
        """Returns the scene with the object at rest in it, see `resting.resting_up`.

        Only an object whose place is all open turns; arguments as of `place`.
        """
        if self.position is not None or self.quaternion is not None:
            return self.place(pieces, upright)
        from zdg_jax.scenes.resting import resting_up

        x, y, z = resting_up(pieces, self.object_up(upright)).tolist()
        return dataclasses.replace(self, up=(x, y, z)).place(pieces)

    def to_json(self) -> dict[str, Any]:
        """Describes the scene in JSON values."""
        return {
            "up": self.up,
            "position": self.position,
            "quaternion": self.quaternion,
            "table": self.table,
            "obstacles": [obstacle.to_json() for obstacle in self.obstacles],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scene:
        """Makes a scene of what `to_json` described.

        Raises:
            InputError: the values do not fit.
            KeyError: a value is missing.
            TypeError: a value is of another type.
        """
        obstacles = tuple(obstacle_from_json(item) for item in values["obstacles"])
        names = ("up", "position", "quaternion", "table")
        return cls(**{name: values[name] for name in names}, obstacles=obstacles)
