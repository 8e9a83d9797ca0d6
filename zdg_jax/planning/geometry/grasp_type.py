"""From parts to a grip: grasp type, fingers, palm and force for a chosen set of parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.field_types import Vector
from zdg_jax.planning.geometry.approach import Approach
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.target import FLATNESS, PLATE
from zdg_jax.planning.grip import FingerPlan, Force, Grip, PalmPlan, Side
from zdg_jax.planning.taxonomy import STYLES, GraspType, Opposition

if TYPE_CHECKING:
    from zdg_jax.hand import Hand


_ELONGATED = 1.5
"""Length over width of a part from which a hand that closes round it wraps it as a bar."""
_ALONG = 0.3
"""Sine between the palm's way and that to a tool's end from which fingers can point there."""
_BESIDE = 0.2
"""Share of avoided parts in the hand's reach from which one lies behind a hole."""
_BESIDE_EACH_OTHER = 2.0
"""Fingers that go side by side through a hole that a hand wraps around, at least."""
_BROAD = 0.1
"""Diameter of a rim from which a row of fingers finds room on one face of its wall [m]."""
_ROUND_A_DISK = 1.6
"""Width of a disk round which all fingertips find room, over a finger's thickness."""
_PASSES, _ROOM = 0.95, 0.006
"""Width of a hole that a finger goes through, over the finger's thickness (holes are measured on a
raster), and the room that it needs besides where it is to touch nothing behind [m]."""


def choose_type(
    shape: ObjectShape,
    held: Collection[int],
    approach: Approach,
    hand: Hand,
    *,
    closure: bool = False,
    fine: bool = False,
    firm: bool = False,
    pointing: bool = False,
) -> GraspType:
    """Chooses the grasp type that suits the held parts as they are approached.

    Args:
        shape: the measured object.
        held: marks of the parts to touch.
        approach: how the palm comes.
        hand: its fingers must go through the hole of a loop that they close around, and find
            room round a lid.
        closure: whether the part is turned or lifted off between fingertips.
        fine: whether the task is guided by fingertips.
        firm: whether it takes force.
        pointing: whether a tool is steered along its length.
    """
    parts = [shape.part(mark) for mark in held]
    largest = max(parts, key=lambda part: part.share)
    width = approach.width
    length = max(float(part.extents[0]) for part in parts)
    thin = float(largest.extents[2])
    if approach.wall:
        broad = firm or float(largest.extents[0]) > _BROAD
        return GraspType.PRISMATIC if broad else GraspType.TRIPOD
    if closure:
        roomy = width > _ROUND_A_DISK * hand.finger_thickness
        return GraspType.PRECISION_DISK if roomy else GraspType.TRIPOD
    if fine:
        return GraspType.TRIPOD if width < 0.035 else GraspType.PRECISION_SPHERE
    needed = _PASSES * hand.finger_thickness + (approach.spoiled > _BESIDE) * _ROOM
    along = largest.hole / max(largest.passage, 1e-6)
    short = along < _BESIDE_EACH_OTHER * hand.finger_thickness
    narrow = largest.is_loop and (largest.passage < needed or short)
    if approach.tips_only or narrow:
        return GraspType.PRISMATIC if length > 0.04 else GraspType.TRIPOD
    if largest.flatness > FLATNESS and thin < PLATE and largest.is_plate:
        return GraspType.PARALLEL_EXTENSION if width > 0.02 else GraspType.LATERAL_PINCH
    if length < 0.035:
        return GraspType.TRIPOD if width > 0.01 else GraspType.PALMAR_PINCH
    if width < 0.014 and not firm and largest.hole <= 0:
        return GraspType.PRISMATIC
    if length / max(width, 1e-6) < 1.35:
        if width > 0.05:
            return GraspType.POWER_SPHERE
        return GraspType.PRECISION_SPHERE
    if pointing and 0.012 < width < 0.045:
        return GraspType.INDEX_EXTENDED
    if width > 0.05:
        return GraspType.LARGE_DIAMETER
    return GraspType.MEDIUM_WRAP if width > 0.022 else GraspType.SMALL_DIAMETER


def turned(
    approach: Approach, kind: GraspType, hand: Hand, *, work: np.ndarray | None, outward: np.ndarray
) -> Approach:
    """Turns a hand as its grasp type asks: about its approach, away from lying square to the part.

    Args:
        approach: how the palm comes, turned as for most types.
        kind: the type.
        hand: tells right from left.
        work: direction to the working end, (3,), where there is one.
        outward: direction from the middle of the object to what is held, (3,).
    """
    thumb = None
    if kind is GraspType.INDEX_EXTENDED and work is not None:
        thumb = _thumb_beside(approach.direction, work, hand)
    elif STYLES[kind].opposition is Opposition.SIDE:
        thumb = _thumb_above(approach, outward, hand)
    return approach if thumb is None else dataclasses.replace(approach, thumb=thumb)


def palm(
    approach: Approach, kind: GraspType, *, open_roll: bool = False, asked: Side | None = None
) -> PalmPlan:
    """Plans the palm.

    Args:
        approach: how the palm comes.
        kind: the grasp type.
        open_roll: leave the thumb's direction open.
        asked: side that the task's words ask the palm to come from.
    """
    return PalmPlan(
        contact=STYLES[kind].palm,
        approach=vector(approach.direction),
        thumb=None if open_roll else vector(approach.thumb),
        asked=asked,
    )


