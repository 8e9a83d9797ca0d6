"""The metrics contract: value, unit, direction and spread; and what moved between two results."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

Direction = Literal["lower", "higher"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric:
    """One measured quantity."""

    value: float
    """Median over the repeats."""
    unit: str
    """Unit, e.g. "ms"."""
    better: Direction
    """Which way is better."""
    spread: float = 0.0
    """Half the range between the quartiles over the repeats, in the same unit."""
    repeats: int = 1
    """How often it was measured."""

    @classmethod
    def of(cls, values: list[float], unit: str, better: Direction) -> Metric:
        """The metric of repeated measurements."""
        low, middle, high = np.percentile(values, [25, 50, 75])
        return cls(
            value=float(middle),
            unit=unit,
            better=better,
            spread=float(high - low) / 2,
            repeats=len(values),
        )


def time_calls(call: Callable[[], Any], repeats: int) -> tuple[Metric, Metric]:
    """Seconds of the first call, compilation included, and milliseconds of later ones.

    Args:
        call: does the work and returns arrays; they are waited for.
        repeats: timed calls after the first.
    """
    import jax

    def once() -> float:
        start = time.perf_counter()
        jax.block_until_ready(call())
        return time.perf_counter() - start

    first = Metric.of([once()], "s", "lower")
    return first, Metric.of([1e3 * once() for _ in range(repeats)], "ms", "lower")


def compare(old: Mapping[str, Any], new: Mapping[str, Any], *, sigmas: float = 3.0) -> list[str]:
    """Says what moved beyond the noise of both results, and by more than a twentieth.

    Args:
        old: metrics by "workload/name", each as `dataclasses.asdict` gives it.
        new: likewise.
        sigmas: how many spreads are noise.
    """
    lines = []
    for name in sorted(old.keys() & new.keys()):
        before, after = Metric(**old[name]), Metric(**new[name])
        change = after.value - before.value
        noise = max(sigmas * (before.spread + after.spread), 0.05 * abs(before.value))
        if before.unit != after.unit or abs(change) <= noise:
            continue
        word = "better" if (change < 0) == (after.better == "lower") else "worse"
        lines.append(f"{name}: {before.value:.4g} -> {after.value:.4g} {after.unit}, {word}")
    lines += [f"{name}: not measured any more" for name in sorted(old.keys() - new.keys())]
    return lines
