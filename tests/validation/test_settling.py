"""When pulls are cut short."""

from __future__ import annotations

import copy
import dataclasses

import mujoco
import numpy as np
import pytest

from zdg_jax.validation import Settling, six_directions
from zdg_jax.validation.scene import build
from zdg_jax.validation.settling import EarlyTermination

from .gripper import Ball, Gripper


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    """The gripper and a ball."""
    return build(Gripper(), Ball(), six_directions.physics, six_directions.solver).model


def _motion(drift: float, turn: float = 0.0) -> np.ndarray:
    return np.array([drift, turn])


def test_looks_divide_checks(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    assert (watch.looks, watch.look_steps, watch.total) == (10, 5, 100)
    odd = dataclasses.replace(six_directions, checks=20, settling=Settling(interval=0.03))
    watch = EarlyTermination(odd, model)
    assert watch.look_steps * watch.looks == 25
    never = EarlyTermination(dataclasses.replace(six_directions, settling=None), model)
    assert (never.looks, never.look_steps, never.total) == (1, 50, 10)


def test_calm_needs_slow_object_and_fingers_far_from_the_limits(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    still, near = _motion(0.002), _motion(0.045)
    rest = np.zeros(model.nv)
    assert watch.calm(still, rest, 10)
    assert not watch.calm(near, rest, 10)

    def moving(at: int, speed: float) -> np.ndarray:
        qvel = rest.copy()
        qvel[at] = speed
        return qvel

    falling, turning, sliding_off = moving(-6, 0.06), moving(-3, 0.4), moving(6, 0.15)
    for qvel in (falling, turning, sliding_off):
        assert not watch.calm(still, qvel, 10)
        assert watch.calm(still, qvel, 80)  # too slow to get there in time
        assert not watch.calm(still, -qvel, 10)
    assert watch.calm(still, moving(0, 1.0), 10)  # the wrist follows the object
    assert not watch.calm(still, moving(7, np.nan), 10)
    many = watch.calm(np.array([still, near]), np.array([rest, rest]), np.array([10, 10]))
    assert many.tolist() == [True, False]


def test_slides_count_by_what_they_move(model: mujoco.MjModel) -> None:
    sliding = copy.copy(model)
    sliding.jnt_type[1] = mujoco.mjtJoint.mjJNT_SLIDE
    qvel = np.zeros(sliding.nv)
    qvel[6] = 0.05
    turns, slides = (EarlyTermination(six_directions, m) for m in (model, sliding))
    assert turns.calm(_motion(0.0), qvel, 10)
    assert not slides.calm(_motion(0.0), qvel, 10)


def test_limits_count_at_checks_alone(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    out = _motion(0.06)
    assert watch.survives(out, 9)
    assert not watch.survives(out, 10)
    assert not watch.survives(_motion(np.nan), 10)
    many = watch.survives(np.array([out, _motion(0.01)]), np.array([10, 10]))
    assert many.tolist() == [False, True]


def test_the_lost_are_given_up_unless_every_load_is_asked_for(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    moved = np.array([_motion(0.055), _motion(0.07), _motion(0.13)])
    assert watch.lost(moved, closing=False).tolist() == [False, True, True]
    assert watch.lost(moved, closing=True).tolist() == [False, False, True]
    patient = EarlyTermination(dataclasses.replace(six_directions, fail_fast=False), model)
    assert not patient.lost(moved, closing=False).any()
