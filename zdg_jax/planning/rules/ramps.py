"""Soft thresholds: scores in [0, 1] of measures."""

from __future__ import annotations

import numpy as np


def ramp(value: float, low: float, high: float) -> float:
    """Rises from 0 to 1, linearly.

    Args:
        value: the measure.
        low: its value up to which the score is 0.
        high: its value from which the score is 1.
    """
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def trapezoid(value: float, corners: tuple[float, float, float, float]) -> float:
    """Rises from 0 to 1 and falls to 0 again, linearly.

    Args:
        value: the measure.
        corners: its values where the rise begins and ends, and where the fall begins and ends.
    """
    low, full, still, end = corners
    return min(ramp(value, low, full), 1.0 - ramp(value, still, end))
