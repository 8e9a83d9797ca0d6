"""Selection: which grasps are tested first, and which are kept."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from tests.made_up import make_grasps
from tests.planning.plans import content
from tests.validation.gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose
from zdg_jax.grasps import GraspSet
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.planning import GraspPlan
from zdg_jax.synthesis import quality
from zdg_jax.synthesis.selection import diverse, validate_best_first
from zdg_jax.validation import carry


def alike(n: int, score: list[float], **changes: object) -> GraspSet:
    """Grasps at one place, none of which was tested."""
    at_rest = [pose(TOUCHING)] * n
    grasps = make_grasps(n, tested=False)
    return dataclasses.replace(
        grasps,
        poses=Poses.from_qpos(at_rest, at_rest, at_rest),
        score=np.array(score, float),
        rank=None,
        status=np.zeros(n, np.int8),
        **changes,
    )


def closed_as(grasps: GraspSet, grasp: HandPose) -> GraspSet:
    return dataclasses.replace(grasps, poses=dataclasses.replace(grasps.poses, grasp=grasp))


def shifted(grasps: GraspSet, metres: list[float]) -> GraspSet:
    position = np.array(grasps.grasp.position)
    position[:, 0] += metres
    return closed_as(grasps, dataclasses.replace(grasps.grasp, position=jnp.asarray(position)))


def test_the_best_of_those_that_differ_are_kept() -> None:
    # Two places, 10 cm apart: the two best lie at the same one.
    grasps = shifted(alike(4, [0.9, 0.8, 0.3, 0.1]), [0, 0, 0.1, 0.1])
    assert diverse(grasps, 2).tolist() == [0, 2]
    assert diverse(grasps, 3).tolist() == [0, 2, 1]  # room left goes to the best of the rest
    assert diverse(grasps, 9).tolist() == [0, 2, 1, 3]


def test_a_turn_or_a_bend_makes_grasps_differ_and_the_sign_of_a_quaternion_does_not() -> None:
    grasps = alike(4, [0.9, 0.8, 0.7, 0.6])
    quaternion, joints = np.array(grasps.grasp.quaternion), np.array(grasps.grasp.joints)
    quaternion[1] = -quaternion[1]
    quaternion[2] = [np.cos(0.5), np.sin(0.5), 0, 0]
    joints[3] += 0.6
    bent = dataclasses.replace(
        grasps.grasp, quaternion=jnp.asarray(quaternion), joints=jnp.asarray(joints)
    )
    assert diverse(closed_as(grasps, bent), 3).tolist() == [0, 2, 3]


def test_broken_grasps_are_never_kept() -> None:
    grasps = alike(3, [-np.inf, 0.5, 0.4])
    grasps = dataclasses.replace(grasps, status=np.array([1, 0, 0], np.int8))
    assert diverse(grasps, 3).tolist() == [1, 2]


def test_where_some_hold_only_those_are_kept() -> None:
    grasps = shifted(make_grasps(6), [0.1 * i for i in range(6)])
    grasps = dataclasses.replace(grasps, status=np.zeros(6, np.int8))
    assert set(diverse(grasps, 6)) == {0, 2, 4}
    none = dataclasses.replace(grasps, validation=None)
    assert len(diverse(none, 6)) == 6


def test_those_that_agree_with_the_plan_come_first() -> None:
    grasps = shifted(alike(3, [0.9, 0.8, 0.7]), [0, 0.1, 0.2])
    metrics = {"aligned": np.array([0.0, 1.0, 1.0]), "on_part": np.zeros(3)}
    metrics["on_avoided"] = np.zeros(3)
    grasps = dataclasses.replace(grasps, metrics=dict(grasps.metrics) | metrics)
    assert diverse(grasps, 2).tolist() == [1, 2]
    heedless = dataclasses.replace(grasps, alignment_weight=0.0)
    assert diverse(heedless, 2).tolist() == [0, 1]


def test_a_plan_that_is_a_preference_only_keeps_grasps_off_what_it_avoids() -> None:
    grasps = shifted(alike(3, [0.9, 0.8, 0.7]), [0, 0.1, 0.2])
    metrics = {"aligned": np.array([0.0, 0.0, 1.0]), "on_avoided": np.array([0.2, 0.0, 0.0])}
    metrics["on_part"] = np.zeros(3)
    grasps = dataclasses.replace(grasps, metrics=dict(grasps.metrics) | metrics)
    for confidence, chosen in ((0.3, [1, 2]), (0.9, [2, 0])):
        plan = GraspPlan.model_validate(content(confidence=confidence))
        planned = dataclasses.replace(grasps, plan=plan)
        assert diverse(planned, 2).tolist() == chosen


def test_score_and_promise_follow_a_plan_as_far_as_it_binds() -> None:
    grips = [GraspPlan.model_validate(content(confidence=c)).grip for c in (0.0, 0.3, 1.0)]
    assert [grip.binding for grip in grips] == [0.0, 0.0, 1.0]
    metrics = {
        "predicted_hold_probability": np.array([0.9, 0.6]),
        "on_part": np.array([0.0, 1.0]),
        "on_avoided": np.zeros(2),
        "approach_error": np.zeros(2),
        "roll_error": np.zeros(2),
        "type_realised": np.ones(2),
        "forearm_gap": np.full(2, 0.03),
        "avoided_gap": np.array([np.inf, 0.02]),
        "aligned": np.array([0.0, 1.0]),
    }
    np.testing.assert_allclose(quality.score(metrics, 2.0, 0.0), [0.9, 0.6])
    np.testing.assert_allclose(quality.score(metrics, 2.0, 0.5), [-0.1, 0.6])
    np.testing.assert_allclose(quality.predicted_success(metrics, 2.0, 0.5), [0.45, 0.6])
    np.testing.assert_allclose(quality.predicted_success(metrics, 0.0, 0.5), [0.9, 0.6])
    touching = metrics | {"on_avoided": np.array([0.0, 0.5])}
    np.testing.assert_allclose(quality.score(touching, 2.0, 0.0), [0.9, -1.4])
    for fault in (
        {"roll_error": np.full(2, 1.0)},
        {"type_realised": np.zeros(2)},
        {"forearm_gap": np.full(2, -0.03)},
        {"avoided_gap": np.full(2, 0.001)},
    ):
        worse = quality.score(metrics | fault, 2.0, 0.5)
        assert (worse < quality.score(metrics, 2.0, 0.5) - 0.1).all()
        np.testing.assert_allclose(quality.score(metrics | fault, 2.0, 0.0), [0.9, 0.6])


@pytest.fixture
def mixed() -> GraspSet:
    return _mixed(40)


def _mixed(n: int) -> GraspSet:
    """n grasps of the ball by the gripper; those of even number hold, the others stay open."""
    open_ = pose(OPEN)
    grips = [pose(OPEN), pose(TOUCHING), pose(PUSHING)]
    rows = [[grip if i % 2 == 0 else open_ for i in range(n)] for grip in grips]
    turned = []
    for stage in rows:
        stage = np.array(stage)
        angle = np.pi * np.arange(n) / n  # about the ball: all differ and hold alike
        stage[:, 3], stage[:, 6] = np.cos(angle / 2), np.sin(angle / 2)
        turned.append(stage)
    grasps = make_grasps(n, tested=False)
    return dataclasses.replace(
        grasps,
        poses=Poses.from_qpos(*turned),
        score=np.linspace(1.0, 0.0, n),
        rank=None,
        status=np.zeros(n, np.int8),
    )


def test_testing_ends_when_enough_hold(mixed: GraspSet) -> None:
    gripper, ball = Gripper(), Ball()
    seen: list[tuple[int, int]] = []
    tested = validate_best_first(mixed, gripper, ball, 3, lambda _, *counts: seen.append(counts))
    assert tested.held.sum() >= 3
    assert not tested.held[1::2].any()
    count = int(tested.tested.sum())
    assert count < len(mixed)
    assert tested.tested[:count].all()  # the best were tested, those of low score were not
    assert seen[-1] == (count, 40)
    kept = diverse(tested, 3)
    assert tested.held[kept].all()
    everything = validate_best_first(mixed, gripper, ball, 1000)
    assert everything.tested.all()
    assert everything.held.sum() == 20
    np.testing.assert_array_equal(everything.held[:count], tested.held[:count])


def test_the_payload_spares_hopeless_grasps() -> None:
    gripper, ball, grasps = Gripper(), Ball(), _mixed(72)
    ratio = np.where(np.arange(72) % 2, 0.3, 1.0)  # those that stay open carry nothing
    told = dataclasses.replace(grasps, metrics={"payload": ratio * ball.mass})
    spared = validate_best_first(told, gripper, ball, 1000, protocol=carry)
    assert spared.tested[::2].all()
    assert 16 <= spared.tested[1::2].sum() < 36
    assert spared.held[::2].all()
    light = validate_best_first(told, gripper, ball, 1000)  # 1 N is another load
    assert light.tested.all()
    # Where now and then one holds, the payload may be mistaken.
    mistaken = dataclasses.replace(grasps, metrics={"payload": np.zeros(72)})
    assert validate_best_first(mistaken, gripper, ball, 1000, protocol=carry).tested.all()


def test_grasps_of_another_type_come_before_those_off_the_parts() -> None:
    grasps = dataclasses.replace(
        make_grasps(3, tested=False),
        score=np.array([3.0, 2.0, 1.0]),
        rank=None,
        status=np.zeros(3, np.int8),
        metrics={
            "aligned": np.array([0.0, 0.0, 1.0]),
            "on_part": np.array([0.1, 0.9, 0.9]),
            "on_avoided": np.zeros(3),
        },
    )
    assert diverse(grasps, 3).tolist() == [2, 1, 0]
