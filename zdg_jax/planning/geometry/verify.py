"""Geometric verification: can the hand reach, span and stand where a plan puts it?"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.planning.geometry.approaches import Approach
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.placement import start_pose

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_DEPTH = 0.012  # refinement pushes a palm out of less than this [m]
_CLEAR = 0.002  # depth at which a hand that starts there counts as clear [m]
_RETREATS = np.arange(0.0, 0.1001, 0.01)  # how far back the hand may start [m]
_TOUCH = 0.003


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """An approach with the hand in its place, and what speaks against it."""

    approach: Approach
    rotation: np.ndarray
    """Of the hand's root, (3, 3), object frame."""
    position: np.ndarray
    """Of the hand's root at the goal, where it only has to close, (3,), object frame [m]."""
    joints: np.ndarray
    """Joint positions, (j,), order of the hand's MJCF."""
    forearm: np.ndarray
    """Unit direction in which the forearm leaves the hand, (3,), object frame."""
    wrist: np.ndarray
    """Where it leaves it, (3,), object frame [m]."""
    retreat: float
    """Distance before its goal at which the open hand starts, clear of the object [m]."""
    faults: tuple[str, ...]
    """Failures, in words; empty where the hand can start here."""


def place(
    approach: Approach,
    held: Collection[int],
    avoided: Collection[int],
    shape: ObjectShape,
    obj: Object,
    hand: Hand,
) -> Candidate:
    """Puts the hand at the start of an approach and checks it there.

    Args:
        approach: from where the palm comes.
        held: marks of the parts to touch.
        avoided: marks of the parts to keep off.
        shape: the measured object.
        obj: the object.
        hand: the hand.
    """
    held_points = np.concatenate([shape.part(mark).points for mark in sorted(held)])
    target = held_points.mean(0)
    across = np.abs((held_points - target) @ approach.thumb) < 0.04
    near = held_points[across] if across.sum() > 8 else held_points
    depth = float(np.percentile((target - near) @ approach.direction, 97))
    if approach.tips_only:
        depth = hand.reach  # the palm stays as far back as the tips allow
    rotation, position, dofs = start_pose(
        hand, approach.direction, approach.thumb, target, approach.width, depth
    )
    joints, links, points = _posed(hand, dofs, rotation, position)
    distance = _distance(obj, points)
    on_palm = links == hand.palm.link
    back = -_RETREATS[:, None] * approach.direction
    depths = -_distance(obj, points + back[:, None]).min(axis=1)
    retreat = int(np.argmax(depths < _CLEAR)) if (depths < _CLEAR).any() else int(depths.argmin())
    faults = []
    if approach.width > hand.preshapes.max_aperture:
        faults.append(
            f"the held part is {approach.width * 1e3:.0f} mm wide there, and the hand spans "
            f"{hand.preshapes.max_aperture * 1e3:.0f} mm"
        )
    gap = float(np.linalg.norm(points[:, None] - held_points[None, ::24], axis=-1).min())
    if gap > hand.reach:
        faults.append(
            f"the held part is {gap * 1e3:.0f} mm from the hand, beyond its reach of "
            f"{hand.reach * 1e3:.0f} mm"
        )
    palm_depth = -float(distance[on_palm].min(initial=0.0))
    if palm_depth > _DEPTH:
        inside = points[on_palm][distance[on_palm].argmin()]
        faults.append(
            f"at its goal the palm stands {palm_depth * 1e3:.0f} mm inside part "
            f"{_nearest_mark(shape, inside)}"
        )
    if depths[retreat] > _DEPTH:
        start = points + back[retreat]
        deepest = int(_distance(obj, start).argmin())
        faults.append(
            f"{_RETREATS[retreat] * 1e3:.0f} mm back, the hand (link "
            f"{hand.link_names[links[deepest]]}) still stands {depths[retreat] * 1e3:.0f} mm "
            f"inside part {_nearest_mark(shape, start[deepest])}"
        )
    touched = sorted(
        {_nearest_mark(shape, point) for point in points[(distance < _TOUCH) & on_palm]}
        & set(avoided)
    )
    if touched:
        faults.append(f"at its goal the palm touches parts {touched}, which are to be avoided")
    forearm = rotation @ -_finger_direction(hand)
    middle = rotation @ hand.palm.position + position
    return Candidate(
        approach=approach,
        forearm=forearm,
        wrist=middle + float(((points - middle) @ forearm).max()) * forearm,
        rotation=rotation,
        position=position,
        joints=joints,
        retreat=float(_RETREATS[retreat]),
        faults=tuple(faults),
    )


def _finger_direction(hand: Hand) -> np.ndarray:
    """Unit direction in which the open fingers lie, along the palm, (3,), root frame."""
    tips = hand.tip_positions(np.asarray(hand.open_dofs, float))
    long = [tip for tip, finger in zip(tips, hand.fingers, strict=True) if not finger.is_thumb]
    away = np.mean(long or tips, axis=0) - hand.palm.position
    away = away - (away @ hand.palm.normal) * hand.palm.normal
    return np.asarray(away / max(float(np.linalg.norm(away)), 1e-9))


def _posed(
    hand: Hand, dofs: np.ndarray, rotation: np.ndarray, position: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (j,), and links (m,) and places (m, 3) of the hand's surface points."""
    turn, shift = hand.kinematics.link_poses(dofs)
    links, local = np.asarray(hand.arrays.surface.link), np.asarray(hand.arrays.surface.local)
    inside = np.einsum("mij,mj->mi", turn[links], local) + shift[links]
    return hand.joints(dofs), links, inside @ rotation.T + position


def _distance(obj: Object, points: np.ndarray) -> np.ndarray:
    import jax.numpy as jnp

    value, _ = _compiled_query()(obj.arrays.grid, jnp.asarray(points, jnp.float32))
    return np.asarray(value)


@functools.cache
def _compiled_query() -> Callable[..., Any]:
    import jax

    from zdg_jax.kernels import distance

    return jax.jit(distance.query)


def _nearest_mark(shape: ObjectShape, point: np.ndarray) -> int:
    gaps = {
        part.mark: float(np.linalg.norm(part.points - point, axis=1).min()) for part in shape.parts
    }
    return min(gaps, key=lambda mark: gaps[mark])
