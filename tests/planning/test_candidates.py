"""Candidate hands: how they differ, what is told of them, and others made to a wish."""

from __future__ import annotations

import json

import numpy as np
import pytest

from zdg_jax.planning import PlannerOptions, plan
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.planning.geometry.verify import place
from zdg_jax.planning.model.questions import describe

from . import model_script, things
from .examples import allegro, jug
from .server import ModelServer

UP = np.array([0.0, 0.0, 1.0])


def strain(width: float) -> float:
    return max(0.0, width / 0.1 - 0.8)


def test_one_hand_lies_diagonally_across_a_long_handle() -> None:
    shape = measure(things.mallet())
    handle = max(shape.parts, key=lambda part: part.elongation)
    others = [part.mark for part in shape.parts if part.mark != handle.mark]
    proposed = propose(shape, [handle.mark], others, strain=strain, number=6)
    leaning = [abs(float(a.thumb @ handle.axes[0])) for a in proposed]
    assert any(0.6 < lean < 0.8 for lean in leaning)
    slanted = next(a for a, lean in zip(proposed, leaning, strict=True) if 0.6 < lean < 0.8)
    assert slanted.width < 3 * handle.extents[1]
    first = propose(shape, [handle.mark], others, strain=strain, number=1)[0]
    assert abs(float(first.thumb @ handle.axes[0])) > 0.95


def test_a_wish_for_the_palm_is_met() -> None:
    shape = measure(things.mallet())
    for wish in np.eye(3):
        best = propose(shape, [1], [], strain=strain, palm_towards=wish, number=6)[0]
        assert best.direction @ wish > 0.8


def test_lines_tell_the_forearm_and_what_is_against_a_hand() -> None:
    obj, hand = jug(), allegro()
    shape = measure(obj)
    approach = propose(shape, [2], [1], strain=hand.preshapes.strain, number=1)[0]
    candidate = place(approach, [2], [1], shape, obj, hand)
    assert abs(float(candidate.forearm @ approach.direction)) < 0.1
    reach = (candidate.wrist - candidate.position) @ candidate.forearm
    assert -0.05 < reach < 0.15
    text = describe(3, candidate, UP)
    assert text.startswith("3: the palm moves ")
    assert "the forearm leaves " in text
    inside = propose(shape, [1], [], strain=hand.preshapes.strain, number=6)
    told = [describe(1, place(a, [1], [2], shape, obj, hand), UP) for a in inside]
    faulty = [text for text in told if "Against it: " in text]
    checked = [place(a, [1], [2], shape, obj, hand).faults for a in inside]
    assert len(faulty) == sum(bool(faults) for faults in checked)


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_none_of_these_brings_others(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    wishes = iter([{"best": 0, "palm_wish": "-x", "evidence": "a mouth is above"}])

    def script(prompt: str) -> str:
        if model_script.stage(prompt) != 4:
            return model_script.answer(prompt)
        return model_script.answer(prompt, **next(wishes, {"best": 1}))

    server.script = script
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert made.usage.calls == 5
    assert made.grip.palm.approach[0] < -0.7


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_a_model_that_nothing_pleases_gets_a_plan_with_a_note(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    def script(prompt: str) -> str:
        answer = json.loads(model_script.answer(prompt))
        if model_script.stage(prompt) == 4:
            answer |= {"best": 0, "thumb_wish": "+z"}
        return json.dumps(answer)

    server.script = script
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert any("none of the hands pleased" in note for note in made.notes)
    assert made.usage.calls + made.usage.cached == 6  # the same wish brings the same hands


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_none_without_a_wish_is_asked_again(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    answers = iter([{"best": 0}])

    def script(prompt: str) -> str:
        more = next(answers, {}) if model_script.stage(prompt) == 4 else {}
        return model_script.answer(prompt, **more)

    server.script = script
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert "name a side" in server.prompt(4)
    assert made.usage.calls == 5
