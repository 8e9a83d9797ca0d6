"""MuJoCo Warp: what it refuses, and whether it agrees with the C engine, on the CPU."""

from __future__ import annotations

import dataclasses
import importlib.util
import logging

import jax
import numpy as np
import pytest

from tests import scene
from tests.validation.gripper import (
    OPEN,
    PUSHING,
    TOUCHING,
    Ball,
    Gripper,
    above,
    by_grasp,
    closing,
    pose,
)
from zdg_jax import SynthesisConfig, validation
from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.synthesis.synthesize import synthesize
from zdg_jax.validation import (
    Engine,
    EngineOptions,
    HoldProtocol,
    LiftProtocol,
    UseProtocol,
    WarpEngine,
    carry,
    six_directions,
)
from zdg_jax.validation.batched.program import State
from zdg_jax.validation.deeds import Deed, Step
from zdg_jax.validation.warp.program import WarpProgram
from zdg_jax.validation.warp.room import Room

needs_warp = pytest.mark.skipif(
    importlib.util.find_spec("mujoco_warp") is None, reason="mujoco-warp is not installed"
)


def test_what_warp_cannot_run_is_refused(gripper: Gripper, ball: Ball) -> None:
    deed = UseProtocol(deed=Deed(name="wave", steps=(Step(name="up", time=1.0),)))
    with pytest.raises(InputError, match="'warp' has no protocol 'use'; use backend 'mujoco'"):
        WarpEngine(gripper, ball, deed)
    with pytest.raises(InputError, match="batch is 0"):
        WarpEngine(gripper, ball, six_directions, batch=0)


@pytest.mark.skipif(
    importlib.util.find_spec("mujoco_warp") is not None, reason="mujoco-warp is installed"
)
def test_without_the_extra_it_is_named(gripper: Gripper, ball: Ball) -> None:
    with pytest.raises(InputError, match=r"pip install 'zdg-jax\[warp\]'"):
        validation.rollout(gripper, ball, closing([PUSHING]), engine=EngineOptions(backend="warp"))


@needs_warp
@pytest.mark.slow  # its kernels compile for half a minute where they never did
@pytest.mark.parametrize("protocol", [six_directions, carry], ids=lambda protocol: protocol.name)
def test_verdicts_agree_with_the_c_engine(
    gripper: Gripper,
    ball: Ball,
    poses: Poses,
    protocol: HoldProtocol,
    capfd: pytest.CaptureFixture[str],
) -> None:
    protocol = dataclasses.replace(protocol, physics=Physics(torque_limit=0.8))
    reference = Engine(gripper, ball, protocol).run(poses)
    result = WarpEngine(gripper, ball, protocol, batch=4).run(poses)
    assert reference.held.any()
    assert not reference.held.all()
    assert result.held.tolist() == reference.held.tolist()
    assert result.reasons == reference.reasons
    assert result.changes == ("computed in single precision",)
    held = result.held
    np.testing.assert_allclose(result.drift[held], reference.drift[held], atol=1e-3)
    np.testing.assert_allclose(result.force[held], reference.force[held], rtol=0.1)
    assert capfd.readouterr().out == ""


@needs_warp
@pytest.mark.slow
def test_lifts_agree_with_the_c_engine(gripper: Gripper, ball: Ball) -> None:
    """One lifts, one closes on nothing, one lets go, one is in the table."""
    ways = [(OPEN, TOUCHING, PUSHING), (0.3, 0.3, 0.3), (OPEN, TOUCHING, TOUCHING - 0.02)]
    rows = [tuple(above(a) for a in way) for way in ways]
    rows.append(tuple(above(a, 0.09) for a in ways[0]))
    heavy = dataclasses.replace(ball, mass=2.0)
    reference = Engine(gripper, heavy, LiftProtocol()).run(by_grasp(rows))
    result = WarpEngine(gripper, heavy, LiftProtocol(), batch=2).run(by_grasp(rows))
    assert reference.reasons == ["held", "never touched", "slipped", "table in the way"]
    assert result.reasons == reference.reasons
    np.testing.assert_allclose(result.drift, reference.drift, atol=2e-3)


@needs_warp
@pytest.mark.slow
def test_refined_grasps_get_the_c_engines_verdicts() -> None:
    """Half of them weakened: the squeeze lets go of the jar instead of pushing."""
    jar = scene.jar()
    grasps = synthesize(
        scene.TASK,
        jar.object,
        scene.allegro(),
        num=scene.GRASPS,
        key=jax.random.key(1),
        planner=jar.plan,
        validate=False,
        config=SynthesisConfig(batch=scene.GRASPS),
    )
    pregrasp, grasp, squeeze = (np.array(qpos, float) for qpos in grasps.poses.qpos)
    squeeze[::2] = 0.3 * pregrasp[::2] + 0.7 * grasp[::2]
    weakened = Poses.from_qpos(pregrasp, grasp, squeeze)
    reference = Engine(scene.allegro(), jar.object, six_directions).run(weakened)
    result = WarpEngine(scene.allegro(), jar.object, six_directions, batch=8).run(weakened)
    assert 0 < reference.held.sum() < len(reference)
    assert result.held.tolist() == reference.held.tolist()


@needs_warp
@pytest.mark.slow
def test_what_does_not_fit_is_stepped_again_with_more_room(
    gripper: Gripper, ball: Ball, poses: Poses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "zdg_jax")
    ample = WarpEngine(gripper, ball, six_directions, batch=4).run(poses)
    assert "too small" not in caplog.text
    tight = WarpEngine(gripper, ball, six_directions, batch=4, room=Room(contacts=1, rows=14))
    result = tight.run(poses)
    assert "Room(contacts=1, rows=14) was too small" in caplog.text
    assert result.reasons == ample.reasons
    np.testing.assert_array_equal(result.drift, ample.drift)
    np.testing.assert_array_equal(result.failed_at, ample.failed_at)


@needs_warp
@pytest.mark.slow
def test_a_world_that_blew_up_leaves_the_others_alone(gripper: Gripper, ball: Ball) -> None:
    engine = WarpEngine(gripper, ball, six_directions, batch=2)
    model, rows = engine.scene.model, np.array([pose(TOUCHING)] * 2)
    ctrl = rows[:, 7:] @ engine.scene.ctrl_from_joints.T
    program = WarpProgram(model, engine.scene.object_body, batch=2)
    state, wrench = State.at_rest(model, rows, ctrl), np.zeros((2, 6))
    expected, _ = program.run(state, wrench, 20)
    qpos = state.qpos.copy()
    qpos[1, 3] = np.nan
    broken = dataclasses.replace(state, qpos=qpos)
    after, missed = program.run(broken, wrench, 20)
    assert not missed.any()
    assert after.sound.tolist() == [True, False]
    np.testing.assert_array_equal(after.qpos[0], expected.qpos[0])
