"""What a hand can span: the limits that a plan is checked against."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

_LEVELS = 9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """Lengths of a hand that bound what it can hold."""

    aperture: float
    """Greatest distance between the thumb's tip and the middle of the other tips [m]."""
    reach: float
    """Greatest distance from the palm's middle to a fingertip [m]."""
    fingers: int
    """Fingers other than the thumb."""
    has_thumb: bool
    """Whether a finger opposes the others."""


def span(hand: Hand) -> Span:
    """Measures a hand from its open to its half-closed pose."""
    # Imported here: a plan can be read and written without JAX.
    from zdg_jax.hand import joints_from_dofs
    from zdg_jax.kernels import kinematics

    arrays = hand.arrays
    levels = np.linspace(0.0, 1.0, _LEVELS)[:, None]
    first, last = np.asarray(hand.open_dofs), np.asarray(hand.half_closed_dofs)
    dofs = (first + levels * (last - first)).astype(np.float32)
    rotation, translation = kinematics.link_poses(arrays.tree, joints_from_dofs(arrays, dofs))
    rotation, translation = np.asarray(rotation), np.asarray(translation)
    links = np.asarray(arrays.contacts.link)
    points = np.asarray(arrays.contacts.points)
    tips = []
    for finger in hand.fingers:
        mine = points[links == finger.tip_link]
        local = mine.mean(0) if len(mine) else np.zeros(3)
        tips.append(rotation[:, finger.tip_link] @ local + translation[:, finger.tip_link])
    tip = np.stack(tips, axis=1)
    thumb = np.array([finger.is_thumb for finger in hand.fingers])
    palm = np.asarray(hand.palm.position)
    if thumb.any() and not thumb.all():
        gap = np.linalg.norm(tip[:, thumb].mean(1) - tip[:, ~thumb].mean(1), axis=-1)
    else:
        gap = np.linalg.norm(tip.max(1) - tip.min(1), axis=-1)
    return Span(
        aperture=float(gap.max()),
        reach=float(np.linalg.norm(tip - palm, axis=-1).max()),
        fingers=int((~thumb).sum()),
        has_thumb=bool(thumb.any()),
    )
