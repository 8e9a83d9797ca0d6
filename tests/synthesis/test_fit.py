"""Fitting: what collision detection finds is closed, and reported as energies would have it."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np

from tests import scene
from tests.hands import load_hand
from zdg_jax import energy
from zdg_jax.energy import Problem
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.kernels import kinematics, rotations
from zdg_jax.synthesis.fit import FitConfig, Fitted, Fitter

COUNT = 6


def shadow() -> Hand:
    return load_hand("shadow")


def touching() -> np.ndarray:
    """Every fingertip is meant to touch."""
    wanted = np.zeros((COUNT, shadow().num_links), bool)
    wanted[:, [finger.tip_link for finger in shadow().fingers]] = True
    return wanted


def around_the_jar() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half-closed hands whose grasp centre lies at the jar's side, turned about its axis."""
    hand, rng = shadow(), np.random.default_rng(0)
    tips = hand.tip_positions(hand.half_closed_dofs)
    turns = np.stack(
        [
            np.asarray(rotations.axis_angle(jnp.array([0.0, 0, 1]), jnp.asarray(angle)))
            for angle in rng.uniform(0, 6, COUNT)
        ]
    )
    center = np.asarray(scene.jar().problem.object.center_of_mass)
    position = center - turns @ np.mean(tips, axis=0)
    return position, turns, np.tile(hand.half_closed_dofs, (COUNT, 1))


@functools.cache
def fitted() -> Fitted:
    return Fitter(shadow(), scene.jar().object).fit(*around_the_jar(), touching())


def test_links_end_on_the_surface_and_hands_out_of_the_object() -> None:
    grasps = fitted()
    near = (grasps.contacts.active > 0) & (np.abs(grasps.contacts.distance) < 1e-3)
    assert near.sum(axis=1).min() >= 2
    still = Fitter(shadow(), scene.jar().object, FitConfig(steps=0))
    start = still.fit(*around_the_jar(), touching())
    assert start.depth.max() > 3e-3
    assert grasps.depth.max() < 1.5e-3


def test_fits_come_to_rest_where_contacts_come_and_go() -> None:
    ends = [
        Fitter(shadow(), scene.jar().object, FitConfig(steps=steps)).fit(
            *around_the_jar(), touching()
        )
        for steps in (24, 25)
    ]
    assert np.abs(ends[0].dofs - ends[1].dofs).max() < 0.004  # 0.017 with steps of full length


def test_contacts_give_way_as_mujoco_has_it() -> None:
    grasps, hand = fitted(), shadow()
    contacts = grasps.contacts
    problem = Problem(
        hand=hand.arrays,
        object=scene.jar().problem.object,
        targets=scene.jar().problem.targets,
    )
    data, seen = mujoco.MjData(hand.model), 0.0
    for row in range(COUNT):
        on = np.asarray(contacts.active[row]) > 0
        points, link = contacts.points[row][on], contacts.link[row][on]
        variables = jax.tree.map(lambda leaf, row=row: leaf[row], grasps.variables)
        told = np.asarray(contacts.passive_motions[row][on])
        joints = joints_from_dofs(hand.arrays, variables.dofs)
        posture = kinematics.forward_kinematics(
            hand.arrays.tree, joints, energy.root_pose(variables)
        )
        ours = energy.passive_motions(problem, posture, points, link)
        np.testing.assert_allclose(told, ours, atol=1e-5)
        data.qpos[:] = hand.joints(grasps.dofs[row])
        mujoco.mj_kinematics(hand.model, data)
        mujoco.mj_comPos(hand.model, data)
        turn = grasps.rotation[row]
        for point, body, motion in zip(np.asarray(points), np.asarray(link), told, strict=True):
            jacobian = np.zeros((3, hand.model.nv))
            local = turn.T @ (point - grasps.position[row])
            mujoco.mj_jac(hand.model, data, jacobian, None, local, int(body))
            passive_motions = np.asarray(hand.arrays.passive_motions) @ jacobian.T @ turn.T
            np.testing.assert_allclose(motion, passive_motions, atol=1e-5)
        seen = max(seen, float(np.abs(told).max()))
    assert seen > 0.01


def test_grasps_that_are_not_finite_stay_without_contacts() -> None:
    position, rotation, dofs = around_the_jar()
    position[2] = np.nan
    grasps = Fitter(shadow(), scene.jar().object).fit(position, rotation, dofs, touching())
    assert np.isnan(grasps.position[2]).all()
    assert not grasps.contacts.active[2].any()
    np.testing.assert_array_equal(grasps.dofs[[0, 1]], fitted().dofs[[0, 1]])
