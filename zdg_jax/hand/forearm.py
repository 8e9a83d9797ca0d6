"""The forearm: where it leaves a hand, and which way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.hand.hand import Hand


def forearm_axis(hand: Hand) -> tuple[np.ndarray, np.ndarray]:
    """Finds where the forearm leaves a hand whose wrist is straight.

    Args:
        hand: the hand; one that has a forearm of its own is left at the end of that.

    Returns:
        Point (3,) [m] and unit direction away from the hand (3,), hand root frame.
    """
    palm, surface = hand.palm, hand.arrays.surface
    turn, shift = hand.kinematics.link_poses(np.asarray(hand.open_dofs, float))
    links = np.asarray(surface.link)
    points = np.einsum("mij,mj->mi", turn[links], np.asarray(surface.local, float)) + shift[links]
    away, middle = -palm.direction, points[np.isin(links, hand.palm_links)].mean(axis=0)
    return middle + float(((points - middle) @ away).max()) * away, away
