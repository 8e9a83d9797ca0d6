"""The last look at finished grasps, by a model behind a real local server."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest

from tests.made_up import make_grasps
from tests.planning import model_script
from tests.planning.conftest import allegro, jug
from tests.planning.server import ModelServer, Reply
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.planning import PlannerOptions, plan
from zdg_jax.synthesis.review import last_look

pytestmark = pytest.mark.usefixtures("backend")


def made(n: int, planner: str, options: PlannerOptions) -> GraspSet:
    """Random grasps of the jug that follow a plan."""
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
    own = plan("pour", jug(), hand, planner=planner, options=options)
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
        plan=own,
    )


def test_the_models_order_and_reasons_are_kept(
    server: ModelServer, options: PlannerOptions, backend_name: str, tmp_path: pathlib.Path
) -> None:
    grasps = made(6, backend_name, options)
    page = tmp_path / "look.html"
    seen = last_look(grasps, allegro(), jug(), backend_name, options, page)
    prompt = server.prompt()
    assert "show 4 refined grasps" in prompt
    assert "holds in physics" in prompt
    # The script says that the first one shown does not serve.
    assert seen.ranking.tolist() == [1, 2, 3, 0, 4, 5]
    assert seen.kept.tolist() == [False, True, True, True, False, False]
    np.testing.assert_array_equal(seen.score, grasps.score)
    looks = seen.provenance["last_look"]
    assert [look["serves"] for look in looks] == [False, True, True, True]
    assert all(look["reason"] for look in looks)
    assert "seen" in page.read_text()


def test_grasps_stay_where_none_serves_or_no_answer_comes(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    grasps = made(2, backend_name, options)
    none = [{"number": n, "evidence": "upside down", "serves": False} for n in (1, 2)]
    server.script = lambda prompt: model_script.answer(prompt, grasps=none, order=[2, 1])
    seen = last_look(grasps, allegro(), jug(), backend_name, options)
    assert seen.kept.tolist() == grasps.kept.tolist()
    assert seen.ranking.tolist() == [1, 0]

    fresh = dataclasses.replace(options, cache="off")
    server.script = None
    server.replies = [Reply("no JSON")] * 20
    seen = last_look(grasps, allegro(), jug(), backend_name, fresh)
    assert seen is grasps


def test_rules_and_plan_files_have_no_last_look(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    by_rules = made(2, "rules", options)
    assert last_look(by_rules, allegro(), jug(), "auto") is by_rules
    before = len(server.requests)
    by_model = made(2, backend_name, options)
    asked = len(server.requests)
    assert asked > before
    assert last_look(by_model, allegro(), jug(), "plan.json") is by_model
    assert len(server.requests) == asked
