"""Bars on stderr from the library's progress callbacks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bars:
    """One bar a stage; nothing is drawn where stderr is no terminal."""

    def __init__(self) -> None:
        """Draws nothing yet."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        """Starts drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops drawing; the bars stay."""
        self._progress.stop()

    def count(self, stage: str, done: int, total: int) -> None:
        """Progress as a count, as `synthesize` reports it."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)

    def share(self, stage: str) -> Shares:
        """A callback for progress as (what, share), as objects and plans report it."""
        return Shares(self, stage)


class Shares:
    """Progress of one stage in per mille."""

    def __init__(self, bars: Bars, stage: str) -> None:
        """Draws on `bars` under the stage's name."""
        self._bars, self._stage = bars, stage

    def __call__(self, what: str, share: float) -> None:
        """Reports the share that is finished, in [0, 1]."""
        self._bars.count(self._stage, round(1000 * share), 1000)


@contextlib.contextmanager
def bars() -> Iterator[Bars]:
    """Bars for the time of a block."""
    with Bars() as drawn:
        yield drawn
