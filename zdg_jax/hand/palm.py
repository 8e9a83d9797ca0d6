"""The palm's frame, from how the fingers point and curl."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.hand.finger_motion import FingerMotion
from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.link_geometry import Samples

_FACING = 0.7
"""Cosine above which a piece of surface counts as facing a direction."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Palm:
    """The face of the hand that the fingers close upon; hand root frame, trunk joints at rest."""

    link: int
    """The link that carries it."""
    position: np.ndarray
    """Middle of the contact face, (3,) [m]."""
    normal: np.ndarray
    """Unit, out of the face, towards a held object, (3,)."""
    direction: np.ndarray
    """Unit, along the fingers, normal to `normal`, (3,)."""
    thumb_side: np.ndarray
    """Unit, across the fingers towards the thumb, normal to both, (3,); without a thumb towards
    the first finger."""


def find_palm(
    kinematics: HandKinematics,
    motions: Sequence[FingerMotion],
    thumb: int | None,
    links: Sequence[int],
    samples: dict[int, Samples],
    *,
    override_normal: Sequence[float] | None = None,
    override_direction: Sequence[float] | None = None,
) -> Palm:
    """Find the palm: its normal as the fingers curl, its direction as they point.

    Fingers that curl towards one another (a gripper's, or two fingers and a thumb in one plane)
    have no common inward side; the palm then faces the way that they point.

    Args:
        kinematics: the hand's kinematics.
        motions: how each finger moves.
        thumb: index of the thumb in `motions`, or None.
        links: links fixed to one another, of which the palm is the one with the largest surface
            on its inward side.
        samples: surface points of each link.
        override_normal: replaces the derived normal, (3,), root frame.
        override_direction: replaces the derived direction, (3,), root frame.

    Returns:
        The palm.
    """
    normal, direction = _axes(motions, thumb)
    if override_normal is not None:
        normal = np.asarray(override_normal)
    if override_direction is not None:
        direction = np.asarray(override_direction)
    normal = normal / np.linalg.norm(normal)
    direction = direction - (direction @ normal) * normal
    if np.linalg.norm(direction) < 1e-3:
        direction = np.cross(normal, [1.0, 0, 0] if abs(normal[0]) < 0.9 else [0, 1.0, 0])
    direction = direction / np.linalg.norm(direction)
    rotation, _ = kinematics.link_poses(kinematics.rest)

    def facing_area(link: int) -> float:
        if link not in samples:
            return 0.0
        outward = samples[link].normals @ rotation[link].T @ normal
        return samples[link].area * float((outward > _FACING).mean())

    link = max(links, key=facing_area)
    position = _middle_of_face(link, normal, samples, kinematics)
    thumb_side = np.cross(direction, normal)
    opposing = motions[0 if thumb is None else thumb]
    if (opposing.base + opposing.length * opposing.pointing - position) @ thumb_side < 0:
        thumb_side = -thumb_side
    return Palm(
        link=link, position=position, normal=normal, direction=direction, thumb_side=thumb_side
    )


def _axes(motions: Sequence[FingerMotion], thumb: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Normal and direction as derived, of any length and not yet orthogonal."""
    others = [m for i, m in enumerate(motions) if i != thumb or len(motions) == 2]
    pointing = np.mean([m.pointing for m in others], axis=0)
    inward = np.mean([m.inward for m in others], axis=0)
    first = next(m for i, m in enumerate(motions) if i != thumb)
    if thumb is not None and len(motions) == 3 and _opposed(motions[thumb], pointing, inward):
        return pointing / np.linalg.norm(pointing) + motions[thumb].pointing, inward
    if np.linalg.norm(inward) <= 0.5:
        return pointing, first.inward
    if np.linalg.norm(pointing) < 0.3:
        return inward, first.pointing
    along = pointing / np.linalg.norm(pointing)
    return inward - (inward @ along) * along, pointing


def _opposed(thumb: FingerMotion, pointing: np.ndarray, inward: np.ndarray) -> bool:
    """Tell whether a thumb moves in the plane that the other fingers curl in."""
    plane = np.stack([pointing / np.linalg.norm(pointing), inward / np.linalg.norm(inward)])
    return bool(
        np.linalg.norm(plane @ thumb.pointing) > 0.9
        and np.linalg.norm(plane @ thumb.inward) > 0.9
        and np.linalg.norm(plane[0] + thumb.pointing) > 0.3
    )


def _middle_of_face(
    link: int, normal: np.ndarray, samples: dict[int, Samples], kinematics: HandKinematics
) -> np.ndarray:
    """Middle of the surface of a link that faces `normal`, (3,) root frame."""
    rotation, translation = kinematics.link_poses(kinematics.rest)
    if link not in samples:
        return translation[link]
    points = samples[link].points @ rotation[link].T + translation[link]
    facing = samples[link].normals @ rotation[link].T @ normal > _FACING
    if not facing.any():
        return translation[link]
    points = points[facing]
    height = points @ normal
    middle = points.mean(0)
    return middle + (np.percentile(height, 80) - middle @ normal) * normal
