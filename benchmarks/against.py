"""Refined grasps a second, alternating with another checkout of the library.

    python -m benchmarks.against compare OTHER --objects FOLDER [--runs 5] [--out FILE]

The same programs differ by up to two between hours on shared machines: only what alternates tells
which of two is faster. OTHER has an environment of its own in `.venv`; `measure` runs in both, as a
file by itself, so that other modules of this folder are imported where they are needed alone.
"""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import sys
import tempfile
import time
from typing import Any

import click

_TASK = "pick it up"
_COUNT = 5


@click.group()
def main() -> None:
    """Compares two checkouts."""


@main.command()
@click.argument("hand")
@click.argument("num", type=int)
def measure(hand: str, num: int) -> None:
    """Makes NUM grasps each of the meshes on standard input, untested; prints JSON.

    A first call, which may compile, is not counted. Only what commits of any age know is used.
    """
    import jax

    from zdg_jax import Hand, Object, synthesize

    loaded, rows = Hand.load(hand), []

    def refined(obj: Object, seed: int) -> int:
        key = jax.random.key(seed)
        grasps = synthesize(_TASK, obj, loaded, num=num, key=key, planner="rules", validate=False)
        return int(grasps.provenance["refined"])

    for name, mesh, scale in json.load(sys.stdin):
        obj = Object.from_mesh(mesh, scale=scale, name=name)
        if not rows:
            refined(obj, 0)
        wall, cpu = time.perf_counter(), time.process_time()
        row = {"object": name, "refined": refined(obj, 1)}
        row |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        rows.append(row)
    print(json.dumps(rows))


@main.command()
@click.argument("other", type=click.Path(path_type=pathlib.Path, exists=True))
@click.option("--hand", default="allegro", show_default=True)
@click.option("--num", default=256, show_default=True, help="Grasps of an object.")
@click.option("--runs", default=5, show_default=True, help="Runs of each checkout.")
@click.option("--objects", required=True, type=click.Path(path_type=pathlib.Path, exists=True))
@click.option("--only", multiple=True)
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def compare(
    other: pathlib.Path,
    hand: str,
    num: int,
    runs: int,
    objects: pathlib.Path,
    only: tuple[str, ...],
    out: pathlib.Path | None,
) -> None:
    """Alternates this checkout with OTHER over five objects and prints the ratio.

    A second counts from the plan to measured grasps, whatever number was refined; of the runs of a
    checkout the median counts.
    """
    from benchmarks import reports
    from benchmarks.settings import ROOT, Settings, sources

    made = reports.environment()
    found = sources(Settings(objects=objects, only=only))
    meshes = json.dumps([[n, str(mesh), scale] for n, (mesh, scale) in found.items()][:_COUNT])
    places = {"other": other.resolve(), "this": ROOT}
    commits = {name: reports.commit_of(place) for name, place in places.items()}
    rates: dict[str, dict[str, list[float]]] = {n: {"wall": [], "cpu": []} for n in places}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs + 1):
            for name, place in places.items():
                environment = os.environ | {
                    "ZDG_CACHE_DIR": f"{folder}/{name}",
                    "JAX_COMPILATION_CACHE_DIR": f"{folder}/{name}/xla",
                }
                rows = _child(place, hand, num, meshes, environment)
                click.echo(f"{name} {commits[name]} {rows}")
                if run == 0:
                    continue  # it compiles and prepares the objects
                for clock, rate in rates[name].items():
                    total = sum(row[clock] for row in rows)
                    rate.append(sum(row["refined"] for row in rows) / total)
    medians = {
        name: {clock: statistics.median(rate) for clock, rate in clocks.items()}
        for name, clocks in rates.items()
    }
    ratio = {
        clock: round(medians["this"][clock] / medians["other"][clock], 3)
        for clock in ("wall", "cpu")
    }
    click.echo(f"refined grasps a second {medians}; ratio {ratio}")
    reports.write(out, made, commits=commits, num=num, rates=rates, medians=medians, ratio=ratio)


def _child(
    place: pathlib.Path, hand: str, num: int, meshes: str, environment: dict[str, str]
) -> list[dict[str, Any]]:
    """Runs `measure` with the library of a checkout."""
    from benchmarks.children import answer_of

    python = place / ".venv" / "bin" / "python"
    if not python.is_file():
        raise click.ClickException(f"{python} is missing; make an environment there")
    command = [str(python), __file__, "measure", hand, str(num)]
    rows: list[dict[str, Any]] = answer_of(command, environment, place=place, told=meshes)
    return rows


if __name__ == "__main__":
    main()
