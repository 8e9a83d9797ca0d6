"""Targets of a plan: what binds, how much, and where."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests import scene
from zdg_jax.energy import TaskTargets
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.planning import AvoidedPart, FingerPlan, Grip, HeldPart, TaskReading, Wrench
from zdg_jax.planning.grip import INDIFFERENT
from zdg_jax.synthesis.plan_targets import targets_from_plan

BODY, LID = 1, 2


def grip(**changes: Any) -> Grip:
    """Hold the jar by its body, keep off its lid, three quarters sure."""
    plain = {
        "held": [HeldPart(mark=BODY)],
        "avoided": [AvoidedPart(mark=LID)],
        "fingers": [],
        "confidence": 0.75,
    }
    return scene.jar().plan.grip.model_copy(update={**plain, **changes})


def targets(loads: tuple[Wrench, ...] = (), **changes: Any) -> TaskTargets:
    task = scene.jar().plan.task.model_copy(update={"wrenches": list(loads)})
    assert isinstance(task, TaskReading)
    return targets_from_plan(grip(**changes), task, scene.jar().object, scene.allegro())


def parts() -> np.ndarray:
    """Part of each surface sample of the jar, (S,)."""
    return np.asarray(scene.jar().object.arrays.samples.parts)


def test_shapes_are_the_same_for_every_plan_and_object() -> None:
    shapes = [
        jax.tree.map(np.shape, each)
        for each in (targets(), targets(confidence=0.0, avoided=[]), scene.brick().problem.targets)
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def test_a_plan_binds_as_far_as_it_is_sure_but_avoided_parts_always() -> None:
    for confidence in (0.0, 0.75):
        found = targets(confidence=confidence)
        bound = [found.approach, found.aperture]
        assert [float(target.weight) for target in bound] == [confidence] * 2
        assert float(found.avoided.weight) == 1.0
        assert float(found.rest.weight) == 0.0  # body and lid are all there is
    assert float(targets(avoided=[]).avoided.weight) == 0.0


def test_parts_bind_more_the_less_a_plan_is_indifferent() -> None:
    def parts(confidence: float) -> list[float]:
        found = targets(confidence=confidence, avoided=[])
        return [float(target.weight) for target in (found.held, found.rest)]

    assert parts(0.0) == [0.0, 0.0]
    assert parts(INDIFFERENT) == pytest.approx([INDIFFERENT / 3] * 2)
    assert INDIFFERENT / 3 < parts(0.75)[0] < 0.75
    assert parts(1.0) == [1.0, 1.0]


def test_holding_the_whole_object_binds_to_no_part() -> None:
    everything = [HeldPart(mark=BODY), HeldPart(mark=LID)]
    assert float(targets(held=everything, avoided=[]).held.weight) == 0.0


def test_parts_are_those_of_the_grip() -> None:
    found, jar = targets(), scene.jar().object
    for target, mark in ((found.held, BODY), (found.avoided, LID)):
        np.testing.assert_array_equal(target.grid.cells, jar.region_grid([mark]).cells)


def test_samples_are_weighed_by_confidence_and_never_lie_on_avoided_parts() -> None:
    weights = np.asarray(targets(avoided=[]).sample_weights)
    assert weights.mean() == pytest.approx(1.0, abs=1e-5)
    assert weights[parts() == BODY].sum() / weights.sum() == pytest.approx(0.75, abs=1e-5)
    assert (np.asarray(targets().sample_weights)[parts() == LID] == 0).all()


def test_a_held_part_is_less_likely_next_to_an_avoided_one() -> None:
    weights = np.asarray(targets().sample_weights)
    points = np.asarray(scene.jar().object.arrays.samples.points)
    gap = cKDTree(points[parts() == LID]).query(points)[0]
    on_body = parts() == BODY
    border, deep = np.quantile(gap[on_body], [0.1, 0.9])
    assert weights[on_body & (gap < border)].mean() < 0.5 * weights[on_body & (gap > deep)].mean()


def test_a_held_part_is_more_likely_at_the_planned_place() -> None:
    points = np.asarray(scene.jar().object.arrays.samples.points)
    place = points[parts() == BODY][0]
    palm = grip().palm.model_copy(update={"place": tuple(map(float, place))})
    plain = np.asarray(targets(avoided=[]).sample_weights)
    weights = np.asarray(targets(avoided=[], palm=palm).sample_weights)
    away = np.linalg.norm(points - place, axis=1)
    near, far = (parts() == BODY) & (away < 0.015), (parts() == BODY) & (away > 0.06)
    assert weights[near].mean() > 3 * weights[far].mean()
    assert plain[near].mean() == pytest.approx(plain[far].mean(), rel=0.01)


def test_loads_become_opposite_unit_wrenches_after_the_six_pulls() -> None:
    twist = Wrench(force=(0, 0, -2.0), torque=(0.1, 0, 0))
    found = targets((twist,)).wrenches
    pulls = np.asarray(found.wrenches[:6])
    np.testing.assert_array_equal(pulls @ pulls.T, np.kron([[1, -1], [-1, 1]], np.eye(3)))
    load = -np.array([0, 0, -2.0, 0.1 / TORQUE_LENGTH, 0, 0])
    np.testing.assert_allclose(found.wrenches[6], load / np.linalg.norm(load), atol=1e-6)
    np.testing.assert_allclose(found.weights, [1] * 6 + [0.75, 0])


def test_the_strongest_loads_are_taken_up() -> None:
    loads = [Wrench(force=(size, 0, 0)) for size in (1.0, 0.0)]
    loads += [Wrench(force=(0, size, 0)) for size in (3.0, 2.0)]
    found = targets(tuple(loads)).wrenches
    np.testing.assert_allclose(found.wrenches[6:, :3], [[0, -1, 0], [0, -1, 0]], atol=1e-6)
    np.testing.assert_allclose(found.weights[6:], [0.75, 0.75])


def test_links_get_the_points_and_rests_of_their_fingers() -> None:
    hand = scene.allegro()
    first, second = hand.fingers[:2]
    point = (0.01, 0.02, 0.03)
    press = FingerPlan(
        finger=first.name, role="press", link=hand.link_names[first.tip_link], point=point
    )
    found = targets(fingers=[press, FingerPlan(finger=second.name, role="idle")]).links
    np.testing.assert_allclose(found.points[first.tip_link], point)
    np.testing.assert_array_equal(np.flatnonzero(found.point_weights), [first.tip_link])
    np.testing.assert_array_equal(np.flatnonzero(found.idle), np.sort(second.links))
    assert float(found.point_weights.max()) == float(found.idle.max()) == 0.75


def test_a_plan_without_a_thumbs_direction_leaves_the_roll_open() -> None:
    palm = grip().palm.model_copy(update={"thumb": None})
    assert float(targets(palm=palm).thumb.weight) == 0.0
    palm = grip().palm.model_copy(update={"thumb": (0.0, 1.0, 0.0)})
    turned = targets(palm=palm).thumb
    assert float(turned.weight) == 0.75
    np.testing.assert_allclose(turned.direction, [0, 1, 0])
