"""The pipeline: its stages in a row are `run`, one serves all grips, and each bad call is named."""

from __future__ import annotations

import copy
import dataclasses
import threading
from concurrent import futures
from typing import Any

import jax
import numpy as np
import pytest

import zdg_jax as zdg
from tests import scene
from zdg_jax.planning import GraspType
from zdg_jax.planning.indifferent_plan import indifferent_plan
from zdg_jax.synthesis.fit import FitConfig
from zdg_jax.synthesis.grasp_batch import GraspBatch
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.synthesis.pipeline_config import PipelineConfig
from zdg_jax.synthesis.prepared_grip import PreparedGrip

LID = 2


@pytest.fixture(scope="module")
def batch() -> GraspBatch:
    return scene.jar().pipeline.run(scene.GRASPS, jax.random.key(3))


@pytest.fixture(scope="module")
def with_alternative() -> GraspPipeline:
    """The plan holds the jar by its body; its alternative by the lid alone, with more force."""
    plan, jar = scene.jar().plan, scene.jar()
    held = [plan.grip.held[0].model_copy(update={"mark": LID})]
    changes = {
        "held": held,
        "avoided": plan.grip.held,
        "fingers": [],
        "force": type(plan.grip.force)("firm"),
        "confidence": 1.0,
    }
    other = plan.grip.model_copy(update=changes)
    plan = plan.model_copy(update={"alternatives": [other]})
    return GraspPipeline.prepare(plan, jar.object, scene.allegro())


def test_the_stages_one_by_one_make_what_run_makes(batch: GraspBatch) -> None:
    pipeline = scene.jar().pipeline
    variables, pattern = pipeline.seeds(scene.GRASPS, jax.random.key(3))
    assert len(variables.position) == scene.GRASPS * pipeline.config.refine.starts
    refined = pipeline.refine(variables, pattern)
    fitted = pipeline.fit(refined)
    again = pipeline.measure(refined, fitted, pipeline.squeeze(refined, fitted))
    for one, other in zip(jax.tree.leaves(batch), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_batch_is_of_the_host_finite_and_scored_by_its_metrics(batch: GraspBatch) -> None:
    assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(batch))
    assert {len(leaf) for leaf in jax.tree.leaves(batch)} == {scene.GRASPS}
    assert batch.finite.all()
    assert (batch.predicted_success <= batch.metrics["predicted_hold_probability"] + 1e-6).all()
    assert (batch.score <= batch.metrics["predicted_hold_probability"] + 1e-6).all()
    assert {"held", "self_penetration"} <= batch.terms.keys()


def test_a_batch_becomes_a_set_with_its_plan(batch: GraspBatch) -> None:
    jar = scene.jar()
    grasps = jar.pipeline.grasp_set(batch)
    assert (grasps.task, grasps.plan) == (scene.TASK, jar.pipeline.plan)
    assert grasps.alignment_weight == jar.pipeline.config.alignment
    np.testing.assert_array_equal(grasps.grasp.joints, batch.poses.grasp.joints)
    assert grasps.best(1).score[0] == pytest.approx(batch.score.max())


def test_the_wrist_keeps_its_rotation_and_stays_for_the_squeeze(batch: GraspBatch) -> None:
    poses = batch.poses
    np.testing.assert_array_equal(poses.pregrasp.quaternion, poses.grasp.quaternion)
    np.testing.assert_array_equal(poses.squeeze.position, poses.grasp.position)
    assert (poses.pregrasp.joints != poses.grasp.joints).any(axis=1).all()


def test_grasps_that_are_not_finite_are_worth_nothing() -> None:
    pipeline = scene.jar().pipeline
    refined = pipeline.refine(*pipeline.seeds(scene.GRASPS, jax.random.key(3)))
    position = refined.variables.position.at[2].set(np.nan)
    broken = dataclasses.replace(
        refined, variables=dataclasses.replace(refined.variables, position=position)
    )
    fitted = pipeline.fit(broken)
    measured = pipeline.measure(broken, fitted, pipeline.squeeze(broken, fitted))
    assert np.flatnonzero(~measured.finite).tolist() == [2]
    assert measured.score[2] == -np.inf
    assert measured.predicted_success[2] == 0
    assert np.isfinite(np.delete(measured.score, 2)).all()


def test_the_fit_closes_no_link_whose_contact_hardly_counts() -> None:
    """With a share that no contact reaches, links are only kept off: contacts stay open."""
    jar, gaps = scene.jar(), []
    refined = jar.pipeline.refine(*jar.seeds(jax.random.key(3)))
    for least in (FitConfig().least_activity, 2.0):
        config = PipelineConfig(fit=FitConfig(least_activity=least))
        pipeline = GraspPipeline.prepare(jar.plan, jar.object, scene.allegro(), config)
        contacts = pipeline.fit(refined).contacts
        touching = (np.asarray(contacts.active) > 0) & (np.abs(contacts.distance) < 1e-4)
        gaps.append(int(touching.sum()))
    assert gaps[0] > gaps[1]


