"""`csv`: a table of one row per grasp, best first.

out/grasps.csv      columns number (of the grasp in its set), score, holds (1, 0, or empty where
                    it was not tested), then for each stage (pregrasp, grasp, squeeze)
                    STAGE.x .y .z .qw .qx .qy .qz and STAGE.JOINT by name
out/object.obj      the object's mesh in the frame of the poses [m]
"""

from __future__ import annotations

import csv
import io
import pathlib

import numpy as np

from zdg_jax.export.conventions import qpos_by_stage, verdicts, write_mesh
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.runtime.files import atomic_write

NEEDS_HAND = False
_ROOT = ("x", "y", "z", "qw", "qx", "qy", "qz")


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the table, see `zdg_jax.export.Format`."""
    write_mesh(grasps, out)
    qpos = qpos_by_stage(grasps)
    columns = [f"{stage}.{name}" for stage in qpos for name in (*_ROOT, *grasps.hand.joint_names)]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["number", "score", "holds", *columns])
    for i, holds in enumerate(verdicts(grasps)):
        values = [f"{value:.9g}" for rows in qpos.values() for value in rows[i]]
        verdict = "" if holds is None else int(holds)
        table.writerow([numbers[i], f"{grasps.score[i]:.9g}", verdict, *values])
    path = out / "grasps.csv"
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())
    return [path]
