"""The layout of DexGraspBench (BODex, arXiv 2412.16490):

    out/objects/STEM/info/simplified.json       mass, density and scale
    out/objects/STEM/urdf/meshes/*.obj          convex pieces, mesh frame after scaling [m]
    out/grasps/STEM/HAND/TASK/00000.npy ...     a pickled dict per grasp, best first

`obj_path` of a grasp starts at `out`, so that the folder can be moved: readers are told where it
lies, or are run in it. That layout asks for pickled dicts; they are written here and never read.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any

import numpy as np

from zdg_jax.export.conventions import write_obj
from zdg_jax.export.names import slug
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import ObjectRecord
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import POSES
from zdg_jax.objects.convex import ConvexPiece

NEEDS_HAND = False


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the files, see `zdg_jax.export.Format`."""
    folder = _write_object(grasps.object, out / "objects" / slug(grasps.object.stem))
    target = out / "grasps" / folder.name / slug(grasps.hand.name) / (slug(grasps.task) or "grasp")
    target.mkdir(parents=True, exist_ok=True)
    qpos = dict(zip(POSES, grasps.poses.qpos, strict=True))
    paths = []
    for i in range(len(grasps)):
        record: dict[str, Any] = {
            "obj_path": folder.relative_to(out).as_posix(),
            "obj_scale": 1.0,
            "obj_pose": np.array([0.0, 0, 0, 1, 0, 0, 0]),
            **{f"{pose}_qpos": qpos[pose][i] for pose in POSES},
            "task": grasps.task,
            "hand": grasps.hand.name,
            "joint_names": list(grasps.hand.joint_names),
            "number": int(numbers[i]),
            "score": float(grasps.score[i]),
        }
        if grasps.scene is not None:
            record["up"] = grasps.scene.object_up()
        path = target / f"{i:05d}.npy"
        np.save(path, np.array(record, dtype=object), allow_pickle=True)
        paths.append(path)
    return paths


def _write_object(record: ObjectRecord, folder: pathlib.Path) -> pathlib.Path:
    """The object's folder, so that its pieces together weigh what `info` says."""
    meshes = folder / "urdf" / "meshes"
    meshes.mkdir(parents=True, exist_ok=True)
    for i, piece in enumerate(record.pieces):
        write_obj(meshes / f"piece{i:03d}.obj", piece.vertices, piece.faces)
    info = folder / "info" / "simplified.json"
    info.parent.mkdir(parents=True, exist_ok=True)
    # The pieces fill another volume than the mesh; readers get the mass from volume and density.
    density = record.mass / sum(_volume(piece) for piece in record.pieces)
    content = {"mass": record.mass, "density": density, "scale": 1.0, "shape": _shape_hash(record)}
    info.write_text(json.dumps(content, indent=1) + "\n")
    return folder


def _volume(piece: ConvexPiece) -> float:
    """Volume by the divergence theorem, about the centroid [m^3]."""
    a, b, c = np.moveaxis((piece.vertices - piece.vertices.mean(axis=0))[piece.faces], 1, 0)
    return float(np.abs(np.sum(np.cross(a, b) * c)) / 6)


def _shape_hash(record: ObjectRecord) -> str:
    digest = hashlib.sha256(record.mesh_hash.encode())
    for piece in record.pieces:
        digest.update(np.ascontiguousarray(piece.vertices, np.float64).tobytes())
    return digest.hexdigest()
