"""Geometric verification: can the hand reach, span and stand where a plan puts it?"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.approaches import Approach
from zdg_jax.planning.shape import ObjectShape
from zdg_jax.planning.start import Opening, start_pose

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_DEPTH = 0.012  # refinement pushes the hand out of less than this [m]
_TOUCH = 0.003


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """An approach with the hand in its place, and what speaks against it."""

    approach: Approach
    rotation: np.ndarray
    """Of the hand's root, (3, 3), object frame."""
    position: np.ndarray
    """Of the hand's root, (3,), object frame [m]."""
    joints: np.ndarray
    """Joint positions, (j,), order of the hand's MJCF."""
    depth: float
    """How deep the hand stands in the object, 0 where it is clear [m]."""
    faults: tuple[str, ...]
    """What fails, in words; empty where the hand can start here."""


def place(
    approach: Approach,
    held: Collection[int],
    avoided: Collection[int],
    shape: ObjectShape,
    obj: Object,
    hand: Hand,
    space: Opening,
) -> Candidate:
    """Puts the hand at the start of an approach and checks it there.

    Args:
        approach: from where the palm comes.
        held: marks of the parts to touch.
        avoided: marks of the parts to keep off.
        shape: the measured object.
        obj: the object.
        hand: the hand.
        space: the hand's opening.
    """
    own = np.concatenate([shape.part(mark).points for mark in sorted(held)])
    target = own.mean(0)
    across = np.abs((own - target) @ approach.thumb) < 0.04
    near = own[across] if across.sum() > 8 else own
    depth = float(np.percentile((target - near) @ approach.direction, 97))
    rotation, position, dofs = start_pose(
        space, approach.direction, approach.thumb, target, approach.width, depth
    )
    joints, links, points = _posed(hand, dofs, rotation, position)
    distance = _distance(obj, points)
    deepest = int(np.argmin(distance))
    sunk = max(0.0, -float(distance[deepest]))
    faults = []
    if approach.width > space.aperture:
        faults.append(
            f"the held part is {approach.width * 1e3:.0f} mm wide there, and the hand spans "
            f"{space.aperture * 1e3:.0f} mm"
        )
    gap = float(np.linalg.norm(points[:, None] - own[None, ::24], axis=-1).min())
    if gap > space.reach:
        faults.append(
            f"the held part is {gap * 1e3:.0f} mm from the hand, beyond its reach of "
            f"{space.reach * 1e3:.0f} mm"
        )
    if sunk > _DEPTH:
        mark = _nearest_mark(shape, points[deepest])
        name = str(hand.link_names[links[deepest]])
        faults.append(
            f"at the start the hand (link {name}) stands {sunk * 1e3:.0f} mm inside part {mark}"
        )
    touched = sorted(
        {
            _nearest_mark(shape, point)
            for point in points[(distance < _TOUCH) & (links == hand.palm.link)]
        }
        & set(avoided)
    )
    if touched:
        faults.append(f"at the start the palm touches parts {touched}, which are to be avoided")
    return Candidate(
        approach=approach,
        rotation=rotation,
        position=position,
        joints=joints,
        depth=sunk,
        faults=tuple(faults),
    )


def _posed(
    hand: Hand, dofs: np.ndarray, rotation: np.ndarray, position: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joints (j,), and links (m,) and places (m, 3) of the hand's surface points."""
    import jax.numpy as jnp

    from zdg_jax.hand import joints_from_dofs
    from zdg_jax.kernels import kinematics

    arrays = hand.arrays
    joints = joints_from_dofs(arrays, jnp.asarray(dofs))
    turn, shift = (np.asarray(a) for a in kinematics.link_poses(arrays.tree, joints))
    links = np.asarray(arrays.surface.link)
    local = np.asarray(arrays.surface.local)
    inside = np.einsum("mij,mj->mi", turn[links], local) + shift[links]
    return np.asarray(joints), links, inside @ rotation.T + position


def _distance(obj: Object, points: np.ndarray) -> np.ndarray:
    import jax.numpy as jnp

    from zdg_jax.kernels import distance

    value, _ = distance.query(obj.arrays.grid, jnp.asarray(points, jnp.float32))
    return np.asarray(value)


def _nearest_mark(shape: ObjectShape, point: np.ndarray) -> int:
    gaps = {
        part.mark: float(np.linalg.norm(part.points - point, axis=1).min()) for part in shape.parts
    }
    return min(gaps, key=lambda mark: gaps[mark])
