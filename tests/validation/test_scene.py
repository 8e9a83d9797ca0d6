"""The compiled scene knows the hand by its tree of bodies."""

from __future__ import annotations

import dataclasses
import re

import mujoco
import numpy as np

from zdg_jax.physics import BENCHMARK
from zdg_jax.validation import SolverOptions
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.scene import build

from .gripper import Ball, Gripper


@dataclasses.dataclass(frozen=True)
class Nameless(Gripper):
    """The gripper, as files write it that name no body, with a bare frame as its last link."""

    def spec(self) -> mujoco.MjSpec:
        text = re.sub(r'<body name="\w+"', "<body", super().spec().to_xml())
        spec = mujoco.MjSpec.from_string(text)
        spec.worldbody.bodies[0].add_body(pos=[0, 0, 0.1])
        return spec


def test_bodies_without_names_and_links_without_geometry_are_the_hands(ball: Ball) -> None:
    named = build(Gripper(), ball, BENCHMARK, SolverOptions())
    nameless = build(Nameless(), ball, BENCHMARK, SolverOptions())
    np.testing.assert_array_equal(nameless.link_of_geom, named.link_of_geom)
    assert nameless.hand_body == named.hand_body
    assert nameless.model.nbody == named.model.nbody + 1


def test_the_wrist_turns_by_the_torque_over_its_stiffness(ball: Ball) -> None:
    scene = build(Gripper(), ball, BENCHMARK, SolverOptions())
    simulation = Simulation(scene)
    simulation.reset(np.array([0, 0, 1.0, 1, 0, 0, 0, *[0.0] * scene.num_joints]))
    torque = 0.1 * scene.wrist_stiffness
    simulation.data.xfrc_applied[scene.hand_body] = [0, 0, 0, 0, torque, 0]
    assert simulation.step(500)
    turn = 2 * np.arccos(simulation.data.qpos[3])
    assert abs(turn - 0.1) < 0.01
