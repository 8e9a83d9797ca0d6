"""Grasps per hour of `zdg dataset make`, beside a warm loop over `synthesize` in one process.

    python -m benchmarks.dataset_rate --out FILE [--hand NAME] [--only SHAPE] [--tasks N] [--no-run]

All make the same number of grasps of the same shapes by the same hands for the same tasks, and
test each, in one run. `loop`: after a round that compiles. `worker`: the jobs of a dataset, as a
worker does them, in the same process after the loop; on a busy machine its seconds of processors
are to be compared. `dataset`: the command with its own workers, from their start; `steady` counts
the jobs that finish after each worker has used each hand.
"""

from __future__ import annotations

import json
import pathlib
import resource
import tempfile
import time
from typing import Any

import click
import jax
import numpy as np

import zdg_jax as zdg
from benchmarks import reports
from zdg_jax import datasets
from zdg_jax.datasets.answering import Answering
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.shapes import write_shapes

_TASKS = ("lift it", "hold it", "pick it up", "raise it", "carry it", "take it")
"""Tasks; the first of them are taken."""


def _spec(
    folder: pathlib.Path, hands: tuple[str, ...], only: tuple[str, ...], tasks: int, make: int
) -> Any:
    """Writes shapes and a spec of some of them; returns its path and masses by mesh."""
    write_shapes(folder)
    table = [line.split(",") for line in (folder / "shapes.csv").read_text().split()[1:]]
    masses = {path: float(mass) for path, mass in table if pathlib.Path(path).stem in only}
    spec = {
        "name": "rate",
        "objects": [{"path": path, "mass": mass} for path, mass in masses.items()],
        "hands": list(hands),
        "tasks": list(_TASKS[:tasks]),
        "grasps": {"make": make, "keep": max(1, make // 2)},
    }
    (folder / "rate.yaml").write_text(json.dumps(spec))
    return folder / "rate.yaml", {folder / path: mass for path, mass in masses.items()}


def measure_loop(
    masses: dict[pathlib.Path, float], hands: tuple[str, ...], tasks: int, make: int
) -> dict[str, float]:
    """What somebody writes who needs many grasps: two loops in one process."""
    loaded = [zdg.Hand.load(name) for name in hands]
    objects = [zdg.Object.from_mesh(path, mass=mass) for path, mass in masses.items()]

    def once(task: str, obj: zdg.Object, hand: zdg.Hand, seed: int) -> int:
        grasps = zdg.synthesize(
            task, obj, hand, num=make, key=jax.random.key(seed), planner="rules", validate=False
        )
        return int(grasps.validate(zdg.carry, hand=hand).held.sum())

    for hand in loaded:
        once(_TASKS[0], objects[0], hand, 0)
    start, used, held, made = time.perf_counter(), time.process_time(), 0, 0
    for obj in objects:
        for hand in loaded:
            for seed, task in enumerate(_TASKS[:tasks]):
                held, made = held + once(task, obj, hand, seed), made + make
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    return _rates(made, seconds, cpu) | {"held": held, "grasps": made}


def measure_worker(spec: pathlib.Path, out: pathlib.Path) -> dict[str, float]:
    """The same as jobs of a dataset, each answered as a worker does.

    The jobs of each object's and hand's first task come first and are not timed: they prepare it.
    """
    layout = Layout(out)
    planned = PlannedDataset.find(spec, layout, None)
    worker, table = Answering(str(out)), planned.table
    first = table.task_of == 0
    for number in np.flatnonzero(first).tolist():
        worker.answer({"job": table[number].to_json()})
    start, used, held, made = time.perf_counter(), time.process_time(), 0, 0
    for number in np.flatnonzero(~first).tolist():
        answer = worker.answer({"job": table[number].to_json()})
        if "done" not in answer:
            raise RuntimeError(answer)
        held, made = held + answer["done"]["held"], made + answer["done"]["made"]
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    return _rates(made, seconds, cpu) | {"held": held, "grasps": made}


def measure_dataset(
    spec: pathlib.Path, out: pathlib.Path, engine: str, workers: int | None, hands: int
) -> dict[str, float]:
    """The same by `zdg dataset make`, from the start of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    made = datasets.make(spec, out, datasets.MakeOptions(engine=engine, workers=workers))
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime"))
    layout = Layout(out)
    names = [name.decode() for name in layout.shard_names().tolist()]
    ends = sorted(layout.shard_path(name).stat().st_mtime for name in names)
    first = hands * (workers or 2)
    per_job = made.grasps / made.new
    steady = 3600 * per_job * (len(ends) - first) / (ends[-1] - ends[first - 1])
    whole = _rates(made.grasps, seconds, cpu)
    return whole | {"steady_per_hour": round(steady), "held": made.held, "grasps": made.grasps}


def _rates(grasps: int, seconds: float, cpu: float) -> dict[str, float]:
    return {
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu, 1),
        "per_hour": round(3600 * grasps / seconds),
        "per_cpu_hour": round(3600 * grasps / max(cpu, 1e-9)),
    }


@click.command()
@click.option("--hand", "hands", multiple=True, default=("allegro", "leap"), show_default=True)
@click.option("--only", multiple=True, default=("can", "mug", "brick"), show_default=True)
@click.option("--tasks", default=6, show_default=True, type=click.IntRange(2, len(_TASKS)))
@click.option("--run/--no-run", default=True, help="Run the command too, with its own workers.")
@click.option("--make", default=16, show_default=True, help="Grasps of a job.")
@click.option("--engine", default="local", show_default=True, type=click.Choice(["local", "ray"]))
@click.option("--workers", type=int)
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def main(
    hands: tuple[str, ...],
    only: tuple[str, ...],
    tasks: int,
    run: bool,
    make: int,
    engine: str,
    workers: int | None,
    out: pathlib.Path,
) -> None:
    """Measures each and writes OUT."""
    environment = reports.environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        spec, masses = _spec(folder, hands, only, tasks, make)
        rows = {"loop": measure_loop(masses, hands, tasks, make)}
        rows["worker"] = measure_worker(spec, folder / "worker")
        if run:
            rows["dataset"] = measure_dataset(spec, folder / "out", engine, workers, len(hands))
    for name, row in rows.items():
        row["to_loop"] = round(row["per_hour"] / rows["loop"]["per_hour"], 2)
        row["to_loop_by_cpu"] = round(row["per_cpu_hour"] / rows["loop"]["per_cpu_hour"], 2)
        click.echo(f"{name}: {json.dumps(row)}")
    setting = {"hands": hands, "shapes": only, "tasks": tasks, "make": make, "engine": engine}
    reports.write(out, environment, setting=setting, **rows)


if __name__ == "__main__":
    main()
