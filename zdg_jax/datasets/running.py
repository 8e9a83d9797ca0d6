"""Running a job: its grasps made, tested and written as one shard."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import time
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.datasets.columns import JobResult
from zdg_jax.datasets.grasping import make_grasps, scene_of
from zdg_jax.datasets.jobs import HandRow, Job
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.object_files import write_object
from zdg_jax.datasets.shards import on_disk, write_shard
from zdg_jax.datasets.sources import ObjectRow, file_digest
from zdg_jax.errors import InputError
from zdg_jax.runtime.memory import collection_paused, keep_for_good

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan, Planner


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counts:
    """What came of a job."""

    made: int
    """Grasps in its shard."""
    held: int
    """Grasps that hold in the first test."""
    kept: int
    """Grasps that are kept."""
    seconds: float
    """Time that it took [s]."""
    cpu_seconds: float
    """Processor time of the process since its last job, or since its start [s]."""
    size: int
    """Bytes of its shard."""
    warm: bool
    """True where the process had used the hand before: its programs were there."""


_OBJECTS = 4
"""Objects that are kept: threads that ask a model are at several."""


class JobRunner:
    """Runs jobs in this process; keeps hands, their programs, and the last objects.

    A job writes the files of its object before its shard: where a shard is, its object is.
    """

    def __init__(self, root: pathlib.Path) -> None:
        """Loads nothing yet.

        Args:
            root: folder of the dataset.
        """
        self.layout = Layout(root)
        self._used: set[HandRow] = set()
        self._spent = 0.0
        """Processor time of this process that earlier jobs account for [s]."""
        self._hand = functools.lru_cache(maxsize=None)(_load_hand)
        self._object = functools.lru_cache(maxsize=_OBJECTS)(self._load_object)

    def run(self, job: Job) -> Counts:
        """Makes the grasps of a job and writes its shard.

        Args:
            job: the job.

        Raises:
            ZdgError: the object, the hand or the task cannot be used.
            DiskError: a file of the dataset cannot be written.
        """
        start, warm = time.monotonic(), job.hand in self._used
        obj, hand = self._object(job.object), self._hand(job.hand)
        with contextlib.nullcontext() if warm else collection_paused():
            grasps, others = make_grasps(job, obj, hand, self._given_plan(job))
        result = JobResult(
            job=job,
            grasps=grasps,
            others=others,
            link_names=hand.link_names,
            palm_normal=np.asarray(hand.palm.normal, float),
        )
        size = write_shard(self.layout, result)
        if not warm:
            keep_for_good()
            self._used.add(job.hand)
        before, self._spent = self._spent, time.process_time()
        return Counts(
            made=len(grasps),
            held=int(grasps.held.sum()),
            kept=int(grasps.kept.sum()),
            seconds=time.monotonic() - start,
            cpu_seconds=self._spent - before,
            size=size,
            warm=warm,
        )

    def plan(self, job: Job, planner: Planner) -> None:
        """Has a model plan a job, and keeps the plan, unless it is there.

        Args:
            job: the job.
            planner: asks the model.

        Raises:
            ZdgError: the object, the hand or the task cannot be used, or there is no plan.
            DiskError: the plan cannot be written.
        """
        from zdg_jax import planning

        path = self.layout.job_plan(job.id)
        if not path.exists():
            obj, hand = self._object(job.object), self._hand(job.hand)
            plan = planning.plan(job.task, obj, hand, planner=planner, scene=scene_of(job))
            with on_disk():
                plan.save(path)

    def _load_object(self, row: ObjectRow) -> Object:
        from zdg_jax.objects import Object

        path = pathlib.Path(row.path)
        try:
            changed = file_digest(path) != row.digest
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from None
        if changed:
            raise InputError(f"{path} has changed since the dataset was planned; make it again")
        obj = Object.from_mesh(
            path,
            scale=row.scale,
            mass=row.mass,
            friction=row.friction,
            name=row.name,
            parts=row.parts,
        )
        with on_disk():
            write_object(self.layout, row, obj)
        return obj

    def _given_plan(self, job: Job) -> str | GraspPlan:
        """The rules' name, or the plan that a model made."""
        from zdg_jax.planning import GraspPlan

        if job.recipe["planner"] == "rules":
            return "rules"
        return GraspPlan.load(self.layout.job_plan(job.id))


def _load_hand(row: HandRow) -> Hand:
    from zdg_jax.hand import Hand

    hand = Hand.load(row.source)
    if hand.fingerprint != row.fingerprint:
        raise InputError(f"the hand '{row.name}' has changed since the dataset was planned")
    return hand
