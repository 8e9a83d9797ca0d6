"""Squeezing: forces that cancel in their cones, mapped to the actuators; hands that open first."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from tests import scene
from tests.hands import load_hand
from tests.synthesis.ball_contacts import THREE, on_a_ball
from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.hand import Hand
from zdg_jax.kernels import rotations
from zdg_jax.physics import Physics
from zdg_jax.synthesis.contact_patterns import contact_patterns
from zdg_jax.synthesis.squeeze import SqueezeConfig, SqueezeResult, solve_squeeze
from zdg_jax.synthesis.statics import Load, statics

CONFIG = SqueezeConfig()


evaluate, balances = jax.jit(energy.grasp_state), jax.jit(statics)


def load(hand: Hand | None = None, **physics: float) -> Load:
    """The jar's loads, with the task's."""
    jar = scene.jar()
    return Load.of(Physics(**physics), hand or scene.allegro(), jar.object, jar.plan)


def squeezed(contacts: Contacts, config: SqueezeConfig = CONFIG, **physics: float) -> SqueezeResult:
    """The squeeze of the open Allegro, which touches a ball with its palm and fingers."""
    variables, pattern, touching = held(scene.allegro())
    tips = jax.tree.map(lambda leaf: leaf[: len(contacts.link)], touching)
    contacts = dataclasses.replace(contacts, link=tips.link)
    rows = map(batched, (variables, pattern, contacts))
    return jax.tree.map(
        lambda leaf: np.asarray(leaf[0], float),
        solve_squeeze(config, problem(), load(**physics), *rows),
    )


def test_forces_cancel_press_and_stay_in_their_cones() -> None:
    contacts = on_a_ball([*THREE, [0.1, -0.2, -1]])
    result = squeezed(contacts)
    forces, normals = result.forces, np.asarray(contacts.normals, float)
    pressure = -np.sum(forces * normals, axis=1)
    tangent = np.linalg.norm(forces + pressure[:, None] * normals, axis=1)
    assert pressure.min() > 0.1
    assert (tangent <= 1.09 * scene.jar().object.friction * pressure).all()
    assert np.linalg.norm(forces.sum(axis=0)) < 5e-3 * pressure.sum()
    assert result.imbalance < 5e-3


def test_no_actuator_passes_its_limit_and_one_reaches_it_under_a_heavy_object() -> None:
    contacts = on_a_ball([*THREE, [0.1, -0.2, -1]])
    limits = np.asarray(load(torque_limit=0.3).limit)
    firm = squeezed(contacts, torque_limit=0.3, mass=5.0)
    assert (np.abs(firm.torques) <= limits * 1.001).all()
    weaker = squeezed(contacts, torque_limit=0.15, mass=5.0)
    assert weaker.payload == pytest.approx(0.5 * firm.payload, rel=0.02)
    np.testing.assert_allclose(weaker.torques, 0.5 * firm.torques, atol=0.02)


def test_a_squeeze_is_no_firmer_than_the_weight_asks() -> None:
    contacts = on_a_ball([*THREE, [0.1, -0.2, -1]])
    config = dataclasses.replace(CONFIG, bend=jnp.float32(0.01))
    masses = (0.0001, 0.02, 5.0)
    light, heavier, heaviest = (squeezed(contacts, config, mass=mass) for mass in masses)
    assert light.payload == pytest.approx(heaviest.payload, rel=1e-3)
    assert heaviest.payload > 0.1
    pressing = [np.abs(result.forces).sum() for result in (light, heavier, heaviest)]
    share = float(CONFIG.margin) * 0.02 / heaviest.payload
    assert pressing[1] == pytest.approx(share * pressing[2], rel=0.01)
    assert pressing[0] < pressing[1] < pressing[2]
    own = load(mass=0.0001)
    bent = np.abs(light.torques) / np.asarray(own.gain) / np.asarray(own.bend)
    assert bent.max() == pytest.approx(0.01, rel=0.01)


def test_contacts_on_one_side_carry_nothing() -> None:
    one_sided = on_a_ball([[1, 0, 0], [0.9, 0.4, 0], [0.9, -0.4, 0]], slots=4)
    assert squeezed(one_sided).payload < 0.01


def test_contacts_off_the_surface_carry_nothing() -> None:
    far = 3 * float(CONFIG.reach)
    result = squeezed(on_a_ball([*THREE, [0, 0, 1]], [0, 0, 0, far]))
    np.testing.assert_allclose(result.forces[3], 0, atol=1e-5)
    assert result.imbalance < 0.01


def test_the_object_as_it_stands_may_weigh_more_than_with_any_side_down() -> None:
    contacts = on_a_ball([*THREE, [0.1, -0.2, -1]])
    light, heavy = (squeezed(contacts, mass=mass) for mass in (0.1, 0.2))
    assert light.payload_task > 1.05 * light.payload > 0
    assert heavy.payload_task == pytest.approx(light.payload_task, rel=0.01)


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
def test_actuators_hold_forces_by_the_jacobians_transpose(name: str) -> None:
    """B^T u = A^T J^T f, with J as MuJoCo's C engine has it, moments about normals included."""
    hand = load_hand(name)
    variables, _, contacts = held(hand)
    loads = load(hand)
    maps = balances(loads, problem(hand), variables, contacts, contacts.active)
    force = np.random.default_rng(3).normal(size=(len(contacts.link), 4))
    presses = np.abs(np.asarray(maps.balance)[:, : len(force)]).max(axis=(0, 2)) > 0
    assert presses.sum() > 1
    force *= presses[:, None]
    drives = np.asarray(maps.drive, float)[:, : len(force)]
    found = np.einsum("akf,kf->a", drives, force)

    model, data = hand.model, mujoco.MjData(hand.model)
    data.qpos[:] = hand.joints(np.asarray(variables.dofs))
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    turn = np.asarray(rotations.matrix_from_6d(variables.rotation), float)
    points = (np.asarray(contacts.points, float) - np.asarray(variables.position)) @ turn
    pushes = np.einsum("kif,kf->ki", np.asarray(maps.frames, float), force[:, :3]) @ turn
    twists = -float(loads.torsion) * force[:, 3:] * np.asarray(contacts.normals, float) @ turn
    torque = np.zeros(model.nv)
    for at, push, twist, link in zip(
        points, pushes, twists, np.asarray(contacts.link), strict=True
    ):
        shift, rotate = np.zeros((3, model.nv)), np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, shift, rotate, at, int(link))
        torque += shift.T @ push + rotate.T @ twist
    spread = np.asarray(hand.arrays.coupling[1], float)  # joints from coordinates, here linear
    drive = hand.ctrl_from_joints @ spread
    # Nothing holds what would move joints of one tendon against each other.
    loose = np.asarray(hand.arrays.passive_motions, float) @ spread
    torque = spread.T @ torque
    torque -= loose.T @ (loose @ torque)
    np.testing.assert_allclose(drive.T @ found, torque, atol=2e-4)
    assert np.abs(torque).max() > 0.05


