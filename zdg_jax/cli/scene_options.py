"""Options of the surroundings: a table, a scene file, and how the object stands."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class SceneChoice:
    """The surroundings that the options ask for."""

    table: bool
    """True where a table is asked for."""
    file: pathlib.Path | None
    """MJCF of the surroundings."""
    up: str | None
    """Direction of the object that points up, in words."""
    overhang: bool
    """True where the object is to hang over the table's edge."""
    every_pose: bool = False
    """True where grasps for each stable pose are asked for."""

    @property
    def asked(self) -> bool:
        """True where any of the options asks for a scene."""
        return (
            self.table
            or self.overhang
            or self.every_pose
            or self.file is not None
            or self.up is not None
        )

    def build(self) -> Scene | None:
        """Returns the scene; None where no option asks for one.

        An overhang is still to be made of it, see `around`.

        Raises:
            InputError: the file cannot be used, `up` is no direction, or options disagree.
        """
        from zdg_jax.scenes import Scene

        up = None if self.up is None else direction(self.up)
        if self.every_pose and (self.file is not None or up is not None or self.overhang):
            raise InputError(
                "--poses all says how the object lies; leave out --scene, --up and --overhang"
            )
        if self.file is not None:
            if self.table:
                raise InputError("--scene says itself whether there is a table; leave out --table")
            if self.overhang:
                raise InputError("--overhang is for a bare table; leave out --scene")
            return Scene.from_mjcf(self.file, up=up)
        return Scene(up=up) if self.table or self.overhang or up is not None else None

    def around(self, scene: Scene | None, obj: Object) -> Scene | None:
        """Returns a scene of `build` with the object in it, where it is to hang over the edge.

        Args:
            scene: the scene.
            obj: the object.

        Raises:
            InputError: the object is too short for that.
        """
        if scene is None or not self.overhang:
            return scene
        from zdg_jax.scenes.overhang import overhanging

        return overhanging(obj, scene)


def scene_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options to a command, which gets them as `scene`, a `SceneChoice`.

    Args:
        command: the command's function.
    """

    @functools.wraps(command)
    def packed(
        *args: Any,
        table: bool,
        scene: pathlib.Path | None,
        up: str | None,
        overhang: bool,
        **others: Any,
    ) -> Any:
        choice = SceneChoice(table=table, file=scene, up=up, overhang=overhang)
        return command(*args, scene=choice, **others)

    return _added(packed)


def pose_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options, and that of all stable poses; likewise as `scene`, a `SceneChoice`.

    Args:
        command: the command's function.
    """

    @functools.wraps(command)
    def packed(*args: Any, scene: SceneChoice, poses: str | None, **others: Any) -> Any:
        every = dataclasses.replace(scene, every_pose=poses == "all")
        return command(*args, scene=every, **others)

    option = click.option(
        "--poses",
        type=click.Choice(("all",)),
        help="Grasps for every way in which the object comes to lie on a table.",
    )
    return scene_options(option(packed))


def _added(decorated: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--overhang",
            is_flag=True,
            help="The object's longer end hangs over the table's edge: for flat things.",
        ),
        click.option(
            "--up",
            metavar="DIRECTION",
            help="Direction of the object that points up on the table: z, -y, or 0,1,1; that of "
            "the plan if not given.",
        ),
        click.option(
            "--scene",
            type=click.Path(path_type=pathlib.Path),
            help="MJCF of what is around the object: boxes, meshes, a plane as table. A body "
            "called object says where it is.",
        ),
        click.option(
            "--table",
            is_flag=True,
            help="The object stands on a table: grasps keep off it and must lift the object.",
        ),
    ):
        decorated = option(decorated)
    return decorated


def direction(words: str) -> tuple[float, float, float]:
    """Reads a direction of the command line: an axis such as `-y`, or three numbers.

    Args:
        words: the option's value.

    Raises:
        InputError: it is none.
    """
    axis = _AXES.get(words.lower().lstrip("+-"))
    if axis is not None and len(words) <= 2:
        sign = -1.0 if words.startswith("-") else 1.0
        return sign * axis[0], sign * axis[1], sign * axis[2]
    try:
        x, y, z = (float(word) for word in words.split(","))
    except ValueError:
        raise InputError(
            f"--up is '{words}'; it must be x, y, z, -x, -y, -z, or three numbers such as 0,1,1"
        ) from None
    return x, y, z
