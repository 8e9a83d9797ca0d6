"""Percentiles of a row of numbers, several times as fast as NumPy's for all kinds of arrays."""

from __future__ import annotations

import numpy as np

_STEP = 61
"""Every so many numbers tell about where a percentile lies."""
_MARGIN = 2.0
"""Percents by which such a place may be wrong; where it is wrong by more, all numbers are asked."""


def percentiles(values: np.ndarray, *percents: float) -> np.ndarray:
    """Returns the same as `np.percentile`, bit for bit.

    Args:
        values: finite numbers, (k,), one at least.
        *percents: p of them, 0 to 100.

    Returns:
        The percentiles, (p,).
    """
    few = np.sort(values[::_STEP])
    return np.array([_percentile(values, few, percent) for percent in percents])


def _percentile(values: np.ndarray, few: np.ndarray, percent: float) -> float:
    """One of them; `few` are some of the values, sorted."""
    last = len(values) - 1
    place = percent / 100 * last
    below = int(place)
    above = min(below + 1, last)
    # Only numbers beyond about the percentile are put in order.
    if percent < 50:
        bound = few[min(int((percent + _MARGIN) / 100 * len(few)) + 1, len(few) - 1)]
        beyond, left = values.compress(values <= bound), 0
    else:
        bound = few[max(int((percent - _MARGIN) / 100 * len(few)) - 1, 0)]
        beyond = values.compress(values >= bound)
        left = len(values) - len(beyond)
    if below < left or above >= left + len(beyond):
        beyond, left = values, 0
    ordered = np.partition(beyond, (below - left, above - left))
    low, high, share = ordered[below - left], ordered[above - left], place - below
    step = high - low
    return float(low + step * share if share < 0.5 else high - step * (1 - share))


def spread(values: np.ndarray, low: float, high: float) -> float:
    """Returns how far two percentiles of numbers (k,) lie apart."""
    first, last = percentiles(values, low, high)
    return float(last - first)
