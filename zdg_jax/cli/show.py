"""`zdg show`: what is in a file of grasps, as a table, one grasp in full, or a picture."""

from __future__ import annotations

import pathlib
import textwrap
from typing import TYPE_CHECKING

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet

_WIDTH = 80
_MOST = 64


@click.command(short_help="Show GRASPS: the best of them, one in full, pictures.")
@click.argument("grasps", type=FOLDER)
@click.option("--grasp", "number", type=int, metavar="N", help="Show this grasp in full.")
@click.option("--rows", default=8, show_default=True, help="Grasps in table and picture at most.")
@outputs.force_option
@click.option("--picture", type=FOLDER, help="Picture to write, a .png: the table's, or grasp N.")
@click.option("--hand", help="Hand to draw if the recorded one has moved.")
def show(
    grasps: pathlib.Path,
    number: int | None,
    rows: int,
    picture: pathlib.Path | None,
    force: bool,
    hand: str | None,
) -> int:
    """Show the grasps of GRASPS (a grasps.npz): the best of them, or one in full.

    Numbers are those of the file, from 0. Joints come by name, the wrist as a 4 x 4 matrix in the
    object's frame.

    Exit status 0 if the file holds a grasp to use: one that is kept, or the grasp asked for.
    """
    if not 1 <= rows <= _MOST:
        raise InputError(f"--rows is {rows}; it must be from 1 to {_MOST}")
    if hand is not None and picture is None:
        raise InputError("--hand says which hand to draw; name the picture with --picture")
    if picture is not None and picture.suffix.lower() != ".png":
        raise InputError(f"--picture is {picture}; its name must end in .png")
    from zdg_jax.grasps import GraspSet

    loaded = GraspSet.load(grasps)
    if number is not None and not 0 <= number < len(loaded):
        count = f"grasps 0 to {len(loaded) - 1}" if len(loaded) else "no grasp"
        raise InputError(f"--grasp is {number}; {grasps} has {count}")
    if number is None:
        from zdg_jax.grasps.summary import summarize

        for line in summarize(loaded, rows, width=_WIDTH).splitlines():
            click.echo(textwrap.fill(line, _WIDTH) if len(line) > _WIDTH else line)
    else:
        from zdg_jax.grasps.grasp_text import describe_grasp

        click.echo(describe_grasp(loaded, number))
    if picture is not None and len(loaded):
        writable(picture.absolute().parent)
        outputs.check_picture(picture, force)
        _draw(loaded, number, rows, picture, hand)
        click.echo(str(picture))
    return 0 if number is not None or loaded.kept.any() else 1


def _draw(
    grasps: GraspSet, number: int | None, rows: int, path: pathlib.Path, hand: str | None
) -> None:
    from zdg_jax.grasps.summary import shown_order
    from zdg_jax.rendering import grasp_sheet

    chosen = shown_order(grasps, rows) if number is None else [number]
    grasp_sheet(grasps, chosen, grasps.load_hand(hand), path)
