"""Candidate approaches: from where the palm can come to the held parts, and how it is turned.

A candidate is judged on the object alone, with a palm of human size: what stands in the way of
the palm, how wide the held part is between thumb and fingers, and whether the fingers can wrap
around its length. Rules take the best one; a model is shown several and picks what it sees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.grip import Side

if TYPE_CHECKING:
    from zdg_jax.scenes.surroundings import Surroundings

_PALM_HALF = 0.042
"""Half of a palm's breadth, human size [m]."""
_PALM_DEPTH = 0.03
"""Room that palm and knuckles need in front of the held part [m]."""
_STANDOFF = 0.05
"""Distance that the palm stays back where fingertips alone reach in [m]."""
_WRIST = 0.12
"""Length of hand and wrist behind the palm that must be clear too [m]."""
_WRIST_HALF = 0.03
"""Radius of the wrist [m]."""


_PALM = np.array(
    [[-d, y, z] for d in (0.01, 0.03) for y in (-0.04, 0, 0.04) for z in (-0.04, 0, 0.04)]
)
"""Points of a palm in its own frame, approach first, from the front of what it holds [m]."""
_MOST_HINDERED = 0.2
"""Share of the palm in the surroundings beyond which an approach is not proposed."""
_ASKED = 3.0
"""Weight of the side that the words ask for."""

_WISHED = 10.0
"""Weight of the direction that is asked for, beside which nothing else counts."""
_ENOUGH = 4
"""Approaches from which on one of them lies diagonally across a long part."""
_DIAGONAL = (0.6, 0.8)
"""Cosines between the thumb's side and a part that lies diagonally across the palm."""
_SLICE = 0.008
"""Breadth of the slices in which a part is measured there: about that of a finger [m]."""
_FREE = 0.5
"""Share of the palm's room that the object may take there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Approach:
    """A direction from which the palm comes, and its turn. Vectors in the object frame."""

    direction: np.ndarray
    """Unit direction along which the palm moves, (3,)."""
    thumb: np.ndarray
    """Unit direction from the palm to the thumb's side, (3,), square to the approach."""
    width: float
    """Width of the held parts between thumb and fingers [m]."""
    blocked: float
    """Share of the room that the palm needs which the object takes, 0 to 1."""
    tips_only: bool
    """True where the palm must stay back: the object is in its way near the held part."""
    spoiled: float
    """Share of the surface in the hand's reach that is of avoided parts, 0 to 1."""
    wrap: float
    """Degree to which the fingers can close around the held part's length, 0 to 1."""
    hindered: float
    """Share of the palm that would be in what surrounds the object, 0 to 1."""
    score: float
    """All of that in one number, larger is better."""


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
    number: int = 8,
) -> tuple[Approach, ...]:
    """Proposes approaches to the held parts, the best first, no two alike.

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
        number: how many are wanted at most.

    Returns:
        At most `number` approaches.

    Raises:
        InputError: no part is held.
    """
    target = _Target.of(shape, held, avoided)
    if around is not None:
        target = dataclasses.replace(target, upright=around.up)
    candidates = [
        _evaluate(target, direction, thumb, strain, thumb_towards, around, side)
        for direction in _directions(shape, target.axis)
        for thumb in _thumbs(direction, target.axis, diagonal=number >= _ENOUGH)
    ]
    free = [candidate for candidate in candidates if candidate.hindered <= _MOST_HINDERED]
    candidates = free or candidates
    if palm_towards is not None:
        candidates = [
            dataclasses.replace(a, score=a.score + _WISHED * float(a.direction @ palm_towards))
            for a in candidates
        ]
    candidates.sort(key=lambda approach: -approach.score)
    distinct = _distinct(candidates, number)
    if not target.slender or number < _ENOUGH:
        return distinct
    return _with_diagonal(distinct, candidates, target.axis)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Target:
    """The held parts as one body, and what else is around it. Object frame."""

    points: np.ndarray
    """On the held parts, (k, 3) [m]."""
    others: np.ndarray
    """On the other parts, (m, 3) [m]."""
    avoided: np.ndarray
    """Marks those on parts to keep off, (m,) bool."""
    center: np.ndarray
    """Mean of the held points, (3,) [m]."""
    axis: np.ndarray
    """Unit direction of the greatest length, (3,)."""
    slender: bool
    """True where it is long enough for fingers to wrap around that axis."""
    outward: np.ndarray
    """From the object's middle to the centre, (3,): unit at the side, short near the middle."""
    upright: np.ndarray
    """Unit direction that points up, (3,)."""

    @classmethod
    def of(cls, shape: ObjectShape, held: Collection[int], avoided: Collection[int]) -> _Target:
        """Gathers the points of the held parts and of the others; arguments as in `propose`.

        Raises:
            InputError: no part is held.
        """
        inside = [part for part in shape.parts if part.mark in held]
        if not inside:
            raise InputError(f"no part {sorted(held)}; there are {[p.mark for p in shape.parts]}")
        points = np.concatenate([part.points for part in inside])
        rest = [part for part in shape.parts if part.mark not in held]
        center = points.mean(0)
        axis, slender = _long_axis(points)
        outward = center - shape.center
        half = 0.5 * float(shape.size.max())
        return cls(
            points=points,
            others=np.concatenate([np.zeros((0, 3)), *(part.points for part in rest)]),
            avoided=np.concatenate(
                [
                    np.zeros(0, bool),
                    *(np.full(len(part.points), part.mark in avoided) for part in rest),
                ]
            ),
            center=center,
            axis=axis,
            slender=slender,
            outward=outward / max(float(np.linalg.norm(outward)), half, 1e-6),
            upright=shape.upright,
        )


