"""Real hands in the scene."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import BENCHMARK
from zdg_jax.validation import Engine, MjxOptions, SolverOptions, six_directions
from zdg_jax.validation.mjx.simplified import build_mjx

from .gripper import Ball


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wonik_allegro", "leap_hand", "shadow_hand"])
def test_hands_bind_to_the_scene(name: str, ball: Ball, shared_assets: pathlib.Path) -> None:
    hand = Hand.load(shared_assets / "hands" / name / "right_hand.xml")
    engine = Engine(hand, ball, six_directions)
    np.testing.assert_allclose(
        engine.scene.ctrl_from_joints, np.asarray(hand.ctrl_from_joints), atol=1e-6
    )
    # Far from the ball: nothing is touched, and physics leaves the hand where it was put.
    pose = np.array([[0, 0, 1.0, 1, 0, 0, 0, *[0.0] * hand.num_joints]])
    ((_, result),) = engine.stream(Poses.from_qpos(pose, pose, pose))
    assert result.reasons == ["never touched"]
    mjx = pytest.importorskip("mujoco.mjx")
    mjx.put_model(build_mjx(hand, ball, BENCHMARK, SolverOptions(), MjxOptions()).model)
