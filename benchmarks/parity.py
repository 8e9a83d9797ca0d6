"""Is the accelerator right? The same seeds on CPU and device; Warp and MJX beside the C engine.

    python -m benchmarks.parity [--num 256] [--grasps 64] [--engine warp] [--out parity.json]

Two parts. The refinement: loss and gradient of the same seeds agree number by number; the refined
grasps agree in distribution, because a choice of contact that flips by rounding sends a grasp
elsewhere. The rollouts: verdicts of the engines for accelerators beside the C engine's. Ends with
status 1 where a limit is exceeded. On a machine with a CPU alone the first part compares the CPU
with itself.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
import time
from typing import Any

import click
import jax
import numpy as np

from benchmarks import reports
from benchmarks.cases import first_pipeline
from benchmarks.settings import Settings
from benchmarks.yields import TASK
from zdg_jax.hand.poses import Poses
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.synthesis.refine import RefineConfig, Refiner
from zdg_jax.synthesis.synthesize import synthesize
from zdg_jax.validation import (
    Engine,
    MjxEngine,
    PhysicsEngine,
    Validation,
    WarpEngine,
    six_directions,
)

LOSS, GRADIENT, TERMS, VERDICTS = 1e-3, 0.02, 0.1, 0.9
"""Limits: relative difference of the loss at 95 % of the seeds, of the median gradient and of the
refined grasps' median loss; least share of equal verdicts."""


def compare_refinement(pipeline: GraspPipeline, num: int, config: RefineConfig) -> dict[str, float]:
    """Differences between the CPU and the default device on `num` seeds for each start."""
    variables, pattern = pipeline.seeds(num, jax.random.key(0))
    refiner = Refiner(config)

    def loss(problem: Any, variables: Any, pattern: Any) -> jax.Array:
        state = refiner.init(problem, variables, pattern)
        return refiner.loss(problem, pattern, state)

    both = jax.jit(jax.vmap(jax.value_and_grad(loss, argnums=1), in_axes=(None, 0, 0)))
    runs = []
    for device in (jax.local_devices(backend="cpu")[0], jax.local_devices()[0]):
        inputs = jax.device_put((pipeline.grip().problem, variables, pattern), device)
        value, gradient = jax.device_get(both(*inputs))
        start = time.perf_counter()
        refined = jax.block_until_ready(refiner.run(*inputs))
        first = time.perf_counter()
        refined = jax.device_get(refiner.run(*inputs))
        runs.append((value, gradient, refined, first - start, time.perf_counter() - first))
    (value, gradient, refined, _, slow), (value2, gradient2, refined2, first, fast) = runs
    flat, flat2 = (
        np.concatenate([*map(_rows, jax.tree.leaves(g))], 1) for g in (gradient, gradient2)
    )
    error = np.linalg.norm(flat - flat2, axis=1) / np.maximum(np.linalg.norm(flat, axis=1), 1e-6)
    total, total2 = (
        sum(w * np.asarray(r.terms[name]) for name, w in config.weights.items())
        for r in (refined, refined2)
    )
    moved = np.linalg.norm(refined.variables.position - refined2.variables.position, axis=1)
    scale = np.maximum(np.abs(value), np.median(np.abs(value)))
    return {
        "loss": float(np.percentile(np.abs(value - value2) / scale, 95)),
        "gradient": float(np.median(error)),
        "refined_loss": float(abs(np.median(total2) / np.median(total) - 1)),
        "same_grasp": float(np.mean(moved < 0.002)),
        "finite": float(np.mean(refined2.finite)),
        "cpu_s": slow,
        "device_first_s": first,
        "device_s": fast,
    }


def _rows(leaf: Any) -> np.ndarray:
    return np.asarray(leaf).reshape(len(leaf), -1)


ENGINES = {"warp": WarpEngine, "mjx": MjxEngine}


def compare_verdicts(pipeline: GraspPipeline, num: int, name: str) -> dict[str, Any]:
    """Verdicts of the C engine and of another, and seconds of each, compilation apart.

    Args:
        pipeline: makes the grasps.
        num: how many.
        name: one of `ENGINES`.
    """
    hand, obj, plan = pipeline.hand, pipeline.object, pipeline.plan
    grasps = synthesize(TASK, obj, hand, num=num, planner=plan, validate=False)
    poses = grasps.poses
    expected, seconds, _ = _run(Engine(hand, obj, six_directions), poses)
    few = num if num < 32 else None  # a batch is filled up to its size
    engine = ENGINES[name](hand, obj, six_directions, batch=few)
    _, first, _ = _run(engine, poses)
    result, steady, name = _run(engine, poses)
    return {
        "backend": name,
        "grasps": num,
        "held": int(expected.held.sum()),
        "held_by_device": int(result.held.sum()),
        "equal": float(np.mean(expected.held == result.held)),
        "c_engine_s": seconds,
        "device_first_s": first,
        "device_s": steady,
        "changes": list(result.changes),
    }


def _run(engine: PhysicsEngine, poses: Poses) -> tuple[Validation, float, str]:
    start = time.perf_counter()
    return engine.run(poses), time.perf_counter() - start, engine.name


@click.command()
@click.option("--hand", default="allegro", show_default=True)
@click.option("--objects", type=click.Path(path_type=pathlib.Path))
@click.option("--only", multiple=True)
@click.option("--num", default=256, show_default=True, help="Grasps to refine.")
@click.option("--steps", default=80, show_default=True, help="Steps of the refinement.")
@click.option("--grasps", default=64, show_default=True, help="Grasps to test; 0 leaves it out.")
@click.option(
    "--engine", "engines", multiple=True, type=click.Choice(list(ENGINES)), default=("mjx",),
    show_default=True,
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def main(
    hand: str,
    objects: pathlib.Path | None,
    only: tuple[str, ...],
    num: int,
    steps: int,
    grasps: int,
    engines: tuple[str, ...],
    out: pathlib.Path | None,
) -> None:
    """Compares the default device with the CPU, and engines with the C engine."""
    environment = reports.environment() | {
        "matmul_precision": str(jax.config.jax_default_matmul_precision)
    }
    pipeline = first_pipeline(Settings(hands=(hand,), objects=objects, only=only))
    config = dataclasses.replace(pipeline.config.refine, steps=steps)
    report: dict[str, Any] = {
        "refinement": compare_refinement(pipeline, num, config),
        "verdicts": [],
    }
    print(json.dumps(report["refinement"]), flush=True)
    for engine in engines if grasps else ():
        row = compare_verdicts(pipeline, grasps, engine)
        report["verdicts"].append(row)
        print(json.dumps(row), flush=True)
    failures = failed(report)
    report["failed"] = failures
    reports.write(out, environment, **report)
    print("\n".join(failures) or "equal within the limits")
    sys.exit(bool(failures))


def failed(report: dict[str, Any]) -> list[str]:
    """Says in words what exceeds its limit."""
    differences = report["refinement"]
    lines = [
        f"{name} differs by {differences[name]:.2g}; the limit is {limit:g}"
        for name, limit in (("loss", LOSS), ("gradient", GRADIENT), ("refined_loss", TERMS))
        if not differences[name] <= limit
    ]
    return lines + [
        f"{row['backend']}: {row['equal']:.2f} of the verdicts are equal; the limit is {VERDICTS:g}"
        for row in report["verdicts"]
        if row["equal"] < VERDICTS
    ]


if __name__ == "__main__":
    main()