def _long_axis(points: np.ndarray) -> tuple[np.ndarray, bool]:
    """Axis around which fingers wrap, and whether the body is long enough to tell."""
    covariance = np.cov((points - points.mean(0)).T) + 1e-12 * np.eye(3)
    _, vectors = np.linalg.eigh(covariance)
    spans = np.array([np.ptp(np.percentile(points @ vectors[:, i], [2, 98])) for i in (2, 1, 0)])
    return vectors[:, 2], bool(spans[0] > 1.3 * spans[1])


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
    """Unit directions square to an approach: along, across and diagonal to the parts' axis."""
    along = axis - (axis @ direction) * direction
    if np.linalg.norm(along) < 0.3:
        along = np.cross(direction, [1.0, 0.0, 0.0] if abs(direction[0]) < 0.9 else [0.0, 1.0, 0.0])
    along = along / np.linalg.norm(along)
    across = np.cross(direction, along)
    square = [along, -along, across, -across]
    between = [along + across, along - across, -along + across, -along - across]
    return square + [vector / np.sqrt(2) for vector in between] if diagonal else square


def _evaluate(
    target: _Target,
    direction: np.ndarray,
    thumb: np.ndarray,
    strain: Callable[[float], float],
    thumb_towards: np.ndarray | None,
    around: Surroundings | None,
    side: Side | None,
) -> Approach:
    """Measures and scores one approach; arguments as in `Approach` and `propose`."""
    frame = np.stack([direction, thumb, np.cross(direction, thumb)], axis=1)
    local, far = (target.points - target.center) @ frame, (target.others - target.center) @ frame
    half = float(np.clip(np.ptp(np.percentile(local[:, 1], [3, 97])) / 2, 0.012, _PALM_HALF))
    slab = np.abs(local[:, 1]) < half
    near = local[slab] if slab.sum() > 8 else local
    wrap = abs(float(thumb @ target.axis)) if target.slender else 0.7
    slanted = target.slender and _DIAGONAL[0] < wrap < _DIAGONAL[1]
    width = _width_in_slices(near) if slanted else _width(near)
    front = float(np.percentile(near[:, 0], 2))
    everything = np.concatenate([far, local[local[:, 0] < front]])
    # A few points in the way are as bad as many: a thin wall stops a palm too.
    many = max(0.02 * len(target.points), 12.0)
    closed = min(1.0, _in_the_way(everything, front) / many)
    back = min(1.0, _in_the_way(everything, front - _STANDOFF) / many)
    tips_only = closed > 0.3 and back < 0.5 * closed
    reach = (np.abs(far[:, 1]) < half) & (np.abs(far[:, 2]) < width / 2 + 0.02)
    reach &= (far[:, 0] > front - _PALM_DEPTH) & (far[:, 0] < front + 0.08)
    spoiled = float(target.avoided[reach].sum()) / max(float(reach.sum() + slab.sum()), 1.0)
    approach = Approach(
        direction=direction,
        thumb=thumb,
        width=width,
        blocked=back if tips_only else closed,
        tips_only=tips_only,
        spoiled=min(spoiled, 1.0),
        wrap=wrap,
        hindered=0.0,
        score=0.0,
    )
    if around is not None:
        place = np.array([front - tips_only * _STANDOFF, 0.0, 0.0])
        palm = target.center + (_PALM + place) @ frame.T
        hindered = float((around.room(palm) < 0).mean())
        approach = dataclasses.replace(approach, hindered=hindered)
    score = _score(approach, target, strain(width), thumb_towards)
    if side is not None:
        score += _ASKED * _agreement(side, -float(direction @ target.upright))
    return dataclasses.replace(approach, score=score)


