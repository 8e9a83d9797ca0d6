"""Candidate hands: ways to take the held parts that differ in place, side, turn and tilt."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.geometry.approach import Approach
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.closing import close
from zdg_jax.planning.geometry.grasp_type import turned
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.target import Target
from zdg_jax.planning.geometry.verify import Candidate, place
from zdg_jax.planning.grip import FingerPlan
from zdg_jax.planning.taxonomy import STYLES, GraspType, Opposition

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes.surroundings import Surroundings

NUMBER = 6
"""Candidates that are offered."""
_POOL = 32
"""Approaches in which the hand is tried."""
_ANGLE, _WAY = np.radians(60.0), 0.04
"""Differences of palms, turns and places [m] by which two hands are clearly not alike."""
_ALIKE = 0.6
"""Difference of two hands, in those units, below which they are alike."""
_VARIETY = 0.5
"""What a difference of 1 from all others is worth, beside the score."""
_MOST_VARIED = 1.5
"""Difference beyond which more of it is worth nothing."""
_COSTS = {
    "fault": 1.0,
    "stuck": 0.5,
    "dips": 1.0,
    "avoided": 0.3,
    "off": 1.5,
    "astray": 0.15,
    "occupied": 0.6,
}
"""What speaks against a hand, beside the score of its approach."""
OPPOSED = 2
"""Of palm and fingers, so many at least hold a part: one alone has nothing to press against."""
_NEARLY = 0.6
"""Score below that of the best approach up to which one is likely."""
_MISFIT, _ABOUT = 0.6, 0.012
"""What another width than the one that is wanted costs, and what counts as about that [m]."""
_IN_LINE = np.cos(np.radians(50.0))
"""Cosine between a forearm and a tool's length from which they are in line."""
_FEWEST = 3
"""Hands that are offered even where something speaks against them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """Demands on candidate hands."""

    held: Collection[int]
    """Marks of the parts to touch."""
    avoided: Collection[int]
    """Marks of the parts to keep off."""
    works: Collection[int] = ()
    """Marks of the parts that do the task's work."""
    kind: GraspType = GraspType.MEDIUM_WRAP
    """Type of grasp by which they close."""
    palm: bool = True
    """The palm is to touch."""
    width: float | None = None
    """Width of what they are to have between thumb and fingers [m], where it is known."""
    fingers: Sequence[FingerPlan] = ()
    """Roles of the fingers; those that are not named wrap."""
    occupied: Sequence[np.ndarray] = ()
    """Unit directions, (3,) each, on which the other person, the table or the work is: no forearm
    should come from there."""
    thumb_towards: np.ndarray | None = None
    """Direction in which the thumb's side is wanted, (3,); its length is the wish's weight."""
    palm_towards: np.ndarray | None = None
    """Direction in which the palm is wanted to move, (3,)."""

    @property
    def roles(self) -> Mapping[str, str]:
        """Role of each finger by its name."""
        return {finger.finger: finger.role for finger in self.fingers}


def to_work(shape: ObjectShape, held: Collection[int], works: Collection[int]) -> np.ndarray | None:
    """Direction from the held parts to those that work, unit (3,); None where none does.

    Args:
        shape: the measured object.
        held: marks of the held parts.
        works: marks of the parts that do the task's work.
    """
    centers = [shape.part(mark).center for mark in works if mark not in held]
    if not centers:
        return None
    way = np.mean(centers, axis=0) - np.mean([shape.part(mark).center for mark in held], axis=0)
    return way / max(float(np.linalg.norm(way)), 1e-6)


def widths(
    wanted: Wanted, shape: ObjectShape, hand: Hand, around: Surroundings | None = None
) -> tuple[float, float]:
    """Least and greatest width of the held parts between thumb and fingers, by likely hands [m].

    Args:
        wanted: what is asked of the hands.
        shape: the measured object.
        hand: the hand.
        around: what surrounds the object.
    """
    likely = _likely(wanted, shape, hand, around, _POOL)
    found = [a.width for a in likely if a.score > likely[0].score - _NEARLY]
    return min(found), max(found)


def likeliest(
    wanted: Wanted, shape: ObjectShape, hand: Hand, around: Surroundings | None = None
) -> Approach:
    """The best approach; arguments as in `widths`."""
    return _likely(wanted, shape, hand, around, 1)[0]


def offer(
    wanted: Wanted,
    shape: ObjectShape,
    obj: Object,
    hand: Hand,
    *,
    around: Surroundings | None = None,
    number: int = NUMBER,
) -> list[Candidate]:
    """Offers hands to choose from: closed on the held parts, sound, and unlike each other.

    Hands against which something speaks are offered only where too few others are left.

    Args:
        wanted: what is asked of them.
        shape: the measured object.
        obj: the object.
        hand: the hand.
        around: what surrounds the object.
        number: how many are wanted at most.
    """
    work = to_work(shape, wanted.held, wanted.works)
    target = Target.of(shape, wanted.held, wanted.avoided, thinned=True)
    pool = _likely(wanted, shape, hand, around, _POOL)
    tips = STYLES[wanted.kind].opposition is not Opposition.PALM and not wanted.palm
    placed = [
        place(approach, wanted.held, wanted.avoided, shape, obj, hand, tips=tips)
        for approach in pool
    ]
    closed = close(placed, wanted.roles, shape, obj, hand, palm=wanted.palm)
    scores = np.array([_score(candidate, wanted) for candidate in closed])
    sound = [i for i, candidate in enumerate(closed) if _sound(candidate, wanted)]
    least = min(number, _FEWEST)
    if len(sound) < least:
        others = [int(i) for i in np.argsort(-scores, kind="stable") if i not in sound]
        sound += others[: least - len(sound)]
    chosen = _varied(closed, scores, sound, number)
    if target.slender and work is not None:
        chosen = _with_in_line(chosen, closed, scores, sound, target.axis, work)
    return [closed[i] for i in sorted(chosen, key=lambda i: -scores[i])]


