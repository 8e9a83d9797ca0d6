"""Squeezing: forces that cancel in their cones, mapped to the actuators; hands that open first."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from tests import scene
from tests.synthesis.ball_contacts import THREE, on_a_ball
from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.hand import Hand
from zdg_jax.kernels import rotations
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.synthesis.contact_patterns import contact_patterns
from zdg_jax.synthesis.squeeze import SqueezeConfig, solve_squeeze, squeeze_forces

CONFIG = SqueezeConfig()


forces_of = jax.jit(squeeze_forces)
evaluate = jax.jit(energy.grasp_state)


def test_forces_cancel_press_and_stay_in_their_cones() -> None:
    contacts = on_a_ball([*THREE, [0.2, 0.1, 1], [0.1, -0.2, -1]])
    forces, imbalance = (np.asarray(a, float) for a in forces_of(CONFIG, problem(), contacts))
    normals = np.asarray(contacts.normals, float)
    pressure = -np.sum(forces * normals, axis=1)
    tangent = np.linalg.norm(forces + pressure[:, None] * normals, axis=1)
    assert pressure.sum() == pytest.approx(float(CONFIG.total_force), rel=1e-4)
    assert (pressure >= 0.9 * CONFIG.least_share * pressure.mean()).all()
    assert (tangent <= CONFIG.friction * pressure + 1e-3).all()
    offset = np.asarray(contacts.points) - np.asarray(problem().object.center_of_mass)
    torque = np.cross(offset, forces).sum(axis=0)
    length = TORQUE_LENGTH
    wrench = np.concatenate([forces.sum(axis=0), torque / length])
    assert np.linalg.norm(wrench) == pytest.approx(imbalance * pressure.sum(), abs=0.02)
    assert imbalance < 0.05


def test_forces_from_one_side_cannot_cancel() -> None:
    _, imbalance = forces_of(
        CONFIG, problem(), on_a_ball([[1, 0, 0], [0.9, 0.4, 0], [0.9, -0.4, 0]])
    )
    assert imbalance > 0.5


def test_contacts_off_the_surface_carry_nothing() -> None:
    far = 3 * float(CONFIG.reach)
    forces, imbalance = forces_of(CONFIG, problem(), on_a_ball([*THREE, [0, 0, 1]], [0, 0, 0, far]))
    np.testing.assert_allclose(forces[3], 0, atol=1e-5)
    assert imbalance < 0.01


def problem(hand: Hand | None = None) -> Problem:
    own = scene.jar().problem
    return own if hand is None else dataclasses.replace(own, hand=hand.arrays)


def held(hand: Hand) -> tuple[GraspVariables, Pattern, Contacts]:
    """A half-closed hand, turned and shifted, that touches something with every fingertip."""
    turn = rotations.axis_angle(jnp.array([0.36, 0.48, 0.8]), jnp.asarray(0.9))
    variables = GraspVariables(
        position=jnp.array([0.05, -0.1, 0.2]),
        rotation=rotations.sixd_from_matrix(turn),
        dofs=jnp.asarray(hand.half_closed_dofs, jnp.float32),
    )
    pattern = jax.tree.map(lambda leaf: leaf[0], contact_patterns(hand))
    contacts = evaluate(problem(hand), variables, pattern).contacts
    tips = len(hand.fingers)
    contacts = jax.tree.map(lambda leaf: leaf[:tips], contacts)
    ways = np.random.default_rng(1).normal(size=(tips, 3))
    ways[-1] = -ways[:-1].sum(axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    touching = dataclasses.replace(
        contacts,
        active=jnp.ones(tips),
        distance=jnp.zeros(tips),
        normals=jnp.asarray(ways, jnp.float32),
    )
    return variables, pattern, touching


def batched(tree: object) -> object:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], tree)


@pytest.mark.parametrize("name", ["allegro", "shadow"])
def test_targets_push_with_the_jacobians_transpose(name: str) -> None:
    """B^T K B du = A^T J^T f, with J as MuJoCo's C engine has it."""
    hand = Hand.load(name)
    variables, pattern, contacts = held(hand)
    config = dataclasses.replace(CONFIG, torque_limit=jnp.float32(1e6))
    closing = solve_squeeze(config, problem(hand), *map(batched, (variables, pattern, contacts)))
    forces = np.asarray(closing.forces[0], float)
    assert np.abs(forces).max() > 1

    model, data = hand.model, mujoco.MjData(hand.model)
    data.qpos[:] = hand.joints(np.asarray(variables.dofs))
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    turn = np.asarray(rotations.matrix_from_6d(variables.rotation), float)
    points = (np.asarray(contacts.points, float) - np.asarray(variables.position)) @ turn
    torque = np.zeros(model.nv)
    for point, force, link in zip(points, forces @ turn, np.asarray(contacts.link), strict=True):
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, None, point, int(link))
        torque += jacobian.T @ force
    spread = np.asarray(hand.arrays.coupling[1], float)  # joints from coordinates, here linear
    drive = hand.ctrl_from_joints @ spread
    change = np.asarray(closing.squeeze[0] - variables.dofs, float)
    np.testing.assert_allclose(
        float(config.stiffness) * drive.T @ drive @ change, spread.T @ torque, atol=2e-3
    )
    assert np.abs(torque).max() > 0.05


