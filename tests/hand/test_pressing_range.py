"""Closing joints keep travel for the squeeze, at the end towards which they close."""

from __future__ import annotations

import numpy as np

from tests import scene
from zdg_jax.hand.pressing_range import pressing_range


def test_joints_keep_travel_where_they_close_and_nowhere_else() -> None:
    hand = scene.allegro()
    lower, upper = pressing_range(hand)
    below, above = lower - hand.arrays.lower, np.asarray(hand.arrays.upper) - upper
    assert (above[hand.closing > 0] > 0.03).all()
    assert (below[hand.closing < 0] > 0.03).all()
    assert np.allclose(above[hand.closing <= 0], 0)
    assert np.allclose(below[hand.closing >= 0], 0)
    assert (np.maximum(above, below) <= 0.1 + 1e-6).all()
