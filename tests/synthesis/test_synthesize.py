"""The whole road at a small scale: from a task and an object to tested grasps in a file."""

from __future__ import annotations

import dataclasses
import pathlib
import threading
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import pytest

import zdg_jax as zdg
from tests import scene
from zdg_jax import planning
from zdg_jax.runtime import ahead
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.synthesis.synthesize import further_batches

NUM, KEEP = 2 * scene.GRASPS, 3


def road(**changes: Any) -> zdg.GraspSet:
    jar = scene.jar()
    settings: dict[str, Any] = {
        "num": NUM,
        "keep": KEEP,
        "key": jax.random.key(7),
        "planner": jar.plan,
        "config": zdg.SynthesisConfig(batch=scene.GRASPS),
    }
    return zdg.synthesize(scene.TASK, jar.object, scene.allegro(), **settings | changes)


@pytest.fixture(scope="module")
def progress() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def stages() -> dict[str, zdg.GraspSet]:
    """Results of the stages by name, as they were handed out."""
    return {}


@pytest.fixture(scope="module")
def grasps(progress: list[tuple[str, int, int]], stages: dict[str, zdg.GraspSet]) -> zdg.GraspSet:
    return road(progress=lambda *report: progress.append(report), on_stage=stages.__setitem__)


def test_a_second_call_compiles_nothing(grasps: zdg.GraspSet) -> None:
    compiled: list[float] = []

    def told(event: str, seconds: float, **_: object) -> None:
        if event.endswith("backend_compile_duration"):
            compiled.append(seconds)

    jax.monitoring.register_event_duration_secs_listener(told)
    try:
        road(key=jax.random.key(8))
    finally:
        jax.monitoring.unregister_event_duration_listener(told)
    assert not compiled  # or a process of many calls would grow with each


def test_every_grasp_comes_back_ranked_tested_and_explained(grasps: zdg.GraspSet) -> None:
    assert len(grasps) == NUM
    assert (grasps.status == 0).all()
    assert np.isfinite(grasps.score).all()
    # By score, after what does the deed and before what was tried and does not.
    use = np.nan_to_num(grasps.metrics["use"][grasps.ranking], nan=0.5)
    assert (np.diff(use) <= 0).all()
    for group in np.unique(use):
        assert (np.diff(grasps.score[grasps.ranking][use == group]) <= 0).all()
    assert grasps.validation is not None
    assert grasps.tested.any()
    assert 1 <= grasps.kept.sum() <= KEEP
    if grasps.held.any():
        assert grasps.held[grasps.kept].all()
    assert {"contact", "wrench", "surface_penetration"} <= set(grasps.terms)
    assert {"epsilon", "penetration", "on_part"} <= set(grasps.metrics)
    assert grasps.task == scene.TASK
    assert grasps.plan == scene.jar().plan
    assert grasps.provenance["hand"]["name"] == "allegro"
    assert f"{NUM}" in str(grasps)


