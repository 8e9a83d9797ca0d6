"""`python -m benchmarks [NAMES] [--quick] [--out FILE] [--compare FILE]`."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import click

from benchmarks import reports
from benchmarks.metrics import Metric, compare
from benchmarks.settings import OBJECTS, Settings
from benchmarks.tables import table
from benchmarks.workloads import WORKLOADS


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Fewer repeats and smaller cases.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
@click.option("--compare", "old", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--hand", "hands", multiple=True, default=("allegro",), show_default=True)
@click.option(
    "--objects",
    type=click.Path(path_type=pathlib.Path),
    default=OBJECTS,
    help="Folder of meshes; made-up solids where there is none.",
)
@click.option("--only", multiple=True, help="An object's name; all of the folder's by default.")
@click.option("--batch", "batches", multiple=True, type=int, help="Batch sizes.")
@click.option("--num", default=0, help="Grasps to make; the workload's own number by default.")
def main(
    names: tuple[str, ...],
    out: pathlib.Path | None,
    old: pathlib.Path | None,
    **options: Any,
) -> None:
    """Measures the workloads NAMES, all of them by default."""
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise click.UsageError(f"no workload '{unknown[0]}'; there are: {', '.join(WORKLOADS)}")
    settings = Settings(**options)
    environment = reports.environment()
    rows: dict[str, dict[str, Any]] = {}
    for name in names or WORKLOADS:
        metrics: dict[str, Metric] = WORKLOADS[name](settings)
        print(f"{name}\n{table(metrics)}", flush=True)
        rows |= {f"{name}/{key}": dataclasses.asdict(metric) for key, metric in metrics.items()}
        # After each workload, so that a run cut short leaves what it has.
        reports.write(out, environment, quick=settings.quick, metrics=rows)
    if old is not None:
        wanted = {
            name: row
            for name, row in json.loads(old.read_text())["metrics"].items()
            if not names or name.split("/")[0] in names
        }
        print("\n".join(compare(wanted, rows)) or "nothing moved beyond noise")


if __name__ == "__main__":
    main()
