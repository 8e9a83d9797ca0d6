"""Closing candidate hands: fingers curl as their roles say until they touch.

For pictures and words, by geometry alone: forces come later, when grasps are refined.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.verify import Candidate, distances, surface_points

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_STEPS = 48
"""Steps from an open finger to a fist."""
_PUSHES = np.arange(0.0, 0.0721, 0.004)
"""How far a palm that is to touch is pushed on towards the part [m]."""
_SKIN = 0.0015
"""Distance at which a link stops [m]."""
_TOUCHED = 0.005
"""Distance within which a link counts as touching, after the last step [m]."""
_STUCK = 0.004
"""Depth at which a finger would pass through the object [m]."""
_CAVITY = 0.7
"""Share of the directions around a point that the object closes off where it is in a cavity."""
_AROUND = np.array([w for w in itertools.product((-1.0, 0.0, 1.0), repeat=3) if any(w)])
"""Directions around a point, (26, 3)."""
_DIPPED = 3
"""Points of a hand in a cavity from which it counts as reaching in."""


def close(
    candidates: Sequence[Candidate],
    roles: Mapping[str, str],
    shape: ObjectShape,
    obj: Object,
    hand: Hand,
    *,
    palm: bool,
) -> list[Candidate]:
    """Closes hands, and finds out what they touch.

    Args:
        candidates: the hands, each at its goal.
        roles: role of each finger by its name, see `FingerPlan`; idle ones stay open, and one that
            steers bends in its first joint only.
        shape: the measured object.
        obj: the object.
        hand: the hand.
        palm: the palm is to touch what is held.

    Returns:
        The candidates with their dofs, positions and contacts.
    """
    if not candidates:
        return []
    motion = _Motion.of(hand, roles)
    # Fingertips close from the preshape in which they face each other, a palm from the open hand.
    start = motion.opened(candidates, aside=False) if palm else motion.preshaped(candidates)
    closed = _closed(candidates, start, motion, obj, hand, palm=palm)
    # A thumb that stands in the way as it opposes the fingers is brought round from the side.
    again = [i for i, candidate in enumerate(closed) if candidate.stuck]
    if again:
        some = [candidates[i] for i in again]
        opened = motion.opened(some, aside=palm)
        for i, other in zip(
            again, _closed(some, opened, motion, obj, hand, palm=palm), strict=True
        ):
            if len(other.stuck) < len(closed[i].stuck):
                closed[i] = other
    return [_with_touches(candidate, shape, obj, hand) for candidate in closed]


def touched_parts(
    hand: Hand,
    joints: np.ndarray,
    rotation: np.ndarray,
    position: np.ndarray,
    shape: ObjectShape,
    obj: Object,
) -> tuple[tuple[str, int], ...]:
    """Finds which parts the palm and each finger touch.

    Args:
        hand: the hand.
        joints: joint positions, (j,), MJCF order.
        rotation: of its root, (3, 3), object frame.
        position: of its root, (3,), object frame [m].
        shape: the measured object.
        obj: the object.

    Returns:
        "palm" or a finger's name, and the mark of a part, for each pair that touches.
    """
    links, points = surface_points(hand, joints, rotation, position)
    distance = distances(obj, points)
    marks = np.concatenate([np.full(len(part.points), part.mark) for part in shape.parts])
    surface = np.concatenate([part.points for part in shape.parts])
    found: list[tuple[str, int]] = []
    for name, of_name in (
        ("palm", list(hand.palm_links)),
        *((finger.name, list(finger.links)) for finger in hand.fingers),
    ):
        near = points[np.isin(links, of_name) & (distance < _TOUCHED)]
        if len(near):
            gaps = np.linalg.norm(near[:, None] - surface[None, ::4], axis=-1)
            found += [(name, int(mark)) for mark in np.unique(marks[::4][gaps.argmin(axis=1)])]
    return tuple(found)


def touches_in_words(touches: Iterable[tuple[str, int]], avoided: Collection[int]) -> str:
    """Says what touches which part, and which of them are to be avoided.

    Args:
        touches: see `touched_parts`.
        avoided: marks of the parts to keep off.
    """
    by_part: dict[int, list[str]] = {}
    for name, mark in touches:
        by_part.setdefault(mark, []).append(name)
    said = [
        f"part {mark}{' (TO BE AVOIDED)' if mark in avoided else ''} with {', '.join(names)}"
        for mark, names in sorted(by_part.items())
    ]
    return "; ".join(said) or "nothing"


def _closed(
    candidates: Sequence[Candidate],
    dofs: np.ndarray,
    motion: _Motion,
    obj: Object,
    hand: Hand,
    *,
    palm: bool,
) -> list[Candidate]:
    """Closes hands from dofs (n, d); arguments as in `close`."""
    rotation = np.stack([candidate.rotation for candidate in candidates])
    position = np.stack([candidate.position for candidate in candidates])
    if palm:
        direction = np.stack([candidate.approach.direction for candidate in candidates])
        _, points = surface_points(hand, hand.joints(dofs), rotation, position)
        pushed = [distances(obj, points + push * direction[:, None]).min(-1) for push in _PUSHES]
        push = _PUSHES[_last_clear(np.stack(pushed, axis=1) > _SKIN)]
        position = position + push[:, None] * direction
    free = np.repeat(motion.curls[None] != 0, len(dofs), axis=0)
    start = dofs
    for _ in range(_STEPS):
        further = motion.step(dofs, start, free)
        links, points = surface_points(hand, hand.joints(further), rotation, position)
        distance = distances(obj, points)
        hit = np.zeros((len(dofs), hand.num_links), bool)
        for link in np.unique(links):
            hit[:, link] = (distance[:, links == link] < _SKIN).any(axis=1)
        # What carries a link that would touch stands still; what lies beyond it goes on.
        free &= ~((hit.astype(int) @ motion.moved.astype(int)) > 0)
        dofs = np.where(free, further, dofs)
        if not free.any():
            break
    links, points = surface_points(hand, hand.joints(dofs), rotation, position)
    distance = distances(obj, points)
    return [
        dataclasses.replace(
            candidate, dofs=dofs[i], position=position[i], stuck=_stuck(hand, links, distance[i])
        )
        for i, candidate in enumerate(candidates)
    ]


def _with_touches(candidate: Candidate, shape: ObjectShape, obj: Object, hand: Hand) -> Candidate:
    joints = hand.joints(candidate.dofs)
    _, points = surface_points(hand, joints, candidate.rotation, candidate.position)
    return dataclasses.replace(
        candidate,
        touches=touched_parts(hand, joints, candidate.rotation, candidate.position, shape, obj),
        dips=int(_enclosed(obj, points, distances(obj, points)).sum()) >= _DIPPED,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Motion:
    """How the fingers of a hand of d dofs and L links close."""

    curls: np.ndarray
    """Way of each dof from open to closed, (d,) [rad]; 0 for those that stand still."""
    open: np.ndarray
    """Dofs of the open hand, (d,)."""
    idle: np.ndarray
    """True for the dofs of idle fingers, (d,)."""
    curled: np.ndarray
    """True for the dofs that open a finger, (d,)."""
    thumb: np.ndarray
    """True for the thumb's dofs, (d,)."""
    lower: np.ndarray
    """Least values, (d,)."""
    upper: np.ndarray
    """Greatest values, (d,)."""
    moved: np.ndarray
    """True where a link (row) is moved by a dof (column), (L, d)."""

    @classmethod
    def of(cls, hand: Hand, roles: Mapping[str, str]) -> _Motion:
        lower, upper = hand.kinematics.coupling.lower, hand.kinematics.coupling.upper
        curls = np.asarray(hand.closing, float) * (upper - lower)
        curled = curls != 0
        idle, thumb = np.zeros(len(curls), bool), np.zeros(len(curls), bool)
        coupled = np.abs(hand.kinematics.coupling.matrices[1:]).sum(axis=0) > 0
        moved = np.asarray(hand.arrays.tree.moves, float) @ coupled > 0
        for finger in hand.fingers:
            dofs = hand.kinematics.dofs_of(finger.joints)
            thumb[dofs] = finger.is_thumb
            role = roles.get(finger.name, "wrap")
            if role == "idle":
                curls[dofs], idle[dofs] = 0.0, True
            elif role == "steer":
                curls[[dof for dof in dofs if curls[dof]][1:]] = 0.0
        return cls(
            curls=curls,
            open=np.asarray(hand.open_dofs, float),
            idle=idle,
            curled=curled,
            thumb=thumb,
            lower=lower,
            upper=upper,
            moved=moved,
        )

    def preshaped(self, candidates: Sequence[Candidate]) -> np.ndarray:
        """Dofs (n, d) of the preshapes, idle fingers open."""
        dofs = np.stack([candidate.dofs for candidate in candidates])
        return np.where(self.idle, self.open, dofs)

    def opened(self, candidates: Sequence[Candidate], *, aside: bool) -> np.ndarray:
        """Dofs (n, d) from which hands close: open, the thumb opposed or laid aside."""
        dofs = np.stack([candidate.dofs for candidate in candidates])
        dofs = np.where(self.idle | self.curled, self.open, dofs)
        end = np.where(self.curls > 0, self.lower, self.upper)
        return np.where(self.thumb & (self.curls != 0), end, dofs) if aside else dofs

    def step(self, dofs: np.ndarray, start: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Curls free dofs (n, d) one step on."""
        left = np.where(self.curls > 0, self.upper - start, start - self.lower)
        way = np.sign(self.curls) * left / _STEPS
        return np.clip(dofs + np.where(free, way, 0.0), self.lower, self.upper)


def _last_clear(clear: np.ndarray) -> np.ndarray:
    """Index of the last of the clear ones before the first that is not, (n,), of (n, k) bool."""
    blocked = np.argmax(~clear, axis=1)
    return np.where(clear.all(axis=1), clear.shape[1] - 1, np.maximum(blocked - 1, 0))


def _stuck(hand: Hand, links: np.ndarray, distance: np.ndarray) -> tuple[str, ...]:
    """Fingers that stand inside the object."""
    return tuple(
        finger.name
        for finger in hand.fingers
        if distance[np.isin(links, finger.links)].min(initial=0.0) < -_STUCK
    )


def _enclosed(obj: Object, points: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Tells which of points (m, 3) lie in a cavity of the object, (m,) bool."""
    # Imported here: Embree is loaded only where a model is shown pictures.
    from zdg_jax.rendering.casting import RayScene
    from zdg_jax.rendering.shape import Shape

    scene = RayScene([Shape(vertices=obj.vertices, faces=obj.faces)])
    size = scene.size
    near = np.flatnonzero((distance > 0) & (distance < size))
    ways = np.tile(_AROUND, (len(near), 1))
    blocked = scene.blocked(np.repeat(points[near], len(_AROUND), axis=0), ways, size)
    enclosed = np.zeros(len(points), bool)
    enclosed[near] = blocked.reshape(-1, len(_AROUND)).mean(axis=1) >= _CAVITY
    return enclosed
