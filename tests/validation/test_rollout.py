"""Verdicts and reasons of whole rollouts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.validation import EngineOptions, Reason, Settling, six_directions

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, by_grasp, closing, pose

FULL = dataclasses.replace(six_directions, settling=None, fail_fast=False)


def test_each_reason_is_told_from_the_others(gripper: Gripper, ball: Ball) -> None:
    rows = [
        (pose(OPEN), pose(TOUCHING), pose(PUSHING)),
        (pose(OPEN), pose(TOUCHING), pose(TOUCHING)),  # touches without pushing
        (pose(0.3), pose(0.3), pose(0.3)),  # stays open
        (pose(-0.5), pose(-0.5), pose(PUSHING)),  # starts inside the ball
        (pose(OPEN), pose(TOUCHING), np.full(13, np.nan)),
    ]
    result = validation.rollout(gripper, ball, by_grasp(rows))
    expected = [
        Reason.HELD,
        Reason.SLIPPED,
        Reason.NEVER_TOUCHED,
        Reason.PREGRASP_PENETRATES,
        Reason.DIVERGED,
    ]
    assert [Reason(code) for code in result.reason] == expected
    assert result.held.tolist() == [True, False, False, False, False]
    assert result.survived_loads[0].all()
    assert result.contacts[0] == 3
    assert result.force[0] > 5
    assert result.pregrasp_penetration[3] > 0.01
    assert np.isnan(result.failed_at[0])
    assert result.failed_at[1] > 0.8
    assert "1 of 5 held" in str(result)


def test_cutting_pulls_short_keeps_verdicts_and_saves_steps(gripper: Gripper, ball: Ball) -> None:
    angles = np.linspace(TOUCHING, PUSHING, 6)
    poses = closing(angles.tolist())
    quick = validation.rollout(gripper, ball, poses)
    full = validation.rollout(gripper, ball, poses, FULL)
    assert quick.held.tolist() == full.held.tolist()
    assert 0 < full.held.sum() < 6
    assert quick.steps.sum() * 2 < full.steps.sum()
    assert full.tested.all()
    assert (full.slip <= full.drift + full.closing_drift[:, None]).all()
    assert (full.slip[full.held] < 0.05).all()
    assert not quick.tested[~quick.held].all()


def test_pulls_tried_without_noslip_iterations_keep_verdicts(gripper: Gripper, ball: Ball) -> None:
    poses = closing(np.linspace(TOUCHING, PUSHING, 6).tolist())
    tried = validation.rollout(gripper, ball, poses)
    untried = dataclasses.replace(six_directions, settling=Settling(trial=0.0))
    exact = validation.rollout(gripper, ball, poses, untried)
    assert 0 < exact.held.sum() < 6
    assert tried.reasons == exact.reasons
    held, lost = exact.held, ~exact.held
    # Those that rest are pulled once, a little way on; those that do not, once more.
    np.testing.assert_allclose(tried.drift[held], exact.drift[held], atol=1e-3)
    assert (tried.drift[held] != exact.drift[held]).any()
    np.testing.assert_array_equal(tried.failed_at[lost], exact.failed_at[lost])
    assert (tried.steps[lost] > exact.steps[lost]).any()


def test_results_do_not_depend_on_threads_or_company(gripper: Gripper, ball: Ball) -> None:
    rows = [tuple(pose(a, height=h) for a in (OPEN, TOUCHING, PUSHING)) for h in (0.095, 0.1)]
    poses = by_grasp(rows * 4)
    many = validation.rollout(gripper, ball, poses, engine=EngineOptions(threads=3))
    alone = validation.rollout(gripper, ball, poses[:1], engine=EngineOptions(threads=1))
    np.testing.assert_array_equal(many.drift[::2], np.tile(alone.drift, (4, 1)))
    np.testing.assert_array_equal(many[1::2].force, np.tile(many.force[1], 4))


def test_progress_counts_up_to_all(gripper: Gripper, ball: Ball) -> None:
    seen: list[tuple[int, int]] = []
    poses = by_grasp([(pose(0.3),) * 3] * 20)
    validation.rollout(gripper, ball, poses, progress=lambda _, *counts: seen.append(counts))
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_task_wrench_tests_only_its_loads(gripper: Gripper, ball: Ball) -> None:
    twist = validation.Load(name="twist", torque=(0.0, 0.0, 0.03))
    tear = validation.Load(name="tear", force=(0.0, 0.0, 400.0))
    protocol = validation.task_wrench([twist, tear], fail_fast=False)
    poses = closing([PUSHING])
    result = validation.rollout(gripper, ball, poses, protocol)
    assert result.loads == ("twist", "tear")
    assert result.survived_loads.tolist() == [[True, False]]
    assert result.reasons == ["slipped"]


def test_bad_input_is_named(gripper: Gripper, ball: Ball) -> None:
    good, other_hand = pose(0.1)[None], np.zeros((1, 9))
    poses = Poses.from_qpos(good, good, good)
    with pytest.raises(InputError, match="no backend 'bullet'"):
        validation.rollout(gripper, ball, poses, engine=EngineOptions(backend="bullet"))
    with pytest.raises(InputError, match="threads is 0"):
        validation.rollout(gripper, ball, poses, engine=EngineOptions(threads=0))
    with pytest.raises(InputError, match=r"grasp has shape .* needs \(n, 13\)"):
        validation.rollout(gripper, ball, Poses.from_qpos(good, other_hand, good))
    with pytest.raises(InputError, match="1 pregrasp, 3 grasp, 1 squeeze"):
        validation.rollout(gripper, ball, Poses.from_qpos(good, np.zeros((3, 13)), good))


def test_protocol_without_loads_is_refused() -> None:
    with pytest.raises(InputError, match="no load"):
        validation.task_wrench([])