def test_one_pipeline_serves_the_plan_and_its_alternatives(
    with_alternative: GraspPipeline, batch: GraspBatch
) -> None:
    first, other = with_alternative.grip(0), with_alternative.grip(1)
    assert with_alternative.grip(1) is other
    assert other.squeeze.margin > first.squeeze.margin
    by_lid = with_alternative.run(scene.GRASPS, jax.random.key(3), grip=1)
    # Alignment is measured against the plan's own grip, which holds the body.
    assert by_lid.metrics["on_part"].mean() < batch.metrics["on_part"].mean() - 0.2


@pytest.mark.parametrize("around", [None, zdg.Scene()])
def test_a_plan_that_binds_nothing_needs_the_programs_of_any_other(
    around: zdg.Scene | None,
) -> None:
    for thing in (scene.jar(), scene.brick()):
        plans = [thing.plan, indifferent_plan(thing.object)]
        one, other = (
            GraspPipeline.prepare(plan, thing.object, scene.allegro(), scene=around)
            for plan in plans
        )
        assert one.road(scene.GRASPS)[0] == other.road(scene.GRASPS)[0]


def test_a_prepared_grip_does_not_wait_for_another(
    with_alternative: GraspPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared, go_on = PreparedGrip.of, threading.Event()
    began = threading.Event()

    def slow(*arguments: Any, **settings: Any) -> PreparedGrip:
        began.set()
        go_on.wait(60)
        return prepared(*arguments, **settings)

    pipeline = copy.copy(with_alternative)
    pipeline._grips = {0: with_alternative.grip(0)}
    monkeypatch.setattr(PreparedGrip, "of", slow)
    with futures.ThreadPoolExecutor() as pool:
        other = pool.submit(pipeline.grip, 1)
        try:
            assert began.wait(60)
            first = pool.submit(pipeline.grip, 0).result(60)
            assert first is with_alternative.grip(0)
            assert not other.done()
        finally:
            go_on.set()
        assert other.result() is pipeline.grip(1)


@pytest.mark.parametrize("grip", [-1, 1])
def test_a_grip_that_the_plan_has_not_is_refused(grip: int) -> None:
    with pytest.raises(zdg.InputError, match=f"no grip {grip}; the plan has 1"):
        scene.jar().pipeline.grip(grip)


def test_no_grasps_and_a_plan_of_another_object_are_refused() -> None:
    with pytest.raises(zdg.InputError, match="num is 0"):
        scene.jar().pipeline.seeds(0, jax.random.key(0))
    with pytest.raises(zdg.InputError, match="another mesh"):
        GraspPipeline.prepare(scene.jar().plan, scene.brick().object, scene.allegro())


@pytest.mark.slow  # a batch of a size of its own compiles all programs
def test_what_is_compiled_ahead_is_what_runs() -> None:
    pipeline, compiled = scene.jar().pipeline, []

    def told(event: str, _: float, **about: object) -> None:
        if event.endswith("backend_compile_duration"):
            compiled.append(str(about.get("fun_name")).removeprefix("jit(").removesuffix(")"))

    jax.monitoring.register_event_duration_secs_listener(told)
    try:
        pipeline.compile(5)
        programs = {"_enclose", "_advance", "_select", "_assess", "solve_squeeze", "measure"}
        assert programs <= set(compiled)
        del compiled[:]
        pipeline.run(5, jax.random.key(3))
        assert not programs & set(compiled)
        del compiled[:]
        pipeline.compile(5)
        assert not compiled
    finally:
        jax.monitoring.unregister_event_duration_listener(told)


def test_looser_grips_leave_the_pose_open_and_bind_the_parts() -> None:
    jar = scene.jar()
    palm = jar.plan.grip.palm.model_copy(update={"thumb": (0.0, 0.0, 1.0)})
    planned = {
        "confidence": 0.9, "grasp_type": GraspType.PALMAR_PINCH, "fingers": [], "palm": palm
    }  # fmt: skip
    plan = jar.plan.model_copy(update={"grip": jar.plan.grip.model_copy(update=planned)})
    pipeline = GraspPipeline.prepare(plan, jar.object, scene.allegro())
    tips, whole = pipeline.loosened()
    parts = pipeline.grip().problem.targets.held.weight
    assert parts > 0.8
    for stages, bound in ((pipeline, 0.9), (tips, 0.0), (whole, 0.0)):
        targets = stages.grip().problem.targets
        assert targets.approach.weight == pytest.approx(bound)
        assert targets.thumb.weight == pytest.approx(bound)
        assert targets.held.weight == parts
    assert pipeline.plan.grip.grasp_type is GraspType.PALMAR_PINCH
    assert tips.plan.grip.grasp_type is GraspType.PRISMATIC
    assert whole.plan.grip.grasp_type in (GraspType.POWER_SPHERE, GraspType.MEDIUM_WRAP)
    assert whole.plan.grip.palm.contact
    assert tips.alignment is whole.alignment is pipeline.alignment
    (alike,) = whole.loosened()
    assert alike.plan.grip.grasp_type is whole.plan.grip.grasp_type