def test_poses_are_of_the_hand_and_within_its_limits(grasps: zdg.GraspSet) -> None:
    hand = scene.allegro()
    for pose in (grasps.pregrasp, grasps.grasp):
        joints = np.asarray(pose.joints)
        assert joints.shape == (NUM, hand.num_joints)
        assert (joints >= hand.model.jnt_range[:, 0] - 1e-5).all()
        assert (joints <= hand.model.jnt_range[:, 1] + 1e-5).all()
        np.testing.assert_allclose(np.linalg.norm(pose.quaternion, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(grasps.grasp.position, grasps.squeeze.position)
    assert (np.asarray(grasps.squeeze.joints) != np.asarray(grasps.grasp.joints)).any()
    # Fingers, not the palm's middle, are at the object.
    assert (np.linalg.norm(grasps.grasp.position, axis=1) < 0.4).all()


def test_progress_is_told_by_stage(
    grasps: zdg.GraspSet, progress: list[tuple[str, int, int]]
) -> None:
    stages = [stage for stage, _, _ in progress]
    assert [*dict.fromkeys(stages)][:3] == ["plan", "refine", "validate"]
    assert set(stages) <= {"plan", "refine", "validate", "use"}  # where the plan is for a deed
    refined = [(done, total) for stage, done, total in progress if stage == "refine"]
    assert refined[0] == (0, NUM)
    assert refined[-1][0] == refined[-1][1] == grasps.provenance["refined"]


def test_every_stage_hands_out_a_set_that_can_be_saved(
    grasps: zdg.GraspSet, stages: dict[str, zdg.GraspSet], tmp_path: pathlib.Path
) -> None:
    assert list(stages) == ["plan", "refine", "validate"]
    assert len(stages["plan"]) == 0
    assert stages["plan"].plan == grasps.plan
    assert stages["refine"].validation is None
    assert stages["refine"].kept.sum() == KEEP
    assert stages["validate"] is grasps
    for name, stage in stages.items():
        assert len(zdg.GraspSet.load(stage.save(tmp_path / f"{name}.npz"))) == len(stage)


def test_more_are_made_until_enough_promise_to_hold_and_the_best_are_returned() -> None:
    def refined(enough: float) -> zdg.GraspSet:
        config = zdg.SynthesisConfig(batch=scene.GRASPS, rounds=2, enough=enough)
        return road(num=scene.GRASPS, validate=False, config=config)

    few, many = refined(0.0), refined(1e9)
    assert few.provenance["refined"] == scene.GRASPS
    assert many.provenance["refined"] == 2 * scene.GRASPS
    assert len(few) == len(many) == scene.GRASPS
    assert (np.sort(many.score) >= np.sort(few.score)).all()
    assert np.isin(many.score, few.score).any()


@pytest.mark.parametrize(
    ("success", "more"),
    [
        ([0.9, 0.9, 0.8, 0.8], 4),  # of twice as many the better half would do
        ([0.9, 0.9, 0.9, 0.7], 2),
        ([0.9, 0.2, 0.2, 0.2], 8),  # the best quarter is not to be had with the batches left
        ([0.2, 0.2, 0.2, 0.2], 8),
    ],
)
def test_as_many_more_are_made_at_once_as_bring_enough(success: list[float], more: int) -> None:
    score = np.array([3.0, 0.0, 2.0, 1.0])
    batch = dataclasses.replace(
        scene.jar().pipeline.run(scene.GRASPS, jax.random.key(3)),
        score=score,
        predicted_success=np.array(success)[np.argsort(np.argsort(-score))],
    )
    assert further_batches(batch, made=4, most=12, enough=0.89) == more


@pytest.mark.parametrize("cores", [1, 4])
def test_the_number_of_threads_changes_no_grasp(
    grasps: zdg.GraspSet, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr("zdg_jax.synthesis.synthesize.available_cpus", lambda: cores)
    again = road(validate=False)
    np.testing.assert_array_equal(again.squeeze.qpos, grasps.squeeze.qpos)
    np.testing.assert_array_equal(again.score, grasps.score)


def test_where_next_to_none_promise_to_hold_the_rest_are_made_by_looser_grips(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loosened = GraspPipeline.loosened
    loose: list[tuple[GraspPipeline, ...]] = []

    def noted(pipeline: GraspPipeline) -> tuple[GraspPipeline, ...]:
        loose.append(loosened(pipeline))
        return loose[-1]

    def refined(loosen_below: float) -> zdg.GraspSet:
        config = zdg.SynthesisConfig(
            batch=scene.GRASPS, rounds=2, enough=1e9, loosen_below=loosen_below
        )
        return road(num=scene.GRASPS, validate=False, config=config)

    monkeypatch.setattr(GraspPipeline, "loosened", noted)
    close = refined(0.0)
    assert not loose
    apart = refined(1.0)
    assert len(loose) == 1
    assert apart.plan == close.plan
    assert not np.array_equal(np.sort(apart.score), np.sort(close.score))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rounds": 0}, "rounds is 0"),
        ({"batch": 0}, "batch is 0"),
        ({"enough": -1.0}, "enough is -1"),
        ({"loosen_below": float("nan")}, "loosen_below is nan"),
        ({"alignment": float("nan")}, "alignment is nan"),
        ({"alignment": "x"}, "alignment is of the type str; give a number from 0"),
        ({"batch": "a"}, "batch is of the type str; give a whole number from 1"),
        ({"rounds": None}, "rounds is of the type NoneType"),
    ],
)
def test_bad_settings_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(zdg.InputError, match=named):
        zdg.SynthesisConfig(**changes)


def test_same_key_same_grasps_and_another_key_others(grasps: zdg.GraspSet) -> None:
    again = road(validate=False)
    np.testing.assert_array_equal(again.grasp.qpos, grasps.grasp.qpos)
    np.testing.assert_array_equal(again.squeeze.qpos, grasps.squeeze.qpos)
    np.testing.assert_array_equal(again.score, grasps.score)
    assert again.validation is None
    assert again.kept.sum() == KEEP
    other = road(validate=False, key=jax.random.key(8))
    assert (np.asarray(other.grasp.position) != np.asarray(grasps.grasp.position)).any()


def test_a_file_gives_the_same_grasps_back(grasps: zdg.GraspSet, tmp_path: pathlib.Path) -> None:
    loaded = zdg.GraspSet.load(grasps.save(tmp_path / "grasps.npz"))
    for name in ("pregrasp", "grasp", "squeeze"):
        np.testing.assert_array_equal(getattr(loaded, name).qpos, getattr(grasps, name).qpos)
    for name in ("score", "rank", "status", "kept", "held", "tested"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(grasps, name))
    assert (loaded.task, loaded.plan) == (grasps.task, grasps.plan)
    assert loaded.alignment_weight == grasps.alignment_weight
    assert loaded.provenance == grasps.provenance
    assert loaded.terms.keys() == grasps.terms.keys()
    assert loaded.load_hand().fingerprint == scene.allegro().fingerprint
    np.testing.assert_array_equal(loaded.object.vertices, scene.jar().object.vertices)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num": 0}, "num is 0"),
        ({"keep": 0}, "keep is 0"),
        ({"num": "32"}, "num is '32'; a whole number"),
        ({"num": 2.5}, "num is 2.5"),
        ({"num": 10**12}, "at most|to 1000000"),
        ({"keep": 2.5}, "keep is 2.5"),
        ({"key": 0}, r"jax\.random\.key"),
        ({"key": jax.random.split(jax.random.key(0))}, "one key"),
        ({"planner": "oracle"}, "oracle"),
    ],
)
def test_bad_calls_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(zdg.InputError, match=named):
        road(**changes)


