"""The benchmark of viewer and exports, and that of datasets: what they work on."""

from __future__ import annotations

import json
import pathlib

from benchmarks.dataset_scale import mark_done, plan_jobs
from benchmarks.looking import measure_exports, repeated
from tests.cli.saved import many
from zdg_jax.datasets.progress import status
from zdg_jax.grasps import GraspSet


def test_exports_of_a_repeated_set_are_timed(tmp_path: pathlib.Path) -> None:
    grasps = repeated(GraspSet.load(many(tmp_path / "set", 3)), 8)
    assert len(grasps) == 8
    rows = measure_exports(grasps, ("csv", "mujoco"))
    assert set(rows) == {"csv", "mujoco"}
    assert all(row["megabytes"] > 0 for row in rows.values())


def test_jobs_that_are_marked_done_are_done(tmp_path: pathlib.Path) -> None:
    spec, layout, planned = plan_jobs(tmp_path, 200)
    assert json.loads(spec.read_text())["name"] == "scale"
    assert len(planned.table) == 200
    mark_done(layout, planned, b"some content", 120)
    assert status(layout.root).done == 120
    assert all(layout.read_shard(name.decode()) for name in layout.shard_names().tolist())