def _agreement(side: Side, height: float) -> float:
    """Share to which a palm comes from a side, 0 to 1.

    `height` is the upward part of the unit direction from the object to the palm.
    """
    return {
        Side.ABOVE: max(0.0, height),
        Side.SIDE: 1.0 - abs(height),
        Side.BELOW: max(0.0, -height),
    }[side]


def _width(points: np.ndarray) -> float:
    """Width of points (k, 3) of the palm's frame between thumb and fingers [m]."""
    return float(np.ptp(np.percentile(points[:, 2], [3, 97])))


def _width_in_slices(points: np.ndarray) -> float:
    """The same of a part that lies slanted across the palm: of what one finger closes on [m]."""
    index = np.floor(points[:, 1] / _SLICE)
    slices = [points[index == value] for value in np.unique(index)]
    return max((_width(part) for part in slices if len(part) > 8), default=_width(points))


def _score(
    approach: Approach, target: _Target, strain: float, thumb_towards: np.ndarray | None
) -> float:
    """Weighs what was measured; larger is better."""
    direction, thumb, upright = approach.direction, approach.thumb, target.upright
    score = (
        approach.wrap
        - 1.5 * approach.blocked
        - 3.0 * approach.hindered
        - 0.3 * approach.tips_only
        - 2.0 * approach.spoiled
        - 2.0 * min(strain, 1.0)
        - 0.5 * float(target.outward @ direction)
        - 0.3 * max(0.0, float(direction @ upright))
        + 0.05 * float(-direction @ upright)
        + 0.1 * float(thumb @ upright)
    )
    if thumb_towards is not None:
        score += 0.3 * float(thumb @ thumb_towards)
    return float(score)


def _in_the_way(points: np.ndarray, front: float) -> int:
    """Points (k, 3) of the palm's frame where palm and wrist would be, the palm at `front`."""
    before = front - points[:, 0]
    palm = (before > 0.004) & (before < _PALM_DEPTH)
    palm &= (np.abs(points[:, 1]) < _PALM_HALF) & (np.abs(points[:, 2]) < _PALM_HALF)
    wrist = (before >= _PALM_DEPTH) & (before < _PALM_DEPTH + _WRIST)
    wrist &= np.linalg.norm(points[:, 1:], axis=1) < _WRIST_HALF
    return int((palm | wrist).sum())


def _with_diagonal(
    distinct: tuple[Approach, ...], candidates: Sequence[Approach], axis: np.ndarray
) -> tuple[Approach, ...]:
    """Puts the best hand that lies diagonally across a long part in the place of the last.

    So a tool is held nearly in line with the forearm, where square across it the wrist bends.
    """
    diagonal = (a for a in candidates if _is_diagonal(a, axis) and a.blocked < _FREE)
    best = next(diagonal, None)
    if best is None or any(_is_diagonal(a, axis) for a in distinct):
        return distinct
    return (*distinct[:-1], best)


def _is_diagonal(approach: Approach, axis: np.ndarray) -> bool:
    return _DIAGONAL[0] < abs(float(approach.thumb @ axis)) < _DIAGONAL[1]


def _distinct(candidates: Sequence[Approach], number: int) -> tuple[Approach, ...]:
    """The first whose palms differ by at least 40 degrees; two turns of one palm at most."""
    kept: list[Approach] = []
    for approach in candidates:
        if len(kept) == number:
            break
        near = [o for o in kept if o.direction @ approach.direction > np.cos(np.radians(40))]
        turned = all(o.thumb @ approach.thumb < np.cos(np.radians(60)) for o in near)
        if len(near) < 2 and turned:
            kept.append(approach)
    return tuple(kept)
