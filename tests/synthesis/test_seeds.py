"""Seeds: clear of the object, by the plan, and each on its own."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import scene
from tests.planning import things
from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern
from zdg_jax.kernels import distance, rotations
from zdg_jax.objects import Object
from zdg_jax.synthesis.seed_proposal import SeedProposal, is_power
from zdg_jax.synthesis.seeds import draw_seeds

NUM = 32
"""Seeds that are looked at: those of a batch on a CPU, as other tests draw them."""

Seeds = tuple[GraspVariables, Pattern]


def proposal_of(thing: scene.Scene) -> SeedProposal:
    """Without the power pattern, whose seeds enclose the object instead."""
    proposal = thing.pipeline.grip().proposal
    tips = jnp.where(is_power(proposal.patterns), 0.0, proposal.pattern_probabilities)
    return dataclasses.replace(proposal, pattern_probabilities=tips)


def draw(proposal: SeedProposal, key: int = 0, num: int = NUM) -> Seeds:
    return draw_seeds(proposal, num, jax.random.key(key))


@functools.cache
def jar_seeds() -> Seeds:
    return draw(proposal_of(scene.jar()))


@functools.cache
def crate() -> scene.Scene:
    """A cube of 50 cm: no two of its opposite faces are within the hand's span."""
    box = things.box(0.5, 0.5, 0.5)
    return scene.Scene.of(Object.from_mesh((box.vertices, box.faces), name="crate", pieces=1))


def with_targets(proposal: SeedProposal, **changes: object) -> SeedProposal:
    """The proposal for other targets."""
    problem = proposal.problem
    targets = dataclasses.replace(problem.targets, **changes)
    return SeedProposal.prepare(
        dataclasses.replace(problem, targets=targets),
        proposal.preshapes,
        proposal.patterns,
        proposal.pattern_probabilities,
        proposal.motion,
        proposal.config,
    )


@jax.jit
def collisions(proposal: SeedProposal, variables: GraspVariables, pattern: Pattern) -> jax.Array:
    """Depth of the deepest sphere of each hand in the object, (n,) [m]."""
    radii = proposal.problem.hand.spheres.radii

    def single(variables: GraspVariables, pattern: Pattern) -> jax.Array:
        state = energy.grasp_state(proposal.problem, variables, pattern)
        return jnp.max(jax.nn.relu(radii - state.distance[-len(radii) :]))

    return jax.vmap(single)(variables, pattern)


def palms(proposal: SeedProposal, variables: GraspVariables) -> np.ndarray:
    """Direction that each palm faces, (n, 3), object frame."""
    normal = proposal.problem.hand.palm_normal
    return np.asarray(rotations.matrix_from_6d(variables.rotation) @ normal)


def middles(proposal: SeedProposal, seeds: Seeds) -> jax.Array:
    """Mean of each hand's contacts, (n, 3), object frame [m]."""

    def single(variables: GraspVariables, pattern: Pattern) -> jax.Array:
        contacts = energy.grasp_state(proposal.problem, variables, pattern).contacts
        return contacts.active @ contacts.points / jnp.sum(contacts.active)

    return jax.vmap(single)(*seeds)


def test_seeds_are_clear_of_the_object_and_near_it() -> None:
    jar = scene.jar()
    depth = collisions(proposal_of(jar), *jar_seeds())
    assert (depth < 0.003).mean() > 0.9
    reach = np.linalg.norm(middles(proposal_of(jar), jar_seeds()), axis=1)
    assert (reach < 0.15).all()


def test_seeds_keep_the_joints_limits_and_the_hands_patterns() -> None:
    proposal, (variables, pattern) = proposal_of(scene.jar()), jar_seeds()
    hand = proposal.problem.hand
    assert variables.position.shape == (NUM, 3)
    assert (variables.dofs >= hand.lower).all()
    assert (variables.dofs <= hand.upper).all()
    known = {tuple(row) for row in np.asarray(proposal.patterns.active).tolist()}
    assert {tuple(row) for row in np.asarray(pattern.active).tolist()} <= known


def test_the_same_key_gives_the_same_seeds_and_another_key_others() -> None:
    again, other = (
        draw(proposal_of(scene.jar())),
        draw(proposal_of(scene.jar()), key=1),
    )
    for a, b in zip(*map(jax.tree.leaves, (again, jar_seeds())), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (other[0].position != jar_seeds()[0].position).any(axis=1).all()


@pytest.mark.parametrize("num", [NUM // 2 - 5, pytest.param(2 * NUM, marks=pytest.mark.slow)])
def test_a_seed_does_not_depend_on_how_many_are_drawn(num: int) -> None:
    both = min(num, NUM)
    other = draw(proposal_of(scene.jar()), num=num)
    for a, b in zip(*map(jax.tree.leaves, (other, jar_seeds())), strict=True):
        np.testing.assert_array_equal(a[:both], b[:both])


def test_patterns_are_drawn_as_often_as_they_are_probable() -> None:
    proposal = proposal_of(scene.jar())
    count = len(proposal.pattern_probabilities)
    only = dataclasses.replace(proposal, pattern_probabilities=jnp.zeros(count).at[2].set(1.0))
    _, pattern = draw(only)
    np.testing.assert_array_equal(
        pattern.active, np.tile(np.asarray(proposal.patterns.active[2]), (NUM, 1))
    )


def test_seeds_prefer_the_parts_to_hold() -> None:
    jar = scene.jar()
    parts = np.asarray(jar.object.arrays.samples.parts)
    heights = {}
    for mark in (1, 2):
        on_part = jnp.asarray(parts == mark, jnp.float32)
        held = energy.PartTarget(grid=jar.object.region_grid([mark]), weight=jnp.float32(1.0))
        proposal = with_targets(
            proposal_of(jar), held=held, sample_weights=on_part / jnp.mean(on_part)
        )
        heights[mark] = np.median(middles(proposal, draw(proposal))[:, 2])
    assert heights[2] > heights[1] + 0.015  # the lid lies on top


def test_palms_come_from_where_the_plan_says() -> None:
    proposal, direction = proposal_of(scene.jar()), jnp.array([0.0, 0.0, -1.0])
    cosines = {}
    for weight in (0.0, 1.0):
        approach = energy.DirectionTarget(direction=direction, weight=jnp.float32(weight))
        thumb = dataclasses.replace(proposal.problem.targets.thumb, weight=jnp.float32(0.0))
        told = with_targets(proposal, approach=approach, thumb=thumb)
        cosines[weight] = palms(told, draw(told)[0]) @ np.asarray(direction)
    assert cosines[1.0].mean() > cosines[0.0].mean() + 0.3


def test_a_thing_too_wide_for_the_hand_is_met_face_to_face() -> None:
    proposal = proposal_of(crate())
    points = np.abs(np.asarray(proposal.problem.object.samples.points))
    from_edges = 0.25 - np.sort(points, axis=1)[:, 1]
    span = float(proposal.preshapes.width.max() - proposal.config.pairs.clearance)
    beyond = from_edges > span
    assert beyond.sum() > 20
    assert not np.asarray(proposal.pairs.opposed)[beyond].any()
    variables, pattern = draw(proposal)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(variables))
    assert (collisions(proposal, variables, pattern) < 0.003).mean() > 0.6
    # The palm looks at the face that the hand is over.
    _, outward = distance.query(proposal.problem.object.grid, variables.position)
    assert np.median(np.sum(palms(proposal, variables) * outward, axis=1)) < -0.7
