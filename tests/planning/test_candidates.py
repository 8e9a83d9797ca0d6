"""Candidate hands: how they differ, what is told of them, and others made to a wish."""

from __future__ import annotations

import dataclasses
import functools
import json

import numpy as np
import pytest
import trimesh

from zdg_jax.hand.forearm import forearm_axis
from zdg_jax.objects import Object
from zdg_jax.planning import FingerPlan, PlannerOptions, plan
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.candidates import Wanted, in_line, offer
from zdg_jax.planning.geometry.closing import close
from zdg_jax.planning.geometry.parts import ObjectShape, measure
from zdg_jax.planning.geometry.verify import Candidate, distances, place
from zdg_jax.planning.model.measured_lines import describe
from zdg_jax.rendering.figures import Figure

from . import model_script, things
from .examples import allegro, jug
from .server import ModelServer


@functools.cache
def mallet() -> Object:
    """A club with a head, its handle along x."""
    handle = things.at(things.rod(0.012, 0.26, "x"), -0.13, 0, 0)
    head = things.at(things.rod(0.03, 0.1, "z"), 0.03, 0, 0)
    mesh = trimesh.util.concatenate([handle, head])
    labels = np.r_[np.ones(len(handle.faces), int), np.full(len(head.faces), 2)]
    made = Object.from_mesh(mesh, parts=labels, cache=False)
    # Marks follow the parts' sizes.
    assert len(made.parts) == 2
    return made


@functools.cache
def offered() -> tuple[ObjectShape, Wanted, list[Candidate]]:
    obj = mallet()
    shape = measure(obj)
    handle = max(shape.parts, key=lambda part: part.elongation).mark
    head = next(part.mark for part in shape.parts if part.mark != handle)
    wanted = Wanted(held=[handle], avoided=[head], works=[head])
    return shape, wanted, offer(wanted, shape, obj, allegro())


def test_hands_are_closed_on_the_part_and_pass_through_nothing() -> None:
    _, wanted, hands = offered()
    assert len(hands) >= 4
    for hand in hands:
        assert not hand.faults
        assert not hand.stuck
        touched = {mark for _, mark in hand.touches}
        assert touched == set(wanted.held)
        assert len({name for name, _ in hand.touches}) >= 3


def test_hands_differ_in_place_side_and_turn() -> None:
    _, _, hands = offered()
    places = [hand.approach.place[0] for hand in hands]
    assert max(places) - min(places) > 0.08
    for i, a in enumerate(hands):
        for b in hands[:i]:
            same = np.linalg.norm(a.approach.place - b.approach.place) < 0.01
            turned = a.approach.thumb @ b.approach.thumb < 0.85
            assert not same or turned or a.approach.direction @ b.approach.direction < 0.85


def test_one_forearm_is_in_line_with_the_tool() -> None:
    _, _, hands = offered()
    along = np.array([1.0, 0.0, 0.0])
    assert any(in_line(hand, along, along) for hand in hands)


def test_a_wish_for_the_palm_is_met() -> None:
    shape = measure(things.mallet())
    for wish in np.eye(3):
        best = propose(shape, [1], [], strain=strain, palm_towards=wish, varied=True)[0]
        assert best.direction @ wish > 0.8


def strain(width: float) -> float:
    return max(0.0, width / 0.1 - 0.8)


def test_idle_fingers_stay_open_and_a_steering_one_straight() -> None:
    shape, wanted, hands = offered()
    roles = [FingerPlan(finger="ff", role="steer", mark=1), FingerPlan(finger="rf", role="idle")]
    roles += [FingerPlan(finger=name, role="wrap", mark=1) for name in ("mf", "th")]
    wanted = dataclasses.replace(wanted, fingers=roles)
    hand = allegro()
    (closed,) = close(hands[:1], wanted.roles, shape, mallet(), hand, palm=True)
    dofs = {f.name: hand.kinematics.dofs_of(f.joints) for f in hand.fingers}
    assert closed.dofs[dofs["rf"]] == pytest.approx(hand.open_dofs[dofs["rf"]])
    assert closed.dofs[dofs["ff"]][2:] == pytest.approx(hand.open_dofs[dofs["ff"]][2:])
    assert closed.dofs[dofs["mf"]][2] > hand.open_dofs[dofs["mf"]][2] + 0.2
    assert "rf" not in {name for name, _ in closed.touches}


def test_lines_tell_place_forearm_contacts_and_neighbours() -> None:
    shape, wanted, hands = offered()
    person = Figure(kind="person", direction=np.array([-1.0, 0.0, 0.0]))
    told = [describe(i, hand, shape, wanted, [person]) for i, hand in enumerate(hands, 1)]
    assert all(text.startswith(f"Hand {i}\n- comes: the palm ") for i, text in enumerate(told, 1))
    assert any("near the free end" in text for text in told)
    assert any("in line with the tool, away from its working end" in text for text in told)
    assert any("towards the other person" in text for text in told)
    spoiled = dataclasses.replace(hands[0], touches=(("ff", wanted.avoided[0]),))
    assert "(TO BE AVOIDED) with ff" in describe(1, spoiled, shape, wanted)


def test_a_finger_alone_speaks_against_a_hand() -> None:
    shape, wanted, hands = offered()
    held = min(wanted.held)
    alone = dataclasses.replace(hands[0], touches=(("mf", held),))
    assert "against it: only mf touches what is to be held" in describe(1, alone, shape, wanted)
    missed = dataclasses.replace(hands[0], touches=())
    assert "nothing touches what is to be held" in describe(1, missed, shape, wanted)
    assert "to be held" not in describe(1, hands[0], shape, wanted)


def test_a_forearm_in_the_object_speaks_against_a_hand() -> None:
    shape, wanted, _ = offered()
    proposed = propose(shape, wanted.held, wanted.avoided, strain=strain, varied=True)
    placed = [
        place(a, wanted.held, wanted.avoided, shape, mallet(), allegro()) for a in proposed[::20]
    ]
    assert any("the forearm would pass through" in " ".join(p.faults) for p in placed)
    sound = [p for p in placed if not p.faults]
    for candidate in sound:
        wrist, away = forearm_axis(allegro())
        start = candidate.rotation @ wrist + candidate.position
        ways = start + np.arange(0.01, 0.2, 0.01)[:, None] * (candidate.rotation @ away)
        assert distances(mallet(), ways).min() > 0.02


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


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_what_is_near_and_how_it_lies_reach_hands_and_plan(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    near = [{"kind": "person", "side": "+x"}, {"kind": "table", "side": "-z"}]

    def script(prompt: str) -> str:
        more = {"lies": "+x", "nearby": near} if model_script.stage(prompt) == 1 else {}
        return model_script.answer(prompt, **more)

    server.script = script
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert made.object.upright == (0.0, 0.0, 1.0)
    assert made.object.lying == (1.0, 0.0, 0.0)
    assert made.object.resting_up == (1.0, 0.0, 0.0)
    assert "the other person" in server.prompt(3)
    assert made.grip.palm.place is not None
