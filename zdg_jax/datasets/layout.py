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

import dataclasses
import hashlib
import pathlib
import re
from collections.abc import Iterator

JOB_DIGITS = 24
"""Hexadecimal digits of a job's name."""
_CONTENT_DIGITS = 16
_SHARD = re.compile(rf"([0-9a-f]{{{JOB_DIGITS}}})-([0-9a-f]{{{_CONTENT_DIGITS}}})\.parquet")


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

    def shard_files(self) -> Iterator[tuple[str, pathlib.Path]]:
        """Finds all results by their names, with the jobs that they are of."""
        if not self.shards.is_dir():
            return
        for folder in sorted(self.shards.iterdir()):
            if folder.is_dir():
                for path in sorted(folder.iterdir()):
                    if match := _SHARD.fullmatch(path.name):
                        yield match[1], path


def is_whole(path: pathlib.Path) -> bool:
    """Returns whether a shard holds what its name says.

    Args:
        path: the shard.
    """
    match = _SHARD.fullmatch(path.name)
    try:
        return match is not None and _digest(path.read_bytes()) == match[2]
    except OSError:
        return False


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=_CONTENT_DIGITS // 2).hexdigest()