def test_a_plan_for_another_object_is_refused() -> None:
    jar = scene.jar()
    with pytest.raises(zdg.InputError, match="another mesh"):
        zdg.synthesize(scene.TASK, scene.brick().object, scene.allegro(), planner=jar.plan)
    for obj, hand, says in (
        ("mug.stl", scene.allegro(), "Object.from_mesh"),
        (jar.object, "allegro", "Hand.load"),
        (scene.allegro(), jar.object, "Object.from_mesh"),
    ):
        with pytest.raises(zdg.InputError, match=says):
            zdg.synthesize(scene.TASK, obj, hand, planner=jar.plan)  # type: ignore[arg-type]
    with pytest.raises(zdg.InputError, match="task is empty"):
        zdg.synthesize("  ", jar.object, scene.allegro(), planner=jar.plan)


def test_a_plan_that_holds_a_part_leads_there(grasps: zdg.GraspSet) -> None:
    """The same grasps asked for by the lid touch it more often."""
    plan = scene.jar().plan
    lid = plan.grip.held[0].model_copy(update={"mark": 2})
    sure = {"confidence": 1.0}
    by_body = plan.model_copy(update={"grip": plan.grip.model_copy(update=sure)})
    by_lid = plan.model_copy(
        update={"grip": plan.grip.model_copy(update=sure | {"held": [lid], "fingers": []})}
    )
    on_lid = []
    for wanted in (by_body, by_lid):
        grasps = road(planner=wanted, validate=False)
        share = grasps.metrics["on_part"]
        on_lid.append(np.median(share if wanted is by_lid else 1 - share))
    assert on_lid[1] > on_lid[0] + 0.3


