"""Making a dataset: what is missing of it on disk is done, by workers of an engine."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

import filelock
import numpy as np

from zdg_jax.datasets.dispatching import StoppedError, dispatch
from zdg_jax.datasets.engines.planning import PlanningEngine
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.make_options import MakeOptions, make_engine, worker_limits
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.progress import look
from zdg_jax.datasets.recorder import Listener, Made, Recorder, Silent
from zdg_jax.datasets.spec import DatasetSpec
from zdg_jax.errors import InputError


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
    DatasetSpec.load(spec)  # before a folder is made for one that cannot be used
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
    """Lists the jobs that are to be made; refuses changes that nobody accepted."""
    before = PlannedDataset.load(layout) if layout.plan.exists() else None
    planned = PlannedDataset.find(spec, layout, before)
    if not len(planned.table):
        raise InputError(f"{spec} asks for no job: it names no object with a task")
    if before is not None:
        changes = planned.changes(before)
        if changes and not options.accept_changes:
            raise InputError(
                f"{layout.root} was begun differently ({'; '.join(changes)}); choose another "
                "folder, or go on here and keep what is done: accept_changes (--accept-changes)"
            )
        for line in changes:
            listener.note(line)
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
    run = Recorder(layout, table, ~pending, listener)
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
    run: Recorder,
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


def _remove_partial(layout: Layout) -> None:
    """Removes what a run that was ended had begun to write; nobody else writes now."""
    folders = [layout.root]
    for split in (layout.shards, layout.root / "objects", layout.root / "plans"):
        folders += [below for below in split.iterdir() if below.is_dir()] if split.is_dir() else []
    for folder in folders:
        for path in folder.glob(".zdg-*.part"):
            path.unlink(missing_ok=True)
    for hand in (layout.root / "hands").glob(".zdg-*"):
        shutil.rmtree(hand, ignore_errors=True)
