"""Verdicts and speed of the six-direction test beside an independent judge, on exported grasps.

    python -m benchmarks.verdicts EXPORTED --hand HAND.xml --judge judge.py [--limit 16] [--out F]

EXPORTED is a folder as `zdg export --format dexgraspbench` writes it; the judge is a Python file
with `Scene(hand_xml, object_dir, scale)` whose `holds(pregrasp, grasp, squeeze, pose)` counts the
directions that a grasp survives. Both run on one thread, and the library once more on all of them;
CPU and wall seconds include the scenes. Other programs on the machine disturb wall seconds.
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
import numpy as np
import trimesh

from benchmarks import reports
from zdg_jax import validation
from zdg_jax.hand import Hand
from zdg_jax.runtime.parallel import available_cpus

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
    clock = _Clock()
    scene = judge.Scene(hand_file, folder, scale)
    judged = np.array([scene.holds(*row, _ORIGIN) == 6 for row in zip(*poses, strict=True)])
    judge_cpu, judge_wall = clock.lap()
    obj = ExportedObject.load(folder, scale)
    ours = validation.rollout(hand, obj, *poses, backend="mujoco", threads=1)
    cpu, wall = clock.lap()
    again = validation.rollout(hand, obj, *poses, backend="mujoco")
    _, threaded = clock.lap()
    if not np.array_equal(ours.held, again.held):
        raise click.ClickException(f"{folder.name}: threads change verdicts")
    return {
        "object": folder.name,
        "pieces": len(obj.pieces),
        "grasps": len(records),
        "held": int(judged.sum()),
        "equal": int((judged == ours.held).sum()),
        "judge_cpu_s": judge_cpu,
        "judge_wall_s": judge_wall,
        "library_cpu_s": cpu,
        "library_wall_s": wall,
        "library_threads_wall_s": threaded,
        "reasons": ours.counts(),
    }


class _Clock:
    """CPU and wall seconds since the last look."""

    def __init__(self) -> None:
        self._last = (time.process_time(), time.perf_counter())

    def lap(self) -> tuple[float, float]:
        now = (time.process_time(), time.perf_counter())
        cpu, wall = (round(b - a, 2) for a, b in zip(self._last, now, strict=True))
        self._last = now
        return cpu, wall


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Totals of all objects, and how many times the judge's verdicts a second."""
    total: dict[str, Any] = {
        key: round(sum(row[key] for row in rows), 2)
        for key in rows[0]
        if key not in ("object", "reasons", "pieces")
    }
    return total | {
        "equal_share": round(total["equal"] / total["grasps"], 4),
        "times_per_cpu_s": round(total["judge_cpu_s"] / total["library_cpu_s"], 2),
        "times_per_wall_s": round(total["judge_wall_s"] / total["library_wall_s"], 2),
        "times_per_wall_s_threads": round(
            total["judge_wall_s"] / total["library_threads_wall_s"], 2
        ),
        "threads": available_cpus(),
    }


@click.command()
@click.argument("exported", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--hand", required=True, type=click.Path(exists=True))
@click.option("--judge", required=True, type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--root", default=".", type=click.Path(path_type=pathlib.Path), show_default=True)
@click.option("--limit", default=16, show_default=True, help="Grasps of each object.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def main(
    exported: pathlib.Path,
    hand: str,
    judge: pathlib.Path,
    root: pathlib.Path,
    limit: int,
    out: pathlib.Path | None,
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
    environment, loaded, rows = reports.environment(), Hand.load(hand), []
    for (path, scale), records in groups.items():
        rows.append(compare(module, hand, loaded, root / path, scale, records[:limit]))
        click.echo(json.dumps(rows[-1]))
    if not rows:
        raise click.UsageError(f"no grasps in {exported}")
    total = summary(rows)
    click.echo(json.dumps(total))
    reports.write(out, environment | {"hand": loaded.name}, objects=rows, total=total)


if __name__ == "__main__":
    sys.exit(main())
