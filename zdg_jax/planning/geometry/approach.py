"""An approach: from where the palm comes to the held parts, and how good that is.

It is judged on the object alone, with a palm of human size: what stands in the way of the palm, how
wide the held part is between thumb and fingers, and whether the fingers can wrap around its length.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.geometry.percentiles import percentiles, spread
from zdg_jax.planning.geometry.target import PALM_HALF, Target
from zdg_jax.planning.grip import Side

if TYPE_CHECKING:
    from zdg_jax.scenes.surroundings import Surroundings

_PALM_DEPTH = 0.03
"""Room that palm and knuckles need in front of the held part [m]."""
_REACH = 0.08
"""Distance that fingers reach beyond the front of what they hold, at most [m]."""
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
_ASKED = 3.0
"""Weight of the side that the words ask for."""
_DIAGONAL = (0.6, 0.8)
"""Cosines between the thumb's side and a part that lies diagonally across the palm."""
CLOSED = 0.3
"""Share of a palm's room that is taken from which it does not fit."""
_SLICE = 0.008
"""Breadth of the slices in which a part is measured there: about that of a finger [m]."""
_OFF_MIDDLE = 0.03
"""Cost of a place off the middle of a part, all else equal."""
_FACES = 0.8
"""Worth of fingers and thumb on the two faces of a plate, beside on its edges."""
_GAP, _FINGER = 0.008, 0.02
"""Gap in a part's depth beyond which it is another branch of it, as of a loop, and how far a finger
reaches round behind the near one [m]."""
_MIDDLE = 0.015
"""Half of the breadth, about the middle of the hand, in which that depth is measured [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Approach:
    """A direction from which the palm comes, and its turn. Vectors in the object frame."""

    direction: np.ndarray
    """Unit direction along which the palm moves, (3,)."""
    thumb: np.ndarray
    """Unit direction from the palm to the thumb's side, (3,), square to the approach."""
    place: np.ndarray
    """Middle of what the hand closes on, (3,), object frame [m]."""
    shifted: bool = False
    """True where the place is not the middle of the part, and has to be told."""
    wall: bool = False
    """True where it is a piece of a rim that thumb and fingers take between them."""
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


def evaluate(
    target: Target,
    place: np.ndarray,
    direction: np.ndarray,
    thumb: np.ndarray,
    strain: Callable[[float], float],
    thumb_towards: np.ndarray | None,
    around: Surroundings | None,
    side: Side | None,
) -> tuple[Approach, Approach]:
    """Measures an approach, and scores it with the thumb on this side and on the opposite one.

    What is measured is the same for both. Arguments as in `Approach` and `propose`.
    """
    frame = np.stack([direction, thumb, np.cross(direction, thumb)], axis=1)
    points, others = target.seen_from(place)
    local, far = frame.T @ points, frame.T @ others
    half = float(np.clip(spread(local[1], 3, 97) / 2, 0.012, PALM_HALF))
    slab = np.abs(local[1]) < half
    held = int(np.count_nonzero(slab))
    near = local.compress(slab, axis=1) if held > 0.7 * target.few else local
    wrap = abs(float(thumb @ target.axis)) if target.slender else 0.7
    slanted = target.slender and _DIAGONAL[0] < wrap < _DIAGONAL[1]
    width = _width_in_slices(near, target.few) if slanted else _width(near)
    front = float(percentiles(near[0], 2)[0])
    everything = np.concatenate([_before_palm(far, front), _before_palm(local, front)], axis=1)
    # A few points in the way are as bad as many: a thin wall stops a palm too.
    many = max(0.02 * len(target.points), target.few)
    closed = min(1.0, _in_the_way(everything, front) / many)
    back = min(1.0, _in_the_way(everything, front - _STANDOFF) / many)
    tips_only = closed > CLOSED and back < 0.5 * closed
    spoiled = 0.0
    if target.avoided.any():
        reach = (np.abs(far[1]) < half) & (np.abs(far[2]) < width / 2 + 0.02)
        behind = min(_depth(near) + _FINGER, _REACH)
        reach &= (far[0] > front - _PALM_DEPTH) & (far[0] < front + behind)
        reached = int(np.count_nonzero(reach))
        spoiled = float(np.count_nonzero(target.avoided & reach)) / max(float(reached + held), 1.0)
    approach = Approach(
        direction=direction,
        thumb=thumb,
        place=place,
        width=width,
        blocked=back if tips_only else closed,
        tips_only=tips_only,
        spoiled=min(spoiled, 1.0),
        wrap=wrap,
        hindered=0.0,
        score=0.0,
    )
    if around is not None:
        before = np.array([front - tips_only * _STANDOFF, 0.0, 0.0])
        palm = place + (_PALM + before) @ frame.T
        hindered = float((around.room(palm) < 0).mean())
        approach = dataclasses.replace(approach, hindered=hindered)
    stretch = strain(width)
    worth = -_OFF_MIDDLE * float(np.linalg.norm(place - target.center) > 0)
    if side is not None:
        worth += _ASKED * _agreement(side, -float(direction @ target.upright))

    def scored(thumb: np.ndarray) -> Approach:
        turned = dataclasses.replace(approach, thumb=thumb)
        score = _score(turned, target, stretch, thumb_towards) + worth
        return dataclasses.replace(turned, score=score)

    return scored(thumb), scored(-thumb)


