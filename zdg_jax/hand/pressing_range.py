"""Postures from which a hand can still press: joints at the end of their range cannot."""

from __future__ import annotations

import numpy as np

from zdg_jax.hand.hand import Hand

_RESERVE = 0.1
"""Travel that a closing joint keeps for the squeeze, rotary [rad]: 0.5 N m by the gain of the
benchmark."""
_SHARE = 0.06
"""The most of its range that any joint keeps."""


def pressing_range(hand: Hand) -> tuple[np.ndarray, np.ndarray]:
    """Ranges of the independent coordinates of a grasp that is yet to be squeezed.

    A finger that is driven against its stop pushes the stop and not the object. Of thin things,
    wrapped with joints at their stops, a third were let go. A joint that shares its tendon may
    stand at its stop: the tendon then drives the others.

    Args:
        hand: the hand.

    Returns:
        Least and greatest coordinates, each (d,) [rad or m]: those of the hand, less a reserve at
        the end towards which a joint closes.
    """
    lower, upper = (np.asarray(end, float) for end in (hand.arrays.lower, hand.arrays.upper))
    reserve = np.minimum(_RESERVE, _SHARE * (upper - lower))
    motions, coupled = np.asarray(hand.arrays.passive_motions), np.asarray(hand.arrays.coupling)[1]
    reserve[(np.abs(motions) @ np.abs(coupled) > 0).any(axis=0)] = 0.0
    return lower + reserve * (hand.closing < 0), upper - reserve * (hand.closing > 0)
