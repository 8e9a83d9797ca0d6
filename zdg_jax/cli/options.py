"""Options that several commands share."""

from __future__ import annotations

import functools
import math
import os
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import check_path

if TYPE_CHECKING:
    from zdg_jax.cli.progress import Bars
    from zdg_jax.objects import Object

Command = Callable[..., Any]


class _NamedPath(click.Path):
    """A path that is not empty: a variable of the shell that is not set is no folder."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> pathlib.Path:
        check_path("a path" if param is None else param.opts[0], value)
        return pathlib.Path(os.fsdecode(super().convert(value, param, ctx)))


FOLDER = _NamedPath()


def object_options(command: Command) -> Command:
    """Adds options of the object to a command: mesh, scale and mass.

    Args:
        command: the command's function.
    """
    mass = click.option("--mass", type=float, help="Mass [kg]; else the planner's estimate.")
    return mesh_options(mass(command))


def mesh_options(command: Command) -> Command:
    """Adds options of a mesh to a command: its file and its scale.

    Args:
        command: the command's function.
    """
    for option in (
        click.option(
            "--scale",
            type=float,
            help="From file units to metres; the unit that the file states, or 1, if not given.",
        ),
        click.argument("mesh", type=FOLDER),
    ):
        command = option(command)
    return command


def parts_option(command: Command) -> Command:
    """Adds the option of a file that names parts to a command.

    Args:
        command: the command's function.
    """
    return click.option(
        "--parts",
        type=FOLDER,
        metavar="FILE",
        help="Names parts: JSON (faces, boxes, planes), PLY (colours), or labels (.npy, .txt).",
    )(command)


def hand_options(command: Command) -> Command:
    """Adds options that say what of a file is the hand, its unit, and how it is driven.

    Args:
        command: the command's function; they reach it within `hand`, as the hand's name.
    """

    @functools.wraps(command)
    def with_hand(
        *args: Any,
        hand: str,
        root: str | None,
        hand_scale: float | None,
        hand_drive: float | None,
        **kw: Any,
    ) -> Any:
        extra = "" if root is None else f":root={root}"
        extra += "" if hand_scale is None else f":scale={hand_scale:g}"
        extra += "" if hand_drive is None else f":drive={hand_drive:g}"
        return command(*args, hand=hand + extra, **kw)

    decorated: Command = with_hand
    for option in (
        click.option(
            "--hand-drive", type=float, help="Drive every joint with this gain [N m/rad]."
        ),
        click.option(
            "--hand-scale", type=float, help="From the units of the hand's file to metres."
        ),
        click.option("--root", help="Body that carries the hand, in the file of a robot."),
    ):
        decorated = option(decorated)
    return decorated


def planning_options(command: Command) -> Command:
    """Adds options of planning to a command: task, hand, planner, and how a model is asked.

    Args:
        command: the command's function; the last of these reach it as `options`, a
            `PlannerOptions`.
    """

    @functools.wraps(command)
    def with_options(
        *args: Any, answers: str, server: str | None, max_calls: int | None, **kwargs: Any
    ) -> Any:
        from zdg_jax.planning import Limits, PlannerOptions

        kind, _, folder = kwargs["planner"].partition(":")
        if kind == "manual":
            place = folder or PlannerOptions().manual_folder
            click.echo(f"questions go into {place}; each waits there for its answer.json", err=True)
        limits = Limits() if max_calls is None else Limits(max_calls=max_calls)
        options = PlannerOptions(limits=limits, cache=answers, base_url=server)  # type: ignore[arg-type]
        return command(*args, options=options, **kwargs)

    decorated: Command = hand_options(with_options)
    for option in (
        click.option("--max-calls", type=int, help="Most requests to a model, retries included."),
        click.option("--server", help="Another address of the model's server."),
        click.option(
            "--answers",
            type=click.Choice(["use", "off", "replay"]),
            default="use",
            show_default=True,
            help="A model's answers on disk: use and keep them, do neither, or ask nothing.",
        ),
        click.option(
            "--planner",
            default="auto",
            show_default=True,
            help="auto, rules, gemini[:MODEL], openai[:MODEL], manual[:FOLDER], or a PLAN.json.",
        ),
        click.option(
            "--hand", default="allegro", show_default=True, help="A shipped hand or an MJCF file."
        ),
        click.option("--task", required=True, help="What the grasp is for, in words."),
    ):
        decorated = option(decorated)
    return decorated


def load_object(
    mesh: pathlib.Path,
    scale: float | None,
    mass: float | None,
    bars: Bars,
    parts: pathlib.Path | None = None,
) -> Object:
    """Prepares the object.

    Args:
        mesh: path of the mesh.
        scale: factor from the file's unit to metres; None takes what the file states.
        mass: mass [kg]; None leaves it open.
        bars: bars that show how far it is.
        parts: file that names parts; None takes those that are found.

    Raises:
        InputError: the mesh, scale, mass or file of parts cannot be used.
    """
    from zdg_jax.objects import Object

    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise InputError(f"--scale {scale} is not a positive number")
    return Object.from_mesh(mesh, scale=scale, mass=mass, parts=parts or "auto", progress=bars)
