"""Task alignment: parts that are touched, the distance of others, fingers in their role."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests import scene
from zdg_jax.energy import Contacts
from zdg_jax.planning import FingerPlan, Grip
from zdg_jax.synthesis.alignment import TaskAlignment
from zdg_jax.synthesis.fit import POINTS, SLOTS, Fitted

BODY, LID = 1, 2


def grip(**changes: object) -> Grip:
    """The body is held and the lid avoided, coming down from above."""
    content = {
        "held": [{"mark": BODY}],
        "avoided": [{"mark": LID}],
        "grasp_type": "medium_wrap",
        "palm": {"contact": False, "approach": [0, 0, -1]},
        "aperture": 0.05,
        "confidence": 0.9,
    }
    return Grip.model_validate(content | changes)


def place(mark: int, count: int) -> np.ndarray:
    """Middles of faces of a part, far from the other part, (count, 3)."""
    obj = scene.jar().object
    middles = obj.vertices[obj.faces].mean(axis=1)
    near, other = middles[obj.face_parts == mark], middles[obj.face_parts != mark]
    apart = np.linalg.norm(near[:, None] - other, axis=-1).min(axis=1)
    return near[np.argsort(-apart)[:count]]


def fitted(body: int, lid: int, link: int = 0, gap: float = 0.0) -> Fitted:
    """One grasp with points and contacts of one link on both parts; the palm looks up."""
    points = np.concatenate([place(BODY, body), place(LID, lid)])
    count = len(points)
    near = np.full((1, POINTS, 3), np.nan)
    near[0, :count] = points
    up = np.tile([0.0, 0.0, 1.0], (1, SLOTS, 1))
    contacts = Contacts(
        active=(np.arange(SLOTS) < count).astype(np.float32)[None],
        points=np.concatenate([points, np.zeros((SLOTS - count, 3))])[None],
        normals=up,
        hand_normals=-up,
        distance=np.full((1, SLOTS), gap),
        link=np.full((1, SLOTS), link),
        passive_motions=np.zeros((1, SLOTS, 0, 3)),
    )
    normal = scene.allegro().palm.normal
    side = np.cross(normal, [0.3, 0.5, 0.8])
    side /= np.linalg.norm(side)
    frame = np.stack([side, np.cross(normal, side), normal])  # takes the palm's normal to z
    return Fitted(
        position=np.zeros((1, 3)),
        rotation=frame[None],
        dofs=np.zeros((1, scene.allegro().num_dofs)),
        contacts=contacts,
        near=near,
        depth=np.zeros(1),
        self_depth=np.zeros(1),
        scene_depth=np.zeros(1),
    )


def measured(grasp: Fitted, **changes: object) -> dict[str, float]:
    metrics = TaskAlignment(grip(**changes), scene.jar().object, scene.allegro()).measure(grasp)
    return {name: float(values[0]) for name, values in metrics.items()}


def test_shares_of_the_touched_points() -> None:
    metrics = measured(fitted(body=6, lid=2))
    assert metrics["on_part"] == pytest.approx(0.75)
    assert metrics["on_avoided"] == pytest.approx(0.25)
    assert metrics["avoided_gap"] == pytest.approx(0, abs=1e-6)
    assert metrics["aligned"] == 0  # something lies on the lid


def test_only_the_held_part_is_aligned_and_the_other_is_as_far_as_it_is() -> None:
    metrics = measured(fitted(body=4, lid=0))
    assert metrics["on_part"] == 1
    assert metrics["aligned"] == metrics["type_realised"] == 0  # one link alone wraps nothing
    obj = scene.jar().object
    lid = obj.vertices[obj.faces[obj.face_parts == LID]].reshape(-1, 3)
    nearest = np.linalg.norm(place(BODY, 4)[:, None] - lid, axis=-1).min()
    assert metrics["avoided_gap"] == pytest.approx(nearest, rel=0.2)
    assert measured(fitted(body=4, lid=0), avoided=[])["avoided_gap"] == np.inf


def test_the_roll_error_is_the_angle_between_thumb_and_plan_about_the_palm() -> None:
    frame = fitted(body=1, lid=0).rotation[0]
    side = frame @ scene.allegro().palm.thumb_side
    across = np.cross([0.0, 0.0, 1.0], side)
    for angle in (0.0, 0.5, np.pi / 2, 3.0):
        thumb = np.cos(angle) * side + np.sin(angle) * across
        palm = {"contact": False, "approach": [0, 0, 1], "thumb": thumb.tolist()}
        metrics = measured(fitted(body=1, lid=0), palm=palm)
        assert metrics["roll_error"] == pytest.approx(angle, abs=1e-3)
    assert measured(fitted(body=1, lid=0))["roll_error"] == 0  # left open


def test_a_forearm_in_the_object_is_told() -> None:
    grasp = fitted(body=1, lid=0)
    away = dataclasses.replace(grasp, position=np.array([[0, 0, 5.0]]))
    assert measured(away)["forearm_gap"] > 4
    hand = scene.allegro()
    behind = grasp.rotation[0] @ (hand.palm.position - 0.15 * hand.palm.direction)
    center = np.asarray(scene.jar().object.center_of_mass)
    inside = dataclasses.replace(grasp, position=(center - behind)[None])
    assert measured(inside)["forearm_gap"] < 0.03


def test_nothing_touched_is_on_nothing() -> None:
    metrics = measured(fitted(body=0, lid=0))
    assert metrics["on_part"] == metrics["on_avoided"] == metrics["aligned"] == 0


def test_the_approach_error_is_the_angle_between_palm_and_plan() -> None:
    for approach, angle in (([0, 0, 1], 0.0), ([0, 1, 0], np.pi / 2), ([0, 0, -1], np.pi)):
        palm = {"contact": False, "approach": approach}
        metrics = measured(fitted(body=1, lid=0), palm=palm)
        assert metrics["approach_error"] == pytest.approx(angle, abs=1e-3)


def test_fingers_are_in_role_where_they_should_touch_and_idle_where_not() -> None:
    hand = scene.allegro()
    touching, idle = hand.fingers[0], hand.fingers[1]
    tip = hand.link_names[touching.tip_link]

    def share(gap: float = 0.0, **other: object) -> float:
        planned = FingerPlan(finger=touching.name, role="press", link=tip, **other)  # type: ignore[arg-type]
        rest = FingerPlan(finger=idle.name, role="idle")
        grasp = fitted(body=2, lid=0, link=touching.tip_link, gap=gap)
        return measured(grasp, fingers=[planned, rest])["fingers_in_role"]

    assert share() == share(mark=BODY) == 1
    assert share(point=tuple(place(BODY, 1)[0])) == 1
    assert share(mark=LID) == share(point=(1.0, 0.0, 0.0)) == share(gap=0.02) == 0.5
    moved = fitted(body=2, lid=0, link=idle.tip_link)
    planned = FingerPlan(finger=idle.name, role="idle")
    assert measured(moved, fingers=[planned])["fingers_in_role"] == 0