def _agreement(side: Side, height: float) -> float:
    """Share to which a palm comes from a side, 0 to 1.

    `height` is the upward part of the unit direction from the object to the palm.
    """
    return {
        Side.ABOVE: max(0.0, height),
        Side.SIDE: 1.0 - abs(height),
        Side.BELOW: max(0.0, -height),
    }[side]


def _depth(points: np.ndarray) -> float:
    """Depth of points (3, k) of the palm's frame behind their front, up to the first gap [m]."""
    depth = points[0].compress(np.abs(points[1]) < _MIDDLE)
    if len(depth) == 0:
        return _REACH
    # Beyond the fingers' reach gaps are of no interest, and sorting takes time.
    depth = np.sort(depth[depth <= depth.min() + _REACH + _GAP])
    gaps = np.flatnonzero(np.diff(depth) > _GAP)
    return float(depth[gaps[0] if len(gaps) else -1] - depth[0])


def _width(points: np.ndarray) -> float:
    """Width of points (3, k) of the palm's frame between thumb and fingers [m]."""
    return spread(points[2], 3, 97)


def _width_in_slices(points: np.ndarray, few: float) -> float:
    """The same of a part that lies slanted across the palm: of what one finger closes on [m].

    Slices of less than `few` points do not count.
    """
    index = np.floor(points[1] / _SLICE)
    slices = [points[:, index == value] for value in np.unique(index)]
    widths = [_width(part) for part in slices if part.shape[1] > 0.7 * few]
    return max(widths) if widths else _width(points)


def _score(
    approach: Approach, target: Target, strain: float, thumb_towards: np.ndarray | None
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
    if target.flat is not None:
        score += _FACES * abs(float(np.cross(direction, thumb) @ target.flat))
    return float(score)


def _before_palm(points: np.ndarray, front: float) -> np.ndarray:
    """Those of points (3, k) of the palm's frame before the `front` that do not lie beside the
    palm."""
    beside = np.maximum(np.abs(points[1]), np.abs(points[2])) >= PALM_HALF
    return points.compress((points[0] < front) & ~beside, axis=1)


def _in_the_way(points: np.ndarray, front: float) -> int:
    """Points (3, k) of the palm's frame where palm and wrist would be, the palm at `front`.

    None lies beside the palm.
    """
    before = front - points[0]
    palm = (before > 0.004) & (before < _PALM_DEPTH)
    wrist = (before >= _PALM_DEPTH) & (before < _PALM_DEPTH + _WRIST)
    wrist &= points[1] ** 2 + points[2] ** 2 < _WRIST_HALF**2
    return int(np.count_nonzero(palm | wrist))
