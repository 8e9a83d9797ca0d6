"""Failed jobs and their reasons: one JSON object a line, written by the run that holds the lock."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from collections.abc import Iterable

from zdg_jax.datasets.jobs import Job
from zdg_jax.errors import InputError
from zdg_jax.runtime.files import open_regular


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed job."""

    job: str
    """Name of the job."""
    object: str
    """Name of its object."""
    hand: str
    """Name of its hand."""
    task: str
    """Its task."""
    kind: str
    """`refused`, `error`, `crashed` or `time`."""
    reason: str
    """One line."""

    @classmethod
    def of(cls, job: Job, kind: str, reason: str) -> Failure:
        """Makes the failure of a job.

        Args:
            job: the job.
            kind: see `kind`.
            reason: one line.
        """
        return cls(
            job=job.id,
            object=job.object.name,
            hand=job.hand.name,
            task=job.task,
            kind=kind,
            reason=" ".join(reason.split())[:500],
        )


def read_failures(path: pathlib.Path) -> dict[str, Failure]:
    """Reads the last failure of each job; a line that was cut off is passed over.

    Args:
        path: the file; there may be none.

    Raises:
        InputError: it cannot be read.
    """
    failures = {}
    try:
        with open_regular(path) as file:
            for line in file:
                try:
                    failure = Failure(**json.loads(line.decode(errors="replace")))
                except (ValueError, TypeError, RecursionError):
                    continue
                failures[failure.job] = failure
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    return failures


def append_failures(path: pathlib.Path, failures: Iterable[Failure]) -> None:
    """Appends failures, and sees to it that they are on disk.

    Args:
        path: the file.
        failures: the failures.

    Raises:
        InputError: it cannot be written.
    """
    text = "".join(json.dumps(dataclasses.asdict(failure)) + "\n" for failure in failures)
    try:
        with path.open("ab") as file:
            if file.tell() and not _ends_a_line(path):
                file.write(b"\n")
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None


def _ends_a_line(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
