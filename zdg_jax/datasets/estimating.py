"""A dry run: how many jobs there are, and how long and how large they will be, from a sample."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import tempfile
from typing import Any

import numpy as np

from zdg_jax.datasets.dispatching import dispatch
from zdg_jax.datasets.failures import Failure
from zdg_jax.datasets.jobs import Job, JobTable
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.make_options import MakeOptions, make_engine, worker_limits
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.datasets.progress import look
from zdg_jax.datasets.recorder import Listener, Silent
from zdg_jax.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a dataset would take."""

    jobs: int
    """Jobs that the spec asks for."""
    waiting: int
    """Those of them that are still to do."""
    sampled: int
    """Jobs that were timed."""
    failed: tuple[Failure, ...]
    """Jobs of the sample that failed."""
    seconds: float | None
    """Time that what waits would take here [s]; None without a sample."""
    size: float | None
    """Bytes that what waits would take on disk, before merging."""

    def __str__(self) -> str:
        """A few lines."""
        lines = [f"{self.jobs} jobs, {self.waiting} to do"]
        if self.seconds is not None and self.size is not None:
            lines.append(
                f"about {_in_words(self.seconds)} here and {self.size / 1e6:.3g} MB, by "
                + (f"{self.sampled} timed jobs" if self.sampled else "jobs that compiled as well")
            )
        lines += [f"failed: {failure.object}: {failure.reason}" for failure in self.failed]
        return "\n".join(lines)


def estimate(
    spec: str | pathlib.Path,
    folder: str | pathlib.Path,
    options: MakeOptions | None = None,
    listener: Listener | None = None,
    *,
    sample: int = 2,
) -> Estimate:
    """Estimates what making a dataset takes; nothing is written to its folder.

    Args:
        spec: the spec, a YAML file.
        folder: where the dataset lies or will lie.
        options: how it would be made.
        listener: told how far the sample is.
        sample: objects that each worker is timed with, by every hand, after one to compile for;
            0 for no sample.

    Raises:
        InputError: a spec, file or hand that cannot be used.
        StoppedError: the sample cannot be run.
    """
    options, listener = options or MakeOptions(), listener or Silent()
    target = Layout(pathlib.Path(folder).resolve())
    before = PlannedDataset.load(target) if target.plan.exists() else None
    beside = target.root.parent
    if not beside.is_dir():
        raise InputError(f"no folder {beside} to make the dataset in")
    try:
        with tempfile.TemporaryDirectory(prefix=".zdg-", dir=beside) as trial:
            layout = Layout(pathlib.Path(trial))
            planned = PlannedDataset.find(pathlib.Path(spec), layout, before)
            waiting = look(target, planned.table, check=False).waiting
            return _estimate(layout, planned, waiting, options, listener, sample)
    except OSError as error:
        raise InputError(f"cannot write to {beside}: {error.strerror or error}") from None


def _estimate(
    layout: Layout,
    planned: PlannedDataset,
    waiting: np.ndarray,
    options: MakeOptions,
    listener: Listener,
    sample: int,
) -> Estimate:
    table = planned.table
    answers: dict[int, dict[str, Any]] = {}
    failed: list[Failure] = []
    room = 1
    by_model = planned.spec.planner != "rules"
    if by_model:
        listener.note("a model plans: the sample is skipped, for it would ask")
    if sample > 0 and waiting.any() and not by_model:
        engine = make_engine(layout, options)
        room = engine.capacity()
        chosen = _chosen(table, waiting, room * (1 + sample))

        def on_done(number: int, job: Job, answer: dict[str, Any]) -> None:
            answers[number] = answer
            listener.total(len(answers), len(chosen), None)

        dispatch(
            table,
            chosen,
            engine,
            worker_limits(options),
            request=lambda job: {"job": job.to_json()},
            on_done=on_done,
            on_failure=lambda number, failure: failed.append(failure),
        )
    per_hand = _seconds_by_hand(table, answers)
    seconds = size = None
    if per_hand:
        usual = float(np.mean(list(per_hand.values())))
        counts = np.bincount(table.hand_of[waiting], minlength=len(table.hands))
        work = sum(n * per_hand.get(hand, usual) for hand, n in enumerate(counts.tolist()))
        seconds = work / min(room, int(waiting.sum()))
        size = float(np.mean([a["size"] for a in answers.values()]) * waiting.sum())
        stored = [p.stat().st_size for p in (layout.root / "objects").rglob("*") if p.is_file()]
        tried = len({int(table.object_of[n]) for n in answers})
        size += sum(stored) / tried * len(np.unique(table.object_of[waiting]))
    return Estimate(
        jobs=len(table),
        waiting=int(waiting.sum()),
        sampled=sum(answer["warm"] for answer in answers.values()),
        failed=tuple(failed),
        seconds=seconds,
        size=size,
    )


def _in_words(seconds: float) -> str:
    """A time of work in the unit that suits it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.3g} hours"


def _chosen(table: JobTable, waiting: np.ndarray, objects: int) -> np.ndarray:
    """Jobs of some objects, spread over all, by every hand, for their first tasks."""
    some = np.unique(table.object_of[waiting])
    some = some[np.linspace(0, len(some) - 1, min(objects, len(some))).astype(int)]
    numbers = np.flatnonzero(waiting & np.isin(table.object_of, some))
    pairs = np.stack([table.object_of[numbers], table.hand_of[numbers]])
    _, first = np.unique(pairs, axis=1, return_index=True)
    return np.asarray(numbers[np.sort(first)])


def _seconds_by_hand(table: JobTable, answers: dict[int, dict[str, Any]]) -> dict[int, float]:
    """Mean time of a job of each hand, without those that compiled, where there are others."""
    times: dict[int, dict[bool, list[float]]] = collections.defaultdict(
        lambda: {True: [], False: []}
    )
    for number, answer in answers.items():
        times[int(table.hand_of[number])][answer["warm"]].append(answer["seconds"])
    return {hand: float(np.mean(both[True] or both[False])) for hand, both in times.items()}
