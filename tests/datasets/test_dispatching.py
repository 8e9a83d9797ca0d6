"""The dispatcher: nearness to objects, dying and hanging workers, and reasons to stop."""

from __future__ import annotations

import collections
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.datasets.small import HangError, InstantEngine, InstantWorker, write_spec
from tests.datasets.test_spec import table
from zdg_jax.datasets.dispatching import Limits, Queue, StoppedError, dispatch
from zdg_jax.datasets.failures import Failure, append_failures, read_failures
from zdg_jax.datasets.jobs import Job, JobTable

DONE = {"done": {"made": 1, "held": 1, "kept": 1, "seconds": 0.0, "cpu_seconds": 0.0, "size": 1}}


@pytest.fixture
def jobs(tmp_path: pathlib.Path) -> JobTable:
    """Three objects with four tasks each."""
    return table(write_spec(tmp_path, tasks=["a", "b", "c", "d"]))


def run(
    jobs: JobTable, engine: InstantEngine, seconds: float = 60.0, memory: float = 1e9
) -> tuple[list[str], dict[str, Failure]]:
    """Jobs that are done, and failures by job."""
    done: list[str] = []
    failed: dict[str, Failure] = {}
    dispatch(
        jobs,
        np.arange(len(jobs)),
        engine,
        Limits(job_seconds=seconds, worker_bytes=memory),
        request=lambda job: {"job": job.id},
        on_done=lambda number, job, answer: done.append(job.id),
        on_failure=lambda number, failure: failed.update({failure.job: failure}),
    )
    return done, failed


def names(jobs: JobTable) -> list[str]:
    return sorted(name.decode() for name in jobs.ids)


