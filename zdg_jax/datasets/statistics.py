"""Statistics of a dataset: yield by object, hand and task, diversity, and why grasps fail."""

from __future__ import annotations

import dataclasses
import io
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image, ImageDraw

from zdg_jax.datasets.failures import read_failures
from zdg_jax.datasets.reading import Dataset
from zdg_jax.datasets.restoring import matrix, numbers
from zdg_jax.rendering.text import FAINT, PAPER, fit, write
from zdg_jax.runtime.files import atomic_write

_DIRECTIONS = 26
"""Bins of directions: towards the faces, edges and corners of a cube."""
_BAR = (74, 122, 188)
_WIDTH, _LINE, _LABEL = 900, 22, 260
"""Sizes of the picture [px]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Yield:
    """Grasps of one object, hand or task."""

    made: int
    """Grasps."""
    tested: int
    """Grasps that were tested."""
    held: int
    """Grasps that hold."""
    kept: int
    """Grasps that are kept."""
    diversity: float
    """Spread of the directions from which the grasps that hold come, see `spread`."""

    @property
    def share(self) -> float:
        """Share of the tested grasps that hold; NaN where none was tested."""
        return self.held / self.tested if self.tested else float("nan")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Statistics:
    """Yield, diversity and reasons."""

    total: Yield
    """All grasps."""
    by: dict[str, dict[str, Yield]]
    """Yield by name, of each `hand`, `object` and `task`."""
    reasons: dict[str, int]
    """Results of the first test, the most frequent first."""
    failures: dict[str, int]
    """Failed jobs by their reason, the most frequent first."""

    @classmethod
    def of(cls, dataset: Dataset) -> Statistics:
        """Counts the grasps of a dataset.

        Args:
            dataset: the grasps.

        Raises:
            InputError: the failures cannot be read.
        """
        columns = ["object_name", "hand", "task", "tested", "held", "kept", "approach"]
        reason = next((n for n in dataset.schema.names if n.endswith("_reason")), None)
        table = dataset.to_table([*columns, *([reason] if reason else [])])
        groups = {"hand": "hand", "object": "object_name", "task": "task"}
        failures = read_failures(dataset.layout.failures).values()
        return cls(
            total=_yield(table),
            by={group: _by(table, column) for group, column in groups.items()},
            reasons=_counted(table[reason]) if reason else {},
            failures=_counted(pa.array([failure.reason for failure in failures], pa.string())),
        )

    def __str__(self) -> str:
        """A page of tables."""
        total = self.total
        lines = [
            f"{total.made} grasps, {total.held} of {total.tested} tested hold"
            f" ({total.share:.0%}), {total.kept} kept, diversity {total.diversity:.2f}"
        ]
        for group, rows in self.by.items():
            lines += ["", f"{group:<32}{'grasps':>9}{'hold':>9}{'share':>8}{'kept':>8}{'div.':>7}"]
            lines += [
                f"{fit_text(name, 31):<32}{row.made:>9}{row.held:>9}{row.share:>8.0%}{row.kept:>8}"
                f"{row.diversity:>7.2f}"
                for name, row in sorted(rows.items(), key=lambda item: item[1].share)
            ]
        for title, counts in (("test", self.reasons), ("failed jobs", self.failures)):
            if counts:
                lines += ["", title, *(f"{n:>9}  {text[:88]}" for text, n in counts.items())]
        return "\n".join(lines)

    def draw(self, path: pathlib.Path) -> None:
        """Draws the shares that hold as bars, by hand, task and object.

        Args:
            path: a PNG file.

        Raises:
            InputError: it cannot be written.
        """
        sections: list[tuple[str, dict[str, float]]] = [
            (f"share that holds, by {group}", {n: row.share for n, row in rows.items()})
            for group, rows in self.by.items()
        ]
        tested = max(sum(self.reasons.values()), 1)
        sections.append(("results", {n: count / tested for n, count in self.reasons.items()}))
        height = 20 + sum(_LINE * (len(bars) + 2) for _, bars in sections)
        picture = Image.new("RGB", (_WIDTH, height), PAPER)
        draw, y = ImageDraw.Draw(picture), 12
        for title, bars in sections:
            write(draw, (12, y), title, 16)
            y += _LINE + 4
            for name, value in sorted(bars.items(), key=lambda item: -np.nan_to_num(item[1])):
                write(draw, (_LABEL - 8, y), fit(name, 13, _LABEL - 20), 13, anchor="ra")
                length = np.nan_to_num(value) * (_WIDTH - _LABEL - 70)
                draw.rectangle((_LABEL, y + 1, _LABEL + length, y + _LINE - 6), fill=_BAR)
                write(draw, (_LABEL + length + 6, y), f"{value:.0%}", 13, FAINT)
                y += _LINE
            y += _LINE - 4
        content = io.BytesIO()
        picture.save(content, "PNG")
        with atomic_write(path) as file:
            file.write(content.getvalue())


def spread(directions: np.ndarray) -> float:
    """Returns how evenly directions are spread: 0 for one, 1 for all round.

    It is the entropy of their shares among 26 bins (faces, edges and corners of a cube), over that
    of equal shares.

    Args:
        directions: unit vectors, (n, 3), object frame.
    """
    if not len(directions):
        return float("nan")
    axes = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    axes = axes[np.abs(axes).sum(axis=1) > 0]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    counts = np.bincount(np.argmax(directions @ axes.T, axis=1))
    shares = counts[counts > 0] / len(directions)
    return float(-(shares * np.log(shares)).sum() / np.log(_DIRECTIONS)) + 0.0


def fit_text(text: str, width: int) -> str:
    """Cuts a text to a number of characters.

    Args:
        text: the words.
        width: most characters.
    """
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _by(table: pa.Table, column: str) -> dict[str, Yield]:
    names = pc.unique(table[column]).to_pylist()
    return {name: _yield(table.filter(pc.equal(table[column], name))) for name in names}


def _yield(table: pa.Table) -> Yield:
    held = numbers(table["held"].fill_null(False)).astype(bool)
    directions = matrix(table["approach"]) if len(table) else np.zeros((0, 3))
    return Yield(
        made=len(table),
        tested=int(pc.sum(table["tested"]).as_py() or 0),
        held=int(held.sum()),
        kept=int(pc.sum(table["kept"]).as_py() or 0),
        diversity=spread(directions[held]),
    )


def _counted(column: pa.Array | pa.ChunkedArray) -> dict[str, int]:
    counts = {row["values"]: row["counts"] for row in pc.value_counts(column).to_pylist()}
    return dict(sorted(counts.items(), key=lambda item: -item[1]))
