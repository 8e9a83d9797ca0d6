"""Seeds: enclosing hands lie with the palm on the object and stop closing where they touch it."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from tests import scene
from tests.hand import models
from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.hand.pressing_range import pressing_range
from zdg_jax.kernels import distance, kinematics
from zdg_jax.synthesis.contact_patterns import pattern_probabilities
from zdg_jax.synthesis.enclosing import ClosingMotion, EnclosingConfig, close, touched_links
from zdg_jax.synthesis.seed_proposal import SeedProposal, is_power
from zdg_jax.synthesis.seeds import draw_seeds

STARTS = 4
GRASPS = 8


def with_power(share: float) -> SeedProposal:
    """The jar's proposal with a given probability of the power pattern."""
    proposal = scene.jar().pipeline.grip().proposal
    power = np.asarray(is_power(proposal.patterns))
    chances = np.where(power, share / power.sum(), (1 - share) / (~power).sum())
    return dataclasses.replace(proposal, pattern_probabilities=jnp.asarray(chances, jnp.float32))


@pytest.fixture(scope="module")
def enclosing() -> tuple[GraspVariables, Pattern]:
    return draw_seeds(with_power(1.0), GRASPS, jax.random.key(2), STARTS)


def gaps(variables: GraspVariables) -> tuple[np.ndarray, np.ndarray]:
    """Gap of every contact candidate of each grasp, (n, c) [m], and the candidates' links."""
    hand, grid = scene.allegro().arrays, scene.jar().problem.object.grid

    def single(variables: GraspVariables) -> jax.Array:
        joints = joints_from_dofs(hand, variables.dofs)
        poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
        points = kinematics.transform_points(poses, hand.contacts.local, hand.contacts.link)
        return distance.query(grid, points, 0)[0]

    return np.asarray(jax.vmap(single)(variables)), np.asarray(hand.contacts.link)


def test_enclosing_seeds_lay_the_palm_on_the_object(
    enclosing: tuple[GraspVariables, Pattern],
) -> None:
    gap, link = gaps(enclosing[0])
    palm = gap[:, link == scene.allegro().palm.link].min(axis=1)
    assert np.median(np.abs(palm)) < 0.006


def test_enclosing_seeds_close_inner_links_on_the_object(
    enclosing: tuple[GraspVariables, Pattern],
) -> None:
    tips = [finger.tip_link for finger in scene.allegro().fingers]
    active = np.asarray(enclosing[1].active) > 0
    inner = ~np.isin(np.asarray(enclosing[1].link), [*tips, scene.allegro().palm.link])
    assert np.median((active & inner).sum(axis=1)) >= 3


def test_a_closed_hand_is_hardly_inside_the_object(
    enclosing: tuple[GraspVariables, Pattern],
) -> None:
    gap, _ = gaps(enclosing[0])
    assert np.median(gap.min(axis=1)) > -0.008


