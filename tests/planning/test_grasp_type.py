"""Hands turned as their grasp type asks, right ones and left ones."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.hands import load_hand
from tests.planning import plans, things
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import GraspPlan, GraspType, Grip, plan
from zdg_jax.planning.geometry.approach import Approach
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.grasp_type import fingers as fingers_of
from zdg_jax.planning.geometry.grasp_type import turned, with_all_tips, with_whole_hand
from zdg_jax.planning.geometry.parts import measure

WORK = np.array([1.0, 0.0, 0.0])


def fingers(hand: Hand, approach: Approach) -> np.ndarray:
    """Direction of the fingers of a hand that comes so, object frame, (3,)."""
    palm = hand.palm
    in_hand = np.stack([palm.normal, palm.thumb_side, np.cross(palm.normal, palm.thumb_side)], 1)
    axes = [approach.direction, approach.thumb, np.cross(approach.direction, approach.thumb)]
    return np.asarray(np.stack(axes, 1) @ in_hand.T @ palm.direction)


@pytest.fixture(scope="module", params=[False, True], ids=["right", "left"])
def hand(request: pytest.FixtureRequest) -> Hand:
    return load_hand("allegro:mirrored" if request.param else "allegro")


def test_an_extended_index_finger_points_slantwise_along_the_tool(hand: Hand) -> None:
    shape = measure(things.thing("stick", stick=things.rod(0.01, 0.2, "x")))
    for square in propose(shape, [1], [], strain=lambda width: 0.0):
        approach = turned(square, GraspType.INDEX_EXTENDED, hand, work=WORK, outward=-WORK)
        if abs(square.direction @ WORK) > 0.9:
            continue  # the palm moves along the tool
        assert abs(approach.thumb @ approach.direction) < 1e-9
        ahead = WORK - (WORK @ approach.direction) * approach.direction
        cosine = fingers(hand, approach) @ ahead / np.linalg.norm(ahead)
        assert cosine == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert turned(square, GraspType.MEDIUM_WRAP, hand, work=WORK, outward=-WORK) is square


def test_a_lateral_pinch_closes_on_the_faces_of_a_plate(hand: Hand) -> None:
    card = things.thing("card", card=things.box(0.09, 0.055, 0.003))
    square = propose(measure(card), [1], [], strain=lambda width: 0.0)[0]
    assert abs(np.cross(square.direction, square.thumb)[2]) > 0.95  # fingers on its two faces
    outward = np.array([0.0, 0.02, 0.0])
    approach = turned(square, GraspType.LATERAL_PINCH, hand, work=None, outward=outward)
    assert abs(approach.thumb[2]) > 0.95
    assert fingers(hand, approach) @ outward <= 0


def test_what_is_merely_held_is_not_pinched_by_its_faces(
    hand: Hand, tmp_path: pathlib.Path
) -> None:
    things.box(0.09, 0.055, 0.003).export(tmp_path / "card.stl")
    card = Object.from_mesh(tmp_path / "card.stl")
    held = plan("pick it up", card, hand, planner="rules")
    assert GraspType.LATERAL_PINCH not in {grip.grasp_type for grip in held.grips}
    handed = plan("hand the card over", card, hand, planner="rules")
    assert handed.grip.grasp_type is GraspType.LATERAL_PINCH


def test_a_grip_of_some_fingertips_becomes_one_of_all(hand: Hand) -> None:
    content = plans.content()
    grip = GraspPlan.model_validate(content).grip

    def loosened(kind: GraspType, *, mark: int) -> Grip:
        planned = fingers_of(hand, kind, mark)
        return with_all_tips(grip.model_copy(update={"grasp_type": kind, "fingers": planned}), hand)

    held = grip.held[0].mark
    pinch = loosened(GraspType.PALMAR_PINCH, mark=held)
    assert pinch.grasp_type == GraspType.PRISMATIC
    assert [finger.role for finger in pinch.fingers].count("press") == len(hand.fingers) - 1
    assert loosened(GraspType.MEDIUM_WRAP, mark=held).grasp_type == GraspType.MEDIUM_WRAP
    assert loosened(GraspType.PALMAR_PINCH, mark=99).grasp_type == GraspType.PALMAR_PINCH


@pytest.mark.parametrize(
    ("thing", "part", "kind"),
    [
        (things.jar(), "lid", GraspType.POWER_SPHERE),
        (things.mallet(), "handle", GraspType.MEDIUM_WRAP),
    ],
)
def test_a_grip_of_fingertips_becomes_one_of_the_whole_hand(
    hand: Hand, thing: things.Thing, part: str, kind: GraspType
) -> None:
    mark = thing.mark(part)
    held = GraspPlan.model_validate(plans.content()).grip.held[0]
    update = {
        "held": [held.model_copy(update={"mark": mark})],
        "grasp_type": GraspType.TRIPOD,
        "fingers": fingers_of(hand, GraspType.TRIPOD, mark),
    }
    tips = GraspPlan.model_validate(plans.content()).grip.model_copy(update=update)
    whole = with_whole_hand(tips, hand, measure(thing))
    assert whole.grasp_type is kind
    assert whole.palm.contact
    assert {finger.role for finger in whole.fingers} == {"oppose", "wrap"}
    assert with_whole_hand(whole, hand, measure(thing)) is whole
