"""Candidate approaches: from where the palm can come to the held parts, and how it is turned.

A candidate is judged on the object alone, with a palm of human size: what stands in the way of
the palm, how wide the held part is between thumb and fingers, and whether the fingers can wrap
around its length. Rules take the best one; a model is shown several and picks what it sees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.geometry.parts import ObjectShape

_PALM_HALF = 0.042  # half of a palm's breadth, human size [m]
_PALM_DEPTH = 0.03  # room that palm and knuckles need in front of the held part [m]
_STANDOFF = 0.05  # how far the palm stays back where fingertips alone reach in [m]
_WRIST = 0.12  # length of hand and wrist behind the palm that must be clear too [m]
_WRIST_HALF = 0.03


@dataclasses.dataclass(frozen=True, kw_only=True)
class Approach:
    """One way for the palm to come. Vectors in the object frame."""

    direction: np.ndarray
    """Unit direction along which the palm moves, (3,)."""
    thumb: np.ndarray
    """Unit direction from the palm to the thumb's side, (3,), square to the approach."""
    width: float
    """Width of the held parts between thumb and fingers [m]."""
    blocked: float
    """How much of the room that the palm needs is taken by the object, 0 to 1."""
    tips_only: bool
    """Whether the palm must stay back because the object is in its way near the held part."""
    spoiled: float
    """How much of what is in the hand's reach belongs to avoided parts, 0 to 1."""
    wrap: float
    """How well the fingers can close around the held part's length, 0 to 1."""
    score: float
    """All of that in one number, larger is better."""


