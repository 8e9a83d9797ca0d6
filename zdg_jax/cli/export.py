"""`zdg export`: grasps in the layouts that other projects read."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER
from zdg_jax.export import FORMATS

_FORMATS = "\n".join(f"{name:<15}{summary}" for name, summary in FORMATS.items())


@click.command(
    short_help="Write grasps for other projects: MuJoCo, ROS, USD, GLB ...",
    help="Write the kept grasps of GRASPS (a grasps.npz) for another project.\n\n"
    f"\b\n{_FORMATS}\n\n"
    "Frames, quaternions, units and the order of joints are stated in docs/export.md, and in "
    "the files where their format has a place for it.",
)
@click.argument("grasps", type=FOLDER)
@click.option(
    "--format",
    default="dexgraspbench",
    show_default=True,
    metavar="NAME",
    help="One of the formats above.",
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option("--all", "everything", is_flag=True, help="Every refined grasp, kept or not.")
@click.option(
    "--grasp",
    "only",
    type=int,
    multiple=True,
    metavar="N",
    help="This grasp, kept or not; give it again for more.",
)
@click.option("--hand", help="The hand, where it is no longer where the grasps say.")
@click.option(
    "--joint-order", type=FOLDER, help="A URDF in the order of whose joints joints are written."
)
@outputs.force_option
def export(
    grasps: pathlib.Path,
    format: str,
    out: pathlib.Path,
    everything: bool,
    only: tuple[int, ...],
    hand: str | None,
    joint_order: pathlib.Path | None,
    force: bool,
) -> None:
    """Writes grasps of a file for another project."""
    from zdg_jax.export import export_grasps
    from zdg_jax.grasps import GraspSet

    loaded = GraspSet.load(grasps)
    writable(out)
    paths = export_grasps(
        loaded,
        out,
        format=format,
        all=everything,
        only=only or None,
        hand=hand,
        joint_order=joint_order,
        force=force,
    )
    count = len(loaded) if everything else len(set(only)) or int(loaded.kept.sum())
    place = paths[0] if len(paths) == 1 else paths[0].parent
    click.echo(f"{count} {'grasp' if count == 1 else 'grasps'} in {place}")
