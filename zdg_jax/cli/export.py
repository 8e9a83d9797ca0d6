"""`zdg export`: grasps in the layouts that other projects read."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER


@click.command()
@click.argument("grasps", type=FOLDER)
@click.option("--format", default="dexgraspbench", show_default=True, help="Layout to write.")
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option("--all", "everything", is_flag=True, help="Every refined grasp, kept or not.")
def export(grasps: pathlib.Path, format: str, out: pathlib.Path, everything: bool) -> None:
    """Write the kept grasps of GRASPS (a grasps.npz) for another project."""
    from zdg_jax.export import export_grasps
    from zdg_jax.grasps import GraspSet

    found = GraspSet.load(grasps)
    writable(out)
    paths = export_grasps(found, out, format=format, all=everything)
    click.echo(f"{len(paths)} grasps in {paths[0].parent}")
