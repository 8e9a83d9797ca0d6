"""The folder of a dataset: where everything lies, and which files are whole.

    plan.json                     the spec, and the objects, hands and tasks that it names
    hands/HAND/hand.xml           each hand once, with its meshes, and hand.json
    objects/ab/ID.glb, ID.json    each object once
    plans/abc/JOB.json            answers of a model that planned, if one did
    shards/abc/JOB-HASH.parquet   grasps of one job
    failures.jsonl                reasons of the jobs that failed
    tables/grasps/HAND-00000.parquet     grasps of many jobs; `merge` writes this and the rest
    tables/jobs.parquet, objects.parquet, hands.parquet
    README.md                     the data card

Folders are split by the first letters of the names in them, which are hashes: 4096 folders of
shards hold 10,000 each at 40 million jobs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import re
from collections.abc import Iterator

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.files import open_regular

JOB_DIGITS = 24
"""Hexadecimal digits of a job's name."""
_CONTENT_DIGITS = 16
_SHARD = re.compile(rf"[0-9a-f]{{{JOB_DIGITS}}}-[0-9a-f]{{{_CONTENT_DIGITS}}}\.parquet")
_NAME = JOB_DIGITS + _CONTENT_DIGITS + len("-.parquet")


@dataclasses.dataclass(frozen=True)
class Layout:
    """Paths of a dataset."""

    root: pathlib.Path
    """The folder."""

    @property
    def plan(self) -> pathlib.Path:
        """The spec, and the objects, hands and tasks that it names."""
        return self.root / "plan.json"

    @property
    def lock(self) -> pathlib.Path:
        """Held by the one run that works on the folder."""
        return self.root / ".lock"

    @property
    def failures(self) -> pathlib.Path:
        """Reasons of failed jobs, one JSON object a line."""
        return self.root / "failures.jsonl"

    @property
    def shards(self) -> pathlib.Path:
        """Folder of the jobs' results."""
        return self.root / "shards"

    @property
    def tables(self) -> pathlib.Path:
        """Folder of the merged tables."""
        return self.root / "tables"

    @property
    def card(self) -> pathlib.Path:
        """The data card."""
        return self.root / "README.md"

    @property
    def begun(self) -> bool:
        """True where a dataset was begun on this machine or by another that sees the folder."""
        return self.plan.is_file() and self.lock.is_file()

    def hand(self, name: str) -> pathlib.Path:
        """Folder of one hand."""
        return self.root / "hands" / name

    def object(self, object_id: str) -> pathlib.Path:
        """Mesh and pieces of one object; its facts lie beside it, with the suffix .json."""
        return self.root / "objects" / object_id[:2] / f"{object_id}.glb"

    def job_plan(self, job_id: str) -> pathlib.Path:
        """The plan that a model made for a job."""
        return self.root / "plans" / job_id[:3] / f"{job_id}.json"

    def shard(self, job_id: str, content: bytes) -> pathlib.Path:
        """Place of a job's result, which is named by its content.

        Args:
            job_id: the job.
            content: the whole file.
        """
        return self.shards / job_id[:3] / f"{job_id}-{_digest(content)}.parquet"

    def shard_path(self, name: str) -> pathlib.Path:
        """Path of a result by the name of its file, see `shard_names`."""
        return self.shards / name[:3] / name

    def shard_names(self) -> np.ndarray:
        """Finds the files of all results by their names, (n,) bytes; `job_names` says of what."""
        return np.fromiter(self._shard_names(), f"S{_NAME}")

    def read_shard(self, name: str) -> bytes | None:
        """Reads a result; None where it does not hold what its name says, or cannot be read.

        Args:
            name: name of its file.
        """
        try:
            with open_regular(self.shard_path(name)) as file:
                content = file.read()
        except (OSError, InputError):
            return None
        stated = name[JOB_DIGITS + 1 : JOB_DIGITS + 1 + _CONTENT_DIGITS]
        return content if _digest(content) == stated else None

    def _shard_names(self) -> Iterator[bytes]:
        try:
            folders = sorted(os.listdir(self.shards))
        except FileNotFoundError:
            return
        for folder in folders:
            with contextlib.suppress(NotADirectoryError):
                for name in sorted(os.listdir(self.shards / folder)):
                    if _SHARD.fullmatch(name):
                        yield name.encode()


def job_names(shard_names: np.ndarray) -> np.ndarray:
    """Returns the names of the jobs of results, (n,) bytes.

    Args:
        shard_names: names of the results' files, (n,) bytes.
    """
    return shard_names.astype(f"S{JOB_DIGITS}")


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=_CONTENT_DIGITS // 2).hexdigest()