def in_line(candidate: Candidate, axis: np.ndarray, work: np.ndarray) -> bool:
    """Tells whether a hand's forearm is in line with a tool, and away from its working end.

    Args:
        candidate: the hand.
        axis: unit direction of the held part's length, (3,).
        work: unit direction from the held part to the working end, (3,).
    """
    along = axis if axis @ work > 0 else -axis
    return float(-candidate.forearm @ along) > _IN_LINE


def _likely(
    wanted: Wanted, shape: ObjectShape, hand: Hand, around: Surroundings | None, number: int
) -> list[Approach]:
    """The best approaches that are not alike."""
    work = to_work(shape, wanted.held, wanted.works)
    proposed = propose(
        shape,
        wanted.held,
        wanted.avoided,
        strain=hand.preshapes.strain,
        thumb_towards=work if wanted.thumb_towards is None else wanted.thumb_towards,
        palm_towards=wanted.palm_towards,
        around=around,
        varied=True,
    )
    if wanted.width is not None:
        off = np.abs([approach.width - wanted.width for approach in proposed])
        misfit = _MISFIT * np.clip((off - _ABOUT) / _ABOUT, 0, 1)
        proposed = [
            dataclasses.replace(approach, score=approach.score - float(cost))
            for approach, cost in zip(proposed, misfit, strict=True)
        ]
        proposed.sort(key=lambda approach: -approach.score)
    kept: list[Approach] = []
    for square in proposed:
        outward = square.place - shape.center
        approach = turned(square, wanted.kind, hand, work=work, outward=outward)
        if len(kept) == number:
            break
        if all(_difference(approach, other) >= _ALIKE for other in kept):
            kept.append(approach)
    return kept


def _score(candidate: Candidate, wanted: Wanted) -> float:
    avoided = {mark for _, mark in candidate.touches} & set(wanted.avoided)
    # A finger that is to lie on a trigger or a button shall reach it.
    astray = [
        finger
        for finger in wanted.fingers
        if finger.mark is not None and (finger.finger, finger.mark) not in candidate.touches
    ]
    towards = [0.0, *(candidate.forearm @ direction for direction in wanted.occupied)]
    return (
        candidate.approach.score
        - _COSTS["fault"] * len(candidate.faults)
        - _COSTS["stuck"] * len(candidate.stuck)
        - _COSTS["dips"] * candidate.dips
        - _COSTS["avoided"] * len(avoided)
        - _COSTS["off"] * max(0, OPPOSED - len(reaching(candidate, wanted))) / OPPOSED
        - _COSTS["astray"] * len(astray)
        - _COSTS["occupied"] * float(max(towards))
    )


def _sound(candidate: Candidate, wanted: Wanted) -> bool:
    """Tells whether nothing speaks against a hand that would make it a filler."""
    opposed = len(reaching(candidate, wanted)) >= OPPOSED
    return not (candidate.faults or candidate.stuck or candidate.dips) and opposed


def reaching(candidate: Candidate, wanted: Wanted) -> list[str]:
    """Palm and fingers that touch what is to be held.

    Args:
        candidate: the hand, closed.
        wanted: what is asked of it.
    """
    return sorted({name for name, mark in candidate.touches if mark in wanted.held})


def _difference(a: Approach, b: Approach) -> float:
    """How unlike two approaches are: 1 where one thing clearly differs."""
    palm = np.arccos(np.clip(a.direction @ b.direction, -1, 1)) / _ANGLE
    turn = np.arccos(np.clip(a.thumb @ b.thumb, -1, 1)) / _ANGLE
    way = float(np.linalg.norm(a.place - b.place)) / _WAY
    return float(np.sqrt(palm**2 + turn**2 + way**2))


def _varied(
    candidates: Sequence[Candidate], scores: np.ndarray, allowed: Sequence[int], number: int
) -> list[int]:
    """Chooses hands one by one: the best, then each that is good and unlike those before."""
    chosen: list[int] = []
    left = list(allowed)
    while left and len(chosen) < number:

        def worth(i: int) -> float:
            apart = [
                _difference(candidates[i].approach, candidates[j].approach) for j in chosen
            ] or [0.0]
            return float(scores[i]) + _VARIETY * min(min(apart), _MOST_VARIED)

        best = max(left, key=worth)
        chosen.append(best)
        left.remove(best)
    return chosen


def _with_in_line(
    chosen: list[int],
    candidates: Sequence[Candidate],
    scores: np.ndarray,
    allowed: Sequence[int],
    axis: np.ndarray,
    work: np.ndarray,
) -> list[int]:
    """Puts the best hand whose forearm is in line with the tool in the place of the last."""
    lined = [i for i in allowed if in_line(candidates[i], axis, work)]
    if not lined or set(lined) & set(chosen):
        return chosen
    best = max(lined, key=lambda i: scores[i])
    return [*chosen[:-1], best] if len(chosen) > 1 else [*chosen, best]
