"""The engines for accelerators beside the C engine, on grasps in files.

    python -m benchmarks.engines GRASPS.npz ... [--engine warp] [--protocol carry] [--num 16]
        [--spread 0.01] [--batch 32] [--out engines.json]

Verdicts of each engine on the first grasps of each file, and on the same moved aside at random, of
which more fail. Lifts are Warp's alone. MJX's scene is simplified, so the C engine runs in that one
too: then it shows what of a difference is whose. On a CPU, MJX takes minutes a file, and needs
XLA_FLAGS=--xla_cpu_enable_concurrency_optimized_scheduler=false.
"""

from __future__ import annotations

import dataclasses
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
    HoldProtocol,
    LiftProtocol,
    MjxEngine,
    MjxOptions,
    PhysicsEngine,
    Reason,
    Validation,
    WarpEngine,
    carry,
    six_directions,
)
from zdg_jax.validation.mjx.simplified import PRECISIONS

PROTOCOLS = {protocol.name: protocol for protocol in (six_directions, carry, LiftProtocol())}


def compare(
    grasps: GraspSet,
    protocol: HoldProtocol | LiftProtocol,
    engines: tuple[str, ...],
    *,
    batch: int | None,
    options: MjxOptions,
    spread: float,
) -> dict[str, Any]:
    """Verdicts of the C engine and of others, and each grasp on which they are not one.

    Args:
        grasps: n grasps; with a spread there are as many again.
        protocol: the test; a lift is one from the table that the grasps are for.
        engines: `warp`, `mjx`.
        batch: rollouts at a time.
        options: simplifications of MJX's scene.
        spread: standard deviation of the hand's offset along each axis [m]; 0 for none.
    """
    hand, obj = grasps.load_hand(), grasps.object
    if isinstance(protocol, LiftProtocol) and grasps.scene is not None:
        protocol = dataclasses.replace(protocol, scene=grasps.scene)
    poses = _with_moved(grasps.poses, spread) if spread else grasps.poses
    results: dict[str, Validation] = {}
    seconds: dict[str, float] = {}

    def run(name: str, engine: PhysicsEngine) -> None:
        start = time.perf_counter()
        results[name] = engine.run(poses)
        seconds[name] = round(time.perf_counter() - start, 2)

    run("c", Engine(hand, obj, protocol))
    if "warp" in engines:
        run("warp", WarpEngine(hand, obj, protocol, batch=batch))
    if "mjx" in engines:
        device = MjxEngine(hand, obj, protocol, batch=batch, options=options)
        run("simplified", Engine(hand, obj, protocol, scene=device.scene))
        # MJX refuses pregrasps by the C engine's own scene.
        deep = results["c"].reason == Reason.PREGRASP_PENETRATES
        results["simplified"].put(deep, results["c"][deep])
        run("mjx", device)
    held = {name: result.held for name, result in results.items()}
    differ = np.flatnonzero(np.any([h != held["c"] for h in held.values()], axis=0))
    return {
        "object": obj.name,
        "hand": hand.name,
        "pieces": len(obj.pieces),
        "protocol": protocol.name,
        "grasps": len(poses),
        "held": int(held["c"].sum()),
        "equal": {name: int((h == held["c"]).sum()) for name, h in held.items() if name != "c"},
        "seconds_compiling": seconds,
        "changes": {name: list(result.changes) for name, result in results.items()},
        "differ": [
            {"grasp": int(i), **{name: _words(result, i) for name, result in results.items()}}
            for i in differ
        ],
    }


def _with_moved(poses: Poses, spread: float) -> Poses:
    """The grasps, and after them the same with the hand moved aside."""
    offset = spread * np.random.default_rng(0).standard_normal((len(poses), 3))

    def doubled(qpos: np.ndarray) -> np.ndarray:
        moved = np.array(qpos, float)
        moved[..., :3] += offset if qpos.ndim == 2 else offset[:, None]
        return np.concatenate([qpos, moved])

    approach = None if poses.approach is None else doubled(np.asarray(poses.approach.qpos))
    pregrasp, grasp, squeeze = (doubled(np.asarray(qpos)) for qpos in poses.qpos)
    return Poses.from_qpos(pregrasp, grasp, squeeze, approach)


def _words(result: Validation, i: int) -> str:
    """Says how a grasp ended: the reason, and the farthest drift and turn under any load."""
    if not result.tested[i].any():
        drift, turn = result.closing_drift[i], result.closing_turn[i]
    else:
        drift, turn = np.nanmax(result.drift[i]), np.nanmax(result.turn[i])
    return f"{Reason(result.reason[i]).text}, {1e3 * drift:.0f} mm, {np.degrees(turn):.0f} degrees"


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option(
    "--engine", "engines", multiple=True, type=click.Choice(["warp", "mjx"]), default=("warp",),
    show_default=True,
)  # fmt: skip
@click.option(
    "--protocol", type=click.Choice(list(PROTOCOLS)), default="six_directions", show_default=True
)
@click.option("--num", default=16, show_default=True, help="Grasps of each file, the first ones.")
@click.option("--spread", default=0.0, show_default=True, help="Of as many moved ones [m].")
@click.option("--batch", type=int, help="Rollouts at a time; what the memory takes if not given.")
@click.option("--impratio", default=MjxOptions.impratio, show_default=True)
@click.option("--self-collision/--no-self-collision", default=MjxOptions.self_collision)
@click.option("--precision", default=MjxOptions.precision, help=f"{', '.join(PRECISIONS)}.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def main(
    files: tuple[pathlib.Path, ...],
    engines: tuple[str, ...],
    protocol: str,
    num: int,
    spread: float,
    batch: int | None,
    impratio: float,
    self_collision: bool,
    precision: str,
    out: pathlib.Path | None,
) -> None:
    """Compares engines with the C engine on the first grasps of each of FILES."""
    options = MjxOptions(impratio=impratio, self_collision=self_collision, precision=precision)
    environment, rows = reports.environment(), []
    for file in files:
        grasps = GraspSet.load(file)[:num]
        rows.append(
            compare(
                grasps, PROTOCOLS[protocol], engines, batch=batch, options=options, spread=spread
            )
        )
        print(json.dumps(rows[-1]), flush=True)
        reports.write(out, environment, objects=rows)


if __name__ == "__main__":
    sys.exit(main())
