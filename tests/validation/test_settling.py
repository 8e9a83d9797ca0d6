"""When pulls are cut short."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.validation import Settling, six_directions
from zdg_jax.validation.settling import EarlyTermination


def _motion(drift: float, turn: float = 0.0) -> np.ndarray:
    return np.array([drift, turn])


def test_looks_divide_checks() -> None:
    watch = EarlyTermination(six_directions)
    assert (watch.looks, watch.look_steps, watch.total) == (5, 10, 50)
    odd = dataclasses.replace(six_directions, checks=20, settling=Settling(interval=0.03))
    assert EarlyTermination(odd).look_steps * EarlyTermination(odd).looks == 25
    never = EarlyTermination(dataclasses.replace(six_directions, settling=None))
    assert (never.looks, never.look_steps, never.total) == (1, 50, 10)


def test_rest_needs_slow_steady_motion_far_from_the_limits() -> None:
    watch = EarlyTermination(six_directions)
    still = (_motion(0.002), _motion(0.002), _motion(0.002))
    assert watch.rests(*still, 10)
    assert not watch.rests(*still, 2)  # too early to tell
    assert not watch.rests(*(_motion(0.035),) * 3, 10)  # too near the limit
    creeping = (_motion(0.010), _motion(0.009), _motion(0.007))
    assert not watch.rests(*creeping, 10)
    assert watch.rests(*creeping, 45)  # too slow to get there in time
    speeding_up = (_motion(0.0030), _motion(0.0026), _motion(0.0025))
    assert not watch.rests(*speeding_up, 45)
    turning = (_motion(0.0, 0.2), _motion(0.0, 0.19), _motion(0.0, 0.17))
    assert not watch.rests(*turning, 10)


def test_limits_count_at_checks_alone() -> None:
    watch = EarlyTermination(six_directions)
    out = _motion(0.06)
    assert watch.survives(out, 4)
    assert not watch.survives(out, 5)
    assert not watch.survives(_motion(np.nan), 5)
    many = watch.survives(np.array([out, _motion(0.01)]), np.array([10, 10]))
    assert many.tolist() == [False, True]


def test_the_lost_are_given_up_unless_every_load_is_asked_for() -> None:
    watch = EarlyTermination(six_directions)
    moved = np.array([_motion(0.055), _motion(0.07), _motion(0.13)])
    assert watch.lost(moved, closing=False).tolist() == [False, True, True]
    assert watch.lost(moved, closing=True).tolist() == [False, False, True]
    patient = EarlyTermination(dataclasses.replace(six_directions, fail_fast=False))
    assert not patient.lost(moved, closing=False).any()
