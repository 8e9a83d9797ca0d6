"""Measures of parts and of candidate hands, in lines for a model."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from zdg_jax.planning.geometry.candidates import OPPOSED, Wanted, in_line, reaching, to_work
from zdg_jax.planning.geometry.closing import touches_in_words
from zdg_jax.planning.geometry.parts import LOOP_AREA, ObjectShape, PartShape
from zdg_jax.planning.geometry.target import Target
from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.rendering.figures import Figure

_NEAR_END = 0.35
"""Share of the way from the middle of a part to its end from which a hand is at the end."""


def measures(part: PartShape) -> str:
    """Describes a part's size and shape in one line.

    Args:
        part: the measured part.
    """
    sides = " x ".join(f"{side * 1e3:.0f}" for side in part.extents)
    phrases = [f"{part.mark}: {part.share:.0%} of the surface; {sides} mm"]
    if part.name:
        phrases.append(f"named {json.dumps(part.name[:40])}")
    if part.hole > LOOP_AREA:
        phrases.append(f"closes a hole of {part.hole * 1e4:.0f} cm2")
    if part.hollow > 0.2:
        phrases.append("hollow, seen from inside too")
    if part.elongation > 2.5:
        phrases.append(f"{part.elongation:.1f} times as long as wide")
    if part.flatness > 3:
        phrases.append("flat")
    return "; ".join(phrases)


def describe(
    number: int,
    candidate: Candidate,
    shape: ObjectShape,
    wanted: Wanted,
    nearby: Sequence[Figure] = (),
) -> str:
    """Describes a candidate hand: whence it comes, where it holds, what it touches.

    Args:
        number: number of the candidate on the images.
        candidate: the candidate.
        shape: the measured object, its upright direction that of use.
        wanted: what the candidates are made to.
        nearby: the other person, the table and the work.
    """
    approach, up = candidate.approach, shape.upright
    target = Target.of(shape, wanted.held, wanted.avoided, thinned=True)
    work = to_work(shape, wanted.held, wanted.works)
    arm = f"the forearm leaves {_direction(candidate.forearm, up)}"
    if target.slender and work is not None:
        lined = in_line(candidate, target.axis, work)
        arm += ", in line with the tool, away from its working end" if lined else ""
    for figure in nearby:
        towards = float(candidate.forearm @ figure.direction)
        if abs(towards) > 0.5:
            arm += f", {'towards' if towards > 0 else 'away from'} the {figure.words}"
    lines = [
        f"Hand {number}",
        f"comes: the palm moves {_direction(approach.direction, up)}; "
        f"the thumb's side is {_direction(approach.thumb, up)}; {arm}",
        f"holds: {_place(candidate, target, work, _spared(shape, wanted))}; "
        f"{approach.width * 1e3:.0f} mm between thumb and fingers",
        f"touches, once closed: {touches_in_words(candidate.touches, wanted.avoided)}",
    ]
    if approach.tips_only:
        lines.append("beside the held part, the rest of the object is in the palm's way")
    if candidate.retreat:
        lines.append(
            f"way in: the open hand is clear of the object from {candidate.retreat * 1e3:.0f} mm "
            "before this place, and moves straight in from there"
        )
    if candidate.stuck:
        names = ", ".join(candidate.stuck)
        lines.append(f"against it: {names} would have to pass through the object")
    opposed = reaching(candidate, wanted)
    if len(opposed) < OPPOSED:
        alone = f"only {opposed[0]} touches" if opposed else "nothing touches"
        lines.append(f"against it: {alone} what is to be held")
    if candidate.dips:
        lines.append("against it: fingers reach into the object's hollow")
    lines += [f"against it: {fault}" for fault in candidate.faults]
    return "\n- ".join(lines)


def _spared(shape: ObjectShape, wanted: Wanted) -> np.ndarray | None:
    """Direction from the held parts to those to avoid, unit (3,); None where there are none."""
    return to_work(shape, wanted.held, wanted.avoided)


def _place(
    candidate: Candidate, target: Target, work: np.ndarray | None, spared: np.ndarray | None
) -> str:
    """Where along the held parts a hand sits, in words."""
    if not target.slender:
        return "around what is held"
    near, far = "one end of what is held", "the other end of what is held"
    if work is not None:
        near, far = "the working end of what is held", "the free end of what is held"
    elif spared is not None:
        near = "the end of what is held next to what is to be avoided"
        far = "the end of what is held away from what is to be avoided"
    towards = work if work is not None else spared
    axis = target.axis if towards is None or target.axis @ towards > 0 else -target.axis
    along = (target.points - target.center) @ axis
    here = float((candidate.approach.place - target.center) @ axis)
    low, high = (float(value) for value in np.percentile(along, [1, 99]))
    left = f"{(here - low) * 1e3:.0f} mm from one end, {(high - here) * 1e3:.0f} from the other"
    if here > _NEAR_END * high:
        return f"near {near}, {left}"
    if here < _NEAR_END * low:
        return f"near {far}, {left}"
    return f"at the middle of what is held, {left}"


def _direction(vector: np.ndarray, up: np.ndarray) -> str:
    """A direction in words and as a vector."""
    steep = float(vector @ up)
    words = "up" if steep > 0.8 else "down" if steep < -0.8 else "level"
    if 0.3 < abs(steep) <= 0.8:
        words = "slanting up" if steep > 0 else "slanting down"
    x, y, z = vector
    return f"{words} ({x:+.1f}, {y:+.1f}, {z:+.1f})"
