"""Bars on stderr from the library's progress callbacks; nothing where stderr is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import TaskID


class _Drawn:
    """Bars that are drawn from entering to leaving; they stay when it ends."""

    def __init__(self, *columns: Any) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            *columns, console=self._console, disable=not self._console.is_terminal
        )

    def __enter__(self) -> Self:
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


class Bars(_Drawn):
    """One bar a stage."""

    def __init__(self) -> None:
        """Draws nothing yet."""
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

        super().__init__(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Draws a report, see `zdg_jax.runtime.progress.Progress`."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


class JobLines(_Drawn):
    """One line per object of a dataset, and a bar of all jobs."""

    def __init__(self) -> None:
        """Draws nothing yet."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._task: TaskID | None = None

    def note(self, line: str) -> None:
        """Takes something worth saying, on a terminal or not."""
        self._console.print(f"zdg: {line}", markup=False, soft_wrap=True)

    def group(self, line: str) -> None:
        """Takes a line on an object."""
        if self._console.is_terminal:
            self._console.print(line, markup=False)

    def total(self, done: int, jobs: int, seconds_left: float | None) -> None:
        """Takes how far the run is."""
        if self._task is None:
            self._task = self._progress.add_task("jobs", total=jobs, left="")
        left = "" if seconds_left is None else f"{_duration(seconds_left)} left"
        self._progress.update(self._task, completed=done, total=jobs, left=left)


def _duration(seconds: float) -> str:
    """A time in words, such as "3 h 20 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "a minute"
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
