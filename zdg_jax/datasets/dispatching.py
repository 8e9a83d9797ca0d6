"""The dispatcher: gives jobs to workers, near their object, and hears what comes of them."""

from __future__ import annotations

import collections
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from zdg_jax.datasets.engines import Engine, Report, Worker
from zdg_jax.datasets.failures import Failure
from zdg_jax.datasets.jobs import Job, JobTable
from zdg_jax.errors import ZdgError

_LOOK = 0.5
"""Longest wait for reports, after which time limits are looked at [s]."""
_MOST_CRASHES = 3
"""A job in which so many workers end is given up: others may have been killed for no fault of its
own."""
_MOST_LOST = 20
"""Workers that may end one after another without an answer of any before the run gives up."""
_MOST_ALIKE = 25
"""Jobs in a row that may fail for one unforeseen reason before the run gives up."""


class Queue:
    """Jobs to do, by number: a worker stays with an object as long as there are jobs of it."""

    def __init__(self, object_of: np.ndarray, pending: np.ndarray) -> None:
        """Sorts the jobs by object.

        Args:
            object_of: number of the object of every job of the table, (m,).
            pending: numbers of the jobs to do, rising, (n,).
        """
        self._jobs = pending
        edges = np.flatnonzero(np.diff(object_of[pending])) + 1
        starts, stops = np.r_[0, edges], np.r_[edges, len(pending)]
        self._groups = collections.deque(
            [int(a), int(b)] for a, b in zip(starts, stops, strict=True) if b > a
        )
        self._taken: dict[int, list[int]] = {}
        self._again: collections.deque[int] = collections.deque()
        self._count = len(pending)

    def __len__(self) -> int:
        """Jobs that wait."""
        return self._count

    def take(self, worker: int) -> int | None:
        """Takes a job: a repeated one, one of the worker's object, of a new one, or of another's.

        Args:
            worker: any number that stands for the worker.

        Returns:
            The job's number; None where there is none.
        """
        if not self._count:
            return None
        self._count -= 1
        if self._again:
            return self._again.popleft()
        own = self._taken.get(worker)
        if own is None and self._groups:
            own = self._taken[worker] = self._groups.popleft()
        if own is not None:
            job = int(self._jobs[own[0]])
            own[0] += 1
            if own[0] == own[1]:
                del self._taken[worker]
            return job
        owner, largest = max(self._taken.items(), key=lambda item: item[1][1] - item[1][0])
        largest[1] -= 1
        if largest[0] == largest[1]:
            del self._taken[owner]
        return int(self._jobs[largest[1]])

    def put_back(self, job: int) -> None:
        """Puts a job back whose worker ended.

        Args:
            job: the job's number.
        """
        self._again.append(job)
        self._count += 1

    def leave(self, worker: int) -> None:
        """Frees the object of a worker that ended.

        Args:
            worker: the number that stood for it.
        """
        if (own := self._taken.pop(worker, None)) is not None:
            self._groups.appendleft(own)


class StoppedError(ZdgError, RuntimeError):
    """The run cannot go on, for a reason that is no single job's; what is done is on disk."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of a run's workers."""

    job_seconds: float
    """Longest time for one job, compilation included [s]; its worker is ended then."""
    worker_bytes: float
    """Memory above which a worker is replaced between two jobs [bytes]."""


@dataclasses.dataclass(kw_only=True)
class _Busy:
    worker: Worker
    number: int
    """Stands for the worker in the queue."""
    job: int | None = None
    since: float = 0.0


Request = Callable[[Job], dict[str, Any]]
OnDone = Callable[[int, Job, dict[str, Any]], None]
OnFailure = Callable[[int, Failure], None]


def dispatch(
    table: JobTable,
    pending: np.ndarray,
    engine: Engine[Any],
    limits: Limits,
    *,
    request: Request,
    on_done: OnDone,
    on_failure: OnFailure,
) -> None:
    """Has jobs done until none is left.

    Args:
        table: all jobs.
        pending: numbers of those to do, (n,).
        engine: runs the workers; it is closed in the end.
        limits: bounds of its workers.
        request: makes the request of a job.
        on_done: called with each job that is done and its answer.
        on_failure: called with each job that failed.

    Raises:
        StoppedError: a worker said that no job can go on, or no worker lives long enough to
            answer.
    """
    run = _Run(table, Queue(table.object_of, pending), engine, limits, request)
    try:
        run.until_done(on_done, on_failure)
    finally:
        engine.close()


