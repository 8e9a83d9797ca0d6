"""Contact patterns: the links a hand may touch with, and how a plan weighs them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import scene
from tests.planning import things
from zdg_jax.energy import Pattern
from zdg_jax.objects import Object
from zdg_jax.planning import FingerPlan, Grip
from zdg_jax.planning.taxonomy import GraspType
from zdg_jax.synthesis.contact_patterns import contact_patterns, pattern_probabilities

TIPS = [finger.tip_link for finger in scene.allegro().fingers]
THUMB = next(i for i, finger in enumerate(scene.allegro().fingers) if finger.is_thumb)
OTHERS = [i for i in range(len(TIPS)) if i != THUMB]


def grip(**changes: Any) -> Grip:
    """The jar's grip, sure and by the tips alone, with some fields changed."""
    plain = {"confidence": 1.0, "fingers": [], "grasp_type": GraspType.PRISMATIC}
    palm = scene.jar().plan.grip.palm.model_copy(update={"contact": False})
    return scene.jar().plan.grip.model_copy(update={**plain, "palm": palm, **changes})


def finger_counts(patterns: Pattern) -> np.ndarray:
    """Fingers beside the thumb that are meant to touch with their tips, (2 p,)."""
    return np.asarray(patterns.active)[:, OTHERS].sum(axis=1)


def probabilities(grip: Grip) -> np.ndarray:
    """Probability of each pattern, the free and the planned ones together, (p,)."""
    both = pattern_probabilities(scene.allegro(), grip, scene.jar().object, 0.0)
    return both.reshape(2, -1).sum(axis=0)


def test_every_pattern_has_the_thumb_and_neighbouring_fingers() -> None:
    active = np.asarray(contact_patterns(scene.allegro()).active)
    assert active[:, THUMB].all()
    for row in active[:, OTHERS]:
        chosen = np.flatnonzero(row)
        assert len(chosen) >= 1
        np.testing.assert_array_equal(np.diff(chosen), 1)
    np.testing.assert_array_equal(active[0, : len(TIPS)], 1)  # all tips come first


def test_inner_links_and_palm_join_in_the_power_pattern_alone_and_where_they_come_near() -> None:
    hand, patterns = scene.allegro(), contact_patterns(scene.allegro())
    half = len(patterns.link) // 2
    slots, active = np.asarray(patterns.link[0]), np.asarray(patterns.active)
    inner = ~np.isin(slots, TIPS)
    assert hand.palm.link in slots[inner]
    assert len(set(slots.tolist())) == len(slots)
    power = active[:, inner].any(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(power), [half - 1, 2 * half - 1])
    assert active[power].all()
    np.testing.assert_array_equal(np.asarray(patterns.optional) > 0, np.tile(inner, (2 * half, 1)))


def test_a_planned_link_takes_the_place_of_its_fingers_tip_in_the_second_half() -> None:
    hand = scene.allegro()
    finger = hand.fingers[OTHERS[0]]
    patterns = contact_patterns(hand)
    inner = next(link for link in np.asarray(patterns.link[0]) if link in finger.links[:-1])
    plan = FingerPlan(finger=finger.name, role="press", link=hand.link_names[inner])
    changed = contact_patterns(hand, grip(fingers=[plan]))
    half = len(patterns.link) // 2
    np.testing.assert_array_equal(changed.link[:half], patterns.link[:half])
    assert (np.asarray(changed.link[half:, OTHERS[0]]) == inner).all()
    np.testing.assert_array_equal(np.sort(changed.link[half]), np.sort(patterns.link[half]))
    np.testing.assert_array_equal(changed.active, patterns.active)


@pytest.mark.parametrize("role", ["wrap", "idle"])
def test_a_finger_that_wraps_or_idles_keeps_its_tip(role: Any) -> None:
    hand = scene.allegro()
    plan = FingerPlan(finger=hand.fingers[OTHERS[0]].name, role=role, link=hand.link_names[1])
    np.testing.assert_array_equal(
        contact_patterns(hand, grip(fingers=[plan])).link, contact_patterns(hand).link
    )


@pytest.mark.parametrize("confidence", [0.0, 0.4, 1.0])
def test_probabilities_are_of_the_patterns_and_split_by_confidence(confidence: float) -> None:
    hand = scene.allegro()
    both = pattern_probabilities(hand, grip(confidence=confidence), scene.jar().object, 0.0)
    assert both.shape == (len(contact_patterns(hand).link),)
    assert (both >= 0).all()
    free, planned = both.reshape(2, -1).sum(axis=1)
    assert free == pytest.approx(1 - confidence)
    assert planned == pytest.approx(confidence)


def test_idle_fingers_of_a_sure_plan_never_touch() -> None:
    hand = scene.allegro()
    idle = FingerPlan(finger=hand.fingers[OTHERS[-1]].name, role="idle")
    chances = probabilities(grip(fingers=[idle]))
    active = np.asarray(contact_patterns(hand).active)[: len(chances)]
    assert chances[active[:, OTHERS[-1]] > 0].sum() == 0
    assert probabilities(grip())[active[:, OTHERS[-1]] > 0].sum() > 0.3


def test_a_short_part_is_held_by_fewer_fingers_than_a_long_one() -> None:
    box = things.box(0.02, 0.02, 0.02)
    die = Object.from_mesh((box.vertices, box.faces), name="die", pieces=1)
    assert len(die.parts) == 1
    counts = finger_counts(contact_patterns(scene.allegro()))
    long = grip()
    short = grip(held=[long.held[0].model_copy(update={"mark": die.parts[0].mark})])
    on_die, on_jar = (
        pattern_probabilities(scene.allegro(), held, obj, 0.0) @ counts
        for held, obj in ((short, die), (long, scene.jar().object))
    )
    assert on_die < 1.3 < on_jar


def test_wrapping_types_and_a_touching_palm_ask_for_the_power_pattern() -> None:
    palm = scene.jar().plan.grip.palm.model_copy(update={"contact": True})
    assert probabilities(grip())[-1] == 0
    assert probabilities(grip(grasp_type=GraspType.MEDIUM_WRAP))[-1] >= 0.2
    assert probabilities(grip(palm=palm))[-1] >= 0.2
