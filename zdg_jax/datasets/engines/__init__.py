"""Engines: where the workers of a dataset run. All run the same jobs, under one dispatcher."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

_Worker = TypeVar("_Worker", bound="Worker")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report(Generic[_Worker]):
    """A worker's words, or its end."""

    worker: _Worker
    """The worker."""
    answer: dict[str, Any] | None
    """Its answer, see `answering.answer`; None where the worker is gone."""
    reason: str = ""
    """Reason of its end, as far as it is known."""


class Worker(Protocol):
    """One process that runs one job at a time and keeps hands, programs and objects."""

    @property
    def started(self) -> bool:
        """True where it runs; until then it waits for a place, and no job's time counts."""

    def send(self, request: dict[str, Any]) -> None:
        """Gives it work, see `answering.answer`; it answers in a `Report`."""

    def kill(self) -> None:
        """Ends it at once, whatever it does."""


class Engine(Protocol[_Worker]):
    """A place with room for workers."""

    @property
    def worker_bytes(self) -> float:
        """Memory that there is for each worker [bytes]; infinite where that is not known."""

    def capacity(self) -> int:
        """Most workers that have room now; it may change while the run goes."""

    def start(self) -> _Worker:
        """Starts a worker; it takes work at once."""

    def wait(self, workers: Sequence[_Worker], timeout: float) -> list[Report[_Worker]]:
        """Waits for reports of workers that were given work.

        Args:
            workers: the workers.
            timeout: longest wait [s].

        Returns:
            Their reports; none where the time is over.
        """

    def close(self) -> None:
        """Ends all workers."""
