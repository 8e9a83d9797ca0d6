"""Soft labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.validation import Noise, SoftLabels, Trials, six_directions

from .gripper import PUSHING, TOUCHING, Ball, Gripper, closing

NONE = Noise(position=0, rotation=0, joints=0, friction=0, mass=0)


POSES = closing([PUSHING, TOUCHING - 0.06, TOUCHING])


def test_noise_ranks_firm_above_loose(gripper: Gripper, ball: Ball) -> None:
    labels = validation.soft_labels(gripper, ball, POSES, trials=Trials(count=6))
    assert labels.trials.shape == (6, 3)
    assert labels.probability[0] > 0.6
    assert labels.probability[0] > labels.probability[2]
    assert (labels.error > 0).all()


def test_without_noise_it_is_the_hard_verdict(gripper: Gripper, ball: Ball) -> None:
    seen: list[int] = []
    labels = validation.soft_labels(
        gripper,
        ball,
        POSES,
        trials=Trials(count=2, noise=NONE),
        progress=lambda _, done, n: seen.append(done),
    )
    hard = validation.rollout(gripper, ball, POSES)
    np.testing.assert_array_equal(labels.trials, [hard.held] * 2)
    assert seen[-1] == 6


def test_seed_decides_the_trials(gripper: Gripper, ball: Ball) -> None:
    rough = Noise(position=0.01, rotation=0.1)
    quick = dataclasses.replace(six_directions, loads=six_directions.loads[:1], pull_time=0.4)
    first, again, other = (
        validation.soft_labels(
            gripper, ball, POSES, quick, trials=Trials(count=4, noise=rough, seed=seed)
        ).trials
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_error_shrinks_with_trials_and_never_vanishes() -> None:
    few, many = (SoftLabels(trials=np.ones((n, 1), bool)).error[0] for n in (4, 64))
    assert few > many > 0
    half = SoftLabels(trials=np.arange(100)[:, None] % 2 == 0)
    assert half.error[0] == pytest.approx(0.05, abs=0.002)


def test_no_trial_is_refused() -> None:
    with pytest.raises(InputError, match="number of trials is 0"):
        Trials(count=0)
