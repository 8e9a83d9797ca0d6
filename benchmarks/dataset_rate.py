"""Grasps per hour of `zdg dataset make`, beside a warm loop over `synthesize` in one process.

    python -m benchmarks.dataset_rate --out FILE [--hand NAME] [--only OBJECT] [--tasks N]
        [--objects FOLDER] [--by worker --by local --by ray]

All make the same number of grasps of the same objects by the same hands for the same tasks, and
test each, in one run. `loop`: after a round that compiles, with objects that are loaded. `worker`:
the jobs of a dataset, as a worker does them, in the same process after the loop; on a busy machine
its seconds of processors are to be compared. `local`, `ray`: the command with workers of that
engine, from their start; `steady` counts the jobs that finish after each worker has used each hand.
Prepared objects and compiled programs are on disk for all of them: the loop, which is first, leaves
them there.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import tempfile
import time

import click
import jax
import numpy as np

import zdg_jax as zdg
from benchmarks import reports, settings
from zdg_jax import datasets
from zdg_jax.datasets.answering import Answering
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.make_options import ENGINES
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.shapes import write_shapes
from zdg_jax.runtime.parallel import available_cpus

_TASKS = ("lift it", "hold it", "pick it up", "raise it", "carry it", "take it")
"""Tasks; the first of them are taken."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Thing:
    """An object of the measurement."""

    path: pathlib.Path
    """Its mesh."""
    scale: float
    """Factor to metres."""
    mass: float | None
    """[kg]."""

    def load(self) -> zdg.Object:
        """Prepares it."""
        return zdg.Object.from_mesh(self.path, scale=self.scale, mass=self.mass)


def find_things(
    folder: pathlib.Path | None, only: tuple[str, ...], own: pathlib.Path
) -> list[Thing]:
    """Objects of a folder as benchmarks know them; or shapes of our own, written to `own`."""
    if folder is not None:
        chosen = settings.Settings(objects=folder, only=only)
        masses = settings.object_masses(folder)
        return [
            Thing(path=pathlib.Path(str(mesh)), scale=scale, mass=masses.get(name))
            for name, (mesh, scale) in settings.sources(chosen).items()
        ]
    write_shapes(own)
    table = [line.split(",") for line in (own / "shapes.csv").read_text().split()[1:]]
    things = [Thing(path=own / path, scale=1.0, mass=float(mass)) for path, mass in table]
    return [thing for thing in things if not only or thing.path.stem in only]


def write_spec(
    folder: pathlib.Path, things: list[Thing], hands: tuple[str, ...], tasks: int, make: int
) -> pathlib.Path:
    """Writes a spec of some objects; returns its path."""
    spec = {
        "name": "rate",
        "objects": [
            {"path": str(thing.path), "scale": thing.scale}
            | ({} if thing.mass is None else {"mass": thing.mass})
            for thing in things
        ],
        "hands": list(hands),
        "tasks": list(_TASKS[:tasks]),
        "grasps": {"make": make, "keep": max(1, make // 2)},
    }
    path = folder / "rate.yaml"
    path.write_text(json.dumps(spec))
    return path


def measure_loop(
    things: list[Thing], hands: tuple[str, ...], tasks: int, make: int
) -> dict[str, float]:
    """What somebody writes who needs many grasps: two loops in one process."""
    loaded = [zdg.Hand.load(name) for name in hands]
    objects = [thing.load() for thing in things]

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
    """The same as jobs of a dataset, each answered as a worker does that knows the hands."""
    planned = PlannedDataset.find(spec, Layout(out), None)
    worker, table = Answering(str(out)), planned.table
    for number in np.unique(table.hand_of, return_index=True)[1].tolist():
        worker.answer({"job": table[number].to_json()})
    start, used, held, made = time.perf_counter(), time.process_time(), 0, 0
    for number in range(len(table)):
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
    start = time.perf_counter()
    made = datasets.make(spec, out, datasets.MakeOptions(engine=engine, workers=workers))
    seconds = time.perf_counter() - start
    if made.failed or not made.grasps:
        raise RuntimeError(f"{made.failed} jobs failed, {made.grasps} grasps were made")
    rates = _rates(made.grasps, seconds, made.cpu_seconds)
    layout = Layout(out)
    names = [name.decode() for name in layout.shard_names().tolist()]
    ends = sorted(layout.shard_path(name).stat().st_mtime for name in names)
    first = hands * (workers or available_cpus())
    if len(ends) > first:
        per_second = made.grasps / made.new * (len(ends) - first) / (ends[-1] - ends[first - 1])
        rates["steady_per_hour"] = round(3600 * per_second)
    return rates | {"held": made.held, "grasps": made.grasps}


def _rates(grasps: int, seconds: float, cpu: float) -> dict[str, float]:
    return {
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu, 1),
        "per_hour": round(3600 * grasps / seconds),
        "per_cpu_hour": round(3600 * grasps / max(cpu, 1e-9)),
    }


@click.command()
@click.option("--hand", "hands", multiple=True, default=("allegro", "leap"), show_default=True)
@click.option(
    "--objects",
    type=click.Path(path_type=pathlib.Path, exists=True, resolve_path=True),  # specs lie elsewhere
    help="A folder of meshes; shapes of our own if not given.",
)
@click.option("--only", multiple=True, help="Names of objects; all of them if not given.")
@click.option("--tasks", default=1, show_default=True, type=click.IntRange(1, len(_TASKS)))
@click.option(
    "--by", multiple=True, default=("worker", "local"), show_default=True,
    type=click.Choice(["worker", *ENGINES]), help="What makes them besides the loop.",
)  # fmt: skip
@click.option("--make", default=64, show_default=True, help="Grasps of a job.")
@click.option("--workers", type=int)
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def main(
    hands: tuple[str, ...],
    objects: pathlib.Path | None,
    only: tuple[str, ...],
    tasks: int,
    by: tuple[str, ...],
    make: int,
    workers: int | None,
    out: pathlib.Path,
) -> None:
    """Measures each and writes OUT."""
    environment = reports.environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        things = find_things(objects, only, folder)
        spec = write_spec(folder, things, hands, tasks, make)
        rows = {"loop": measure_loop(things, hands, tasks, make)}
        for name in by:
            if name == "worker":
                rows[name] = measure_worker(spec, folder / name)
            else:
                rows[name] = measure_dataset(spec, folder / name, name, workers, len(hands))
    for name, row in rows.items():
        row["to_loop"] = round(row["per_hour"] / rows["loop"]["per_hour"], 2)
        row["to_loop_by_cpu"] = round(row["per_cpu_hour"] / rows["loop"]["per_cpu_hour"], 2)
        click.echo(f"{name}: {json.dumps(row)}")
    names = [thing.path.stem for thing in things]
    setting = {"hands": hands, "objects": names, "tasks": tasks, "make": make, "workers": workers}
    reports.write(out, environment, setting=setting, **rows)


if __name__ == "__main__":
    main()