def propose(
    shape: ObjectShape,
    held: Collection[int],
    avoided: Collection[int],
    *,
    strain: Callable[[float], float],
    thumb_towards: np.ndarray | None = None,
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
        number: how many are wanted at most.

    Raises:
        InputError: no part is held.
    """
    mine = [part for part in shape.parts if part.mark in held]
    if not mine:
        raise InputError(f"no part {sorted(held)}; there are {[p.mark for p in shape.parts]}")
    own = np.concatenate([part.points for part in mine])
    rest = [part for part in shape.parts if part.mark not in held]
    others = np.concatenate([part.points for part in rest]) if rest else np.zeros((0, 3))
    banned = np.concatenate(
        [np.full(len(part.points), part.mark in avoided) for part in rest] or [np.zeros(0, bool)]
    )
    center = own.mean(0)
    long, wraps = _long_axis(own, mine)
    outward = center - shape.center
    outward = outward / max(float(np.linalg.norm(outward)), 0.5 * float(shape.size.max()), 1e-6)
    found = []
    for direction in _directions(shape, long):
        for thumb in _thumbs(direction, long):
            found.append(
                _judge(
                    direction,
                    thumb,
                    own,
                    others,
                    banned,
                    center,
                    long if wraps else None,
                    outward,
                    shape.upright,
                    strain,
                    thumb_towards,
                )
            )
    found.sort(key=lambda approach: -approach.score)
    return _unlike(found, number)


def _long_axis(own: np.ndarray, parts: Sequence) -> tuple[np.ndarray, bool]:
    """Axis around which fingers wrap, and whether the part is long enough to tell."""
    covariance = np.cov((own - own.mean(0)).T) + 1e-12 * np.eye(3)
    _, vectors = np.linalg.eigh(covariance)
    axis = vectors[:, 2]
    spans = np.array([np.ptp(np.percentile(own @ vectors[:, i], [2, 98])) for i in (2, 1, 0)])
    return axis, bool(spans[0] > 1.3 * spans[1])


def _directions(shape: ObjectShape, long: np.ndarray) -> list[np.ndarray]:
    """Unit directions around the held part's axis, along it, and of the object's own frame."""
    helper = shape.upright if abs(shape.upright @ long) < 0.9 else np.array([1.0, 0.0, 0.0])
    first = np.cross(long, helper)
    first /= np.linalg.norm(first)
    second = np.cross(long, first)
    ring = [np.cos(angle) * first + np.sin(angle) * second for angle in np.arange(12) * (np.pi / 6)]
    frame = [sign * axis for axis in np.eye(3) for sign in (1.0, -1.0)]
    tilted = [
        np.array([x, y, z]) / np.linalg.norm([x, y, z])
        for x in (-1, 0, 1)
        for y in (-1, 0, 1)
        for z in (-1, 0, 1)
        if abs(x) + abs(y) + abs(z) == 2
    ]
    return [*ring, long, -long, *frame, *tilted]


def _thumbs(direction: np.ndarray, long: np.ndarray) -> list[np.ndarray]:
    along = long - (long @ direction) * direction
    if np.linalg.norm(along) < 0.3:
        along = np.cross(direction, [1.0, 0.0, 0.0] if abs(direction[0]) < 0.9 else [0.0, 1.0, 0.0])
    along = along / np.linalg.norm(along)
    across = np.cross(direction, along)
    return [along, -along, across, -across]


def _judge(
    direction: np.ndarray,
    thumb: np.ndarray,
    own: np.ndarray,
    others: np.ndarray,
    banned: np.ndarray,
    center: np.ndarray,
    long: np.ndarray | None,
    outward: np.ndarray,
    upright: np.ndarray,
    strain: Callable[[float], float],
    thumb_towards: np.ndarray | None,
) -> Approach:
    frame = np.stack([direction, thumb, np.cross(direction, thumb)], axis=1)
    local, far = (own - center) @ frame, (others - center) @ frame
    half = float(np.clip(np.ptp(np.percentile(local[:, 1], [3, 97])) / 2, 0.012, _PALM_HALF))
    slab = np.abs(local[:, 1]) < half
    near = local[slab] if slab.sum() > 8 else local
    width = float(np.ptp(np.percentile(near[:, 2], [3, 97])))
    front = float(np.percentile(near[:, 0], 2))
    everything = np.concatenate([far, local[local[:, 0] < front]])
    # A few points in the way are as bad as many: a thin wall stops a palm too.
    many = max(0.02 * len(own), 12.0)
    closed = min(1.0, _in_the_way(everything, front) / many)
    back = min(1.0, _in_the_way(everything, front - _STANDOFF) / many)
    tips_only = closed > 0.3 and back < 0.5 * closed
    blocked = back if tips_only else closed
    reach = (np.abs(far[:, 1]) < half) & (np.abs(far[:, 2]) < width / 2 + 0.02)
    reach &= (far[:, 0] > front - _PALM_DEPTH) & (far[:, 0] < front + 0.08)
    spoiled = float(banned[reach].sum()) / max(float(reach.sum() + slab.sum()), 1.0)
    wrap = abs(float(thumb @ long)) if long is not None else 0.7
    below = max(0.0, float(direction @ upright))
    score = (
        wrap
        - 1.5 * blocked
        - 0.3 * tips_only
        - 2.0 * spoiled
        - 2.0 * min(strain(width), 1.0)
        - 0.5 * float(outward @ direction)
        - 0.3 * below
        + 0.05 * float(-direction @ upright)
        + 0.1 * float(thumb @ upright)
    )
    if thumb_towards is not None:
        score += 0.3 * float(thumb @ thumb_towards)
    return Approach(
        direction=direction,
        thumb=thumb,
        width=width,
        blocked=blocked,
        tips_only=tips_only,
        spoiled=min(spoiled, 1.0),
        wrap=wrap,
        score=float(score),
    )


def _in_the_way(points: np.ndarray, front: float) -> int:
    """Points (k, 3) of the palm's frame where palm and wrist would be, the palm at `front`."""
    before = front - points[:, 0]
    palm = (before > 0.004) & (before < _PALM_DEPTH)
    palm &= (np.abs(points[:, 1]) < _PALM_HALF) & (np.abs(points[:, 2]) < _PALM_HALF)
    wrist = (before >= _PALM_DEPTH) & (before < _PALM_DEPTH + _WRIST)
    wrist &= np.linalg.norm(points[:, 1:], axis=1) < _WRIST_HALF
    return int((palm | wrist).sum())


def _unlike(found: Sequence[Approach], number: int) -> tuple[Approach, ...]:
    """The best whose palms differ by at least 40 degrees; two turns of one palm at most."""
    kept: list[Approach] = []
    for approach in found:
        if len(kept) == number:
            break
        near = [o for o in kept if o.direction @ approach.direction > np.cos(np.radians(40))]
        turned = all(o.thumb @ approach.thumb < np.cos(np.radians(60)) for o in near)
        if len(near) < 2 and turned:
            kept.append(approach)
    return tuple(kept)
