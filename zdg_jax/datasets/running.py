"""Running a job: its grasps made, tested and written as one shard."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.datasets.columns import JobResult
from zdg_jax.datasets.jobs import HandRow, Job
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.object_files import write_object
from zdg_jax.datasets.shards import on_disk, write_shard
from zdg_jax.datasets.sources import ObjectRow, file_digest
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.physics import Physics
    from zdg_jax.planning import GraspPlan, Planner
    from zdg_jax.validation import HoldProtocol, Protocol, Validation


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
        grasps, others = make_grasps(job, obj, hand, self._given_plan(job))
        result = JobResult(
            job=job,
            grasps=grasps,
            others=others,
            link_names=hand.link_names,
            palm_normal=np.asarray(hand.palm.normal, float),
        )
        size = write_shard(self.layout, result)
        self._used.add(job.hand)
        return Counts(
            made=len(grasps),
            held=int(grasps.held.sum()),
            kept=int(grasps.kept.sum()),
            seconds=time.monotonic() - start,
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
        path = self.layout.job_plan(job.id)
        if not path.exists():
            plan = planner.plan(job.task, self._object(job.object), self._hand(job.hand))
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


def make_grasps(
    job: Job, obj: Object, hand: Hand, planner: str | GraspPlan
) -> tuple[GraspSet, dict[str, Validation]]:
    """Makes and tests the grasps of a job; the same job gives the same on the same machine.

    Args:
        job: the job.
        obj: its object.
        hand: its hand.
        planner: the rules' name, or a plan.

    Returns:
        The grasps with the results of the first test, and those of further tests by name.

    Raises:
        ZdgError: object, hand, task and plan do not go together.
    """
    import jax

    from zdg_jax.grasps import concatenate
    from zdg_jax.synthesis import selection
    from zdg_jax.synthesis.synthesize import as_made, synthesize
    from zdg_jax.validation import rollout

    counts, tests = job.recipe["grasps"], [protocol(name) for name in job.recipe["tests"]]
    wanted, key = counts["until"], jax.random.key(job.seed)
    batches: list[GraspSet] = []
    for number in range(1 if wanted is None else -(-counts["at_most"] // counts["make"])):
        made = synthesize(
            job.task,
            obj,
            hand,
            num=counts["make"],
            key=jax.random.fold_in(key, number),
            planner=planner,
            validate=False,
        )
        assert made.plan is not None
        planner = made.plan
        if tests:
            made = _tested(made, hand, obj, as_made(tests[0], _physics(made)), counts)
        batches.append(made)
        grasps = concatenate(batches) if number else made
        if wanted is not None:
            holding = grasps.ranking[grasps.held[grasps.ranking]]
            if len(selection.distinct(grasps, holding, wanted)) >= wanted:
                break
    keep = max(counts["keep"], wanted or 0)
    kept = selection.diverse(grasps, keep)
    others = {
        test.name: rollout(hand, obj, grasps.poses, as_made(test, _physics(grasps)))
        for test in tests[1:]
    }
    return grasps.with_kept(kept), others


def _tested(
    grasps: GraspSet, hand: Hand, obj: Object, test: Protocol, counts: dict[str, Any]
) -> GraspSet:
    from zdg_jax.synthesis.selection import validate_best_first
    from zdg_jax.validation import rollout

    if counts["test"] == "all":
        return grasps.with_validation(rollout(hand, obj, grasps.poses, test))
    return validate_best_first(grasps, hand, obj, counts["keep"], protocol=test)


def protocol(name: str) -> HoldProtocol:
    """Returns a test by its name in a spec.

    Args:
        name: `carry` or `six_directions`.
    """
    from zdg_jax.synthesis.selection import STRICT_SIX_DIRECTIONS
    from zdg_jax.validation import carry

    return {"carry": carry, "six_directions": STRICT_SIX_DIRECTIONS}[name]


def _physics(grasps: GraspSet) -> Physics:
    assert grasps.physics is not None
    return grasps.physics


def _load_hand(row: HandRow) -> Hand:
    from zdg_jax.hand import Hand

    hand = Hand.load(row.source)
    if hand.fingerprint != row.fingerprint:
        raise InputError(f"the hand '{row.name}' has changed since the dataset was planned")
    return hand
