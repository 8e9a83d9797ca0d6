"""Colours of hands, objects and parts, the same in pictures, 3-D files and the viewer; sRGB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Color = tuple[float, float, float]

METAL: Color = (0.60, 0.64, 0.70)
"""Hands."""
FINGERS: tuple[Color, ...] = (
    (0.20, 0.48, 0.80),
    (0.16, 0.63, 0.53),
    (0.56, 0.38, 0.76),
    (0.86, 0.44, 0.62),
    (0.45, 0.66, 0.25),
    (0.30, 0.70, 0.82),
)
"""Fingers in order."""
THUMB: Color = (0.90, 0.49, 0.13)
"""The thumb."""
PALM: Color = (0.47, 0.50, 0.55)
"""The palm and the wrist where fingers are coloured."""
PALM_BEHIND: Color = (0.40, 0.43, 0.48)
"""Darker, for pictures in which an object stands before it."""
OBJECT: Color = (0.93, 0.62, 0.31)
"""Objects."""
PARTS: tuple[Color, ...] = (
    (0.85, 0.45, 0.30),
    (0.35, 0.60, 0.80),
    (0.55, 0.75, 0.40),
    (0.80, 0.65, 0.85),
    (0.95, 0.80, 0.40),
    (0.45, 0.75, 0.72),
    (0.75, 0.55, 0.45),
    (0.60, 0.60, 0.65),
)
"""Parts of objects by mark, from the first again after the last."""
PERSON: Color = (0.72, 0.52, 0.86)
"""The other person, as a figure."""
WORK: Color = (0.80, 0.70, 0.45)
"""What a tool works on, as a figure."""
HELD_PART: Color = (0.56, 0.78, 0.40)
"""Parts to hold, where roles are shown."""
AVOIDED: Color = (0.88, 0.42, 0.38)
"""Parts to keep off."""
OTHER_PART: Color = (0.86, 0.83, 0.76)
"""Parts that are neither."""
WORKING: Color = (0.36, 0.56, 0.86)
"""Fingers that are to touch, but the thumb."""
IDLE: Color = (0.96, 0.96, 0.97)
"""Fingers that are to stay clear."""
ARM: Color = (0.72, 0.72, 0.78)
"""The forearm."""
HELD, FELL, UNKNOWN = (34, 150, 84), (205, 62, 52), (140, 146, 156)
"""Grasps that hold, that do not, and that were not tested, 0 to 255."""


class FingerLike(Protocol):
    """A finger as its colour needs it."""

    @property
    def is_thumb(self) -> bool:
        """Whether it opposes the other fingers."""


def finger_color(fingers: Sequence[FingerLike], finger: int) -> Color:
    """Returns the colour in which a finger is drawn where fingers are coloured.

    Args:
        fingers: fingers of the hand.
        finger: number of the finger.
    """
    if fingers[finger].is_thumb:
        return THUMB
    before = sum(not other.is_thumb for other in fingers[:finger])
    return FINGERS[before % len(FINGERS)]
