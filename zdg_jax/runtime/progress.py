"""Progress: one callback for everything that takes long."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears how far a stage is; the library may call it from threads of its own."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Takes a report.

        Args:
            stage: what is being done: `object`, `plan`, `refine`, `validate`, `repeats`, `film`.
            done: steps that are finished; a stage's last report has `total` of them unless it
                ends early.
            total: steps of the stage, as far as is known; it may grow.
        """


def silent(stage: str, done: int, total: int) -> None:
    """Takes a report and does nothing with it: the default where nobody listens."""
