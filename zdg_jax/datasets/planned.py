"""What a folder is to hold: a spec with its objects, hands and tasks as they were found."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from zdg_jax.datasets.hand_files import find_hands
from zdg_jax.datasets.jobs import RECIPE, HandRow, JobTable
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.sources import ObjectRow, find_objects, find_tasks
from zdg_jax.datasets.spec import DatasetSpec
from zdg_jax.errors import InputError
from zdg_jax.runtime.files import atomic_write, open_regular
from zdg_jax.runtime.versions import version_of

_VERSION = 1
_TOLD = 5
"""Things that have changed which are named; the rest is counted."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannedDataset:
    """A spec and its jobs."""

    spec: DatasetSpec
    """The spec."""
    version: str
    """Version of the library that planned it."""
    table: JobTable
    """The jobs."""
    tasks_of: list[list[int]]
    """For each object the numbers of its tasks."""
    digests: Mapping[str, Any]
    """Sizes, times and digests of the files that were read."""

    @classmethod
    def find(
        cls, path: pathlib.Path, layout: Layout, before: PlannedDataset | None
    ) -> PlannedDataset:
        """Reads a spec, finds what it names, and writes the files of its hands.

        Args:
            path: the spec.
            layout: the dataset.
            before: what the folder was to hold so far, which spares reading files again.

        Raises:
            InputError: the spec, a table, a hand or a file cannot be used.
        """
        spec, folder = DatasetSpec.load(path), path.resolve().parent
        objects, digests = find_objects(spec, folder, before.digests if before else None)
        tasks, tasks_of = find_tasks(spec, folder, objects)
        hands = find_hands(spec, folder, layout)
        return cls(
            spec=spec,
            version=version_of("zdg-jax"),
            table=JobTable(spec, objects, hands, tasks, tasks_of),
            tasks_of=tasks_of,
            digests=digests,
        )

    @classmethod
    def load(cls, layout: Layout) -> PlannedDataset:
        """Reads what a folder is to hold.

        Args:
            layout: the dataset.

        Raises:
            InputError: it is no dataset, or its file is damaged.
        """
        try:
            with open_regular(layout.plan) as file:
                content = json.loads(file.read())
            if "format" not in content:
                raise InputError(
                    f"{layout.plan} is none of a dataset, such as the plan of one grasp; name "
                    "another folder"
                )
            if content["format"] != _VERSION:
                raise InputError(
                    f"{layout.plan} has version {content['format']}, this is {_VERSION}; "
                    "read it with the version of zdg-jax that made it"
                )
            spec = DatasetSpec.model_validate(content["spec"])
            objects = [
                ObjectRow(**{**row, "up": None if row["up"] is None else tuple(row["up"])})
                for row in content["objects"]
            ]
            hands = [HandRow(**row) for row in content["hands"]]
            tasks_of = content["tasks_of"] or [list(range(len(content["tasks"])))] * len(objects)
            table = JobTable(spec, objects, hands, content["tasks"], tasks_of)
            version, digests = content["version"], content["digests"]
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(
                f"{layout.root} holds no dataset; `zdg dataset make SPEC --out DIR` makes one"
            ) from None
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{layout.plan} is damaged ({reason}); make the dataset again"
            ) from None
        return cls(spec=spec, version=version, table=table, tasks_of=tasks_of, digests=digests)

    def save(self, layout: Layout) -> None:
        """Writes what the folder is to hold.

        Args:
            layout: the dataset.

        Raises:
            InputError: it cannot be written.
        """
        same = all(own is self.tasks_of[0] for own in self.tasks_of)
        content = {
            "format": _VERSION,
            "version": self.version,
            "spec": self.spec.model_dump(mode="json"),
            "objects": [dataclasses.asdict(row) for row in self.table.objects],
            "hands": [dataclasses.asdict(row) for row in self.table.hands],
            "tasks": self.table.tasks,
            "tasks_of": None if same else self.tasks_of,
            "digests": self.digests,
        }
        with atomic_write(layout.plan) as file:
            file.write(json.dumps(content).encode())

    def changes(self, before: PlannedDataset) -> list[str]:
        """Says what no longer fits what the folder was to hold: one line each; none if all does.

        Jobs that are new are no such change.

        Args:
            before: what it was to hold.
        """
        lines = []
        gone = int((~np.isin(before.table.ids, self.table.ids)).sum())
        if gone:
            causes = self._changed(before)
            few = [*causes[:_TOLD], *([f"{len(causes) - _TOLD} more"] if causes[_TOLD:] else [])]
            lines.append(
                f"{gone} jobs are no longer asked for, since these have changed or are gone: "
                f"{', '.join(few)}"
            )
        if before.version != self.version:
            lines.append(f"it was begun by zdg-jax {before.version}, this is {self.version}")
        return lines

    def _changed(self, before: PlannedDataset) -> list[str]:
        """Names of what decides about jobs and has changed in the spec or its files."""
        was, now = (planned.spec.model_dump(mode="json") for planned in (before, self))
        own, table = self.table, before.table
        objects, tasks = {row.id for row in own.objects}, set(own.tasks)
        causes = [
            *(name for name in (*RECIPE, "seed") if was[name] != now[name]),
            *(f"the hand '{row.name}'" for row in table.hands if row not in own.hands),
            *(f"the task '{task}'" for task in table.tasks if task not in tasks),
            *(f"the object '{row.name}'" for row in table.objects if row.id not in objects),
        ]
        return causes or ["the tasks of an object"]
