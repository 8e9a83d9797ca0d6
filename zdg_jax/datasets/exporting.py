"""Exporting a dataset to the layouts of other projects: one folder per object, hand and task."""

from __future__ import annotations

import dataclasses
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
    names = _names(dataset)
    for job, grasps in zip(dataset.jobs(), dataset.grasp_sets(), strict=True):
        folder, obj = out, dataclasses.replace(grasps.object, name=names[job], source=None)
        grasps = dataclasses.replace(grasps, object=obj)
        if format not in _ONE_TREE:
            folder = out / slug(grasps.object.name) / slug(grasps.hand.name) / slug(grasps.task)
        model = dataset.hand_model(grasps.hand.name)
        export_grasps(grasps, folder, format=format, all=True, hand=model, force=force)
        count += len(grasps)
    if not count:
        raise InputError("no grasp to export: nothing is chosen, or nothing is kept")
    return count


def _names(dataset: Dataset) -> dict[str, str]:
    """Names of the jobs' objects, by job; with the object's id where two have the same name."""
    rows = dataset.to_table(["job", "object", "object_name"]).group_by(
        ["job", "object", "object_name"]
    )
    jobs = rows.aggregate([]).to_pylist()
    ids: dict[str, set[str]] = {}
    for row in jobs:
        ids.setdefault(row["object_name"], set()).add(row["object"])
    return {
        row["job"]: row["object_name"]
        if len(ids[row["object_name"]]) == 1
        else f"{row['object_name']}_{row['object']}"
        for row in jobs
    }
