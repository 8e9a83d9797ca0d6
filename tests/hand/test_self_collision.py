"""Which pairs of spheres tell how deep links can be in each other."""

from __future__ import annotations

import numpy as np

from tests.hands import load_hand
from zdg_jax.hand.self_collision import _COVERED, _telling


def test_pairs_that_are_kept_tell_the_deepest_overlap() -> None:
    overlap = np.maximum(np.random.default_rng(0).normal(scale=0.005, size=(60, 12)), 0.0)
    overlap[:, 5] = 0.9 * overlap[:, 4]  # never the deepest
    among = np.array([1, 3, 4, 5, 9])
    kept = _telling(overlap, among)
    assert set(kept) < set(among)
    assert 5 not in kept
    left = overlap[:, among].max(axis=1) - overlap[:, kept].max(axis=1)
    assert left.max() <= _COVERED
    fewer = overlap[:, kept[:-1]].max(axis=1)
    assert (overlap[:, among].max(axis=1) - fewer).max() > _COVERED


def test_links_that_never_meet_need_no_pair() -> None:
    assert not len(_telling(np.zeros((5, 3)), np.array([0, 2])))


def test_every_two_links_that_meet_have_a_pair() -> None:
    hand = load_hand("allegro")
    first, second = np.asarray(hand.arrays.self_pairs).T
    link = np.asarray(hand.arrays.spheres.link)
    assert (link[first] != link[second]).all()
    fingers = np.full(hand.num_links, -1)
    for number, finger in enumerate(hand.fingers):
        fingers[list(finger.links)] = number
    pairs = np.sort([fingers[link[first]], fingers[link[second]]], axis=0).T
    between = set(map(tuple, pairs.tolist()))
    assert {(a, b) for a in range(4) for b in range(a + 1, 4)} <= between
