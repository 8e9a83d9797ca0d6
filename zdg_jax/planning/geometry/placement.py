"""Start poses: the hand as it stands before it closes, for a given approach."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

_LEVELS = 17
_WRAP = 0.35  # height of the tips before the palm over their distance, where they can hold
_ROOM = 0.02  # room between the open fingers and the object, both sides together [m]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """What lies between a hand's thumb and fingers as it closes, l levels, hand root frame."""

    dofs: np.ndarray
    """Joint coordinates, (l, d), from open to past half closed."""
    width: np.ndarray
    """Distance between the thumb's tip and the middle of the others, (l,) [m]."""
    middle: np.ndarray
    """Half-way between them, (l, 3) [m]."""
    reach: float
    """Greatest distance from the palm to a fingertip [m]."""
    fingers: int
    """Fingers other than the thumb."""
    normal: np.ndarray
    """Unit direction that the palm faces, (3,)."""
    thumb_side: np.ndarray
    """Unit direction across the fingers to the thumb's side, square to the normal, (3,)."""
    palm: np.ndarray
    """Middle of the palm's face, (3,) [m]."""

    @property
    def aperture(self) -> float:
        """Greatest width that the hand can close on [m].

        A flat hand's tips are farthest apart and hold nothing: they must stand far enough before
        the palm to reach around to the sides of what lies between them.
        """
        height = (self.middle - self.palm) @ self.normal
        closes = height >= _WRAP * self.width
        return float(self.width[closes].max()) if closes.any() else float(self.width.min())

    def level(self, width: float) -> int:
        """The level whose width fits `width` [m] with room to spare."""
        return int(np.argmin(np.abs(self.width - (width + _ROOM))))


def span_of(hand: Hand) -> Span:
    """Tabulates a hand from its open pose to past its half-closed one."""
    # Imported here: a plan can be read and written without JAX.
    from zdg_jax.hand.topology import poses

    arrays = hand.arrays
    levels = np.linspace(0.0, 1.5, _LEVELS)[:, None]
    first, last = np.asarray(hand.open_dofs), np.asarray(hand.half_closed_dofs)
    dofs = np.clip(
        first + levels * (last - first), np.asarray(arrays.lower), np.asarray(arrays.upper)
    ).astype(np.float32)
    rotation, translation = poses(arrays.tree, hand.joints(dofs))
    links, points = np.asarray(arrays.contacts.link), np.asarray(arrays.contacts.local)
    tips = []
    for finger in hand.fingers:
        mine = points[links == finger.tip_link]
        local = mine.mean(0) if len(mine) else np.zeros(3)
        tips.append(rotation[:, finger.tip_link] @ local + translation[:, finger.tip_link])
    tip = np.stack(tips, axis=1)
    thumb = np.array([finger.is_thumb for finger in hand.fingers])
    if not thumb.any() or thumb.all():  # no thumb: the first finger stands for one
        thumb = np.arange(len(thumb)) == 0
    near, far = tip[:, thumb].mean(1), tip[:, ~thumb].mean(1)
    palm = np.asarray(hand.palm.position, np.float64)
    normal = np.asarray(hand.palm.normal, np.float64)
    across = np.cross(np.asarray(hand.palm.direction, np.float64), normal)
    across /= max(float(np.linalg.norm(across)), 1e-9)
    if float((near[0] - palm) @ across) < 0:
        across = -across
    return Span(
        dofs=dofs,
        width=np.linalg.norm(far - near, axis=-1),
        middle=(near + far) / 2,
        reach=float(np.linalg.norm(tip - palm, axis=-1).max()),
        fingers=int((~thumb).sum()),
        normal=normal,
        thumb_side=across,
        palm=palm,
    )


def start_pose(
    space: Span,
    direction: np.ndarray,
    thumb: np.ndarray,
    target: np.ndarray,
    width: float,
    depth: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the hand stands before it closes.

    Args:
        space: the hand's span.
        direction: unit direction along which the palm comes, (3,), object frame.
        thumb: unit direction to the thumb's side, (3,), square to it, object frame.
        target: middle of what is held, (3,), object frame [m].
        width: width of what is held [m].
        depth: half of its size along the approach [m]: the palm stays in front of it.

    Returns:
        Rotation (3, 3) and position (3,) of the hand's root in the object frame, and joint
        coordinates (d,).
    """
    level = space.level(width)
    into = np.stack([direction, thumb, np.cross(direction, thumb)], axis=1)
    own = np.stack(
        [space.normal, space.thumb_side, np.cross(space.normal, space.thumb_side)], axis=1
    )
    rotation = into @ own.T
    # The held part lies between the tips, or nearer to the palm where it is deep or slim.
    height = float((space.middle[level] - space.palm) @ space.normal)
    wanted = float(np.clip(depth + 0.01, 0.015, max(height, 0.015)))
    lateral = space.middle[level] - space.palm
    lateral = lateral - (lateral @ space.normal) * space.normal
    along = float(lateral @ space.thumb_side)
    offset = space.palm + wanted * space.normal + (lateral - along * space.thumb_side)
    return rotation, target - rotation @ offset, space.dofs[level]
