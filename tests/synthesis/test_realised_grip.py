"""The grip that came out, read off contacts made by hand: palm, pads, sides, hooks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests import scene
from zdg_jax.energy import Contacts
from zdg_jax.hand import Hand
from zdg_jax.planning import GraspType
from zdg_jax.synthesis.realised_grip import GripClass, RealisedGrip, realised_grip

FRAME = np.eye(3)[None]


def pad(hand: Hand, link: int) -> np.ndarray:
    """The direction that a link's inner side faces at the open pose, root frame, (3,)."""
    candidates = hand.arrays.contacts
    normals = np.asarray(candidates.normals)[np.asarray(candidates.link) == link].mean(axis=0)
    rotation, _ = hand.kinematics.link_poses(hand.open_dofs)
    turned = rotation[link] @ normals
    return np.asarray(turned / np.linalg.norm(turned))


def grip(touches: Sequence[tuple[int, np.ndarray]], gap: float = 0.0) -> RealisedGrip:
    """A grip whose links touch and press in given directions."""
    count = 12
    normals = np.tile([0.0, 0.0, 1.0], (1, count, 1))
    link = np.zeros((1, count), int)
    for k, (number, press) in enumerate(touches):
        link[0, k], normals[0, k] = number, -np.asarray(press)
    contacts = Contacts(
        active=(np.arange(count) < len(touches)).astype(float)[None],
        points=np.zeros((1, count, 3)),
        hand_normals=-normals,
        distance=np.full((1, count), gap),
        normals=normals,
        link=link,
        passive_motions=np.zeros((1, count, 0, 3)),
    )
    hand = scene.allegro()
    return realised_grip(hand, contacts, FRAME, hand.open_dofs[None])


def made(realised: RealisedGrip, kind: GraspType, along: np.ndarray | None = None) -> bool:
    return bool(realised.realises(kind, scene.allegro(), along)[0])


@pytest.fixture(scope="module")
def wrapped() -> list[tuple[int, np.ndarray]]:
    """Palm, and two links of each of two fingers against it."""
    hand = scene.allegro()
    normal = hand.palm.normal
    fingers = [finger for finger in hand.fingers if not finger.is_thumb][:2]
    links = [link for finger in fingers for link in (finger.links[-2], finger.tip_link)]
    return [(hand.palm.link, normal), *((link, -normal) for link in links)]


def test_palm_and_wrapped_fingers_are_a_power_grip(wrapped: list[tuple[int, np.ndarray]]) -> None:
    realised = grip(wrapped)
    assert realised.grip_class[0] == GripClass.POWER
    assert realised.palm[0]
    assert realised.inner_links[0] == realised.virtual_fingers[0] == 2
    assert made(realised, GraspType.MEDIUM_WRAP)
    assert not made(realised, GraspType.TRIPOD)
    without = grip(wrapped[1:])
    assert not without.palm[0]
    assert without.grip_class[0] == GripClass.POWER  # it hangs from the inner links
    assert made(without, GraspType.HOOK)
    assert not made(grip(wrapped[:2]), GraspType.MEDIUM_WRAP)  # one link does not wrap


def test_what_is_apart_does_not_touch(wrapped: list[tuple[int, np.ndarray]]) -> None:
    apart = grip(wrapped, gap=0.004)
    assert apart.grip_class[0] == GripClass.NONE
    assert apart.virtual_fingers[0] == apart.inner_links[0] == 0


def test_tips_that_oppose_the_thumb_are_a_precision_grip() -> None:
    hand = scene.allegro()
    thumb = hand.fingers[hand.opposing_finger].tip_link
    tip = next(finger.tip_link for finger in hand.fingers if not finger.is_thumb)
    press = pad(hand, tip)
    realised = grip([(thumb, -press), (tip, press)])
    assert realised.grip_class[0] == GripClass.PRECISION
    assert made(realised, GraspType.PALMAR_PINCH)
    assert not made(realised, GraspType.MEDIUM_WRAP)
    with_palm = grip([(thumb, -press), (tip, press), (hand.palm.link, press)])
    assert not made(with_palm, GraspType.PALMAR_PINCH)


def test_the_side_of_a_finger_makes_a_lateral_pinch() -> None:
    hand = scene.allegro()
    thumb = hand.fingers[hand.opposing_finger].tip_link
    finger = next(finger for finger in hand.fingers if not finger.is_thumb)
    press = np.cross(pad(hand, finger.links[-2]), hand.palm.direction)
    press /= np.linalg.norm(press)
    realised = grip([(thumb, -press), (finger.links[-2], press)])
    assert realised.grip_class[0] == GripClass.INTERMEDIATE
    assert made(realised, GraspType.LATERAL_PINCH)


def test_an_extended_index_finger_lies_along_the_tool(
    wrapped: list[tuple[int, np.ndarray]],
) -> None:
    realised = grip(wrapped)
    along = realised.pointing[0]
    across = np.cross(along, [0.3, 0.4, 0.5])
    assert made(realised, GraspType.INDEX_EXTENDED, along)
    assert not made(realised, GraspType.INDEX_EXTENDED, across / np.linalg.norm(across))
    assert not made(realised, GraspType.INDEX_EXTENDED, -along)  # it points away from the end
    index = scene.allegro().index_finger.links
    others = grip([touch for touch in wrapped if touch[0] not in index])
    assert not made(others, GraspType.INDEX_EXTENDED, along)  # it does not touch
