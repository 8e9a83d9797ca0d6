"""`npz`: arrays of n grasps in one NumPy file, to be read without pickle.

out/grasps.npz      joint_names (j,); number (n,), those in the set; for each stage (pregrasp,
                    grasp, squeeze) STAGE_qpos (n, 7 + j), STAGE_T_object_hand (n, 4, 4),
                    STAGE_joints (n, j); score (n,), tested (n,), holds (n,); conventions, object,
                    hand and task as text; of grasps made in a scene approach_qpos (n, T, 7 + j),
                    up (3,) and scene as JSON text
out/object.obj      the object's mesh in the frame of the poses [m]
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

from zdg_jax.export.conventions import (
    CONVENTIONS,
    approach_qpos,
    qpos_by_stage,
    write_mesh,
)
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.runtime.files import atomic_write

NEEDS_HAND = False


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the file, see `zdg_jax.export.Format`."""
    write_mesh(grasps, out)
    arrays = {
        "conventions": np.array(json.dumps(CONVENTIONS)),
        "object": np.array(grasps.object.name),
        "hand": np.array(grasps.hand.name),
        "task": np.array(grasps.task),
        "joint_names": np.array(grasps.hand.joint_names),
        "number": numbers,
        "score": grasps.score,
        "tested": grasps.tested,
        "holds": grasps.held,
    }
    for stage, qpos in qpos_by_stage(grasps).items():
        arrays[f"{stage}_qpos"] = qpos
        arrays[f"{stage}_T_object_hand"] = getattr(grasps, stage).matrix()
        arrays[f"{stage}_joints"] = qpos[:, 7:]
    way = approach_qpos(grasps)
    if way is not None:
        arrays["approach_qpos"] = way
    if grasps.scene is not None:
        arrays["up"] = grasps.scene.object_up()
        arrays["scene"] = np.array(json.dumps(grasps.scene.to_json()))
    path = out / "grasps.npz"
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return [path]
