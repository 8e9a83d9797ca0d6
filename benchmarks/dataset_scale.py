"""What a dataset of very many jobs costs beside their grasps, and memory over many jobs.

    python -m benchmarks.dataset_scale jobs --out FILE [--jobs 1000000] [--merged 10000]
    python -m benchmarks.dataset_scale memory --out FILE [--jobs 200] [--objects 20]

`jobs`: seconds and peak memory of planning (`make --dry-run`), `merge`, `status`, and `make` where
all is done: it reads every shard. One job is real; the shards of all others are links to its own,
so that the machine's disk is not measured. `memory`: of one worker over jobs of 8 grasps, each of
another object than the job before.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import click
import numpy as np
import trimesh

from benchmarks import reports
from zdg_jax.datasets.answering import Answering
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.planned import PlannedDataset

_TASKS, _HANDS = 50, ("allegro", "leap")
# In a small process of its own: a child's peak begins with that of the process that started it.
_MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "seconds": round(time.perf_counter() - start, 1),
    "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
    "peak_mb": round(usage.ru_maxrss / 1e3),
}))
"""


def plan_jobs(folder: pathlib.Path, jobs: int) -> tuple[pathlib.Path, Layout, PlannedDataset]:
    """A spec of so many jobs: boxes of one file by many names, two hands, fifty tasks."""
    trimesh.creation.box((0.05, 0.04, 0.06)).export(folder / "box.stl")
    rows = [f"box.stl,box {i},0.1" for i in range(max(1, jobs // (_TASKS * len(_HANDS))))]
    (folder / "boxes.csv").write_text("\n".join(["path,name,mass", *rows]) + "\n")
    spec = folder / "spec.yaml"
    spec.write_text(
        json.dumps(
            {
                "name": "scale",
                "objects": [{"path": "boxes.csv"}],
                "hands": list(_HANDS),
                "tasks": [f"task {i}" for i in range(_TASKS)],
                "grasps": {"make": 8, "keep": 4},
            }
        )
    )
    layout = Layout(folder / "out")
    planned = PlannedDataset.find(spec, layout, None)
    planned.save(layout)
    return spec, layout, planned


def _real_job(layout: Layout, planned: PlannedDataset) -> bytes:
    """Makes one job, and gives its object to all others; returns the content of its shard."""
    job = planned.table[0]
    answer = Answering(str(layout.root)).answer({"job": job.to_json()})
    if "done" not in answer:
        raise RuntimeError(answer)
    made = layout.object(job.object.id)
    for row in planned.table.objects:
        for suffix in (".glb", ".json"):
            path = layout.object(row.id).with_suffix(suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_bytes(made.with_suffix(suffix).read_bytes())
    (shard,) = layout.shard_names().tolist()
    path = layout.shard_path(shard.decode())
    content = path.read_bytes()
    path.unlink()
    return content


def mark_done(layout: Layout, planned: PlannedDataset, content: bytes, count: int) -> None:
    """Gives the first jobs shards of some content, one file per folder and links to it."""
    firsts: dict[pathlib.Path, pathlib.Path] = {}
    for name in planned.table.ids[:count].tolist():
        path = layout.shard(name.decode(), content)
        if (first := firsts.get(path.parent)) is not None:
            os.link(first, path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            firsts[path.parent] = path


def _cost(*arguments: str | os.PathLike[str]) -> dict[str, float]:
    """Runs `zdg dataset ...`: seconds of the clock and of processors, and peak memory."""
    command = [sys.executable, "-m", "zdg_jax", "dataset", *map(str, arguments)]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    cost: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    click.echo(f"{arguments[0]}: {json.dumps(cost)}")
    return cost


@click.group()
def main() -> None:
    """Measures what a dataset costs beside its grasps."""


@main.command("jobs")
@click.option("--jobs", default=1_000_000, show_default=True, help="Jobs that are planned.")
@click.option("--merged", default=10_000, show_default=True, help="Jobs that are merged.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def measure_jobs(jobs: int, merged: int, out: pathlib.Path) -> None:
    """Plans, lists, resumes and merges very many jobs."""
    environment = reports.environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        spec, layout, planned = plan_jobs(folder, jobs)
        content = _real_job(layout, planned)
        costs = {"planned": _cost("make", spec, "--out", layout.root, "--dry-run", "--sample", "0")}
        mark_done(layout, planned, content, merged)
        costs[f"merge of {merged}"] = _cost("merge", layout.root)
        shutil.rmtree(layout.shards)
        mark_done(layout, planned, content, len(planned.table))
        costs["status"] = _cost("status", layout.root)
        costs["make, all done"] = _cost("make", spec, "--out", layout.root)
        most = max(len(list(path.iterdir())) for path in layout.root.rglob("*") if path.is_dir())
    setting = {"jobs": len(planned.table), "shard_bytes": len(content), "most_files": most}
    click.echo(json.dumps(setting))
    reports.write(out, environment, setting=setting, costs=costs)


@main.command("memory")
@click.option("--jobs", default=200, show_default=True)
@click.option("--objects", default=20, show_default=True)
@click.option("--hand", default="allegro", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def measure_memory(jobs: int, objects: int, hand: str, out: pathlib.Path) -> None:
    """Runs tiny jobs in one worker's process, each with another object than the one before."""
    environment = reports.environment()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for i in range(objects):
            box = trimesh.creation.box(np.array((0.04, 0.05, 0.06)) + 1e-4 * i)
            box.export(folder / f"box{i:04d}.stl")
        spec = {
            "name": "memory",
            "objects": [{"path": "box*.stl", "mass": 0.1}],
            "hands": [hand],
            "tasks": [f"lift it, {i}" for i in range(-(-jobs // objects))],
            "grasps": {"make": 8, "keep": 4},
        }
        (folder / "spec.yaml").write_text(json.dumps(spec))
        layout = Layout(folder / "out")
        planned = PlannedDataset.find(folder / "spec.yaml", layout, None)
        worker, megabytes = Answering(str(layout.root)), []
        by_task = np.argsort(planned.table.task_of, kind="stable")
        for done, number in enumerate(by_task[:jobs].tolist(), 1):
            answer = worker.answer({"job": planned.table[number].to_json()})
            if "done" not in answer:
                raise RuntimeError(answer)
            megabytes.append(round(answer["memory"] / 1e6))
            if done % 10 == 0:
                click.echo(f"{done} jobs: {megabytes[-1]} MB")
    late = megabytes[len(megabytes) // 2 :]
    growth = round(float(np.polyfit(np.arange(len(late)), late, 1)[0]), 3)
    click.echo(f"{growth} MB a job over the second half")
    setting = {"jobs": jobs, "objects": objects, "hand": hand}
    reports.write(out, environment, setting=setting, growth_mb=growth, megabytes=megabytes)


if __name__ == "__main__":
    main()
