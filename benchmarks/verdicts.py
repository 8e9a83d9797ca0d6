"""Verdicts and speed of the hold tests beside an independent judge, on exported grasps.

    python -m benchmarks.verdicts EXPORTED --hand HAND.xml --judge judge.py [--protocol carry]
        [--torque 0.7] [--limit 16] [--out F]

EXPORTED is a folder as `zdg export --format dexgraspbench` writes it; the judge is a Python file
with `Scene(hand_xml, object_dir, scale, protocol=, torque=)` whose `holds(pregrasp, grasp, squeeze,
pose)` counts the directions that a grasp survives. Its protocols are `fc`, the six directions of
1 N, and `carry`, the object's own weight under torque limits. Both run on one thread, and the
library once more on all of them; CPU and wall seconds include the scenes. Other programs on the
machine disturb wall seconds.
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
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import BENCHMARK_FRICTION, Physics
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.validation import EngineOptions, HoldProtocol, carry, six_directions
from zdg_jax.validation.trajectories import checked

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
    mass: float
    friction: float = BENCHMARK_FRICTION

    @classmethod
    def load(cls, folder: pathlib.Path, scale: float) -> ExportedObject:
        """Reads the convex pieces and the mass of an exported object.

        Args:
            folder: folder of the object.
            scale: from the units of its files to metres.
        """
        info = json.loads((folder / "info" / "simplified.json").read_text())
        pieces = []
        for file in sorted((folder / "urdf" / "meshes").glob("*.obj")):
            mesh = trimesh.load(file, force="mesh", process=False)
            pieces.append(_Piece(np.asarray(mesh.vertices) * scale, np.asarray(mesh.faces)))
        return cls(name=folder.name, pieces=tuple(pieces), mass=float(info["mass"]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class JudgedTest:
    """A test as judge and library have it."""

    judge: Any
    """Module of the judge."""
    hand_file: str
    """The hand's MJCF."""
    hand: Hand
    """The hand."""
    protocol: str = "fc"
    """The judge's name of the protocol."""
    torque: float | None = None
    """Limit of every actuator [N m]; `None` for the hand's own."""

    @property
    def own_protocol(self) -> HoldProtocol:
        """The library's protocol."""
        if self.protocol == "fc":
            return six_directions
        physics = Physics(friction=BENCHMARK_FRICTION, torque_limit=self.torque)
        return dataclasses.replace(carry, physics=physics)

    def compare(self, folder: pathlib.Path, scale: float, records: list[dict]) -> dict[str, Any]:
        """Compares verdicts and CPU seconds of judge and library on the grasps of one object.

        Args:
            folder: folder of the object.
            scale: scale of the object.
            records: grasps as they were exported.
        """
        poses = Poses.from_qpos(*([record[stage] for record in records] for stage in _STAGES))
        clock = _Clock()
        scene = self.judge.Scene(
            self.hand_file, folder, scale, protocol=self.protocol, torque=self.torque
        )
        rows = zip(*checked(poses, num_joints=self.hand.num_joints).qpos, strict=True)
        judged = np.array([scene.holds(*row, _ORIGIN) == 6 for row in rows])
        judge_cpu, judge_wall = clock.lap()
        obj = ExportedObject.load(folder, scale)
        one = EngineOptions(backend="mujoco", threads=1)
        results = validation.rollout(self.hand, obj, poses, self.own_protocol, engine=one)
        cpu, wall = clock.lap()
        many = EngineOptions(backend="mujoco")
        again = validation.rollout(self.hand, obj, poses, self.own_protocol, engine=many)
        _, threaded = clock.lap()
        if not np.array_equal(results.held, again.held):
            raise click.ClickException(f"{folder.name}: threads change verdicts")
        return {
            "object": folder.name,
            "pieces": len(obj.pieces),
            "mass_kg": obj.mass,
            "grasps": len(records),
            "held": int(judged.sum()),
            "equal": int((judged == results.held).sum()),
            "judge_cpu_s": judge_cpu,
            "judge_wall_s": judge_wall,
            "library_cpu_s": cpu,
            "library_wall_s": wall,
            "library_threads_wall_s": threaded,
            "reasons": results.counts(),
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
        if key not in ("object", "reasons", "pieces", "mass_kg")
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
@click.option("--protocol", default="fc", show_default=True, type=click.Choice(["fc", "carry"]))
@click.option("--torque", type=float, help="Limit of every actuator in carry [N m].")
@click.option("--root", default=".", type=click.Path(path_type=pathlib.Path), show_default=True)
@click.option("--limit", default=16, show_default=True, help="Grasps of each object.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def main(
    exported: pathlib.Path,
    hand: str,
    judge: pathlib.Path,
    protocol: str,
    torque: float | None,
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
    environment, rows = reports.environment(), []
    test = JudgedTest(
        judge=module, hand_file=hand, hand=Hand.load(hand), protocol=protocol, torque=torque
    )
    for (path, scale), records in groups.items():
        rows.append(test.compare(root / path, scale, records[:limit]))
        click.echo(json.dumps(rows[-1]))
    if not rows:
        raise click.UsageError(f"no grasps in {exported}")
    total = summary(rows)
    click.echo(json.dumps(total))
    reports.write(
        out,
        environment | {"hand": test.hand.name, "protocol": protocol, "torque_limit": torque},
        objects=rows,
        total=total,
    )


if __name__ == "__main__":
    sys.exit(main())
