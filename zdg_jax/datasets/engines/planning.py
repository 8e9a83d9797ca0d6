"""Planning by a model: one process for the whole run, which asks for several plans at a time.

One planner in one process is one budget and one pace, whatever runs the jobs later.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence
from typing import Any

from zdg_jax.datasets.engines import Report
from zdg_jax.datasets.engines.local import LocalEngine, LocalWorker

_SLOTS = 4
"""Plans that are asked for at a time; the pace of requests is the budget's."""


class PlanningSlot:
    """A place for one plan at a time."""

    started = True

    def __init__(self, engine: PlanningEngine, number: int) -> None:
        """Takes a number.

        Args:
            engine: owns the process.
            number: names the slot in requests and answers.
        """
        self.number = number
        self._engine = engine

    def send(self, request: dict[str, Any]) -> None:
        """Gives it work."""
        self._engine.process().send(request | {"slot": self.number})

    def kill(self) -> None:
        """Ends the process if it is at this slot's work, and with it what the other slots do."""
        self._engine.drop(self.number)


class PlanningEngine:
    """Slots of one process."""

    def __init__(self, root: pathlib.Path) -> None:
        """Starts nothing yet.

        Args:
            root: folder of the dataset.
        """
        self._local = LocalEngine(root, 1)
        self._process: LocalWorker | None = None
        self._busy: set[int] = set()
        self._count = 0

    @property
    def worker_bytes(self) -> float:
        """What the one process may take: it runs while no other does."""
        return self._local.worker_bytes

    def capacity(self) -> int:
        """Slots."""
        return _SLOTS

    def start(self) -> PlanningSlot:
        """Takes a slot."""
        self._count += 1
        return PlanningSlot(self, self._count)

    def process(self) -> LocalWorker:
        """Returns the process, started where it is not there."""
        if self._process is None or self._process.process.poll() is not None:
            self._process = self._local.start()
        return self._process

    def drop(self, number: int) -> None:
        """Ends the process if it works for a slot.

        Args:
            number: the slot.
        """
        if number in self._busy and self._process is not None:
            self._process.process.kill()
        self._busy.discard(number)

    def wait(self, workers: Sequence[PlanningSlot], timeout: float) -> list[Report[PlanningSlot]]:
        """Waits for reports."""
        slots = {slot.number: slot for slot in workers}
        self._busy = set(slots)
        if self._process is None:
            time.sleep(timeout)
            return []
        reports: list[Report[PlanningSlot]] = []
        for report in self._local.wait([self._process], timeout):
            if report.answer is None:
                self._process = None
                self._busy.clear()
                lost = slots.values()
                reports += [Report(worker=s, answer=None, reason=report.reason) for s in lost]
                return reports
            number = report.answer["slot"]
            if number in slots:
                self._busy.discard(number)
                reports.append(Report(worker=slots.pop(number), answer=report.answer))
        return reports

    def close(self) -> None:
        """Ends the process."""
        self._local.close()
