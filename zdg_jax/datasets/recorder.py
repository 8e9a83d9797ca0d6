"""What comes of the jobs of a run: written down, counted, and told."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Protocol

import numpy as np

from zdg_jax.datasets.dispatching import StoppedError
from zdg_jax.datasets.failures import Failure, append_failures
from zdg_jax.datasets.jobs import Job, JobTable
from zdg_jax.datasets.layout import Layout


class Listener(Protocol):
    """Hears how a run goes."""

    def note(self, line: str) -> None:
        """Takes something worth saying."""

    def group(self, line: str) -> None:
        """Takes a line on an object whose jobs are all done, or on a job that failed."""

    def total(self, done: int, jobs: int, seconds_left: float | None) -> None:
        """Takes how far the run is.

        Args:
            done: jobs that are done or failed.
            jobs: jobs of the dataset.
            seconds_left: time that the rest will take at the pace of late [s]; None at first.
        """


class Silent:
    """Hears nothing."""

    def note(self, line: str) -> None:
        """Takes a line."""

    def group(self, line: str) -> None:
        """Takes a line."""

    def total(self, done: int, jobs: int, seconds_left: float | None) -> None:
        """Takes how far the run is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """What a run did, and what the dataset is now."""

    jobs: int
    """Jobs of the dataset."""
    done: int
    """Jobs done by now."""
    failed: int
    """Jobs failed by now."""
    new: int
    """Jobs done by this run."""
    grasps: int
    """Grasps that this run made."""
    held: int
    """Those of them that hold."""
    seconds: float
    """Time that the run took [s]."""
    cpu_seconds: float
    """Processor time that its workers took, all together, for the jobs that are done [s]."""

    def __str__(self) -> str:
        """One line."""
        hours = max(self.seconds, 1e-9) / 3600
        pace = f", {self.grasps / hours:.0f} grasps an hour" if self.new else ""
        reasons = ", reasons in failures.jsonl" if self.failed else ""
        return (
            f"{self.done} of {self.jobs} jobs done, {self.failed} failed{reasons}; "
            f"this run: {self.new} jobs, {self.grasps} grasps, {self.held} hold, "
            f"{self.seconds:.0f} s{pace}"
        )


class Recorder:
    """Writes down what comes of the jobs, and tells it."""

    def __init__(
        self, layout: Layout, table: JobTable, done: np.ndarray, listener: Listener
    ) -> None:
        """Starts a run.

        Args:
            layout: the dataset.
            table: its jobs.
            done: marks those that this run has not to do, (m,) bool.
            listener: hears how it goes.
        """
        self.listener, self.stopped = listener, ""
        self._layout, self._table = layout, table
        self._finished = int(done.sum())
        self._left = np.bincount(table.object_of[~done], minlength=len(table.objects))
        self._groups: dict[int, list[float]] = {}
        self._start = time.monotonic()
        self._times: list[float] = []
        self._new = self._grasps = self._held = 0
        self._cpu_seconds = 0.0
        listener.total(self._finished, len(table), None)

    def done(self, number: int, job: Job, answer: dict[str, Any]) -> None:
        """Takes a job that is done.

        Args:
            number: its number.
            job: the job.
            answer: its `Counts` in JSON values.
        """
        self._new += 1
        self._grasps += answer["made"]
        self._held += answer["held"]
        self._cpu_seconds += answer["cpu_seconds"]
        self._count(number, answer["made"], answer["held"], answer["seconds"], 0)

    def failed(self, number: int, failure: Failure) -> None:
        """Writes down a job that failed.

        Args:
            number: its number.
            failure: the failure.

        Raises:
            InputError: it cannot be written.
        """
        append_failures(self._layout.failures, [failure])
        self.listener.group(
            f"failed: {failure.object}, {failure.hand}, '{failure.task}': {failure.reason}"
        )
        self._count(number, 0, 0, 0.0, 1)

    def made(self, done: int, failed: int) -> Made:
        """Sums up the run.

        Args:
            done: jobs of the dataset that are done now.
            failed: jobs that failed.

        Raises:
            StoppedError: it stopped before the end.
        """
        if self.stopped:
            raise StoppedError(self.stopped)
        return Made(
            jobs=len(self._table),
            done=done,
            failed=failed,
            new=self._new,
            grasps=self._grasps,
            held=self._held,
            seconds=time.monotonic() - self._start,
            cpu_seconds=self._cpu_seconds,
        )

    def _count(self, number: int, made: int, held: int, seconds: float, failed: int) -> None:
        group = int(self._table.object_of[number])
        sums = self._groups.setdefault(group, [0, 0, 0, 0.0, 0])
        for i, value in enumerate((1, made, held, seconds, failed)):
            sums[i] += value
        self._finished += 1
        self._left[group] -= 1
        if self._left[group] == 0:
            jobs, grasps, holding, spent, failures = self._groups.pop(group)
            name = self._table.objects[group].name
            wrong = f", {failures} failed" if failures else ""
            self.listener.group(
                f"{name}: {jobs} jobs, {grasps} grasps, {holding} hold, {spent:.0f} s{wrong}"
            )
        self._times = [*self._times[-200:], time.monotonic()]
        self.listener.total(self._finished, len(self._table), self._seconds_left())

    def _seconds_left(self) -> float | None:
        """Time for the rest at the pace of the last jobs; the first ones compiled programs."""
        if len(self._times) < 2:
            return None
        recent = self._times[len(self._times) // 4 :]
        if len(recent) < 2:
            return None
        pace = (recent[-1] - recent[0]) / (len(recent) - 1)
        return pace * (len(self._table) - self._finished)
