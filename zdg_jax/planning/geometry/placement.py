"""Start poses: the hand as it stands before it closes, for a given approach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.hand import Hand


def start_pose(
    hand: Hand,
    direction: np.ndarray,
    thumb: np.ndarray,
    target: np.ndarray,
    width: float,
    depth: float,
    *,
    inward: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place a hand before it closes, in the preshape that fits what it is to hold.

    Args:
        hand: the hand.
        direction: unit direction along which the palm comes, (3,), object frame.
        thumb: unit direction to the thumb's side, (3,), square to it, object frame.
        target: middle of the held parts, (3,), object frame [m].
        width: width of the held parts between thumb and fingers [m].
        depth: half of their size along the approach [m]: the palm stays in front of it.
        inward: place of what is held along the fingers: 1 between the tips, 0 before the middle of
            the palm.

    Returns:
        Rotation (3, 3) and position (3,) [m] of the hand's root in the object frame, and joint
        coordinates (d,).
    """
    palm, preshape = hand.palm, hand.preshapes.closest(width)
    in_object = np.stack([direction, thumb, np.cross(direction, thumb)], axis=1)
    in_hand = np.stack(
        [palm.normal, palm.thumb_side, np.cross(palm.normal, palm.thumb_side)], axis=1
    )
    rotation = in_object @ in_hand.T
    # The held part lies between the tips, or nearer to the palm where it is deep or slim.
    middle = np.asarray(hand.preshapes.middle, float)[preshape] - palm.position
    height = float(middle @ palm.normal)
    before = float(np.clip(depth + 0.01, 0.015, max(height, 0.015)))
    along_fingers = middle - height * palm.normal - (middle @ palm.thumb_side) * palm.thumb_side
    offset = palm.position + before * palm.normal + inward * along_fingers
    return rotation, target - rotation @ offset, np.asarray(hand.preshapes.dofs, float)[preshape]
