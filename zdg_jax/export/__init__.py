"""Export: grasps in the layouts that other projects read, one module per format."""

from __future__ import annotations

import os
import pathlib

from zdg_jax.errors import InputError
from zdg_jax.export import dexgraspbench
from zdg_jax.grasps import GraspSet

_WRITERS = {"dexgraspbench": dexgraspbench.write}
FORMATS = tuple(_WRITERS)
"""Names of the formats."""


def export_grasps(
    grasps: GraspSet,
    out: str | os.PathLike[str],
    *,
    format: str = "dexgraspbench",
    all: bool = False,
) -> list[pathlib.Path]:
    """Writes grasps for another project.

    Grasps that an earlier export of the same object, hand and task left in the folder go.

    Args:
        grasps: the grasps; the kept ones are written, best first.
        out: folder, made if need be.
        format: one of `FORMATS`.
        all: write every grasp, kept or not.

    Returns:
        The files of the grasps.

    Raises:
        InputError: an unknown format, no grasp to write, or a folder that cannot be written or
            holds another object of the same name.
    """
    if format not in _WRITERS:
        raise InputError(f"no format '{format}'; there are: {', '.join(FORMATS)}")
    chosen = grasps if all else grasps.selected()
    if not len(chosen):
        way_out = "make some first" if all else "export all of them with all=True (--all)"
        raise InputError(f"none of the {len(grasps)} grasps is kept; {way_out}")
    out = pathlib.Path(out).resolve()
    try:
        return _WRITERS[format](chosen[chosen.ranking], out)
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror or error}") from error
