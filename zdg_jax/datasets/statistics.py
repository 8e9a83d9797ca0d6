"""Statistics of a dataset: yield by object, hand and task, diversity, and why grasps fail."""

from __future__ import annotations

import collections
import dataclasses
import io
import itertools
import pathlib

import numpy as np
import pyarrow.compute as pc
from PIL import Image, ImageDraw

from zdg_jax.datasets.failures import read_failures
from zdg_jax.datasets.layout import job_names
from zdg_jax.datasets.reading import Dataset, merged_jobs
from zdg_jax.datasets.restoring import matrix, numbers
from zdg_jax.rendering.text import FAINT, PAPER, fit, write
from zdg_jax.runtime.files import atomic_write

_AXES = np.array([axis for axis in itertools.product((-1.0, 0.0, 1.0), repeat=3) if any(axis)])
_AXES /= np.linalg.norm(_AXES, axis=1, keepdims=True)
"""Middles of bins of directions: faces, edges and corners of a cube, (26, 3)."""
_FLAGS = ("tested", "held", "kept")
_BARS = 40
"""Bars of one group in a picture at most: those with the lowest shares."""
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
        groups = {"hand": "hand", "object": "object_name", "task": "task"}
        reason = next((n for n in dataset.schema.names if n.endswith("_reason")), None)
        columns = [*groups.values(), *_FLAGS, "approach_direction", *([reason] if reason else [])]
        sums: dict[str, dict[str, _Sums]] = {group: {} for group in groups}
        reasons: collections.Counter[str] = collections.Counter()
        for batch in dataset.to_batches(columns):
            flags = np.stack([numbers(batch[name].fill_null(False)) for name in _FLAGS], axis=1)
            bins = _bin(matrix(batch["approach_direction"])) if len(batch) else np.zeros(0, int)
            for group, column in groups.items():
                names = batch[column].dictionary_encode()
                for code, name in enumerate(names.dictionary.to_pylist()):
                    rows = numbers(names.indices) == code
                    sums[group].setdefault(name, _Sums()).add(flags[rows], bins[rows])
            if reason:
                for row in pc.value_counts(batch[reason].drop_null()).to_pylist():
                    reasons[row["values"]] += row["counts"]
        total = _Sums()
        for part in sums["hand"].values():
            total.counts, total.bins = total.counts + part.counts, total.bins + part.bins
        done = merged_jobs(dataset.layout)
        done |= {name.decode() for name in job_names(dataset.layout.shard_names()).tolist()}
        failures = read_failures(dataset.layout.failures)
        failed = [failure for job, failure in failures.items() if job not in done]
        return cls(
            total=total.result(),
            by={g: {name: part.result() for name, part in own.items()} for g, own in sums.items()},
            reasons=dict(reasons.most_common()),
            failures=dict(collections.Counter(f.reason for f in failed).most_common()),
        )

    def __str__(self) -> str:
        """A page of tables."""
        total = self.total
        lines = [
            f"{total.made} grasps, {total.held} of {total.tested} tested hold"
            f" ({_percent(total.share)}), {total.kept} kept, diversity {total.diversity:.2f}"
        ]
        for group, rows in self.by.items():
            lines += ["", f"{group:<32}{'grasps':>9}{'hold':>9}{'share':>8}{'kept':>8}{'div.':>7}"]
            lines += [
                f"{fit_text(name, 31):<32}{row.made:>9}{row.held:>9}{_percent(row.share):>8}"
                f"{row.kept:>8}{row.diversity:>7.2f}"
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
        sections: list[tuple[str, dict[str, float]]] = []
        for group, rows in self.by.items():
            lowest = sorted(rows.items(), key=lambda item: item[1].share)[:_BARS]
            more = f", the lowest {_BARS} of {len(rows)}" if len(rows) > _BARS else ""
            title = f"share that holds, by {group}{more}"
            sections.append((title, {name: row.share for name, row in lowest}))
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
                write(draw, (_LABEL + length + 6, y), _percent(value), 13, FAINT)
                y += _LINE
            y += _LINE - 4
        content = io.BytesIO()
        picture.save(content, "PNG")
        with atomic_write(path) as file:
            file.write(content.getvalue())


def spread(counts: np.ndarray) -> float:
    """Returns how evenly directions are spread: 0 for one, 1 for all round.

    It is the entropy of their shares among 26 bins (faces, edges and corners of a cube), over that
    of equal shares; NaN for none.

    Args:
        counts: directions in each bin, (26,).
    """
    if not counts.any():
        return float("nan")
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum() / np.log(len(_AXES))) + 0.0


def fit_text(text: str, width: int) -> str:
    """Cuts a text to a number of characters.

    Args:
        text: the words.
        width: most characters.
    """
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{share:.0%}"


class _Sums:
    """Counts of some grasps."""

    def __init__(self) -> None:
        self.counts = np.zeros(1 + len(_FLAGS), int)
        self.bins = np.zeros(len(_AXES), int)

    def add(self, flags: np.ndarray, bins: np.ndarray) -> None:
        """Adds grasps: their flags (n, 3) and the bins of their directions (n,)."""
        self.counts += np.array([len(flags), *flags.sum(axis=0)])
        held = flags[:, _FLAGS.index("held")].astype(bool)
        self.bins += np.bincount(bins[held], minlength=len(_AXES))

    def result(self) -> Yield:
        """The yield."""
        made, tested, held, kept = self.counts.tolist()
        return Yield(made=made, tested=tested, held=held, kept=kept, diversity=spread(self.bins))


def _bin(directions: np.ndarray) -> np.ndarray:
    """The bin of each of the unit vectors (n, 3), (n,)."""
    return np.asarray(np.argmax(directions @ _AXES.T, axis=1))
