"""Making a dataset: what is missing of it on disk is done, by workers of an engine."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import time
from collections.abc import Iterator
from typing import Any, Protocol

import filelock
import numpy as np

from zdg_jax.datasets.dispatching import Limits, StoppedError, dispatch
from zdg_jax.datasets.engines import Engine
from zdg_jax.datasets.engines.local import LocalEngine
from zdg_jax.datasets.engines.planning import PlanningEngine
from zdg_jax.datasets.failures import Failure, append_failures
from zdg_jax.datasets.jobs import Job, JobTable
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.progress import look
from zdg_jax.errors import InputError

ENGINES = ("local", "ray")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """How a dataset is made; none of it changes a grasp."""

    engine: str = "local"
    """`local`, processes on this machine, or `ray`, workers on a Ray cluster."""
    workers: int | None = None
    """Most workers at once; the engine decides if not given."""
    address: str | None = None
    """Address of a Ray cluster; a local one is started if there is none."""
    worker_cpus: int = 1
    """Cores of each worker on a Ray cluster."""
    worker_gpus: float = 0.0
    """GPUs of each worker on a Ray cluster."""
    job_seconds: float = 3600.0
    """Longest time for one job, compilation included [s]."""
    worker_gigabytes: float = 6.0
    """Memory above which a worker is replaced between two jobs."""
    retry_failed: bool = False
    """Do again what failed before."""
    accept_changes: bool = False
    """Go on where spec, files or version are no longer those that the dataset was begun with."""
    max_calls: int = 1000
    """Most requests to a model in this run, retries included."""
    max_tokens: int = 10_000_000
    """Most tokens in this run, sent and received together."""
    per_minute: float = 60.0
    """Most requests to a model in a minute."""
    server: str | None = None
    """Another address of the model's server."""

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            InputError: an unknown engine, or a number out of range.
        """
        if self.engine not in ENGINES:
            raise InputError(f"no engine '{self.engine}'; there are: {', '.join(ENGINES)}")
        positive = ("job_seconds", "worker_gigabytes", "worker_cpus")
        for name in (*positive, "max_calls", "max_tokens", "per_minute"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0")


class Listener(Protocol):
    """Hears how a run goes."""

    def note(self, line: str) -> None:
        """Takes something worth saying."""

    def group(self, line: str) -> None:
        """Takes a line on an object whose jobs are all done."""

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

    def __str__(self) -> str:
        """One line."""
        hours = max(self.seconds, 1e-9) / 3600
        pace = f", {self.grasps / hours:.0f} grasps an hour" if self.new else ""
        return (
            f"{self.done} of {self.jobs} jobs done, {self.failed} failed; "
            f"this run: {self.new} jobs, {self.grasps} grasps, {self.held} hold, "
            f"{self.seconds:.0f} s{pace}"
        )


def make(
    spec: str | pathlib.Path,
    folder: str | pathlib.Path,
    options: MakeOptions | None = None,
    listener: Listener | None = None,
) -> Made:
    """Makes a dataset, or what is missing of it.

    Args:
        spec: the spec, a YAML file.
        folder: where the dataset lies or will lie.
        options: how it is made.
        listener: hears how it goes.

    Raises:
        InputError: a spec, file or hand that cannot be used, changes that were not accepted,
            another run at work on the folder, or a file that cannot be written.
        StoppedError: the run cannot go on; the same call goes on from there later.
    """
    options, listener = options or MakeOptions(), listener or Silent()
    layout = Layout(pathlib.Path(folder).resolve())
    with working_on(layout):
        planned = _plan(pathlib.Path(spec), layout, options, listener)
        return _make(layout, planned, options, listener)


@contextlib.contextmanager
def working_on(layout: Layout) -> Iterator[None]:
    """Holds the lock of a dataset.

    Args:
        layout: the dataset.

    Raises:
        InputError: another run holds it, or the folder cannot be written.
    """
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(layout.lock, timeout=0)
        with lock:
            yield
    except filelock.Timeout:
        raise InputError(f"another run is at work on {layout.root}; wait for it") from None
    except OSError as error:
        raise InputError(f"cannot write to {layout.root}: {error.strerror or error}") from None


def _plan(
    spec: pathlib.Path, layout: Layout, options: MakeOptions, listener: Listener
) -> PlannedDataset:
    """What is to be made; refuses changes that nobody accepted."""
    before = PlannedDataset.load(layout) if layout.plan.exists() else None
    planned = PlannedDataset.find(spec, layout, before)
    if not len(planned.table):
        raise InputError(f"{spec} asks for no job: it names no object with a task")
    if before is not None:
        changes = planned.changes(before)
        for line in changes:
            listener.note(line)
        if changes and not options.accept_changes:
            raise InputError(
                f"{layout.root} was begun differently ({'; '.join(changes)}); choose another "
                "folder, or go on here and keep what is done: accept_changes (--accept-changes)"
            )
        new = int((~np.isin(planned.table.ids, before.table.ids)).sum())
        if new:
            listener.note(f"{new} jobs are new since the last run")
    planned.save(layout)
    return planned


def _make(
    layout: Layout, planned: PlannedDataset, options: MakeOptions, listener: Listener
) -> Made:
    table = planned.table
    _remove_partial(layout)
    progress = look(layout, table, check=True)
    for path in progress.damaged:
        listener.note(f"damaged, made again: {path.name}")
        path.unlink(missing_ok=True)
    pending = progress.waiting | (progress.failed & options.retry_failed)
    run = _Recorder(layout, table, ~pending, listener)
    numbers = np.flatnonzero(pending)
    if len(numbers):
        if planned.spec.planner != "rules":
            numbers = _plan_by_model(layout, planned, numbers, options, run)
        dispatch(
            table,
            numbers,
            make_engine(layout, options),
            worker_limits(options),
            request=lambda job: {"job": job.to_json()},
            on_done=run.done,
            on_failure=run.failed,
        )
    after = look(layout, table, check=False)
    return run.made(int(after.done.sum()), int(after.failed.sum()))


def _plan_by_model(
    layout: Layout,
    planned: PlannedDataset,
    numbers: np.ndarray,
    options: MakeOptions,
    run: _Recorder,
) -> np.ndarray:
    """Has a model plan the jobs that have no plan, under one budget: in one process.

    Returns the jobs that have one. Where the budget is spent, jobs with a plan are still run.
    """
    table = planned.table
    missing = [n for n in numbers.tolist() if not layout.job_plan(table[n].id).exists()]
    asking = {
        "planner": planned.spec.planner,
        "limits": {
            name: getattr(options, name) for name in ("max_calls", "max_tokens", "per_minute")
        },
        "server": options.server,
    }
    try:
        dispatch(
            table,
            np.asarray(missing, int),
            PlanningEngine(layout.root),
            worker_limits(options),
            request=lambda job: {"job": job.to_json(), "plan": asking},
            on_done=lambda number, job, answer: None,
            on_failure=run.failed,
        )
    except StoppedError as error:
        run.stopped = f"{error}; the same command goes on"
        run.listener.note(run.stopped)
    ready = [n for n in numbers.tolist() if layout.job_plan(table[n].id).exists()]
    return np.asarray(ready, int)


def worker_limits(options: MakeOptions) -> Limits:
    """Returns the bounds of a run's workers.

    Args:
        options: how the dataset is made.
    """
    return Limits(job_seconds=options.job_seconds, worker_bytes=options.worker_gigabytes * 1e9)


def make_engine(layout: Layout, options: MakeOptions) -> Engine[Any]:
    """Makes the engine of a run; it is closed by `dispatch`.

    Args:
        layout: the dataset that its workers write to.
        options: how the dataset is made.

    Raises:
        InputError: it cannot be had.
    """
    if options.engine == "ray":
        from zdg_jax.datasets.engines.ray import RayEngine

        return RayEngine(
            layout.root,
            address=options.address,
            workers=options.workers,
            cpus=options.worker_cpus,
            gpus=options.worker_gpus,
        )
    return LocalEngine(layout.root, options.workers)


def _remove_partial(layout: Layout) -> None:
    """Removes what a run that was ended had begun to write; nobody else writes now."""
    for folder in (layout.shards, layout.root / "objects", layout.root / "plans"):
        if folder.is_dir():
            for below in folder.iterdir():
                for path in below.glob(".zdg-*.part"):
                    path.unlink(missing_ok=True)


class _Recorder:
    """Writes down what comes of the jobs, and tells it."""

    def __init__(
        self, layout: Layout, table: JobTable, done: np.ndarray, listener: Listener
    ) -> None:
        self.listener, self.stopped = listener, ""
        self._layout, self._table = layout, table
        self._finished = int(done.sum())
        self._left = np.bincount(table.object_of[~done], minlength=len(table.objects))
        self._groups: dict[int, list[float]] = {}
        self._start = time.monotonic()
        self._times: list[float] = []
        self._new = self._grasps = self._held = 0
        listener.total(self._finished, len(table), None)

    def done(self, number: int, job: Job, answer: dict[str, Any]) -> None:
        """Takes a job that is done."""
        self._new += 1
        self._grasps += answer["made"]
        self._held += answer["held"]
        self._count(number, answer["made"], answer["held"], answer["seconds"], 0)

    def failed(self, number: int, failure: Failure) -> None:
        """Takes a job that failed."""
        append_failures(self._layout.failures, [failure])
        self.listener.note(
            f"failed: {failure.object}, {failure.hand}, '{failure.task}': {failure.reason}"
        )
        self._count(number, 0, 0, 0.0, 1)

    def made(self, done: int, failed: int) -> Made:
        """Sums up the run.

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