class Reversing:
    """A user's own planner: holds the jar as it is told, and prefers the worst grasps."""

    reviews = True

    def plan(self, task: str, obj: zdg.Object, hand: zdg.Hand, **how: Any) -> zdg.GraspPlan:
        return scene.jar().plan

    def review(
        self, plan: zdg.GraspPlan, images: Sequence[bytes], measures: Sequence[str], **how: Any
    ) -> planning.Ranking:
        assert all(image.startswith(b"\x89PNG") for image in images)
        serves = planning.GraspReview(serves=True, reason="; ".join(measures))
        order = tuple(reversed(range(len(images))))
        return planning.Ranking(order=order, reviews=(serves,) * len(images))


@jax.jit
def tripled(rows: jax.Array) -> jax.Array:
    return 3 * rows


class WaitingPlanner:
    """Answers when something has happened."""

    reviews = False

    def __init__(self, happened: threading.Event, error: Exception | None = None) -> None:
        self.happened, self.error = happened, error

    def plan(self, task: str, obj: zdg.Object, hand: zdg.Hand, **_: Any) -> planning.GraspPlan:
        if self.error is not None:
            raise self.error
        assert self.happened.wait(120)
        return scene.jar().plan

    def review(self, *_: Any, **__: Any) -> None:
        return None


def test_programs_are_compiled_while_a_planner_plans(
    grasps: zdg.GraspSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened, program = threading.Event(), shard_rows()(tripled)

    def told(event: str, _: float, **about: object) -> None:
        if event.endswith("backend_compile_duration") and about.get("fun_name") == "jit(tripled)":
            happened.set()

    monkeypatch.setattr(ahead, "_OCCASIONS", set())
    monkeypatch.setattr(
        GraspPipeline, "road", lambda *_: ("tripled", program, (np.ones(7, np.float32),))
    )
    jax.monitoring.register_event_duration_secs_listener(told)
    try:
        again = road(planner=WaitingPlanner(happened), validate=False)
    finally:
        jax.monitoring.unregister_event_duration_listener(told)
    np.testing.assert_array_equal(again.squeeze.qpos, grasps.squeeze.qpos)


def test_an_error_of_the_planner_does_not_wait_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()

    def late(*_: Any) -> ahead.Road:
        go_on.wait(120)
        raise RuntimeError("nobody asks any more")

    monkeypatch.setattr(ahead, "_OCCASIONS", set())
    monkeypatch.setattr(GraspPipeline, "road", late)
    try:
        with pytest.raises(zdg.PlannerError, match="no answer"):
            road(planner=WaitingPlanner(go_on, zdg.PlannerError("no answer")))
        assert not go_on.is_set()
    finally:
        go_on.set()


def test_any_object_that_plans_and_reviews_is_a_planner() -> None:
    fast = {"num": scene.GRASPS, "validate": False}
    alone = road(**fast)
    assert "review" not in alone.provenance
    for planners in ({"planner": Reversing()}, {"reviewer": Reversing()}):
        reviewed = road(**fast, **planners)
        best = alone.ranking[alone.kept[alone.ranking]]
        assert len(best) == KEEP
        after = reviewed.ranking[reviewed.kept[reviewed.ranking]]
        assert after.tolist() == best[::-1].tolist()
        assert "chance to hold" in reviewed.provenance["review"][0]["reason"]
