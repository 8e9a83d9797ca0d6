"""The side of the index finger that the thumb presses in a lateral pinch."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.hand.fingertips import Fingertips
from zdg_jax.hand.hand_arrays import ContactCandidates
from zdg_jax.runtime.arrays import floats

if TYPE_CHECKING:
    from zdg_jax.hand.hand import Hand


def side_contacts(hand: Hand) -> ContactCandidates:
    """Moves the contact candidates of the index finger from its inner side to the thumb's side.

    Args:
        hand: the hand.

    Returns:
        As many candidates as the hand has, in the same order: those of the index finger on the
        outermost of the spheres that stand for its links, the others where they are.
    """
    contacts, spheres = hand.arrays.contacts, hand.arrays.spheres
    link, local = np.asarray(contacts.link), np.array(contacts.local)
    normals = np.array(contacts.normals)
    rotations, _ = hand.kinematics.link_poses(hand.open_dofs)
    radius = 0.5 * (np.asarray(spheres.inner) + np.asarray(spheres.radii))
    for number in hand.index_finger.links:
        rows = np.flatnonzero(link == number)
        on_link = np.asarray(spheres.link) == number
        if not len(rows) or not on_link.any():
            continue
        side = rotations[number].T @ hand.palm.thumb_side
        points = np.asarray(spheres.local)[on_link] + radius[on_link, None] * side
        height = points @ side
        points = points[height >= np.median(height)]
        local[rows], normals[rows] = points[np.arange(len(rows)) % len(points)], side
    return dataclasses.replace(
        contacts,
        local=floats(local),
        normals=floats(normals),
    )


def lateral_pads(hand: Hand) -> Fingertips:
    """Finds what presses in a lateral pinch: the thumb's pad, and the side of the index finger.

    Args:
        hand: the hand; of one without a thumb the first finger stands for it.

    Returns:
        The two pads, the thumb's first.
    """
    contacts, finger = side_contacts(hand), hand.index_finger
    tips = Fingertips.of(hand.fingers, hand.arrays.contacts)
    present = set(np.asarray(contacts.link).tolist())
    links = [x for x in finger.links if x in present and x != finger.tip_link] or [finger.tip_link]
    on_side = Fingertips.of([dataclasses.replace(finger, tip_link=links[-1])], contacts)
    thumb = [hand.opposing_finger]
    return Fingertips(
        link=np.concatenate([tips.link[thumb], on_side.link]),
        local=np.concatenate([tips.local[thumb], on_side.local]),
        normals=np.concatenate([tips.normals[thumb], on_side.normals]),
    )
