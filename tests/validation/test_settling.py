"""When pulls are cut short."""

from __future__ import annotations

import copy
import dataclasses

import mujoco
import numpy as np
import pytest

from zdg_jax.validation import Settling, six_directions
from zdg_jax.validation.scene import build
from zdg_jax.validation.settling import EarlyTermination, Speeds

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


def _placed(nv: int) -> np.ndarray:
    """The gripper turned by 90 degrees about x, the ball 0.1 m from it along -y, turned about z."""
    qpos = np.zeros(nv + 2)
    qpos[3:7] = [np.sqrt(0.5), np.sqrt(0.5), 0, 0]
    qpos[-7:] = [0, -0.1, 0, np.sqrt(0.5), 0, 0, np.sqrt(0.5)]
    return qpos


def _calm(
    watch: EarlyTermination,
    motion: np.ndarray,
    qvel: np.ndarray,
    look: int,
    before: float = 9.0,
) -> bool:
    """Whether the state is calm that `_placed` describes, by default with all slowing down."""
    last = Speeds((before, before), (before, before), [])
    return bool(watch.calm(motion, Speeds.of(_placed(len(qvel)), qvel), last, look))


def _moving(model: mujoco.MjModel, at: int, speed: float) -> np.ndarray:
    qvel = np.zeros(model.nv)
    qvel[at] = speed
    return qvel


def test_calm_needs_slow_object_and_fingers_far_from_the_limits(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    still, near, rest = _motion(0.002), _motion(0.045), np.zeros(model.nv)
    assert _calm(watch, still, rest, 10)
    assert not _calm(watch, near, rest, 10)
    falling, turning, sliding_off = (
        _moving(model, at, speed) for at, speed in ((-6, 0.06), (-3, 0.4), (6, 0.3))
    )
    for qvel in (falling, turning, sliding_off):
        assert not _calm(watch, still, qvel, 10)
        assert _calm(watch, still, qvel, 80)  # too slow to get there in time
        assert not _calm(watch, still, -qvel, 10)
    for at in (7, -1):
        assert not _calm(watch, still, _moving(model, at, np.nan), 10)
    qpos = np.tile(_placed(model.nv), (3, 1))
    many = watch.calm(
        np.array([still, near, still]),
        Speeds.of(qpos, np.array([rest, rest, falling])),
        Speeds.none(3),
        np.array([10, 10, 10]),
    )
    assert many.tolist() == [True, False, False]


def test_what_slows_down_may_be_faster(model: mujoco.MjModel) -> None:
    watch = EarlyTermination(six_directions, model)
    for at, speed in ((-6, 0.03), (-1, 0.15)):
        qvel = _moving(model, at, speed)
        assert _calm(watch, _motion(0.002), qvel, 10, 1.1 * speed)
        assert not _calm(watch, _motion(0.002), qvel, 10, 0.9 * speed)


def test_an_object_may_swing_with_the_wrist(model: mujoco.MjModel) -> None:
    watch, qvel = EarlyTermination(six_directions, model), np.zeros(model.nv)
    qvel[4] = 0.8  # about y of the root, which is z of the world
    qvel[-6:] = [0.08, 0, 0, 0, 0, 0.8]
    assert _calm(watch, _motion(0.002), qvel, 10)
    assert not _calm(watch, _motion(0.002), 3 * qvel, 10)  # beyond the limits
    qvel[4] = 0.0
    assert not _calm(watch, _motion(0.002), qvel, 10)


def test_motion_in_the_hand_is_told_from_the_hands_own(model: mujoco.MjModel) -> None:
    qvel = np.zeros(model.nv)
    qvel[:3], qvel[3:6], qvel[6] = [0.3, 0, 0], [0, 2.0, 0], -0.7
    qvel[-6:] = [0.3 + 0.2, 0.5, 0, 0, 0, 2.0]
    qpos = _placed(model.nv)
    one, many = Speeds.of(qpos, qvel), Speeds.of(qpos[None], qvel[None])
    np.testing.assert_allclose(one.in_hand, [0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(one.with_hand, [0.5, 2.0], atol=1e-12)
    assert one.joints[0] == -0.7
    np.testing.assert_allclose(np.ravel(many.in_hand), one.in_hand, atol=1e-12)


def test_slides_count_by_what_they_move(model: mujoco.MjModel) -> None:
    sliding = copy.copy(model)
    sliding.jnt_type[1] = mujoco.mjtJoint.mjJNT_SLIDE
    qvel = _moving(model, 6, 0.1)
    turns, slides = (EarlyTermination(six_directions, m) for m in (model, sliding))
    assert _calm(turns, _motion(0.0), qvel, 10)
    assert not _calm(slides, _motion(0.0), qvel, 10)


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
