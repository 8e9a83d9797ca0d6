"""Making: workers that are killed, meshes that are broken, disks that are full, specs that change.

What only real grasps can show is slow; the rest works on made-up ones that are done already.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import subprocess

import filelock
import pytest

from tests.datasets.runs import PATIENCE, command, reasons, shards, wait_for_shards
from tests.datasets.small import make_up, write_spec
from tests.planning import model_script
from tests.planning.server import KEY, ModelServer
from zdg_jax import datasets
from zdg_jax.cli.app import run
from zdg_jax.datasets.dispatching import StoppedError
from zdg_jax.datasets.shapes import write_shapes
from zdg_jax.errors import InputError


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a spec and a made-up dataset in `out`, all of whose jobs are done."""
    folder = tmp_path_factory.mktemp("done")
    make_up(write_spec(folder, shapes=["box"]), folder / "out")
    return folder


def test_what_is_done_is_not_done_again(done: pathlib.Path) -> None:
    before = shards(done / "out")
    made = datasets.make(done / "spec.yaml", done / "out")
    assert (made.jobs, made.done, made.new) == (1, 1, 0)
    assert shards(done / "out") == before


def test_what_a_killed_run_had_begun_is_removed(done: pathlib.Path) -> None:
    out = done / "out"
    shard = next((out / "shards").iterdir())
    for folder in (out, shard):
        (folder / ".zdg-ab12.part").write_text("half")
    (out / "hands" / ".zdg-cd34" / "claw").mkdir(parents=True)
    datasets.make(done / "spec.yaml", out)
    assert not list(out.rglob(".zdg-*"))
    assert len(shards(out)) == 1


def test_a_changed_spec_is_told_and_what_is_done_is_kept(done: pathlib.Path) -> None:
    changed = write_spec(done, shapes=["box"], seed=7)
    try:
        with pytest.raises(InputError, match=r"1 jobs .* changed or are gone: seed\);"):
            datasets.make(changed, done / "out")
        assert datasets.status(done / "out").done == 1
    finally:
        write_spec(done, shapes=["box"])


