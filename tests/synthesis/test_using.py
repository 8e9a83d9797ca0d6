"""Use after the test: grasps that do the deed come first, are kept, and the others say why not."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests import scene
from tests.made_up import make_grasps
from tests.validation.gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.summary import use_in_words
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.synthesis.selection import (
    diverse,
    validate_best_first,
)
from zdg_jax.synthesis.using import put_to_use, validate_and_use
from zdg_jax.validation import Deed, Reason, Step, deed_of, six_directions

LIFTED = Step(name="lifted", time=0.4, shift=(0.0, 0.0, 0.1))
TWISTED = Step(name="twisted", time=0.3, torque=(0.0, 0.0, 0.7))


def firm_and_loose() -> GraspSet:
    """Eight grasps of a ball that differ; those of odd number squeeze hard, the others less."""
    count = 8
    stages = []
    for angles in ([OPEN] * 2, [TOUCHING] * 2, [TOUCHING - 0.12, PUSHING]):
        rows = np.array([pose(angles[i % 2]) for i in range(count)])
        half = np.pi * np.arange(count) / (2 * count)
        rows[:, 3], rows[:, 6] = np.cos(half), np.sin(half)
        stages.append(rows)
    grasps = make_grasps(count, tested=False)
    return dataclasses.replace(
        grasps,
        poses=Poses.from_qpos(*stages),
        score=np.linspace(1.0, 0.5, count),
        rank=None,
        status=np.zeros(count, np.int8),
    )


def test_grasps_that_do_the_deed_come_first() -> None:
    gripper, ball = Gripper(), Ball()
    tested = validate_best_first(firm_and_loose(), gripper, ball, 8)
    assert tested.held.all()
    deed = Deed(name="twist", steps=(LIFTED, TWISTED))
    reports: list[tuple[str, int, int]] = []
    used = put_to_use(
        tested, gripper, ball, deed, 8, Physics(), lambda *report: reports.append(report)
    )
    assert reports[-1] == ("use", 8, 8)
    does = used.metrics["use"] == 1
    assert does[1::2].all()
    assert not does[::2].any()
    assert set(used.ranking[:4]) == {1, 3, 5, 7}
    assert used.ranking[:4].tolist() == sorted(used.ranking[:4])  # otherwise by score
    assert set(diverse(used, 8)) == {1, 3, 5, 7}
    failed = used.metrics["use_reason"][::2]
    assert set(failed) <= {Reason.SLIPS, Reason.LETS_GO}
    assert np.isnan(used.metrics["use_step"][1::2]).all()
    assert set(used.metrics["use_step"][::2]) <= {1.0, 2.0}


def test_what_was_not_tried_says_so() -> None:
    gripper, ball = Gripper(), Ball()
    tested = validate_best_first(firm_and_loose(), gripper, ball, 8)
    used = put_to_use(tested, gripper, ball, Deed(name="lift", steps=(LIFTED,)), 2, Physics())
    assert np.isfinite(used.metrics["use"]).sum() == 2
    assert np.isnan(used.metrics["use"]).sum() == 6


def test_the_summary_says_what_failed() -> None:
    plan, obj = scene.jar().plan, scene.jar().object
    deed = deed_of(plan, obj)
    assert deed is not None
    grasps = GraspSet.empty(obj, scene.allegro())
    nan = np.nan
    few = dataclasses.replace(
        make_grasps(4, tested=False),
        object=grasps.object,
        plan=plan,
        metrics={
            "use": np.array([1.0, 0.0, 0.0, nan]),
            "use_reason": np.array([Reason.HELD, Reason.SLIPS, Reason.NEVER_TOUCHED, nan]),
            "use_step": np.array([nan, 2.0, 0.0, nan]),
        },
    )
    (line,) = use_in_words(few)
    second = deed.steps[1].name
    assert line.startswith(f"use ({deed.name}): 1 of 3 do it (")
    assert f"1 slips when {second}" in line
    assert "1 never touched" in line
    assert use_in_words(dataclasses.replace(few, metrics={})) == []


def test_where_none_holds_the_best_are_tried_and_kept_if_they_do_the_deed() -> None:
    gripper, ball = Gripper(), Ball()
    grasps = firm_and_loose()
    none = validate_best_first(grasps, gripper, ball, 8)
    none.validation.held[:] = False  # type: ignore[union-attr]
    none.validation.reason[:] = Reason.SLIPPED  # type: ignore[union-attr]
    used = put_to_use(none, gripper, ball, Deed(name="lift", steps=(LIFTED,)), 4, Physics())
    assert (used.metrics["use"] == 1).sum() == 4
    assert len(diverse(used, 2)) == 2


def test_more_are_tested_and_tried_until_enough_do_the_deed() -> None:
    gripper, ball = Gripper(), Ball()
    deed = Deed(name="twist", steps=(LIFTED, TWISTED))
    reports: list[tuple[str, int, int]] = []

    def told(*report: str | int) -> None:
        reports.append(report)  # type: ignore[arg-type]

    few = validate_and_use(
        firm_and_loose(), gripper, ball, deed, 1, six_directions, Physics(), told
    )
    assert np.isfinite(few.metrics["use"]).sum() == 2  # one of the two does it
    most = validate_and_use(
        firm_and_loose(), gripper, ball, deed, 2, six_directions, Physics(), told
    )
    assert (most.metrics["use"] == 1).sum() >= 2
    hopeless = Deed(
        name="wrench", steps=(LIFTED, dataclasses.replace(TWISTED, torque=(0, 0, 50.0)))
    )
    reports.clear()
    none = validate_and_use(
        firm_and_loose(), gripper, ball, hopeless, 1, six_directions, Physics(), told
    )
    assert not (none.metrics["use"] == 1).any()
    assert np.isfinite(none.metrics["use"]).sum() == 4  # two waves, and no third
    assert [report[2] for report in reports if report[0] == "use"][-1] == 2  # none twice


def test_tested_grasps_keep_their_results() -> None:
    gripper, ball = Gripper(), Ball()
    once = validate_best_first(firm_and_loose(), gripper, ball, 8)
    once.validation.held[:] = False  # type: ignore[union-attr]
    again = validate_best_first(once, gripper, ball, 8)
    assert again.tested.all()
    assert not again.held.any()
