"""Verdicts and reasons of whole rollouts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.validation import Reason, six_directions

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose

FULL = dataclasses.replace(six_directions, settling=None, fail_fast=False)


def test_each_reason_is_told_from_the_others(gripper: Gripper, ball: Ball) -> None:
    rows = [
        (pose(OPEN), pose(TOUCHING), pose(PUSHING)),
        (pose(OPEN), pose(TOUCHING), pose(TOUCHING)),  # touches without pushing
        (pose(0.3), pose(0.3), pose(0.3)),  # stays open
        (pose(-0.5), pose(-0.5), pose(PUSHING)),  # starts inside the ball
        (pose(OPEN), pose(TOUCHING), np.full(13, np.nan)),
    ]
    result = validation.rollout(gripper, ball, *map(np.array, zip(*rows, strict=True)))
    expected = [
        Reason.HELD,
        Reason.SLIPPED,
        Reason.NEVER_TOUCHED,
        Reason.PREGRASP_PENETRATES,
        Reason.DIVERGED,
    ]
    assert [Reason(code) for code in result.reason] == expected
    assert result.held.tolist() == [True, False, False, False, False]
    assert result.directions[0].all()
    assert result.contacts[0] == 3
    assert result.force[0] > 5
    assert result.pregrasp_penetration[3] > 0.01
    assert np.isnan(result.failed_at[0])
    assert result.failed_at[1] > 0.8
    assert "1 of 5 held" in str(result)


def test_cutting_pulls_short_keeps_verdicts_and_saves_steps(gripper: Gripper, ball: Ball) -> None:
    angles = np.linspace(TOUCHING, PUSHING, 6)
    poses = [np.array([pose(a)] * 6) for a in (OPEN, TOUCHING)] + [np.array([*map(pose, angles)])]
    quick = validation.rollout(gripper, ball, *poses)
    full = validation.rollout(gripper, ball, *poses, FULL)
    assert quick.held.tolist() == full.held.tolist()
    assert 0 < full.held.sum() < 6
    assert quick.steps.sum() * 2 < full.steps.sum()
    assert full.tested.all()
    assert (full.slip <= full.drift + full.closing_drift[:, None]).all()
    assert (full.slip[full.held] < 0.05).all()
    assert not quick.tested[~quick.held].all()


def test_results_do_not_depend_on_threads_or_company(gripper: Gripper, ball: Ball) -> None:
    poses = [np.array([pose(a), pose(a, height=0.1)] * 4) for a in (OPEN, TOUCHING, PUSHING)]
    many = validation.rollout(gripper, ball, *poses, threads=3)
    alone = validation.rollout(gripper, ball, *(p[:1] for p in poses), threads=1)
    np.testing.assert_array_equal(many.drift[::2], np.tile(alone.drift, (4, 1)))
    np.testing.assert_array_equal(many[1::2].force, np.tile(many.force[1], 4))


def test_progress_counts_up_to_all(gripper: Gripper, ball: Ball) -> None:
    seen: list[tuple[int, int]] = []
    poses = np.array([pose(0.3)] * 20)
    validation.rollout(
        gripper, ball, poses, poses, poses, progress=lambda _, *counts: seen.append(counts)
    )
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_task_wrench_tests_only_its_loads(gripper: Gripper, ball: Ball) -> None:
    twist = validation.Load(name="twist", torque=(0.0, 0.0, 0.03))
    tear = validation.Load(name="tear", force=(0.0, 0.0, 400.0))
    protocol = validation.task_wrench([twist, tear], fail_fast=False)
    poses = [np.array([pose(a)]) for a in (OPEN, TOUCHING, PUSHING)]
    result = validation.rollout(gripper, ball, *poses, protocol)
    assert result.loads == ("twist", "tear")
    assert result.directions.tolist() == [[True, False]]
    assert result.reasons == ["slipped"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backend": "bullet"}, "no backend 'bullet'"),
        ({"threads": 0}, "threads is 0"),
        ({"grasp": np.zeros((2, 9))}, "needs \\(n, 13\\)"),
        ({"grasp": np.zeros((3, 13))}, "differ"),
    ],
)
def test_bad_input_is_named(
    gripper: Gripper, ball: Ball, change: dict[str, object], message: str
) -> None:
    poses = np.array([pose(0.1)] * 2)
    arguments = {"pregrasp": poses, "grasp": poses, "squeeze": poses} | change
    with pytest.raises(InputError, match=message):
        validation.rollout(gripper, ball, **arguments)  # type: ignore[arg-type]


def test_protocol_without_loads_is_refused() -> None:
    with pytest.raises(InputError, match="no load"):
        validation.task_wrench([])