def fingers(
    hand: Hand, kind: GraspType, mark: int, *, control: int | None = None
) -> list[FingerPlan]:
    """Gives each finger its role in a grasp type, all on part `mark`.

    Args:
        hand: the hand.
        kind: the grasp type.
        mark: part that the fingers touch.
        control: part that the first finger works, where there is one.
    """
    style = STYLES[kind]
    planned, names = [], [finger.name for finger in hand.fingers_from_thumb]
    for finger in hand.fingers:
        if finger.is_thumb:
            role = "oppose" if style.thumb else "idle"
            planned.append(_finger(finger.name, role, "tip", mark))
            continue
        used = 1 + names.index(finger.name)
        if used == 1 and control is not None:
            planned.append(_finger(finger.name, "press", "tip", control))
        elif used == 1 and kind is GraspType.INDEX_EXTENDED:
            planned.append(_finger(finger.name, "steer", "tip", mark))
        elif used > style.fingers:
            planned.append(_finger(finger.name, "idle", "tip", mark))
        elif style.opposition is Opposition.SIDE:
            planned.append(_finger(finger.name, "support", "middle", mark))
        elif style.inner_links:
            planned.append(_finger(finger.name, "wrap", "middle", mark))
        else:
            planned.append(_finger(finger.name, "press", "tip", mark))
    return planned


def with_all_tips(grip: Grip, hand: Hand) -> Grip:
    """Returns a grip of some fingertips as one of all; others as they are.

    Those are kept in which a finger touches another part than is held.

    Args:
        grip: the grip.
        hand: the hand.
    """
    pads = grip.style.opposition is Opposition.PAD
    if not pads or grip.style.palm or _works_a_control(grip) or not grip.held:
        return grip
    kind = GraspType.PRISMATIC
    planned = fingers(hand, kind, grip.held[0].mark)
    return grip.model_copy(update={"grasp_type": kind, "fingers": planned})


def with_whole_hand(grip: Grip, hand: Hand, shape: ObjectShape) -> Grip:
    """Returns a grip of fingertips as one of palm and inner links; others as they are.

    Those are kept in which a finger touches another part than is held.

    Args:
        grip: the grip.
        hand: the hand.
        shape: the measured object: bars are wrapped, balls and disks enclosed.
    """
    if grip.style.palm or _works_a_control(grip) or not grip.held:
        return grip
    marks = {part.mark for part in grip.held}
    held = [part for part in shape.parts if part.mark in marks]
    bar = bool(held) and max(held, key=lambda part: part.share).elongation > _ELONGATED
    kind = GraspType.MEDIUM_WRAP if bar else GraspType.POWER_SPHERE
    planned = fingers(hand, kind, grip.held[0].mark)
    palm = grip.palm.model_copy(update={"contact": True})
    return grip.model_copy(update={"grasp_type": kind, "fingers": planned, "palm": palm})


def raise_force_level(force: Force, strong: bool, delicate: bool) -> Force:
    """Raises a force level for a heavy or slippery object and lowers it for a fragile one.

    Args:
        force: the level that the action asks for.
        strong: whether the words call for more.
        delicate: whether they call for less.
    """
    levels = list(Force)
    index = levels.index(force) + int(strong) - int(delicate)
    return levels[min(max(index, 0), len(levels) - 1)]


def vector(array: np.ndarray) -> Vector:
    """An array (3,) as plain numbers, rounded so that plans are the same on every machine."""
    x, y, z = (round(float(value), 6) + 0.0 for value in array)
    return (x, y, z)


def _works_a_control(grip: Grip) -> bool:
    """Tells whether a finger touches another part than is held, as one does on a trigger."""
    marks = {part.mark for part in grip.held}
    return any(finger.mark is not None and finger.mark not in marks for finger in grip.fingers)


def _thumb_beside(direction: np.ndarray, work: np.ndarray, hand: Hand) -> np.ndarray | None:
    """The thumb's side of a hand whose index finger is laid along a tool, unit (3,).

    The tool lies slantwise across the palm, half-way between the way that the fingers point and
    the thumb's side, as the handle of a knife does in a hand whose index finger is on its back.
    None where the palm moves along the tool.
    """
    ahead = work - (work @ direction) * direction
    if np.linalg.norm(ahead) < _ALONG * np.linalg.norm(work):
        return None
    ahead = ahead / np.linalg.norm(ahead)
    thumb = ahead - _right(hand) * np.cross(direction, ahead)
    return np.asarray(thumb / np.linalg.norm(thumb))


def _thumb_above(approach: Approach, outward: np.ndarray, hand: Hand) -> np.ndarray:
    """The thumb's side of a hand that pinches between the thumb and the index finger's side.

    It closes across the fingers, where other types close along them: the hand is turned by a right
    angle, its fingers towards the object.
    """
    thumb = np.cross(approach.direction, approach.thumb)
    fingers = _right(hand) * np.cross(approach.direction, thumb)
    return np.asarray(thumb if fingers @ outward <= 0 else -thumb)


def _right(hand: Hand) -> float:
    """1 for a right hand, -1 for a left one."""
    palm = hand.palm
    return float(np.sign(np.cross(palm.normal, palm.thumb_side) @ palm.direction))


def _finger(name: str, role: str, link: str, mark: int) -> FingerPlan:
    if role == "idle":
        return FingerPlan(finger=name, role="idle")
    return FingerPlan.model_validate({"finger": name, "role": role, "link": link, "mark": mark})
