"""The working end: the far end of what is avoided, or of what is not held; a part's length."""

from __future__ import annotations

import numpy as np
import pytest

from tests import scene
from tests.planning import things
from zdg_jax.objects import Object
from zdg_jax.planning import AvoidedPart, FingerPlan, GraspType, HeldPart
from zdg_jax.planning.geometry.working_end import held_length, pointing, working_end

BODY, LID = 1, 2


@pytest.mark.parametrize("avoided", [[LID], []])
def test_the_end_is_the_far_end_of_the_other_part(avoided: list[int]) -> None:
    obj = scene.jar().object
    grip = scene.jar().plan.grip.model_copy(
        update={
            "held": [HeldPart(mark=BODY)],
            "avoided": [AvoidedPart(mark=mark) for mark in avoided],
        }
    )
    end = working_end(grip, obj)
    lid = obj.vertices[obj.faces[obj.face_parts == LID]].reshape(-1, 3)
    assert (end >= lid.min(axis=0) - 1e-9).all()
    assert (end <= lid.max(axis=0) + 1e-9).all()
    assert end[2] > lid[:, 2].mean()


def test_an_object_held_all_over_ends_farthest_from_its_middle() -> None:
    obj = scene.jar().object
    held = [HeldPart(mark=BODY), HeldPart(mark=LID)]
    end = working_end(scene.jar().plan.grip.model_copy(update={"held": held, "avoided": []}), obj)
    away = np.linalg.norm(obj.vertices - obj.vertices.mean(axis=0), axis=1)
    assert np.isfinite(end).all()
    assert np.linalg.norm(end - obj.vertices.mean(axis=0)) < away.max()


def test_a_rod_has_a_length_and_a_cube_has_none() -> None:
    grip = scene.jar().plan.grip.model_copy(update={"held": [HeldPart(mark=1)], "avoided": []})
    for size, long in (((0.02, 0.02, 0.2), True), ((0.05, 0.05, 0.05), False)):
        box = things.box(*size)
        obj = Object.from_mesh((box.vertices, box.faces), name="box", pieces=1)
        length = held_length(grip, obj)
        assert (length is not None) == long
        if length is not None:
            assert abs(length[2]) == pytest.approx(1.0, abs=0.02)


def test_an_extended_finger_points_to_the_working_end() -> None:
    obj = scene.jar().object
    update = {"held": [HeldPart(mark=BODY)], "avoided": [AvoidedPart(mark=LID)], "fingers": []}
    grip = scene.jar().plan.grip.model_copy(update=update)
    assert pointing(grip, obj) is None
    extended = grip.model_copy(update={"grasp_type": GraspType.INDEX_EXTENDED})
    direction = pointing(extended, obj)
    assert direction is not None
    assert direction[2] > 0.9
    pressing = FingerPlan(finger="ff", role="press", mark=LID)
    assert pointing(extended.model_copy(update={"fingers": [pressing]}), obj) is None
