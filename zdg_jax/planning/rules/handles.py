"""Handles by shape: loops, bars that a hand wraps around, levers, and long thin bars."""

from __future__ import annotations

import itertools

import numpy as np

from zdg_jax.planning.geometry.parts import LOOP_AREA, ObjectShape, PartShape
from zdg_jax.planning.rules.ramps import ramp, trapezoid

_LOOP_DEPTH = 0.05  # thickest handle that fingers close around from a loop [m]
_HANDLE_GIRTH = (0.011, 0.022, 0.042, 0.062)  # trapezoid: too thin, good, good, too thick [m]
LEVER, _LIKE, _BAR = 0.75, 0.75, 2.0  # score of a lever, likeness of two, their length over width
_AROUND = 0.15  # way from a ring's middle to the axis that it goes around, over its diameter
_LEAST_LEVER, _BESIDE = 0.08, 0.2  # share of the surface, cosine between the ways to two levers
_HANDLE_LENGTH = (0.04, 0.08)  # too short, long enough for four fingers [m]


def is_loop(part: PartShape, shape: ObjectShape) -> bool:
    """Tells whether a part is a loop that fingers close around from its hole.

    Args:
        part: the part.
        shape: the whole object.
    """
    # A ring around the middle, such as a lid's edge or a pan's rim, is no handle.
    largest = max(shape.parts, key=lambda other: other.share)
    aside = part.center - largest.center
    aside = aside - (aside @ shape.upright) * shape.upright
    around = part.offset < 0.3 or float(np.linalg.norm(aside)) < _AROUND * part.extents[0]
    around &= part.mark != largest.mark or part.offset < 0.3
    around &= abs(float(part.axes[2] @ shape.upright)) > 0.8
    return part.hole > LOOP_AREA and float(part.extents[2]) < _LOOP_DEPTH and not around


def handle_score(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    """Scores a part as a handle: a loop, or a bar that a hand wraps around.

    Args:
        part: the part.
        shape: the whole object.

    Returns:
        Score in [0, 1] and its reason.
    """
    if is_loop(part, shape):
        return 0.7 + 0.3 * min(part.offset, 1.0), "it closes a loop that fingers fit through"
    girth = trapezoid(part.girth, _HANDLE_GIRTH)
    length = ramp(float(part.extents[0]), *_HANDLE_LENGTH)
    slim = ramp(part.elongation, 1.2, 2.0)
    solid = 1.0 - ramp(part.hollow, 0.15, 0.35)
    # A bent bar is as flat as a plate, and yet goes round in the hand.
    flat = 1.0 - 0.6 * ramp(part.flatness, 2.5, 6.0) * part.is_plate
    # The bar across the end of a longer one is a head, not a handle.
    across = 1.0 - abs(float(part.axes[0] @ shape.axis)) if shape.elongation > 1.6 else 0.0
    score = girth * length * slim * solid * flat * (1.0 - 0.6 * ramp(across, 0.2, 0.6))
    return score, f"it is a bar about {part.girth * 1e3:.0f} mm thick that a hand wraps around"


def levers_of(shape: ObjectShape) -> set[int]:
    """Finds two like bars beside each other, on one side of what they meet.

    Args:
        shape: the whole object.

    Returns:
        Their marks; none where there are no such two.
    """
    for pair in itertools.combinations(shape.parts, 2):
        shares = np.array([part.share for part in pair])
        sizes = np.stack([part.extents for part in pair])
        alike = (sizes.min(axis=0) > _LIKE * sizes.max(axis=0)).all()
        alike &= shares.min() > max(_LIKE * shares.max(), _LEAST_LEVER)
        long = min(part.elongation for part in pair) > _BAR
        rest = [part.center for part in shape.parts if not any(part is p for p in pair)]
        if not (alike and long and rest):
            continue
        first, second = (part.center - np.mean(rest, axis=0) for part in pair)
        if any(is_loop(part, shape) for part in pair):
            continue
        if first @ second > _BESIDE * np.linalg.norm(first) * np.linalg.norm(second):
            return {part.mark for part in pair}
    return set()


def slender_score(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    """Scores a part as the long thin bar that an object without a better handle is held by.

    Args:
        part: the part.
        shape: the whole object.

    Returns:
        Score in [0, 1] and its reason.
    """
    along = ramp(abs(float(part.axes[0] @ shape.axis)), 0.8, 0.95)
    length = ramp(float(part.extents[0]), *_HANDLE_LENGTH)
    longest = ramp(float(part.extents[0] / shape.size.max()), 0.25, 0.5)
    slim = ramp(part.elongation, 2.0, 4.0) * ramp(shape.elongation, 1.6, 3.0)
    slim *= 1.0 - ramp(part.girth, 0.022, 0.035)
    flat = 1.0 - 0.6 * ramp(part.flatness, 2.5, 6.0)
    return (
        0.65 * along * length * longest * slim * flat,
        "it is the long thin bar that leads to the rest",
    )
