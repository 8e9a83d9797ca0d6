"""Reviews of finished grasps, by a model behind a real local server."""

from __future__ import annotations

import dataclasses
import functools
import pathlib

import numpy as np
import pytest

from tests.made_up import make_grasps
from tests.planning import model_script
from tests.planning.examples import allegro, jug
from tests.planning.server import ModelServer, Reply
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.planning import GraspPlan, Planner, PlannerOptions, plan, planner_from_name
from zdg_jax.synthesis.review import review_grasps


@functools.cache
def rules_plan() -> GraspPlan:
    return plan("pour", jug(), allegro(), planner="rules")


def planned_grasps(n: int) -> GraspSet:
    """Random grasps of the jug that follow the rules' plan."""
    hand, random = allegro(), np.random.default_rng(0)
    quaternion = random.normal(size=(n, 4))
    pose = HandPose(
        position=random.uniform(-0.2, 0.2, (n, 3)),  # type: ignore[arg-type]
        quaternion=quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True),
        joints=np.zeros((n, hand.num_joints)),  # type: ignore[arg-type]
    )
    names = (
        "predicted_hold_probability",
        "on_part",
        "on_avoided",
        "fingers_in_role",
        "approach_error",
    )
    return dataclasses.replace(
        make_grasps(n),
        poses=Poses(pregrasp=pose, grasp=pose, squeeze=pose),
        score=np.arange(n, 0, -1) / n,
        hand=HandRecord.of(hand),
        object=ObjectRecord.of(jug()),
        metrics={name: np.full(n, 0.5) for name in names},
        kept=np.arange(n) < 4,
        rank=None,
        task="pour",
        plan=rules_plan(),
    )


@pytest.fixture
def planner(backend_name: str, options: PlannerOptions) -> Planner:
    return planner_from_name(backend_name, options)


def test_the_models_order_and_reasons_are_kept(
    server: ModelServer, planner: Planner, tmp_path: pathlib.Path
) -> None:
    grasps = planned_grasps(6)
    page = tmp_path / "review.html"
    reviewed = review_grasps(grasps, allegro(), jug(), planner, transcript=page)
    prompt = server.prompt()
    assert "show 4 refined grasps" in prompt
    assert "holds in physics" in prompt
    # The script says that the first one shown does not serve.
    assert reviewed.ranking.tolist() == [1, 2, 3, 0, 4, 5]
    assert reviewed.kept.tolist() == [False, True, True, True, False, False]
    np.testing.assert_array_equal(reviewed.score, grasps.score)
    reviews = reviewed.provenance["review"]
    assert [review["serves"] for review in reviews] == [False, True, True, True]
    assert all(review["reason"] for review in reviews)
    assert "seen" in page.read_text()


def test_grasps_stay_where_none_serves_or_no_answer_comes(
    server: ModelServer, options: PlannerOptions, planner: Planner, backend_name: str
) -> None:
    grasps = planned_grasps(2)
    none = [{"number": n, "evidence": "upside down", "serves": False} for n in (1, 2)]
    server.script = lambda prompt: model_script.answer(prompt, grasps=none, order=[2, 1])
    reviewed = review_grasps(grasps, allegro(), jug(), planner)
    assert reviewed.kept.tolist() == grasps.kept.tolist()
    assert reviewed.ranking.tolist() == [1, 0]

    fresh = planner_from_name(backend_name, dataclasses.replace(options, cache="off"))
    server.script = None
    server.replies = [Reply("no JSON")] * 20
    assert review_grasps(grasps, allegro(), jug(), fresh) is grasps


def test_who_reviews_does_not_depend_on_who_planned(
    server: ModelServer, planner: Planner, tmp_path: pathlib.Path
) -> None:
    by_rules = planned_grasps(2)
    assert review_grasps(by_rules, allegro(), jug(), planner).ranking.tolist() == [1, 0]
    assert len(server.requests) == 1

    assert by_rules.plan is not None
    saved = planner_from_name(str(by_rules.plan.save(tmp_path / "plan.json")))
    for without in (saved, planner_from_name("rules")):
        assert review_grasps(by_rules, allegro(), jug(), without) is by_rules
    assert len(server.requests) == 1