def test_a_spec_that_cannot_be_used_makes_no_folder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"no file .*nope.yaml"):
        datasets.make(tmp_path / "nope.yaml", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_runs_do_not_share_a_folder(done: pathlib.Path) -> None:
    with filelock.FileLock(done / "out" / ".lock"), pytest.raises(InputError, match="another run"):
        datasets.make(done / "spec.yaml", done / "out")


def test_a_hand_that_cannot_be_used_is_told_before_the_start(tmp_path: pathlib.Path) -> None:
    spec = write_spec(tmp_path, shapes=["box"], hands=["alegro"])
    with pytest.raises(InputError, match="no hand 'alegro'; shipped: allegro"):
        datasets.make(spec, tmp_path / "out")


def test_a_mesh_that_cannot_be_read_is_a_failure_with_its_reason(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write_spec(tmp_path, shapes=[])
    (tmp_path / "meshes" / "broken.stl").write_text("this is no mesh")
    out = tmp_path / "out"
    assert run(["dataset", "make", str(spec), "--out", str(out)]) == 1
    ((name, kind, reason),) = reasons(out)
    assert (name, kind) == ("broken", "refused")
    assert "broken.stl" in reason
    assert "1 failed" in capsys.readouterr().out
    assert run(["dataset", "status", str(out)]) == 0
    assert "failed: 1 refused" in capsys.readouterr().out
    assert datasets.make(spec, out).new == 0
    assert len((out / "failures.jsonl").read_text().splitlines()) == 1
    datasets.make(spec, out, datasets.MakeOptions(retry_failed=True))
    assert len((out / "failures.jsonl").read_text().splitlines()) == 2


def test_a_dry_run_writes_nothing(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = write_spec(tmp_path), tmp_path / "out"
    there = sorted(tmp_path.iterdir())
    options = ["--dry-run", "--sample", "0"]
    assert run(["dataset", "make", str(spec), "--out", str(out), *options]) == 0
    assert capsys.readouterr().out.strip() == "3 jobs, 3 to do"
    assert sorted(tmp_path.iterdir()) == there


@pytest.mark.slow
def test_a_full_disk_stops_the_run_which_goes_on_later(
    calm: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    spec, out = calm / "spec.yaml", tmp_path / "full"
    # No file may grow beyond some kilobytes: the kernel's word for a disk that is full.
    limited = ["sh", "-c", 'ulimit -f 24; exec "$@"', "sh", *command(spec, out)]
    said = subprocess.run(limited, capture_output=True, text=True)
    assert said.returncode in (1, 2)
    assert said.stderr.startswith("zdg: cannot write")
    assert said.stderr.count("\n") == 1
    assert not shards(out)
    subprocess.run(command(spec, out), check=False)
    assert shards(out) == shards(calm / "calm")
    assert reasons(out) == reasons(calm / "calm")


@pytest.mark.slow
def test_a_job_over_its_time_fails_and_is_made_when_asked_again(
    calm: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    spec, out = calm / "spec.yaml", tmp_path / "hangs"
    subprocess.run(command(spec, out, "--time-limit", "0.5"), check=False)
    assert {kind for _, kind, _ in reasons(out)} == {"time"}
    assert "ran longer than 0.5 s" in reasons(out)[0][2]
    subprocess.run(command(spec, out, "--retry-failed"), check=False)
    assert shards(out) == shards(calm / "calm")


@pytest.mark.slow
def test_a_ray_cluster_makes_the_same_files(calm: pathlib.Path, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("ray")
    spec, out = calm / "spec.yaml", tmp_path / "ray"
    said = subprocess.run(command(spec, out, "--engine", "ray"), capture_output=True, text=True)
    assert "4 of 6 jobs done, 2 failed" in said.stdout
    assert shards(out) == shards(calm / "calm")
    assert reasons(out) == reasons(calm / "calm")


def test_an_address_without_a_cluster_is_told_at_once(done: pathlib.Path) -> None:
    pytest.importorskip("ray")
    options = datasets.MakeOptions(engine="ray", address="127.0.0.1:1")
    spec = write_spec(done, shapes=["box"], tasks=["lift it", "hold it"])
    try:
        with pytest.raises(InputError, match=r"no Ray cluster at 127\.0\.0\.1:1: Conn"):
            datasets.make(spec, done / "out", options)
    finally:
        write_spec(done, shapes=["box"])


@pytest.mark.slow
def test_a_node_that_is_lost_costs_no_job(calm: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Two raylets on this machine, one of which is ended after the first shard."""
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    spec, out = calm / "spec.yaml", tmp_path / "nodes"
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        second = cluster.add_node(num_cpus=1)
        options = ("--engine", "ray", "--address", cluster.address, "--workers", "2")
        process = subprocess.Popen(command(spec, out, *options))
        wait_for_shards(process, out, 1)
        assert process.poll() is None
        cluster.remove_node(second, allow_graceful=False)
        process.wait(timeout=PATIENCE)
    finally:
        cluster.shutdown()
    assert shards(out) == shards(calm / "calm")
    assert reasons(out) == reasons(calm / "calm")


@pytest.mark.slow
def test_a_dry_run_times_a_sample(calm: pathlib.Path) -> None:
    found = datasets.estimate(calm / "spec.yaml", calm / "other", sample=1)
    assert found.jobs == found.waiting == 6
    assert found.seconds is not None
    assert found.size is not None
    assert found.seconds > 0
    assert [failure.object for failure in found.failed] == ["broken"]


@pytest.mark.slow
def test_a_sample_that_is_tested_again_holds_again(calm: pathlib.Path) -> None:
    verdict = datasets.verify(calm / "calm", sample=16)
    assert verdict.grasps == 16
    assert verdict.agreement > 0.8
    assert not verdict.damaged


@pytest.mark.slow
def test_a_models_budget_stops_the_planning_and_the_next_run_asks_for_the_rest(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path / "caches"))
    write_shapes(tmp_path)  # with two parts each, as the model says
    meshes = [{"path": f"meshes/{name}.ply", "mass": 0.1} for name in ("bottle", "hammer")]
    spec = write_spec(tmp_path, shapes=[], objects=meshes, planner="openai:small")
    out = tmp_path / "out"
    with contextlib.closing(ModelServer()) as server:
        server.script = model_script.answer
        options = datasets.MakeOptions(workers=1, server=server.url, max_calls=4)
        with pytest.raises(StoppedError, match="the budget of 4 calls is spent; raise"):
            datasets.make(spec, out, options)
        assert len(server.requests) in (3, 4)  # the last may still wait for its turn
        assert len(shards(out)) < 2
        made = datasets.make(spec, out, dataclasses.replace(options, max_calls=100))
        assert (made.done, made.failed) == (2, 0)
        assert len(server.requests) <= 9  # an answer may have been on its way at the stop
    for grasps in datasets.open(out).grasp_sets():
        assert grasps.plan is not None
        assert grasps.plan.object.category == "jug"
