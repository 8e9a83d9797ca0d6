"""`json`: one text file that says everything by name.

out/grasps.json     conventions, object, hand, and the grasps, best first
out/object.obj      the object's mesh in the frame of the poses [m]
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from zdg_jax.export.conventions import (
    CONVENTIONS,
    approach_qpos,
    qpos_by_stage,
    verdicts,
    write_mesh,
)
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import HandPose
from zdg_jax.runtime.files import atomic_write

NEEDS_HAND = False


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the file, see `zdg_jax.export.Format`."""
    names = list(grasps.hand.joint_names)
    qpos = qpos_by_stage(grasps)
    way = approach_qpos(grasps)
    up = None if grasps.scene is None else grasps.scene.object_up().tolist()

    def pose(row: np.ndarray) -> dict[str, Any]:
        return {
            "T_object_hand": HandPose.from_qpos(row).matrix().tolist(),
            "position": row[:3].tolist(),
            "quaternion_wxyz": row[3:7].tolist(),
            "joints": dict(zip(names, row[7:].tolist(), strict=True)),
        }

    content = {
        "format": "zdg-grasps",
        "version": 1,
        "conventions": CONVENTIONS,
        "task": grasps.task,
        "scene": None if grasps.scene is None else grasps.scene.to_json() | {"up": up},
        "object": {
            "name": grasps.object.name,
            "mesh": write_mesh(grasps, out),
            "mass": grasps.object.mass,
            "friction": grasps.object.friction,
        },
        "hand": {"name": grasps.hand.name, "joint_names": names},
        "grasps": [
            {
                "number": int(numbers[i]),
                "score": float(grasps.score[i]),
                "holds": holds,
                **({} if way is None else {"approach": [pose(row) for row in way[i]]}),
                **{stage: pose(rows[i]) for stage, rows in qpos.items()},
                "metrics": {name: _finite(values[i]) for name, values in grasps.metrics.items()},
            }
            for i, holds in enumerate(verdicts(grasps))
        ],
    }
    path = out / "grasps.json"
    with atomic_write(path) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    return [path]


def _finite(value: float) -> float | None:
    """A number as JSON has it, which knows none that is not finite."""
    return float(value) if np.isfinite(value) else None