def test_every_job_is_given_once_and_workers_stay_with_their_object() -> None:
    queue = Queue(np.repeat(np.arange(5), 4), np.arange(20))
    taken = {worker: [queue.take(worker) for _ in range(4)] for worker in (1, 2)}
    assert [sorted(n // 4 for n in own if n is not None) for own in taken.values()] == [
        [0] * 4,
        [1] * 4,
    ]
    mixed = [queue.take(worker) for _ in range(6) for worker in (1, 2)]
    assert sorted(n for n in mixed if n is not None) == list(range(8, 20))
    assert queue.take(1) is None
    assert len(queue) == 0


def test_a_worker_without_an_object_helps_with_the_largest() -> None:
    queue = Queue(np.zeros(6, int), np.arange(6))
    assert queue.take(1) == 0
    assert queue.take(2) == 5
    assert queue.take(1) == 1


def test_the_object_of_a_worker_that_ended_is_taken_by_another() -> None:
    queue = Queue(np.repeat([0, 1], 3), np.arange(6))
    first = queue.take(1)
    assert first == 0
    queue.leave(1)
    queue.put_back(first)
    assert sorted(queue.take(2) or 0 for _ in range(6)) == list(range(6))


def test_all_jobs_are_done(jobs: JobTable) -> None:
    engine = InstantEngine(lambda request: DONE)
    done, failed = run(jobs, engine)
    assert sorted(done) == names(jobs)
    assert not failed
    assert len(engine.workers) == 2
    assert all(worker.killed for worker in engine.workers)


def test_jobs_of_workers_that_die_are_done_by_others(jobs: JobTable) -> None:
    tries: collections.Counter[str] = collections.Counter()

    def work(request: dict[str, Any]) -> dict[str, Any] | None:
        tries[request["job"]] += 1
        return DONE if tries[request["job"]] > 1 else None

    done, failed = run(jobs, InstantEngine(work))
    assert sorted(done) == names(jobs)
    assert not failed


def test_a_job_that_kills_every_worker_fails_and_the_others_are_done(jobs: JobTable) -> None:
    bad = jobs[5].id
    done, failed = run(jobs, InstantEngine(lambda r: None if r["job"] == bad else DONE))
    assert sorted([*done, bad]) == names(jobs)
    assert failed[bad].kind == "crashed"
    assert failed[bad].reason == "it died, 3 times"


def test_a_job_that_hangs_fails_at_its_limit(jobs: JobTable) -> None:
    bad = jobs[0].id

    def work(request: dict[str, Any]) -> dict[str, Any]:
        if request["job"] == bad:
            raise HangError
        return DONE

    engine = InstantEngine(work)
    done, failed = run(jobs, engine, seconds=0.2)
    assert sorted([*done, bad]) == names(jobs)
    assert failed[bad].kind == "time"
    assert "longer than 0.2 s" in failed[bad].reason


def test_a_full_disk_stops_the_run(jobs: JobTable) -> None:
    engine = InstantEngine(lambda request: {"stop": "cannot write: no space left"})
    with pytest.raises(StoppedError, match="no space left"):
        run(jobs, engine)
    assert all(worker.killed for worker in engine.workers)


def test_a_worker_that_finds_no_place_keeps_no_job(jobs: JobTable) -> None:
    engine = InstantEngine(lambda request: DONE)
    start = engine.start

    def first_alone() -> InstantWorker:
        worker = start()
        worker.started = len(engine.workers) == 1
        return worker

    engine.start = first_alone  # type: ignore[method-assign]
    done, failed = run(jobs, engine)
    assert sorted(done) == names(jobs)
    assert not failed


def test_jobs_that_all_fail_for_one_unforeseen_reason_stop_the_run(tmp_path: pathlib.Path) -> None:
    many = table(write_spec(tmp_path, tasks=[f"task {i}" for i in range(20)]))
    error = {"failed": "error", "reason": "ModuleNotFoundError: no module"}
    failed: list[str] = []
    with pytest.raises(StoppedError, match="25 jobs in a row failed alike: ModuleNotFoundError"):
        dispatch(
            many,
            np.arange(len(many)),
            InstantEngine(lambda request: error),
            Limits(job_seconds=60.0, worker_bytes=1e9),
            request=lambda job: {"job": job.id},
            on_done=lambda number, job, answer: None,
            on_failure=lambda number, failure: failed.append(failure.job),
        )
    assert len(failed) == 25
    refused = {"failed": "refused", "reason": "no triangles"}
    assert len(run(many, InstantEngine(lambda request: refused))[1]) == 60


def test_workers_that_never_answer_stop_the_run(jobs: JobTable) -> None:
    with pytest.raises(StoppedError, match="workers in a row"):
        run(jobs, InstantEngine(lambda request: None))


def test_a_worker_that_grew_is_replaced(jobs: JobTable) -> None:
    engine = InstantEngine(lambda request: DONE | {"memory": 2_000_000_000}, room=1)
    done, _ = run(jobs, engine)
    assert sorted(done) == names(jobs)
    assert len(engine.workers) == len(jobs)


def test_failures_outlive_a_line_that_was_cut_off(tmp_path: pathlib.Path, jobs: JobTable) -> None:
    path = tmp_path / "failures.jsonl"
    assert read_failures(path) == {}

    def failure(job: Job, reason: str) -> Failure:
        return Failure.of(job, "refused", reason)

    append_failures(path, [failure(jobs[0], "first"), failure(jobs[1], "second\nline")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    assert list(read_failures(path)) == [jobs[0].id]
    append_failures(path, [failure(jobs[2], "third"), failure(jobs[0], "again")])
    reasons = {job: failure.reason for job, failure in read_failures(path).items()}
    assert reasons == {jobs[0].id: "again", jobs[2].id: "third"}


def test_workers_claim_cores_of_their_own_and_leave_them_with_their_process(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # other runs on this machine have claims too
    code = (
        "import os, sys; from zdg_jax.datasets.engines.cores import claim_cores\n"
        "print(claim_cores(1), *os.sched_getaffinity(0), flush=True); sys.stdin.read()\n"
    )
    run = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(run, **pipes) for _ in range(2)]  # type: ignore[call-overload]
    said = [worker.stdout.readline().split() for worker in workers]
    for worker in workers:
        worker.kill()
        worker.communicate()
    claimed = [core for count, core, *_ in said if count == "1"]
    assert claimed, "no core was free"
    assert len(set(claimed)) == len(claimed)
    again = subprocess.run(run, input="", capture_output=True, text=True)
    assert again.stdout.split()[0] == "1"
