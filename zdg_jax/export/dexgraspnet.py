"""The layout of DexGraspNet (Wang et al., ICRA 2023, arXiv 2210.02697):

    out/dexgraspnet/STEM.npy                    a pickled list of dicts, one per grasp
    out/meshdata/STEM/coacd/decomposed.obj      the object's mesh [m]

A grasp's `qpos` names the hand's translation in the object's frame WRJTx, WRJTy, WRJTz [m], its
rotation WRJRx, WRJRy, WRJRz as angles about the fixed axes x, y, z in that order [rad], and every
joint by its name. That dataset's own Shadow hand has `robot0:` before the names of its joints.

That layout asks for pickled dicts; they are written here and never read.
"""

from __future__ import annotations

import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

from zdg_jax.export.conventions import qpos_by_stage, verdicts, write_obj
from zdg_jax.export.names import slug
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.runtime.files import atomic_write

NEEDS_HAND = False
_TRANSLATION = ("WRJTx", "WRJTy", "WRJTz")
_ROTATION = ("WRJRx", "WRJRy", "WRJRz")


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the list, see `zdg_jax.export.Format`."""
    stem = slug(grasps.object.stem)
    mesh = out / "meshdata" / stem / "coacd" / "decomposed.obj"
    mesh.parent.mkdir(parents=True, exist_ok=True)
    write_obj(mesh, grasps.object.vertices, grasps.object.faces)
    stages = {
        stage: _by_name(rows, grasps.hand.joint_names)
        for stage, rows in qpos_by_stage(grasps).items()
    }
    records = [
        {
            "qpos": stages["grasp"][i],
            "scale": 1.0,
            "pregrasp_qpos": stages["pregrasp"][i],
            "squeeze_qpos": stages["squeeze"][i],
            "number": int(numbers[i]),
            "score": float(grasps.score[i]),
            "valid": holds,
            "task": grasps.task,
        }
        for i, holds in enumerate(verdicts(grasps))
    ]
    path = out / "dexgraspnet" / f"{stem}.npy"
    path.parent.mkdir(exist_ok=True)
    with atomic_write(path) as file:
        np.save(file, np.array(records, dtype=object), allow_pickle=True)
    return [path]


def _by_name(qpos: np.ndarray, joint_names: tuple[str, ...]) -> list[dict[str, float]]:
    """One dictionary per row of positions, quaternions and joints (n, 7 + j)."""
    angles = Rotation.from_quat(qpos[:, 3:7], scalar_first=True).as_euler("xyz")
    names = (*_TRANSLATION, *_ROTATION, *joint_names)
    numbers = np.concatenate([qpos[:, :3], angles, qpos[:, 7:]], axis=1)
    return [dict(zip(names, row, strict=True)) for row in numbers.tolist()]
