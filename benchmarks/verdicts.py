"""Verdicts and speed of the six-direction test beside an independent judge, on exported grasps.

    python -m benchmarks.verdicts EXPORTED --hand HAND.xml --judge judge.py [--limit 16]

EXPORTED is a folder as `zdg export --format dexgraspbench` writes it; the judge is a Python file
with `Scene(hand_xml, object_dir, scale)` whose `holds(pregrasp, grasp, squeeze, pose)` counts the
directions that a grasp survives. Both run on one thread; time is CPU time, scenes included.
"""

from __future__ import annotations

import collections
import dataclasses
import importlib.util
import json
import pathlib
import sys
import time
from typing import Any

import click
import mujoco
import numpy as np
import trimesh

from zdg_jax import validation
from zdg_jax.hand import Hand

_STAGES = ("pregrasp_qpos", "grasp_qpos", "squeeze_qpos")
_ORIGIN = np.array([0.0, 0, 0, 1, 0, 0, 0])


@dataclasses.dataclass(frozen=True)
class _Piece:
    vertices: np.ndarray
    faces: np.ndarray


@dataclasses.dataclass(frozen=True)
class ExportedObject:
    """An exported object at its scale."""

    name: str
    pieces: tuple[_Piece, ...]
    mass: float = 0.1
    friction: float = 0.6

    @classmethod
    def load(cls, folder: pathlib.Path, scale: float) -> ExportedObject:
        """Reads the convex pieces of an exported object."""
        pieces = []
        for file in sorted((folder / "urdf" / "meshes").glob("*.obj")):
            mesh = trimesh.load(file, force="mesh", process=False)
            pieces.append(_Piece(np.asarray(mesh.vertices) * scale, np.asarray(mesh.faces)))
        return cls(name=folder.name, pieces=tuple(pieces))


def compare(
    judge: Any, hand_file: str, hand: Hand, folder: pathlib.Path, scale: float, records: list[dict]
) -> dict[str, Any]:
    """Verdicts and CPU seconds of judge and library on the grasps of one object."""
    poses = [np.array([record[stage] for record in records], float) for stage in _STAGES]
    for pose in poses:
        pose[:, 3:7] /= np.linalg.norm(pose[:, 3:7], axis=1, keepdims=True)
    start = time.process_time()
    scene = judge.Scene(hand_file, folder, scale)
    judged = np.array([scene.holds(*row, _ORIGIN) == 6 for row in zip(*poses, strict=True)])
    between = time.process_time()
    obj = ExportedObject.load(folder, scale)
    ours = validation.rollout(hand, obj, *poses, backend="mujoco", threads=1)
    end = time.process_time()
    return {
        "object": folder.name,
        "grasps": len(records),
        "held": int(judged.sum()),
        "equal": int((judged == ours.held).sum()),
        "judge_s": round(between - start, 2),
        "library_s": round(end - between, 2),
        "reasons": ours.counts(),
    }


@click.command()
@click.argument("exported", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--hand", required=True, type=click.Path(exists=True))
@click.option("--judge", required=True, type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--root", default=".", type=click.Path(path_type=pathlib.Path), show_default=True)
@click.option("--limit", default=16, show_default=True, help="Grasps of each object.")
def main(
    exported: pathlib.Path, hand: str, judge: pathlib.Path, root: pathlib.Path, limit: int
) -> None:
    """Compares verdicts; the files under EXPORTED are unpickled, so use only your own."""
    spec = importlib.util.spec_from_file_location("judge", judge)
    if spec is None or spec.loader is None:
        raise click.UsageError(f"{judge} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    groups = collections.defaultdict(list)
    for file in sorted(exported.rglob("*.npy")):
        record = np.load(file, allow_pickle=True).item()
        if np.allclose(record["obj_pose"], _ORIGIN):  # as the library exports them
            groups[str(record["obj_path"]), float(record["obj_scale"])].append(record)
    loaded, rows = Hand.load(hand), []
    for (path, scale), records in groups.items():
        rows.append(compare(module, hand, loaded, root / path, scale, records[:limit]))
        click.echo(json.dumps(rows[-1]))
    total = {
        key: round(sum(row[key] for row in rows), 2)
        for key in ("grasps", "held", "equal", "judge_s", "library_s")
    }
    click.echo(json.dumps(total | {"mujoco": mujoco.__version__}))


if __name__ == "__main__":
    sys.exit(main())
