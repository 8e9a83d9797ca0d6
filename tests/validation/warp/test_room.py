"""Room for contacts and rows in Warp."""

from __future__ import annotations

import mujoco
import pytest

from tests.validation.gripper import Ball, Gripper
from zdg_jax.validation import six_directions
from zdg_jax.validation.scene import build
from zdg_jax.validation.warp.room import Room


@pytest.fixture(scope="module")
def model(gripper: Gripper, ball: Ball) -> mujoco.MjModel:
    return build(gripper, ball, six_directions.physics, six_directions.solver).model


def test_the_first_guess_follows_the_scene(model: mujoco.MjModel) -> None:
    """A palm, six links and the ball; a weld; six limited joints."""
    room, most = Room.first_guess(model), Room.most(model)
    assert room == Room(contacts=16, rows=6 + 6 + 4 * 16)
    assert most.contacts == 8 * (8 * 7 // 2)
    assert most.rows == 12 + 4 * most.contacts


def test_pyramids_need_more_rows(model: mujoco.MjModel) -> None:
    elliptic = Room.first_guess(model)
    model.opt.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL
    assert Room.first_guess(model).rows == 12 + 6 * elliptic.contacts
    model.opt.cone = mujoco.mjtCone.mjCONE_ELLIPTIC


def test_what_was_too_small_is_doubled_up_to_the_most() -> None:
    room, most = Room(contacts=4, rows=30), Room(contacts=10, rows=100)
    assert room.doubled(contacts=True, rows=False, most=most) == Room(contacts=8, rows=30)
    assert room.doubled(contacts=False, rows=True, most=most) == Room(contacts=4, rows=60)
    twice = room.doubled(contacts=True, rows=True, most=most)
    assert twice.doubled(contacts=True, rows=True, most=most) == most
    assert most.doubled(contacts=True, rows=True, most=most) == most
    assert room.doubled(contacts=False, rows=False, most=most) == room
