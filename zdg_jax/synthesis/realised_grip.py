"""The grip that came out: which surfaces of the hand hold the object, read off exact contacts.

A plan asks for a type of grasp; whether it was made is seen from the contacts alone. Classes and
words follow T. Feix et al., "The GRASP Taxonomy of Human Grasp Types", IEEE Transactions on
Human-Machine Systems 46(1), 2016, and T. Iberall, "Human prehension and dexterous robot hands",
IJRR 16(3), 1997: the virtual fingers palm, thumb and fingers oppose each other.
"""

from __future__ import annotations

import dataclasses
import enum

import numpy as np

from zdg_jax.energy import Contacts
from zdg_jax.hand import Hand
from zdg_jax.planning.taxonomy import STYLES, GraspType, Opposition

TOUCHING = 0.002
"""Gap or depth up to which a link touches the object [m]."""
INNER_LINKS = 2
"""Links nearer the palm than the tips that touch, at least, where a type asks for such."""
_OPPOSED = -0.3
"""Cosine between the directions of two forces below which they oppose each other."""
_ON_PAD = 0.5
"""Cosine between a contact's normal and its pad's above which it is on the pad, not the side."""
_MOSTLY_TIPS = 0.6
"""Share of the touching links of fingers that are tips, at least, in a precision grip."""
_ALONG = np.cos(np.radians(50.0))
"""Cosine between an extended finger and the direction in which it is to lie, at least."""


class GripClass(enum.IntEnum):
    """How an object is held."""

    NONE = 0
    """Nothing opposes anything."""
    PRECISION = 1
    """The pads of thumb and fingers oppose each other."""
    INTERMEDIATE = 2
    """The thumb opposes the side of a finger."""
    POWER = 3
    """Fingers oppose the palm; of a hook, they hang the object from their inner links."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RealisedGrip:
    """How n grasps hold an object."""

    palm: np.ndarray
    """True where the palm touches, (n,) bool."""
    inner_links: np.ndarray
    """Links of fingers that touch and are no tips, (n,) int."""
    fingers: np.ndarray
    """Links of each of the hand's f fingers that touch, (n, f) int."""
    tips: np.ndarray
    """True where the finger's tip touches, (n, f) bool."""
    virtual_fingers: np.ndarray
    """How many of palm, thumb and fingers touch, (n,) int, 0 to 3."""
    grip_class: np.ndarray
    """Codes of `GripClass`, (n,) int."""
    pointing: np.ndarray
    """Unit direction of the index finger from base to tip, (n, 3), object frame."""

    def realises(self, kind: GraspType, hand: Hand, along: np.ndarray | None) -> np.ndarray:
        """Tells where a type of grasp was made, (n,) bool.

        A power type needs the palm, if the hand's has a surface, and two inner links, as far as
        the hand has them; a hook the links alone and no thumb; a precision type the pads, tips for
        the most part, and a clear palm.

        Args:
            kind: the type.
            hand: the hand.
            along: unit direction in which an extended index finger is to lie, (3,), object frame;
                None where there is none.
        """
        style = STYLES[kind]
        if style.opposition is Opposition.SIDE:
            return self.grip_class == GripClass.INTERMEDIATE
        if style.opposition is Opposition.PAD:
            touching = np.maximum(self.fingers.sum(axis=1), 1)
            tips = self.tips.sum(axis=1) >= _MOSTLY_TIPS * touching
            return (self.grip_class == GripClass.PRECISION) & ~self.palm & tips
        inner = np.ones(len(self.palm), bool)
        if style.inner_links:
            inner = self.inner_links >= min(INNER_LINKS, len(_inner_links(hand)))
        made = inner & (self.grip_class == GripClass.POWER)
        if not style.thumb:
            thumb = [finger.is_thumb for finger in hand.fingers]
            return made & ~self.fingers[:, thumb].any(axis=1)
        if kind is GraspType.INDEX_EXTENDED and along is not None:
            index = hand.fingers.index(hand.index_finger)
            made &= (self.pointing @ along >= _ALONG) & (self.fingers[:, index] > 0)
        return made


