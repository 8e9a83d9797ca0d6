"""Geometric verification: can the hand reach, span and stand where a plan puts it?"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from zdg_jax.hand.forearm import forearm_axis
from zdg_jax.hand.topology import link_poses
from zdg_jax.planning.geometry.approach import Approach
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.placement import start_pose
from zdg_jax.runtime.arrays import floats

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_DEPTH = 0.012  # refinement pushes a palm out of less than this [m]
_CLEAR = 0.002  # depth at which a hand that starts there counts as clear [m]
_RETREATS = np.arange(0.0, 0.1001, 0.01)  # how far back the hand may start [m]
_TOUCH = 0.003
_STANDOFF = 0.04
"""Distance that a palm starts back where the object is in its way [m]."""
_IN_PALM = 0.55
"""Place along the fingers of what they clasp against the palm: at their roots."""
_ARM = np.arange(0.01, 0.20, 0.015)
"""Places along a forearm where it must be clear [m]."""
_ARM_RADIUS = 0.025
"""Radius of a forearm at the wrist [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """An approach with the hand in its place, and what speaks against it."""

    approach: Approach
    rotation: np.ndarray
    """Of the hand's root, (3, 3), object frame."""
    position: np.ndarray
    """Of the hand's root at the goal, where it only has to close, (3,), object frame [m]."""
    dofs: np.ndarray
    """Joint coordinates, (d,)."""
    forearm: np.ndarray
    """Unit direction in which the forearm leaves the hand, (3,), object frame."""
    retreat: float
    """Distance before its goal at which the open hand starts, clear of the object [m]."""
    faults: tuple[str, ...] = ()
    """Failures, in words; empty where the hand can start here."""
    touches: tuple[tuple[str, int], ...] = ()
    """Finger or palm, and the mark of a part that it touches, once the hand is closed."""
    stuck: tuple[str, ...] = ()
    """Fingers that find no way around the object: they would have to pass through it."""
    dips: bool = False
    """True where fingers reach into a cavity of the object, such as a cup."""

    def pose(self, hand: Hand) -> np.ndarray:
        """The hand's pose, (7 + j,): position, quaternion (wxyz) and joints, object frame."""
        quaternion = Rotation.from_matrix(self.rotation).as_quat()[[3, 0, 1, 2]]
        return np.concatenate([self.position, quaternion, hand.joints(self.dofs)])


def place(
    approach: Approach,
    held: Collection[int],
    avoided: Collection[int],
    shape: ObjectShape,
    obj: Object,
    hand: Hand,
    *,
    tips: bool = False,
) -> Candidate:
    """Puts the hand at the start of an approach and checks it there.

    Args:
        approach: from where the palm comes.
        held: marks of the parts to touch.
        avoided: marks of the parts to keep off.
        shape: the measured object.
        obj: the object.
        hand: the hand.
        tips: the fingertips hold, and the palm stays back.
    """
    held_points = np.concatenate([shape.part(mark).points for mark in sorted(held)])
    target = approach.place
    across = np.abs((held_points - target) @ approach.thumb) < 0.04
    near = held_points[across] if across.sum() > 8 else held_points
    depth = float(np.percentile((target - near) @ approach.direction, 97))
    if tips:
        depth = hand.reach  # the palm stays as far back as the tips allow
    elif approach.tips_only:
        depth += _STANDOFF  # closing pushes it on as far as the object lets it
    rotation, position, dofs = start_pose(
        hand,
        approach.direction,
        approach.thumb,
        target,
        approach.width,
        depth,
        inward=1.0 if tips else _IN_PALM,
    )
    links, points = surface_points(hand, hand.joints(dofs), rotation, position)
    distance = distances(obj, points)
    on_palm = links == hand.palm.link
    back = -_RETREATS[:, None] * approach.direction
    depths = -distances(obj, points + back[:, None]).min(axis=1)
    retreat = int(np.argmax(depths < _CLEAR)) if (depths < _CLEAR).any() else int(depths.argmin())
    faults = []
    if approach.width > hand.preshapes.max_aperture:
        faults.append(
            f"the held part is {approach.width * 1e3:.0f} mm wide there, and the hand spans "
            f"{hand.preshapes.max_aperture * 1e3:.0f} mm"
        )
    gap = float(np.min(cKDTree(held_points).query(points)[0]))
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
            f"{nearest_mark(shape, inside)}"
        )
    if depths[retreat] > _DEPTH:
        start = points + back[retreat]
        deepest = int(distances(obj, start).argmin())
        faults.append(
            f"{_RETREATS[retreat] * 1e3:.0f} mm back, the hand (link "
            f"{hand.link_names[links[deepest]]}) still stands {depths[retreat] * 1e3:.0f} mm "
            f"inside part {nearest_mark(shape, start[deepest])}"
        )
    touched = sorted(
        {nearest_mark(shape, point) for point in points[(distance < _TOUCH) & on_palm]}
        & set(avoided)
    )
    if touched:
        faults.append(f"at its goal the palm touches parts {touched}, which are to be avoided")
    wrist, forearm = forearm_axis(hand)
    wrist, forearm = rotation @ wrist + position, rotation @ forearm
    arm = wrist + _ARM[:, None] * forearm
    inside_arm = distances(obj, arm) < _ARM_RADIUS
    if inside_arm.any():
        marks = sorted({nearest_mark(shape, point) for point in arm[inside_arm]})
        faults.append(f"the forearm would pass through part {', '.join(map(str, marks))}")
    return Candidate(
        approach=approach,
        forearm=forearm,
        rotation=rotation,
        position=position,
        dofs=dofs,
        retreat=float(_RETREATS[retreat]),
        faults=tuple(faults),
    )


def surface_points(
    hand: Hand, joints: np.ndarray, rotation: np.ndarray, position: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Poses the points of a hand's surface, and its contact candidates.

    Args:
        hand: the hand.
        joints: joint positions, (*b, j), MJCF order.
        rotation: of its root, (3, 3) or (*b, 3, 3), object frame.
        position: of its root, (3,) or (*b, 3), object frame [m].

    Returns:
        Link of each point, (m,), and the points, (*b, m, 3), object frame [m].
    """
    turn, shift = link_poses(hand.arrays.tree, joints)
    surface, contacts = hand.arrays.surface, hand.arrays.contacts
    links = np.concatenate([np.asarray(surface.link), np.asarray(contacts.link)])
    local = np.concatenate([np.asarray(surface.local, float), np.asarray(contacts.local, float)])
    inside = np.einsum("...mij,mj->...mi", turn[..., links, :, :], local) + shift[..., links, :]
    turned = np.einsum("...ij,...mj->...mi", rotation, inside)
    return links, turned + np.asarray(position)[..., None, :]


def distances(obj: Object, points: np.ndarray) -> np.ndarray:
    """Signed distances of points (*b, 3) from an object's surface, (*b) [m]; negative inside."""
    value, _ = _compiled_query()(obj.arrays.grid, floats(points))
    return np.asarray(value)


@functools.cache
def _compiled_query() -> Callable[..., Any]:
    import jax

    from zdg_jax.kernels import distance

    return jax.jit(distance.query)


def nearest_mark(shape: ObjectShape, point: np.ndarray) -> int:
    """The mark of the part that is nearest to a point (3,) [m]."""
    gaps = {
        part.mark: float(np.linalg.norm(part.points - point, axis=1).min()) for part in shape.parts
    }
    return min(gaps, key=lambda mark: gaps[mark])
