"""The index finger laid along a tool, and its side that a thumb presses."""

from __future__ import annotations

import numpy as np
import pytest

from tests.hands import load_hand
from zdg_jax.hand import extended, side_contacts

HANDS = ("allegro", "leap", "shadow")


@pytest.mark.parametrize("name", HANDS)
def test_the_index_finger_is_beside_the_thumb(name: str) -> None:
    hand = load_hand(name)
    aside = hand.tip_positions(hand.open_dofs) @ hand.palm.thumb_side
    others = [i for i, finger in enumerate(hand.fingers) if not finger.is_thumb]
    assert hand.index_finger is hand.fingers[max(others, key=lambda i: aside[i])]
    assert 0.012 < hand.finger_thickness < 0.04


@pytest.mark.parametrize("name", HANDS)
@pytest.mark.parametrize("mirror", [False, True])
def test_an_extended_finger_turns_to_the_tool(name: str, mirror: bool) -> None:
    hand = load_hand(f"{name}:mirrored" if mirror else name)
    finger = hand.index_finger
    wanted = (hand.palm.direction + hand.palm.thumb_side) / np.sqrt(2)

    def pointing(dofs: np.ndarray) -> np.ndarray:
        _, places = hand.kinematics.link_poses(dofs)
        along = places[finger.tip_link] - places[finger.links[0]]
        return np.asarray(along / np.linalg.norm(along))

    dofs, straight = extended(hand, wanted)
    assert pointing(dofs) @ wanted > pointing(hand.open_dofs) @ wanted + 0.05
    own = hand.kinematics.dofs_of(finger.joints)
    assert set(straight) < {dof for dof in own if hand.closing[dof]}
    others = np.setdiff1d(np.arange(hand.num_dofs), own)
    np.testing.assert_array_equal(dofs[others], hand.open_dofs[others])


@pytest.mark.parametrize("name", HANDS)
def test_side_contacts_face_the_thumb(name: str) -> None:
    hand = load_hand(name)
    usual, sides = hand.arrays.contacts, side_contacts(hand)
    link = np.asarray(sides.link)
    np.testing.assert_array_equal(link, usual.link)
    on_index = np.isin(link, hand.index_finger.links)
    rotation, _ = hand.kinematics.link_poses(hand.open_dofs)
    normals = np.einsum("kij,kj->ki", rotation[link[on_index]], np.asarray(sides.normals)[on_index])
    np.testing.assert_allclose(normals @ hand.palm.thumb_side, 1.0, atol=1e-5)
    np.testing.assert_array_equal(
        np.asarray(sides.local)[~on_index], np.asarray(usual.local)[~on_index]
    )


@pytest.mark.parametrize("name", HANDS)
def test_lateral_preshapes_close_across_the_fingers(name: str) -> None:
    hand = load_hand(name)
    lateral, usual = hand.lateral_preshapes, hand.preshapes
    across = np.abs(np.asarray(lateral.axis) @ hand.palm.thumb_side)
    narrow = np.asarray(lateral.width) < 0.04
    assert narrow.any()
    assert across[narrow].mean() > 0.5
    assert across[narrow].mean() > np.abs(np.asarray(usual.axis) @ hand.palm.thumb_side).mean()
