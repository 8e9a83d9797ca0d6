"""`zdg parts`: the numbered parts of a mesh, and files in which to change and name them."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER, load_object, mesh_options, parts_option
from zdg_jax.cli.progress import Bars

_SIZE = (640, 520)
_COLUMNS = 5


@click.command(short_help="Show the parts of MESH that plans speak of.")
@mesh_options
@parts_option
@click.option(
    "--out",
    type=FOLDER,
    default=pathlib.Path("parts"),
    show_default=True,
    help="Folder for parts.png, parts.json and parts.ply.",
)
@outputs.force_option
def parts(
    mesh: pathlib.Path,
    scale: float | None,
    parts: pathlib.Path | None,
    out: pathlib.Path,
    force: bool,
) -> None:
    """Show the parts of MESH that plans speak of, and write files to name or change them.

    parts.png shows the marks from ten sides; parts.json lists faces by part, parts.ply colours
    them. Change names, faces or colours there, or write boxes and planes, and give the file back
    with --parts to plan, grasp or this command.
    """
    with Bars() as bars:
        obj = load_object(mesh, scale, None, bars, parts)
    writable(out)
    paths = [out / f"parts.{suffix}" for suffix in ("png", "json", "ply")]
    for path in paths:
        outputs.check_new(path, force)
    # Imported here: drawing costs time that `zdg --help` need not spend.
    from zdg_jax.objects.appearance import Appearance
    from zdg_jax.objects.part_files import write_part_file, write_part_ply
    from zdg_jax.rendering.marked_object import MarkedObject, tiled
    from zdg_jax.rendering.picture import png
    from zdg_jax.runtime.files import atomic_write

    views = MarkedObject(obj, Appearance.of(obj)).views(_SIZE)
    with atomic_write(paths[0]) as file:
        file.write(png(tiled([view.image for view in views], _COLUMNS)))
    write_part_file(obj, paths[1])
    write_part_ply(obj, paths[2])
    for part in obj.parts:
        size = " x ".join(f"{1e3 * side:.0f}" for side in part.extents)
        of = "" if part.parent == part.mark else f", a piece of the part of {part.parent}"
        share = part.area / sum(other.area for other in obj.parts)
        click.echo(
            f"{part.mark:3d} {part.name or '':12s} {share:4.0%} of the surface, {size} mm{of}"
        )
    click.echo("  ".join(str(path) for path in paths))
