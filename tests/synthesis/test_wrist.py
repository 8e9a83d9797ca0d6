"""What a hand holds turns about the weld of its root and the driven joints of its wrist."""

from __future__ import annotations

import types

import mujoco
import numpy as np
import pytest

from tests import scene
from tests.hands import load_hand
from zdg_jax.hand import Hand
from zdg_jax.physics import Physics
from zdg_jax.synthesis.wrist import WristCompliance
from zdg_jax.validation import carry
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.scene import build

CENTER, WEIGHT = np.array([0.02, -0.05, 0.12]), 4.0


def one_grasp(hand: Hand) -> types.SimpleNamespace:
    """A half closed hand at the object's origin, as far as a turn depends on it."""
    return types.SimpleNamespace(
        position=np.zeros((1, 3)), rotation=np.eye(3)[None], dofs=hand.half_closed_dofs[None]
    )


def test_a_hand_that_begins_with_its_palm_turns_about_the_weld_alone() -> None:
    hand = scene.allegro()
    wrist = WristCompliance(hand, Physics(), 8.0)
    expected = WEIGHT * np.linalg.norm(CENTER) / 8.0
    assert wrist.turn(one_grasp(hand), CENTER, WEIGHT) == pytest.approx(expected)
    up = np.array([0, 0, 1.0])
    across = WEIGHT * np.linalg.norm(CENTER[:2]) / 8.0
    assert wrist.turn(one_grasp(hand), CENTER, WEIGHT, up) == pytest.approx(across)


@pytest.mark.parametrize("up", [[1.0, 0, 0], [0, 1.0, 0], [0.6, 0, 0.8]])
def test_joints_of_a_wrist_yield_as_they_do_in_physics(up: list[float]) -> None:
    hand, physics = load_hand("shadow"), Physics()
    built = build(hand, scene.jar().object, physics, carry.solver)
    wrist = WristCompliance(hand, physics, built.wrist_stiffness)
    center = hand.palm.position + 0.1 * hand.palm.normal
    simulation = Simulation(built)
    joints = hand.joints(hand.half_closed_dofs)
    away = np.array([5.0, 0, 0, 1, 0, 0, 0])
    simulation.reset(np.concatenate([[0, 0, 0, 1, 0, 0, 0], joints]), away)
    palm = built.hand_body + hand.palm.link
    force = -WEIGHT * np.array(up)
    arm = center - simulation.data.xipos[palm]
    start = simulation.data.xquat[palm].copy()
    simulation.data.xfrc_applied[palm] = [*force, *np.cross(arm, force)]
    assert simulation.step(2000)
    turn, relative = np.zeros(3), np.zeros(4)
    mujoco.mju_mulQuat(relative, simulation.data.xquat[palm], start * [1, -1, -1, -1])
    mujoco.mju_quat2Vel(turn, relative, 1.0)
    found = wrist.turn(one_grasp(hand), center, WEIGHT, np.array(up))
    assert found == pytest.approx(np.linalg.norm(turn), rel=0.1)
    assert found > 1.5 * WEIGHT * 0.1 / built.wrist_stiffness
