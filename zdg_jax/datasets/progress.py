"""The progress of a dataset, from what is on disk; any machine that sees the folder can tell."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from zdg_jax.datasets.failures import Failure, read_failures
from zdg_jax.datasets.jobs import JobTable
from zdg_jax.datasets.layout import Layout, job_names
from zdg_jax.datasets.planned import PlannedDataset

_READERS = 8
"""Threads that read shards to check them."""
_AT_ONCE = 4096
"""Shards that wait for them at a time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """Jobs of a dataset by what has come of them."""

    done: np.ndarray
    """Marks the jobs whose shard is there, (m,) bool."""
    failed: np.ndarray
    """Marks the others that failed, (m,) bool."""
    failures: dict[str, Failure]
    """Their reasons by the job's name."""
    damaged: tuple[pathlib.Path, ...]
    """Shards that do not hold what their names say; none where that was not looked at."""
    others: int
    """Shards of jobs that the spec no longer asks for."""

    @property
    def waiting(self) -> np.ndarray:
        """Marks the jobs that are still to do, (m,) bool."""
        return ~self.done & ~self.failed


def look(layout: Layout, table: JobTable, *, check: bool) -> Progress:
    """Looks at what is on disk.

    Args:
        layout: the dataset.
        table: its jobs.
        check: read every shard and hold it against its name.

    Raises:
        InputError: the failures cannot be read.
    """
    names = layout.shard_names()
    damaged: tuple[pathlib.Path, ...] = ()
    if check:
        whole = whole_shards(layout, names)
        damaged = tuple(layout.shard_path(name.decode()) for name in names[~whole].tolist())
        names = names[whole]
    found = job_names(names)
    done = np.isin(table.ids, found)
    failures = read_failures(layout.failures)
    failed = np.isin(table.ids, np.array([n.encode() for n in failures], table.ids.dtype)) & ~done
    open_failures = {name.decode(): failures[name.decode()] for name in table.ids[failed].tolist()}
    return Progress(
        done=done,
        failed=failed,
        failures=open_failures,
        damaged=damaged,
        others=int((~np.isin(found, table.ids)).sum()),
    )


def whole_shards(layout: Layout, names: np.ndarray) -> np.ndarray:
    """Marks the shards that hold what their names say, (n,) bool.

    Args:
        layout: the dataset.
        names: names of their files, (n,) bytes.
    """

    def whole_shard(name: str) -> bool:
        return layout.read_shard(name) is not None

    whole = np.zeros(len(names), bool)
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(names), _AT_ONCE):
            some = [name.decode() for name in names[start : start + _AT_ONCE].tolist()]
            whole[start : start + len(some)] = list(pool.map(whole_shard, some))
    return whole


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """The progress of a dataset."""

    name: str
    """Name of the dataset."""
    jobs: int
    """Jobs that its spec asks for."""
    done: int
    """Jobs whose grasps are on disk."""
    failed: int
    """Jobs that failed."""
    by_hand: dict[str, tuple[int, int]]
    """Jobs done and asked for, by hand."""
    failures: dict[str, int]
    """Failed jobs by kind."""
    others: int
    """Shards of jobs that the spec no longer asks for."""

    def __str__(self) -> str:
        """A few lines."""
        waiting = self.jobs - self.done - self.failed
        lines = [
            f"{self.name}: {self.done} of {self.jobs} jobs done, {waiting} to do, "
            f"{self.failed} failed"
        ]
        lines += [f"  {hand}: {done} of {asked}" for hand, (done, asked) in self.by_hand.items()]
        if self.failures:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.failures.items())
            lines.append(f"failed: {kinds}; reasons in failures.jsonl; make --retry-failed")
        if self.others:
            lines.append(f"{self.others} shards are of jobs that the spec no longer asks for")
        return "\n".join(lines)


def status(folder: str | pathlib.Path) -> Status:
    """Tells how far a dataset is, whoever works on it.

    Args:
        folder: its folder.

    Raises:
        InputError: it is no dataset, or cannot be read.
    """
    layout = Layout(pathlib.Path(folder))
    planned = PlannedDataset.load(layout)
    table = planned.table
    progress = look(layout, table, check=False)
    asked = np.bincount(table.hand_of, minlength=len(table.hands))
    done = np.bincount(table.hand_of[progress.done], minlength=len(table.hands))
    kinds = collections.Counter(failure.kind for failure in progress.failures.values())
    return Status(
        name=planned.spec.name,
        jobs=len(table),
        done=int(progress.done.sum()),
        failed=int(progress.failed.sum()),
        by_hand={hand.name: (int(done[i]), int(asked[i])) for i, hand in enumerate(table.hands)},
        failures=dict(kinds.most_common()),
        others=progress.others,
    )
