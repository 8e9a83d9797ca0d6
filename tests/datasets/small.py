"""Small datasets: primitives, a claw, and an engine that answers without work."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import trimesh

from tests.faults.inputs import claw
from tests.made_up import make_grasps
from zdg_jax.datasets.columns import JobResult
from zdg_jax.datasets.engines import Report
from zdg_jax.datasets.hand_files import read_hand
from zdg_jax.datasets.jobs import Job
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.object_files import write_object
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.shards import write_shard
from zdg_jax.objects import Object

SHAPES = {
    "box": trimesh.creation.box((0.05, 0.04, 0.06)),
    "can": trimesh.creation.cylinder(0.025, 0.09, sections=24),
    "ball": trimesh.creation.icosphere(2, 0.03),
}


def write_spec(folder: pathlib.Path, shapes: Sequence[str] = tuple(SHAPES), **changes: Any) -> Any:
    """A spec of primitives and a claw, with the files that it names; returns its path."""
    meshes = folder / "meshes"
    meshes.mkdir(parents=True, exist_ok=True)
    for name in shapes:
        if not (meshes / f"{name}.stl").exists():
            SHAPES[name].export(meshes / f"{name}.stl")
    claw()(folder)
    spec = {
        "name": "small",
        "license": "CC0-1.0",
        "objects": [{"path": "meshes", "mass": 0.1}],
        "hands": [{"name": "claw", "path": "./hand.xml"}],
        "tasks": ["lift it"],
        "grasps": {"make": 8, "keep": 4},
    }
    path = folder / "spec.yaml"
    path.write_text(json.dumps(spec | changes))
    return path


def made_up_result(job: Job, layout: Layout, n: int = 6) -> JobResult:
    """Grasps of a job out of thin air, every second of which holds."""
    grasps, hand = make_grasps(n, seed=job.seed), read_hand(layout, job.hand.name)
    assert grasps.validation is not None
    validation = dataclasses.replace(grasps.validation, protocol=job.recipe["tests"][0])
    return JobResult(
        job=job,
        grasps=dataclasses.replace(grasps, validation=validation),
        others={},
        link_names=tuple(hand["link_names"]),
        palm_normal=np.array(hand["palm_normal"]),
    )


def make_up(spec: pathlib.Path, folder: pathlib.Path) -> list[JobResult]:
    """A dataset whose grasps are made up; returns them in the order of the jobs."""
    layout = Layout(folder)
    planned = PlannedDataset.find(spec, layout, None)
    planned.save(layout)
    for row in planned.table.objects:
        obj = Object.from_mesh(row.path, name=row.name, mass=row.mass, parts=row.parts)
        write_object(layout, row, obj)
    results = [made_up_result(planned.table[i], layout) for i in range(len(planned.table))]
    for result in results:
        write_shard(layout, result)
    return results


@dataclasses.dataclass
class InstantWorker:
    """Answers what a function says; it may die instead, or never answer."""

    work: Callable[[dict[str, Any]], dict[str, Any] | None]
    number: int
    started: bool = True
    killed: bool = False
    request: dict[str, Any] | None = None

    def send(self, request: dict[str, Any]) -> None:
        self.request = request

    def kill(self) -> None:
        self.killed = True


class HangError(Exception):
    """Raised by a piece of work that never ends."""


class InstantEngine:
    """Workers of this process, for what the dispatcher does around the work."""

    def __init__(
        self, work: Callable[[dict[str, Any]], dict[str, Any] | None], room: int = 2
    ) -> None:
        self.work, self.room = work, room
        self.workers: list[InstantWorker] = []

    @property
    def worker_bytes(self) -> float:
        return float("inf")

    def capacity(self) -> int:
        return self.room

    def start(self) -> InstantWorker:
        self.workers.append(InstantWorker(self.work, len(self.workers)))
        return self.workers[-1]

    def wait(self, workers: Sequence[InstantWorker], timeout: float) -> list[Report[InstantWorker]]:
        reports = []
        for worker in workers:
            assert worker.request is not None
            if not worker.started:
                continue
            try:
                answer = self.work(worker.request)
            except HangError:
                continue
            if answer is not None:
                answer = {"memory": 0} | answer
            reports.append(Report(worker=worker, answer=answer, reason="it died"))
        if not reports:
            time.sleep(0.01)
        return reports

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
