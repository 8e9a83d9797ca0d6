"""`python -m benchmarks [NAMES] [--quick] [--out FILE] [--compare FILE]`."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import platform
import subprocess
from importlib import metadata
from typing import Any

import click
import jax

from benchmarks.metrics import Metric, compare
from benchmarks.workloads import WORKLOADS


def _environment() -> dict[str, Any]:
    """Device, versions and commit of a result."""
    root = pathlib.Path(__file__).resolve().parents[1]
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True
    ).stdout.strip()
    names = ("zdg-jax", "jax", "jaxlib", "mujoco", "mujoco-mjx", "numpy")
    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in names},
        "commit": commit or "unknown",
    }


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Fewer repeats and smaller cases.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
@click.option("--compare", "old", type=click.Path(exists=True, path_type=pathlib.Path))
def main(
    names: tuple[str, ...], quick: bool, out: pathlib.Path | None, old: pathlib.Path | None
) -> None:
    """Measures the workloads NAMES, all of them by default."""
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise click.UsageError(f"no workload '{unknown[0]}'; there are: {', '.join(WORKLOADS)}")
    metrics: dict[str, Metric] = {}
    for name in names or WORKLOADS:
        for key, metric in WORKLOADS[name](quick).items():
            metrics[f"{name}/{key}"] = metric
            shown = f"{metric.value:>10.4g} +-{metric.spread:<8.2g} {metric.unit}"
            print(f"{name + '/' + key:<36} {shown}")
    rows = {name: dataclasses.asdict(metric) for name, metric in metrics.items()}
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({**_environment(), "quick": quick, "metrics": rows}, indent=1))
    if old is not None:
        wanted = {
            name: row
            for name, row in json.loads(old.read_text())["metrics"].items()
            if not names or name.split("/")[0] in names
        }
        print("\n".join(compare(wanted, rows)) or "nothing moved beyond noise")


if __name__ == "__main__":
    main()
