"""Candidate approaches: from where the palm can come to the held parts, and how it is turned.

Rules take the best one; of hands in the others a model picks (`candidates`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.geometry.approach import CLOSED, Approach, evaluate
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.target import Target
from zdg_jax.planning.geometry.walls import walls
from zdg_jax.planning.grip import Side

if TYPE_CHECKING:
    from zdg_jax.scenes.surroundings import Surroundings

_MOST_HINDERED = 0.2
"""Share of the palm in the surroundings beyond which an approach is not proposed."""
_WISHED = 10.0
"""Weight of the direction that is asked for, beside which nothing else counts."""
_ALONG = 0.7
"""Cosine between the thumb's side and a part from which a palm can give way along it."""
_SHIFTS = (-0.02, -0.01, 0.01, 0.02)
"""Ways along a part by which a palm that is in something's way there gives way [m]."""


def propose(
    shape: ObjectShape,
    held: Collection[int],
    avoided: Collection[int],
    *,
    strain: Callable[[float], float],
    thumb_towards: np.ndarray | None = None,
    palm_towards: np.ndarray | None = None,
    around: Surroundings | None = None,
    side: Side | None = None,
    faces: bool = True,
    varied: bool = False,
) -> list[Approach]:
    """Proposes approaches to the held parts, the best first.

    Args:
        shape: the measured object.
        held: marks of the parts to touch.
        avoided: marks of the parts to keep off.
        strain: of a width between thumb and fingers [m], how far it stretches the hand: 0 not at
            all, 1 as far as it goes (`Preshapes.strain`).
        thumb_towards: direction towards which the thumb's side should lie, where one is known.
        palm_towards: direction in which the palm should move, where one is asked for.
        around: what surrounds the object: approaches for which it leaves the palm no room are
            not proposed, unless there is no other.
        side: side that the task's words ask the palm to come from.
        faces: a part that is a plate is taken by its two faces; a lid is not, but by its rim, nor
            what is merely held, for such a pinch bears little.
        varied: also hands that lie diagonally across a long part, and at its ends.

    Returns:
        All approaches that were compared, many of them alike.

    Raises:
        InputError: no part is held.
    """
    target = Target.of(shape, held, avoided, thinned=varied)
    if not faces:
        target = dataclasses.replace(target, flat=None)
    if around is not None:
        target = dataclasses.replace(target, upright=around.up)

    def evaluated(
        held: Target, place: np.ndarray, direction: np.ndarray, thumb: np.ndarray
    ) -> tuple[Approach, Approach]:
        return evaluate(held, place, direction, thumb, strain, thumb_towards, around, side)

    rim = walls(shape, held, target)
    pairs: list[tuple[Approach, ...]]
    if rim:
        pairs = [
            evaluated(wall.target, wall.target.center, direction, thumb)
            for wall in rim
            for direction in wall.directions
            for thumb in _thumbs(direction, wall.target.axis, diagonal=False)[:1]
        ]
    else:
        pairs = [
            evaluated(target, place, direction, thumb)
            for direction in _directions(shape, target.axis)
            for thumb in _thumbs(direction, target.axis, diagonal=varied)
            for place in (target.places(direction) if varied else [target.center])
        ]
    if target.slender and not varied and not rim:
        give_way = functools.partial(evaluated, target)
        pairs = [_given_way(pair, target, give_way) for pair in pairs]
    approaches = [approach for pair in pairs for approach in pair]
    if rim:
        approaches = [dataclasses.replace(a, wall=True, shifted=True) for a in approaches]
    free = [approach for approach in approaches if approach.hindered <= _MOST_HINDERED]
    approaches = free or approaches
    if palm_towards is not None:
        approaches = [
            dataclasses.replace(a, score=a.score + _WISHED * float(a.direction @ palm_towards))
            for a in approaches
        ]
    return sorted(approaches, key=lambda approach: -approach.score)


def _given_way(
    pair: tuple[Approach, ...],
    target: Target,
    evaluate: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[Approach, Approach]],
) -> tuple[Approach, ...]:
    """The approach with the thumb on either side; where a palm does not fit there, that of one
    beside it that does."""
    approach = pair[0]
    in_the_way = approach.tips_only or approach.blocked > CLOSED
    if not in_the_way or approach.wrap < _ALONG:
        return pair
    places = [target.center + shift * target.axis for shift in _SHIFTS]
    beside = [evaluate(place, approach.direction, approach.thumb) for place in places]
    others = [
        tuple(dataclasses.replace(a, shifted=True) for a in other)
        for other in beside
        if not other[0].tips_only
    ]
    return tuple(
        max(turned, key=lambda approach: approach.score)
        for turned in zip(pair, *others, strict=True)
    )


def _directions(shape: ObjectShape, axis: np.ndarray) -> list[np.ndarray]:
    """Unit directions around the held part's axis, along it, and of the object's own frame."""
    helper = shape.upright if abs(shape.upright @ axis) < 0.9 else np.array([1.0, 0.0, 0.0])
    first = np.cross(axis, helper)
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    ring = [np.cos(angle) * first + np.sin(angle) * second for angle in np.arange(12) * (np.pi / 6)]
    frame = [sign * side for side in np.eye(3) for sign in (1.0, -1.0)]
    tilted = [
        np.array([x, y, z]) / np.linalg.norm([x, y, z])
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        for z in (-1, 0, 1)
        if abs(x) + abs(y) + abs(z) == 2
    ]
    return [*ring, axis, -axis, *frame, *tilted]


def _thumbs(direction: np.ndarray, axis: np.ndarray, *, diagonal: bool) -> list[np.ndarray]:
    """Unit directions square to an approach: along, across and diagonal to the parts' axis.

    Of two opposite ones there is one.
    """
    along = axis - (axis @ direction) * direction
    if np.linalg.norm(along) < 0.3:
        along = np.cross(direction, [1.0, 0.0, 0.0] if abs(direction[0]) < 0.9 else [0.0, 1.0, 0.0])
    along = along / np.linalg.norm(along)
    across = np.cross(direction, along)
    square = [along, across]
    between = [along + across, along - across]
    return square + [vector / np.sqrt(2) for vector in between] if diagonal else square