class _Run:
    """One run over a queue."""

    def __init__(
        self, table: JobTable, queue: Queue, engine: Engine[Any], limits: Limits, request: Request
    ) -> None:
        self._table, self._queue, self._engine = table, queue, engine
        self._limits, self._request = limits, request
        self._workers: list[_Busy] = []
        self._crashes: collections.Counter[int] = collections.Counter()
        self._started = self._lost = 0
        self._alike = ("", 0)
        """The last unforeseen reason, and how many jobs in a row failed for it."""

    def until_done(self, on_done: OnDone, on_failure: OnFailure) -> None:
        while self._queue or any(busy.job is not None for busy in self._workers):
            self._hire()
            for busy in self._workers:
                if busy.job is None and (job := self._queue.take(busy.number)) is not None:
                    busy.job, busy.since = job, time.monotonic()
                    busy.worker.send(self._request(self._table[job]))
            active = {id(b.worker): b for b in self._workers if b.job is not None}
            reports = self._engine.wait([b.worker for b in active.values()], _LOOK)
            for report in reports:
                self._hear(active.pop(id(report.worker)), report, on_done, on_failure)
            for busy in active.values():
                if not busy.worker.started:
                    busy.since = time.monotonic()
                    self._reconsider(busy)
                elif time.monotonic() - busy.since > self._limits.job_seconds:
                    self._overdue(busy, on_failure)

    def _hire(self) -> None:
        """Starts workers while there is room and work for them."""
        idle = sum(busy.job is None for busy in self._workers)
        while idle < len(self._queue) and len(self._workers) < self._engine.capacity():
            self._started += 1
            self._workers.append(_Busy(worker=self._engine.start(), number=self._started))
            idle += 1

    def _reconsider(self, busy: _Busy) -> None:
        """Takes its job from a worker that waits for a place: there is none, or another idles."""
        idle = any(other.job is None for other in self._workers)
        if idle or len(self._workers) > max(1, self._engine.capacity()):
            assert busy.job is not None
            self._queue.put_back(busy.job)
            self._dismiss(busy)

    def _hear(
        self, busy: _Busy, report: Report[Any], on_done: OnDone, on_failure: OnFailure
    ) -> None:
        assert busy.job is not None
        number, busy.job = busy.job, None
        answer = report.answer
        if answer is None:
            self._lose(busy, number, report.reason, on_failure)
            return
        self._lost = 0
        if "stop" in answer:
            raise StoppedError(answer["stop"])
        job = self._table[number]
        if "done" in answer:
            on_done(number, job, answer["done"])
            self._alike = ("", 0)
        else:
            failure = Failure.of(job, answer["failed"], answer["reason"])
            on_failure(number, failure)
            self._count_alike(failure)
        if answer["memory"] > min(self._limits.worker_bytes, self._engine.worker_bytes):
            self._dismiss(busy)

    def _count_alike(self, failure: Failure) -> None:
        """Stops where job after job fails for one unforeseen reason: it is not in the jobs."""
        if failure.kind == "error":
            reason, times = self._alike
            self._alike = (failure.reason, 1 + (times if reason == failure.reason else 0))
            if self._alike[1] == _MOST_ALIKE:
                raise StoppedError(
                    f"{_MOST_ALIKE} jobs in a row failed alike: {failure.reason}; when that is "
                    "mended, make --retry-failed goes on"
                )

    def _lose(self, busy: _Busy, number: int, reason: str, on_failure: OnFailure) -> None:
        """A worker ended in the middle of a job."""
        self._dismiss(busy)
        self._lost += 1
        self._crashes[number] += 1
        if self._lost >= _MOST_LOST:
            raise StoppedError(f"{_MOST_LOST} workers in a row ended without an answer: {reason}")
        if self._crashes[number] < _MOST_CRASHES:
            self._queue.put_back(number)
        else:
            why = f"{reason}, {_MOST_CRASHES} times"
            on_failure(number, Failure.of(self._table[number], "crashed", why))

    def _overdue(self, busy: _Busy, on_failure: OnFailure) -> None:
        assert busy.job is not None
        number, busy.job = busy.job, None
        self._dismiss(busy)
        limit = f"it ran longer than {self._limits.job_seconds:g} s"
        on_failure(number, Failure.of(self._table[number], "time", limit))

    def _dismiss(self, busy: _Busy) -> None:
        busy.worker.kill()
        self._queue.leave(busy.number)
        self._workers.remove(busy)