def realised_grip(
    hand: Hand, contacts: Contacts, rotation: np.ndarray, dofs: np.ndarray
) -> RealisedGrip:
    """Reads off contacts how grasps hold.

    Args:
        hand: the hand.
        contacts: the nearest contact of each link, (n, k, ...), object frame.
        rotation: rotations of the hand's root, (n, 3, 3), object frame.
        dofs: independent joint coordinates, (n, d).
    """
    link, gap = np.asarray(contacts.link), np.asarray(contacts.distance, float)
    touching = (np.asarray(contacts.active) > 0) & (np.abs(gap) < TOUCHING)
    press = -np.asarray(contacts.normals, float)
    rotations, places = hand.kinematics.link_poses(dofs)
    rotations = rotation[:, None] @ rotations

    on_palm = touching & np.isin(link, hand.palm_links)
    on_thumb = touching & np.isin(link, hand.fingers[hand.opposing_finger].links)
    others = [f for i, f in enumerate(hand.fingers) if i != hand.opposing_finger]
    on_fingers = touching & np.isin(link, [x for finger in others for x in finger.links])
    on_pad = _on_pad(hand, link, press, rotations)

    inner = touching & np.isin(link, _inner_links(hand))
    inner_links = inner.sum(axis=1)
    by_palm = _opposed(press, on_palm, on_fingers | on_thumb).any(axis=1)
    inwards = press @ (rotation @ hand.palm.normal)[..., None]
    hooked = (on_fingers & (inwards[..., 0] < _OPPOSED)).any(axis=1) & ~on_thumb.any(axis=1)
    hooked &= inner_links >= min(INNER_LINKS, len(_inner_links(hand)))
    against = _opposed(press, on_thumb, on_fingers)
    sides, pads = (against & ~on_pad).sum(axis=1), (against & on_pad).sum(axis=1)
    grip_class = np.select(
        [by_palm | hooked, sides > pads, pads > 0],
        [GripClass.POWER, GripClass.INTERMEDIATE, GripClass.PRECISION],
        GripClass.NONE,
    )
    first = hand.index_finger
    along = places[:, first.tip_link] - places[:, first.links[0]]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    links = [list(finger.links) for finger in hand.fingers]
    tips = [finger.tip_link for finger in hand.fingers]
    virtual = np.stack([part.any(axis=1) for part in (on_palm, on_thumb, on_fingers)], axis=1)
    return RealisedGrip(
        palm=on_palm.any(axis=1),
        inner_links=inner_links,
        fingers=np.stack([(touching & np.isin(link, of)).sum(axis=1) for of in links], axis=1),
        tips=np.stack([(touching & (link == tip)).any(axis=1) for tip in tips], axis=1),
        virtual_fingers=virtual.sum(axis=1),
        grip_class=grip_class,
        pointing=np.einsum("nij,nj->ni", rotation, along),
    )


def _inner_links(hand: Hand) -> list[int]:
    """Links of fingers with contact candidates that are no tips."""
    surfaces = set(np.asarray(hand.arrays.contacts.link).tolist())
    return [x for f in hand.fingers for x in f.links if x != f.tip_link and x in surfaces]


def _opposed(press: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Marks contacts among `other` that one among `one` opposes, (n, k) bool.

    Args:
        press: unit directions in which contacts press, (n, k, 3).
        one: marks contacts, (n, k) bool.
        other: likewise.
    """
    cosine = press @ press.transpose(0, 2, 1)
    return other & ((cosine < _OPPOSED) & one[:, None, :]).any(axis=2)


def _on_pad(hand: Hand, link: np.ndarray, press: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """Marks contacts that are made with the inner side of their link, (n, k) bool."""
    candidates = hand.arrays.contacts
    member = np.asarray(candidates.link) == np.arange(hand.num_links)[:, None]
    pads = member.astype(float) @ np.asarray(candidates.normals, float)
    pads /= np.maximum(np.linalg.norm(pads, axis=1, keepdims=True), 1e-9)
    facing = np.einsum("nlij,lj->nli", rotations, pads)
    chosen = np.take_along_axis(facing, np.maximum(link, 0)[..., None], axis=1)
    return (chosen * press).sum(axis=-1) > _ON_PAD