def test_the_strongest_actuator_keeps_its_limit_and_the_rest_their_proportions() -> None:
    hand = scene.allegro()
    grasp = tuple(map(batched, held(hand)))
    weak = dataclasses.replace(CONFIG, torque_limit=jnp.float32(0.02))
    strong = dataclasses.replace(CONFIG, torque_limit=jnp.float32(1e6))
    changes = [
        np.asarray(solve_squeeze(config, problem(), *grasp).squeeze[0] - grasp[0].dofs[0])
        for config in (weak, strong)
    ]
    assert float(weak.stiffness) * np.abs(changes[0]).max() == pytest.approx(0.02, rel=1e-4)
    ratio = np.abs(changes[0]).max() / np.abs(changes[1]).max()
    np.testing.assert_allclose(changes[0], ratio * changes[1], atol=1e-6)


def test_the_pregrasp_opens_and_keeps_joint_limits() -> None:
    jar, arrays = scene.jar(), scene.allegro().arrays
    seeds, slots = jax.tree.map(lambda leaf: leaf[: scene.GRASPS], jar.seeds(jax.random.key(1)))
    closed = seeds.dofs + 0.3 * (scene.allegro().half_closed_dofs - seeds.dofs)
    seeds = dataclasses.replace(seeds, dofs=jnp.asarray(closed, jnp.float32))
    state = jax.vmap(lambda v, p: energy.grasp_state(jar.problem, v, p))
    contacts = jax.jit(state)(seeds, slots).contacts
    closing = solve_squeeze(CONFIG, jar.problem, seeds, slots, contacts)
    opened = closing.pregrasp

    def lacking(variables: GraspVariables) -> np.ndarray:
        """How far the points of each hand are from the clearance that is asked, (n,)."""
        found = jax.jit(state)(variables, slots)
        gaps = np.asarray(jax.vmap(lambda one: energy.signed_distances(one, jar.problem))(found))
        return np.maximum(float(CONFIG.opening) - gaps, 0).sum(axis=1)

    before, after = lacking(seeds), lacking(opened)
    assert before.max() > 0.01
    assert (after <= before + 1e-3).all()
    assert after.sum() < 0.5 * before.sum()
    assert (opened.dofs >= arrays.lower - 1e-6).all()
    assert (opened.dofs <= arrays.upper + 1e-6).all()


def test_the_pregrasp_parts_fingers_that_lie_in_each_other() -> None:
    hand = scene.allegro()
    variables, pattern, contacts = held(hand)
    dofs = np.asarray(variables.dofs).copy()
    first, middle = (hand.joint_names.index(name) for name in ("ffj0", "mfj0"))
    dofs[first], dofs[middle] = hand.arrays.lower[first], hand.arrays.upper[middle]
    crossed = dataclasses.replace(variables, dofs=jnp.asarray(dofs))

    def overlap(dofs: jax.Array) -> float:
        state = evaluate(problem(), dataclasses.replace(variables, dofs=dofs), pattern)
        return float(energy.self_penetration(state, problem()))

    closing = solve_squeeze(CONFIG, problem(), *map(batched, (crossed, pattern, contacts)))
    assert overlap(crossed.dofs) > 0.02
    assert overlap(closing.pregrasp.dofs[0]) < 0.2 * overlap(crossed.dofs)
