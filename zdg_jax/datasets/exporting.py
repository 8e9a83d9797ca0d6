"""Exporting a dataset to the layouts of other projects: one folder per object, hand and task."""

from __future__ import annotations

import pathlib

from zdg_jax.datasets.reading import Dataset
from zdg_jax.errors import InputError
from zdg_jax.export import FORMATS, export_grasps
from zdg_jax.export.names import slug

_ONE_TREE = ("dexgraspbench",)
"""Formats whose layout has places for objects, hands and tasks of its own."""


def export_dataset(
    dataset: Dataset,
    out: str | pathlib.Path,
    *,
    format: str = "dexgraspbench",
    force: bool = False,
) -> int:
    """Writes the grasps of a dataset for another project.

    `dexgraspbench` makes one tree of objects and grasps; other formats get one folder per job,
    `OBJECT/HAND/TASK`.

    Args:
        dataset: the grasps; filter it to choose, e.g. `kept=True`.
        out: folder to write to.
        format: one of `zdg_jax.export.FORMATS`.
        force: replace files in the way.

    Returns:
        How many grasps were written.

    Raises:
        InputError: an unknown format, no grasp to write, or a folder that cannot be written.
    """
    if format not in FORMATS:
        raise InputError(f"no format '{format}'; there are: {', '.join(FORMATS)}")
    out, count = pathlib.Path(out), 0
    for grasps in dataset.grasp_sets():
        folder = out
        if format not in _ONE_TREE:
            folder = out / slug(grasps.object.name) / slug(grasps.hand.name) / slug(grasps.task)
        model = dataset.hand_model(grasps.hand.name)
        export_grasps(grasps, folder, format=format, all=True, hand=model, force=force)
        count += len(grasps)
    if not count:
        raise InputError("no grasp to export: nothing is chosen, or nothing is kept")
    return count
