"""Deeds: paths of the object and loads on it, from steps and from programs."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import igl
import numpy as np
import pytest

from tests import scene
from zdg_jax.errors import InputError
from zdg_jax.planning import AvoidedPart, GraspPlan, Motion
from zdg_jax.validation import Deed, Step, deed_of, library_programs, load_program
from zdg_jax.validation.deeds import moved


def test_a_turn_leaves_its_center_where_it_is() -> None:
    step = Step(name="tilted", time=1.0, turn=np.pi / 2, axis=(0, 1, 0), center=(0.1, 0, 0))
    half, whole = (moved(np.eye(4), step, share) for share in (0.5, 1.0))
    for pose in (half, whole):
        np.testing.assert_allclose(pose @ [0.1, 0, 0, 1], [0.1, 0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(whole[:3, :3] @ [1, 0, 0], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(half[:3, :3] @ [1, 0, 0], np.array([1, 0, -1]) / 2**0.5, atol=1e-9)


def test_the_axis_of_a_turn_turns_with_the_object() -> None:
    first = Step(name="tilted", time=1.0, turn=np.pi / 2, axis=(0, 1, 0))
    second = Step(name="rolled", time=1.0, turn=np.pi / 2, axis=(1, 0, 0))
    end = Deed(name="both", steps=(first, second)).starts()[-1]
    np.testing.assert_allclose(end[:3, :3] @ [1, 0, 0], [0, 0, -1], atol=1e-12)


def test_swings_go_to_and_fro_or_round() -> None:
    stroke = Step(name="stroked", time=1.0, swings=2, shift=(0.05, 0, 0))
    ways = [stroke.progress(share)[0] for share in np.linspace(0, 1, 81)]
    assert np.max(ways, axis=0) == pytest.approx([0.05, 0, 0])
    assert np.min(ways, axis=0) == pytest.approx([-0.05, 0, 0])
    np.testing.assert_allclose(ways[-1], 0, atol=1e-12)
    stir = dataclasses.replace(stroke, across=(0, 0.05, 0))
    around = [stir.progress(share)[0] - [0, 0.05, 0] for share in np.linspace(0, 1, 9)]
    np.testing.assert_allclose(np.linalg.norm(around, axis=1), 0.05)


def test_a_blow_adds_up_to_its_impulse_and_a_force_rises_and_falls() -> None:
    blow = Step(name="struck", time=0.02, impulse=(0, 0, -0.4))
    shares = (np.arange(200) + 0.5) / 200
    loads = np.array([blow.load(share) for share in shares])
    np.testing.assert_allclose(loads.mean(axis=0) * 0.02, [0, 0, -0.4, 0, 0, 0], atol=1e-4)
    push = Step(name="pressed on", time=1.0, force=(5, 0, 0), torque=(0, 0.1, 0))
    assert push.load(0.5).tolist() == [5, 0, 0, 0, 0.1, 0]
    assert push.load(0.0).tolist() == push.load(1.0).tolist() == [0] * 6


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(InputError, match="must be positive"):
        Step(name="lifted", time=0.0)
    with pytest.raises(InputError, match="shift of step 'lifted'"):
        Step(name="lifted", time=1.0, shift=(np.nan, 0, 0))
    with pytest.raises(InputError, match="has no step"):
        Deed(name="nothing", steps=())
    early = (Step(name="let go", time=1.0, release=True), Step(name="lifted", time=1.0))
    with pytest.raises(InputError, match="lets go before its last step"):
        Deed(name="early", steps=early)


def planned(**task: object) -> GraspPlan:
    """The jar's plan for another task."""
    plan = scene.jar().pipeline.plan
    return plan.model_copy(update={"task": plan.task.model_copy(update=task)})


def test_every_motion_has_a_program() -> None:
    for motion in Motion:
        plan = planned(motion=motion, motion_axis=(0.0, 1.0, 0.0), intent="use", verb="do")
        assert deed_of(plan, scene.jar().object) is not None, motion
    names = [program.name for program in library_programs()]
    assert len(set(names)) == len(names)


def test_pouring_tilts_the_working_end_down() -> None:
    obj = scene.jar().object
    plan = planned(motion=Motion.TILT, intent="use", verb="pour", motion_axis=(0.0, 1.0, 0.0))
    grip = plan.grip.model_copy(update={"avoided": [AvoidedPart(mark=2)]})
    deed = deed_of(plan.model_copy(update={"grip": grip}), obj)
    assert deed is not None
    assert deed.name == "pour"
    tilted = deed.starts()[[step.name for step in deed.steps].index("tilted") + 1]
    angle = np.arccos(tilted[2, 2])
    assert np.degrees(angle) == pytest.approx(100, abs=0.1)
    assert len(deed.on_avoided) > 10
    assert len(deed.elsewhere) > len(deed.on_avoided)
    lid = obj.vertices[obj.faces[obj.face_parts == 2]].reshape(-1, 3)
    assert (np.array(deed.on_avoided) >= lid.min(axis=0) - 1e-6).all()
    without = planned(motion=Motion.TILT, intent="use", verb="pour", motion_axis=None)
    assert deed_of(without, obj) is None


def test_who_opens_something_holds_the_closure_alone() -> None:
    jar = scene.jar().object
    plan = planned(motion="twist", motion_axis=(0.0, 0.0, 1.0), intent="open")
    deed = deed_of(plan, jar)
    assert deed is not None
    assert deed.supported
    inside = np.isin(jar.face_parts, [part.mark for part in plan.grip.held])
    assert 0 < inside.sum() < len(inside)
    for points, faces in ((deed.on_avoided, ~inside), (deed.elsewhere, inside)):
        squared = igl.point_mesh_squared_distance(np.array(points), jar.vertices, jar.faces[faces])
        assert squared[0].max() < 1e-8
    in_use = deed_of(planned(motion="twist", motion_axis=(0.0, 0.0, 1.0), intent="use"), jar)
    assert in_use is not None
    assert len(in_use.on_avoided) < len(deed.on_avoided)


def test_a_program_of_ones_own(tmp_path: pathlib.Path) -> None:
    content = {
        "name": "ring",
        "steps": [{"name": "rung", "time": 2, "swings": 4, "shift": {"side": 0.05}}],
    }
    path = tmp_path / "ring.json"
    path.write_text(json.dumps(content))
    deed = load_program(path).bind(planned(), scene.jar().object)
    assert deed.name == "ring"
    assert np.linalg.norm(deed.steps[0].shift) == pytest.approx(0.05, abs=1e-5)
    assert deed.steps[0].shift @ np.asarray(deed.up) == pytest.approx(0, abs=1e-5)
    content["steps"][0]["shift"] = {"sideways": 0.05}  # type: ignore[index]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"steps\.0\.shift\.sideways"):
        load_program(path)
    with pytest.raises(InputError, match="nowhere"):
        load_program(tmp_path / "nowhere.json")
