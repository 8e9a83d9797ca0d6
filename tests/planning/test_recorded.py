"""Recorded transcripts: answers that a person gave, seeing only the prompts and images.

They pin that answers given in earnest still fit the schemas and led to the plan that was meant;
`test_replay` plays them again.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pydantic
import pytest

from zdg_jax.planning import GraspPlan
from zdg_jax.planning.model import replies

FILES = sorted((pathlib.Path(__file__).parent / "recorded").glob("*.json"))
REPLIES: dict[str, type[pydantic.BaseModel]] = {
    "1-object": replies.ObjectReply,
    "1-pointed": replies.ConfirmReply,
    "2-parts": replies.PartsReply,
    "3-grasp": replies.GraspReply,
    "4-approach": replies.ApproachReply,
}


@pytest.fixture(params=FILES, ids=[file.stem for file in FILES])
def recorded(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(json.loads(request.param.read_text(encoding="utf-8")))


def test_there_are_nine() -> None:
    assert len(FILES) >= 9


def test_eight_say_how_the_candidates_pleased_and_four_of_them_point() -> None:
    plays = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
    judged = [play for play in plays if play.get("candidates")]
    assert len(judged) >= 8
    assert sum(bool(play["exchanges"][0]["answer"]["pointed"]) for play in judged) >= 4


def test_it_is_marked_as_recorded(recorded: dict[str, Any]) -> None:
    assert "recorded by hand" in recorded["about"]


def test_answers_fit_their_schemas(recorded: dict[str, Any]) -> None:
    stages = [exchange["stage"] for exchange in recorded["exchanges"]]
    asked = [stage for stage in stages if stage != "1-pointed"]
    assert asked[:4] == ["1-object", "2-parts", "3-grasp", "4-approach"]
    for exchange in recorded["exchanges"]:
        REPLIES[exchange["stage"]].model_validate(exchange["answer"])


def test_plan_says_what_was_answered(recorded: dict[str, Any]) -> None:
    plan = GraspPlan.model_validate(recorded["plan"])
    answers = {exchange["stage"]: exchange["answer"] for exchange in recorded["exchanges"]}
    hold = {part["mark"] for part in answers["2-parts"]["hold"]}
    assert {part.mark for part in plan.grip.held} == hold
    spared = {part["mark"] for part in answers["2-parts"]["avoid"]}
    assert {part.mark for part in plan.grip.avoided} == spared
    assert plan.grip.grasp_type == answers["3-grasp"]["grasp_type"]


def test_held_parts_are_the_right_ones(recorded: dict[str, Any]) -> None:
    """By the names that were given to the parts; `wanted` was written before the play."""
    plan = GraspPlan.model_validate(recorded["plan"])
    names = {part.mark: part.name for part in plan.parts}
    for part in plan.grip.held:
        assert any(word in names[part.mark] for word in recorded["wanted"])


def test_task_stands_as_data_in_every_prompt(recorded: dict[str, Any]) -> None:
    quoted = json.dumps({"task": recorded["task"]}, ensure_ascii=False)
    for exchange in recorded["exchanges"]:
        assert quoted in exchange["prompt"] or exchange["stage"] == "1-pointed"


def test_a_part_that_no_mark_showed_was_pointed_at_and_held() -> None:
    recorded = json.loads((FILES[0].parent / "marker-uncap.json").read_text(encoding="utf-8"))
    plan = GraspPlan.model_validate(recorded["plan"])
    answers = [exchange["answer"] for exchange in recorded["exchanges"]]
    assert [part["name"] for part in answers[0]["pointed"]] == ["cap"]
    assert [part.name for part in plan.new_parts] == ["cap"]
    assert {part.mark for part in plan.grip.held} == {plan.new_parts[0].mark}
    wishes = [answer["palm_wish"] for answer in answers if answer.get("best") == 0]
    assert wishes == ["-y"]
    assert plan.grip.palm.approach[1] < -0.9
