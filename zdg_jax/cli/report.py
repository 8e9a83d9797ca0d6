"""`zdg report`: all that is known of a set of grasps, as one HTML file."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER
from zdg_jax.errors import InputError


@click.command(short_help="Write all that is known of GRASPS as one HTML file.")
@click.argument("grasps", type=FOLDER)
@click.option("--out", type=FOLDER, help="File to write; report.html beside GRASPS if not given.")
@click.option("--hand", help="Hand to draw if the recorded one has moved.")
@click.option("--transcript", type=FOLDER, help="Page of the planner to put in, a plan.html.")
@outputs.force_option
def report(
    grasps: pathlib.Path,
    out: pathlib.Path | None,
    hand: str | None,
    transcript: pathlib.Path | None,
    force: bool,
) -> None:
    """Write what is known of GRASPS (a grasps.npz) as one HTML file, to be read or sent.

    Pictures, the best grasps in three dimensions, charts of why grasps fail, the table, and the
    plan. The file needs no server, no network and nothing beside it. A plan.html that lies beside
    GRASPS is put in unasked.
    """
    from zdg_jax.cli.progress import Bars
    from zdg_jax.grasps import GraspSet
    from zdg_jax.report import write_report

    path = out or grasps.parent / "report.html"
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"--out is {path}; its name must end in .html")
    loaded = GraspSet.load(grasps)
    beside = grasps.parent / "plan.html"
    if transcript is None and outputs.is_page(beside):
        transcript = beside
    writable(path.absolute().parent)
    outputs.check_page(path, force)
    with Bars() as bars:
        write_report(loaded, path, hand=hand, transcript=transcript, progress=bars)
    click.echo(str(path))
