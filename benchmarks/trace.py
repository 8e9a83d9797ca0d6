"""A profile of the refinement and the rollouts' neighbours, for Perfetto or XProf.

    python -m benchmarks.trace FOLDER [--batch 4096]

Writes the trace and the seconds of each annotated stage, on the clock and of CPU time over all
threads, compilation left out. CPU time tells more where the machine is shared.
"""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Callable
from typing import Any

import click
import jax

from benchmarks import reports
from benchmarks.cases import first_pipeline
from benchmarks.settings import Settings
from zdg_jax.synthesis.pipeline import GraspPipeline


@click.command()
@click.argument("folder", type=click.Path(path_type=pathlib.Path))
@click.option("--hand", default="allegro", show_default=True)
@click.option("--objects", type=click.Path(path_type=pathlib.Path))
@click.option("--only", multiple=True)
@click.option("--batch", default=0, help="Grasps; 64 on a CPU and 4096 elsewhere by default.")
def main(
    folder: pathlib.Path,
    hand: str,
    objects: pathlib.Path | None,
    only: tuple[str, ...],
    batch: int,
) -> None:
    """Profiles one batch."""
    environment = reports.environment()
    batch = batch or (64 if jax.default_backend() == "cpu" else 4096)
    pipeline = first_pipeline(Settings(hands=(hand,), objects=objects, only=only))
    _run(pipeline, batch)
    folder.mkdir(parents=True, exist_ok=True)
    with jax.profiler.trace(str(folder)):
        seconds = _run(pipeline, batch)
    reports.write(folder / "stages.json", environment | {"batch": batch}, seconds=seconds)
    print(json.dumps(seconds))


def _run(pipeline: GraspPipeline, batch: int) -> dict[str, dict[str, float]]:
    """Seconds of each stage, and their names in the trace."""
    seconds: dict[str, dict[str, float]] = {}

    def stage(name: str, work: Callable[[], Any]) -> Any:
        start, used = time.perf_counter(), time.process_time()
        with jax.profiler.TraceAnnotation(name):
            result = jax.block_until_ready(work())
        seconds[name] = {
            "clock": round(time.perf_counter() - start, 4),
            "cpu": round(time.process_time() - used, 4),
        }
        return result

    seeds = stage("seeds", lambda: pipeline.seeds(batch, jax.random.key(0)))
    refined = stage("refine", lambda: pipeline.refine(*seeds))
    fitted = stage("fit", lambda: pipeline.fit(refined))
    squeezed = stage("squeeze", lambda: pipeline.squeeze(refined, fitted))
    stage("measure", lambda: pipeline.measure(refined, fitted, squeezed))
    return seconds


if __name__ == "__main__":
    main()