def test_the_share_of_enclosing_grasps_is_met_and_all_starts_of_a_grasp_are_alike() -> None:
    _, pattern = draw_seeds(with_power(0.5), GRASPS, jax.random.key(0), STARTS)
    palm = np.any(
        (np.asarray(pattern.link) == scene.allegro().palm.link)
        & (np.asarray(pattern.active) > 0)
        & (np.asarray(pattern.optional) == 0),
        axis=1,
    ).reshape(STARTS, GRASPS)
    share = palm.mean(axis=0)
    assert set(np.round(share[share > 0.5])) == {1.0}
    assert abs((share > 0.5).sum() - GRASPS // 2) <= 1
    assert (share[share <= 0.5] == 0).all()


def test_seeds_of_one_key_are_the_same_and_of_another_differ() -> None:
    proposal = with_power(0.5)
    first, again, other = (
        np.asarray(draw_seeds(proposal, GRASPS, jax.random.key(k), STARTS)[0].dofs)
        for k in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.isclose(first, other).all(axis=1).any()


def test_a_hand_with_nothing_to_hold_closes_to_its_limits() -> None:
    hand, problem = scene.allegro(), scene.jar().problem
    far = GraspVariables(
        position=jnp.array([0.0, 0.0, 5.0]),
        rotation=jnp.array([1.0, 0, 0, 0, 1, 0]),
        dofs=jnp.asarray(hand.open_dofs, jnp.float32),
    )
    config = EnclosingConfig(steps=40)
    closed, gap = jax.jit(close)(problem, ClosingMotion.of(hand), far, config)
    sign = np.asarray(hand.closing)
    lower, upper = pressing_range(hand)
    limit = np.where(sign > 0, upper, lower)
    assert np.allclose(np.asarray(closed.dofs)[sign != 0], limit[sign != 0], atol=1e-3)
    assert np.array_equal(np.asarray(closed.dofs)[sign == 0], np.asarray(far.dofs)[sign == 0])
    assert np.asarray(gap).min() > 0.9


def test_links_near_the_palm_close_before_those_beyond() -> None:
    hand, problem = scene.allegro(), scene.jar().problem
    motion = ClosingMotion.of(hand)
    far = GraspVariables(
        position=jnp.array([0.0, 0.0, 5.0]),
        rotation=jnp.array([1.0, 0, 0, 0, 1, 0]),
        dofs=jnp.asarray(hand.open_dofs, jnp.float32),
    )
    closed, _ = jax.jit(close)(problem, motion, far, EnclosingConfig(steps=2))
    change = np.abs(np.asarray(closed.dofs) - np.asarray(far.dofs))
    finger = next(finger for finger in hand.fingers if not finger.is_thumb)
    moves = np.asarray(hand.arrays.tree.moves)[finger.tip_link] > 0
    change = change[moves & (np.asarray(hand.closing) != 0)]
    assert (change[0] > 2 * change[1:]).all()


def test_touched_links_are_the_nearest_with_a_surface() -> None:
    motion = dataclasses.replace(
        ClosingMotion.of(scene.allegro()),
        touching=jnp.array([True, True, False, True, True]),
        palm=jnp.array([False, False, False, False, True]),
    )
    gap = jnp.array([0.02, 0.001, 0.0, 0.004, 0.5])
    pattern = touched_links(motion, gap, 4, jnp.float32(0.005))
    assert np.asarray(pattern.link)[:3].tolist() == [1, 3, 0]
    assert np.asarray(pattern.active).tolist() == [1, 1, 0, 0]
    with_palm = touched_links(motion, gap, 4, jnp.float32(0.005), jnp.bool_(True))
    assert 4 in np.asarray(with_palm.link)[np.asarray(with_palm.active) > 0]


def test_a_two_finger_gripper_closes_about_a_jar() -> None:
    hand = Hand.load(mujoco.MjSpec.from_string(models.gripper()))
    problem = dataclasses.replace(scene.jar().problem, hand=hand.arrays)
    center = np.asarray(problem.object.center_of_mass)
    below = GraspVariables(
        position=jnp.asarray(center - [0, 0, 0.16], jnp.float32),
        rotation=jnp.array([1.0, 0, 0, 0, 1, 0]),
        dofs=jnp.asarray(hand.open_dofs, jnp.float32),
    )
    closed, gap = jax.jit(close)(problem, ClosingMotion.of(hand), below, EnclosingConfig())
    assert (np.asarray(closed.dofs) >= np.asarray(hand.arrays.lower)).all()
    assert (np.asarray(closed.dofs) <= np.asarray(hand.arrays.upper)).all()
    assert np.asarray(gap).min() > -0.002
    assert (np.asarray(closed.dofs) > np.asarray(below.dofs) + 0.1).any()


def test_heavy_objects_are_enclosed_and_light_ones_left_to_the_tips() -> None:
    hand, made = scene.allegro(), scene.jar()
    grip = made.plan.grip.model_copy(update={"confidence": 0.0})
    power = np.asarray(is_power(made.pipeline.grip().proposal.patterns))
    shares = [
        pattern_probabilities(hand, grip, made.object, load)[power].sum()
        for load in (0.0, 0.1, 0.25, 0.4, 2.0)
    ]
    assert shares == sorted(shares)
    assert shares[0] == shares[1] < 0.5
    assert shares[3] == shares[4] > 0.9


def test_a_sure_plan_decides_whatever_the_load() -> None:
    hand, made = scene.allegro(), scene.jar()
    power = np.asarray(is_power(made.pipeline.grip().proposal.patterns))

    def share(grasp_type: str, contact: bool) -> float:
        palm = made.plan.grip.palm.model_copy(update={"contact": contact})
        change = {"confidence": 1.0, "grasp_type": grasp_type, "palm": palm, "fingers": []}
        grip = made.plan.grip.model_copy(update=change)
        return float(pattern_probabilities(hand, grip, made.object, 2.0)[power].sum())

    assert share("prismatic", False) == 0
    assert share("large_diameter", True) > 0.3


def test_idle_fingers_stay_open_and_touch_nothing() -> None:
    hand = scene.allegro()
    thumb = hand.fingers[hand.opposing_finger]
    whole, hook = ClosingMotion.of(hand), ClosingMotion.of(hand, {thumb.name})
    dofs = hand.kinematics.dofs_of(thumb.joints)
    assert np.asarray(whole.closing)[dofs].any()
    assert not np.asarray(hook.closing)[dofs].any()
    others = np.setdiff1d(np.arange(hand.num_dofs), dofs)
    np.testing.assert_array_equal(
        np.asarray(hook.closing)[others], np.asarray(whole.closing)[others]
    )
    assert not np.asarray(hook.touching)[list(thumb.links)].any()
    assert np.asarray(hook.touching).sum() < np.asarray(whole.touching).sum()
