"""MJX beside the C engine on grasps in a file, and what of a difference is whose.

    python -m benchmarks.engines GRASPS.npz ... [--num 16] [--batch 16] [--out engines.json]

Three runs of the same grasps: the C engine in its own scene, the C engine in the scene that is
simplified for MJX, and MJX. The first two differ by the simplification alone, the last two by the
engine. On a CPU it takes minutes, and needs
XLA_FLAGS=--xla_cpu_enable_concurrency_optimized_scheduler=false.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

import click
import numpy as np

from benchmarks import reports
from zdg_jax.grasps import GraspSet
from zdg_jax.hand.poses import Poses
from zdg_jax.validation import (
    Engine,
    MjxEngine,
    MjxOptions,
    PhysicsEngine,
    Reason,
    Validation,
    six_directions,
)
from zdg_jax.validation.mjx.simplified import PRECISIONS


def compare(grasps: GraspSet, options: MjxOptions, batch: int | None) -> dict[str, Any]:
    """Verdicts of the three runs, and each grasp on which they are not one."""
    hand, obj = grasps.load_hand(), grasps.object
    poses = grasps.poses
    reference, c_seconds = _run(Engine(hand, obj, six_directions), poses)
    device = MjxEngine(hand, obj, six_directions, batch=batch, options=options)
    simplified, _ = _run(Engine(hand, obj, six_directions, scene=device.scene), poses)
    # MJX refuses pregrasps by the C engine's own scene.
    deep = reference.reason == Reason.PREGRASP_PENETRATES
    simplified.put(deep, reference[deep])
    mjx, seconds = _run(device, poses)
    differ = np.flatnonzero((mjx.held != reference.held) | (simplified.held != reference.held))
    return {
        "object": obj.name,
        "hand": hand.name,
        "pieces": len(obj.pieces),
        "grasps": len(reference),
        "held": int(reference.held.sum()),
        "equal_simplified": int((simplified.held == reference.held).sum()),
        "equal_mjx": int((mjx.held == reference.held).sum()),
        "equal_mjx_simplified": int((mjx.held == simplified.held).sum()),
        "c_engine_s": round(c_seconds, 2),
        "mjx_s_compiling": round(seconds, 1),
        "precision": "double" if options.double else "single",
        "changes": list(device.scene.changes),
        "differ": [
            {
                "grasp": int(i),
                **{
                    name: _words(result, i)
                    for name, result in (
                        ("c", reference),
                        ("simplified", simplified),
                        ("mjx", mjx),
                    )
                },
            }
            for i in differ
        ],
    }


def _run(engine: PhysicsEngine, poses: Poses) -> tuple[Validation, float]:
    start = time.perf_counter()
    return engine.run(poses), time.perf_counter() - start


def _words(result: Validation, i: int) -> str:
    """Says how a grasp ended: the reason, and the farthest drift and turn under any load."""
    if not result.tested[i].any():
        drift, turn = result.closing_drift[i], result.closing_turn[i]
    else:
        drift, turn = np.nanmax(result.drift[i]), np.nanmax(result.turn[i])
    return f"{Reason(result.reason[i]).text}, {1e3 * drift:.0f} mm, {np.degrees(turn):.0f} degrees"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--num", default=16, show_default=True, help="Grasps of each file, the first ones.")
@click.option("--batch", type=int, help="Rollouts at a time; what the memory takes if not given.")
@click.option("--impratio", default=MjxOptions.impratio, show_default=True)
@click.option("--self-collision/--no-self-collision", default=MjxOptions.self_collision)
@click.option("--precision", default=MjxOptions.precision, help=f"{', '.join(PRECISIONS)}.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def main(
    files: tuple[pathlib.Path, ...],
    num: int,
    batch: int | None,
    impratio: float,
    self_collision: bool,
    precision: str,
    out: pathlib.Path | None,
) -> None:
    """Compares MJX with the C engine on the first grasps of each of FILES."""
    options = MjxOptions(impratio=impratio, self_collision=self_collision, precision=precision)
    environment, rows = reports.environment(), []
    for file in files:
        rows.append(compare(GraspSet.load(file)[:num], options, batch))
        print(json.dumps(rows[-1]), flush=True)
        reports.write(out, environment, objects=rows)


if __name__ == "__main__":
    sys.exit(main())
