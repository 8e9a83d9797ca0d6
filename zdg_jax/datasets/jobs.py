"""Jobs: every object, by every hand, for every task of its, each a function of its row alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zdg_jax.datasets.layout import JOB_DIGITS
from zdg_jax.datasets.sources import ObjectRow
from zdg_jax.datasets.spec import DatasetSpec

RECIPE = ("grasps", "tests", "planner", "scene")
"""Fields of the spec that decide what a job makes of its row."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandRow:
    """One hand of a dataset."""

    name: str
    """Name in the dataset."""
    source: str
    """Shipped name or absolute path."""
    fingerprint: str
    """SHA-256 of what defines the hand, hexadecimal."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """Everything that decides about the grasps of one job."""

    id: str
    """Name of the job: a hash of all that follows."""
    object: ObjectRow
    """The object."""
    hand: HandRow
    """The hand."""
    task: str
    """The task in words."""
    recipe: Mapping[str, Any]
    """Counts, tests, planner and scene, as in the spec."""
    seed: int
    """Seed of the random key, from the job's name."""

    def to_json(self) -> dict[str, Any]:
        """Returns the job in JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Job:
        """Makes a job of what `to_json` gave.

        Args:
            values: the job.
        """
        up = values["object"]["up"]
        row = ObjectRow(**{**values["object"], "up": None if up is None else tuple(up)})
        return cls(**{**values, "object": row, "hand": HandRow(**values["hand"])})


class JobTable:
    """All jobs of a spec, by number: those of one object are neighbours, and in them of one hand.

    A million of them are three columns of numbers and one of names.
    """

    def __init__(
        self,
        spec: DatasetSpec,
        objects: Sequence[ObjectRow],
        hands: Sequence[HandRow],
        tasks: Sequence[str],
        tasks_of: Sequence[Sequence[int]],
    ) -> None:
        """Makes the table.

        Args:
            spec: the spec.
            objects: the objects.
            hands: the hands.
            tasks: all tasks.
            tasks_of: for each object the numbers of its tasks.
        """
        self.objects, self.hands, self.tasks = list(objects), list(hands), list(tasks)
        recipe = spec.model_dump(mode="json")
        self.recipe = {name: recipe[name] for name in RECIPE}
        counts = np.array([len(own) for own in tasks_of], np.int64)
        per_object = counts * len(hands)
        self.object_of = np.repeat(np.arange(len(objects), dtype=np.int32), per_object)
        self.hand_of = np.concatenate(
            [np.repeat(np.arange(len(hands), dtype=np.int16), n) for n in counts]
            or [np.zeros(0, np.int16)]
        )
        self.task_of = np.concatenate(
            [np.tile(np.asarray(own, np.int32), len(hands)) for own in tasks_of]
            or [np.zeros(0, np.int32)]
        )
        self.ids = self._names(spec.seed)

    def __len__(self) -> int:
        """Number of jobs."""
        return len(self.ids)

    def __getitem__(self, number: int) -> Job:
        """One job."""
        name = self.ids[number].decode()
        return Job(
            id=name,
            object=self.objects[self.object_of[number]],
            hand=self.hands[self.hand_of[number]],
            task=self.tasks[self.task_of[number]],
            recipe=self.recipe,
            seed=int(name[-8:], 16),
        )

    def _names(self, seed: int) -> np.ndarray:
        """Names of the jobs, (n,) bytes."""
        common = json.dumps([self.recipe, seed], sort_keys=True).encode()
        hands = [f"\0{hand.name}\0{hand.fingerprint}".encode() for hand in self.hands]
        tasks = [f"\0{task}".encode() for task in self.tasks]
        names = np.empty(len(self.object_of), f"S{JOB_DIGITS}")
        size, before, base = JOB_DIGITS // 2, -1, hashlib.blake2b()
        columns = zip(
            self.object_of.tolist(), self.hand_of.tolist(), self.task_of.tolist(), strict=True
        )
        for i, (k, h, t) in enumerate(columns):
            if k != before:
                before, base = k, hashlib.blake2b(common, digest_size=size)
                base.update(self.objects[k].id.encode())
            digest = base.copy()
            digest.update(hands[h] + tasks[t])
            names[i] = digest.hexdigest().encode()
        return names