def test_a_tip_that_gives_way_presses_with_nothing_until_a_joint_is_at_its_stop() -> None:
    hand = load_hand("shadow")
    variables, _, contacts = held(hand)
    contacts = dataclasses.replace(contacts, normals=-contacts.hand_normals)

    def pressing(dofs: np.ndarray) -> np.ndarray:
        moved = dataclasses.replace(variables, dofs=jnp.asarray(dofs, jnp.float32))
        found = balances(load(hand), problem(hand), moved, contacts, contacts.active)
        return np.abs(np.asarray(found.balance)[:, : len(contacts.link)]).max(axis=(0, 2)) > 0

    half = hand.half_closed_dofs.copy()
    fingers = [not finger.is_thumb for finger in hand.fingers]
    np.testing.assert_array_equal(pressing(half), np.logical_not(fingers))
    inner = [k for k, name in enumerate(hand.dof_names) if name.endswith("FJ2")]
    half[inner] = np.asarray(hand.arrays.lower)[inner]
    assert pressing(half).all()


def test_targets_make_actuators_pull_with_the_torques_of_the_squeeze() -> None:
    result = squeezed(on_a_ball([*THREE, [0.1, -0.2, -1]]))
    change = result.squeeze - np.asarray(held(scene.allegro())[0].dofs)
    drive = scene.allegro().ctrl_from_joints @ np.asarray(scene.allegro().arrays.coupling[1])
    pulled = np.asarray(load().gain) * (drive @ change)
    np.testing.assert_allclose(pulled, result.torques, atol=1e-4)
    assert np.abs(result.torques).max() > 0.05


def test_the_pregrasp_opens_and_keeps_joint_limits() -> None:
    jar, arrays = scene.jar(), scene.allegro().arrays
    seeds, slots = jax.tree.map(lambda leaf: leaf[: scene.GRASPS], jar.seeds(jax.random.key(1)))
    closed = seeds.dofs + 0.3 * (scene.allegro().half_closed_dofs - seeds.dofs)
    seeds = dataclasses.replace(seeds, dofs=jnp.asarray(closed, jnp.float32))
    state = jax.vmap(lambda v, p: energy.grasp_state(jar.problem, v, p))
    contacts = jax.jit(state)(seeds, slots).contacts
    closing = solve_squeeze(CONFIG, jar.problem, load(), seeds, slots, contacts)
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

    closing = solve_squeeze(CONFIG, problem(), load(), *map(batched, (crossed, pattern, contacts)))
    assert overlap(crossed.dofs) > 0.02
    assert overlap(closing.pregrasp.dofs[0]) < 0.2 * overlap(crossed.dofs)
