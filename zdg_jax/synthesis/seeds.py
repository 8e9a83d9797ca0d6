"""Seeds: starting grasps that put the object between the fingers that can oppose each other.

A seed takes two places on the object that face away from each other, sets the joints to one of
the hand's preshapes that fits them with room to spare, and lays its axis along theirs; the turn
about that axis, the depth of the object in the hand and a jitter are drawn at random. Each draw is
also tried with the hand drawn back from the object: descent cannot take a finger back out of a
thin wall that it starts in. Of all these the one that is clear of the object and reaches best is
kept, for each seed on its own, so that seeds stay independent.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import Preshapes, joints_from_dofs
from zdg_jax.hand.preshapes import LOOSENESS, ROOM
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.runtime.devices import active_devices, default_batch, shard_rows
from zdg_jax.runtime.settings import float_setting

_OPPOSING = 512
_UNPAIRED = 0.01
"""Likelihood, over the mean weight, of the best opposite place below which there is none."""
_UNGRASPABLE = 0.1
"""How likely a place with nothing to oppose it is drawn, beside one with."""
_CLOSURE = 0.2
"""Metres of reach that one unit of the closure term costs when draws are compared."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedConfig:
    """How seeds are drawn."""

    alternatives: int = dataclasses.field(default=16, metadata={"static": True})
    """Draws of which each seed keeps the best."""
    retreats: int = dataclasses.field(default=7, metadata={"static": True})
    """Distances from the object that each draw is tried at."""
    retreat: jax.Array = float_setting(0.12)
    """Greatest such distance [m]."""
    clearance: jax.Array = float_setting(ROOM)
    """Room between fingers and object on both sides together [m]."""
    looseness: jax.Array = float_setting(LOOSENESS)
    """Misfit of a preshape's width that makes it e times less likely [m]."""
    aperture: jax.Array = float_setting(0.02)
    """Misfit of the planned width that makes a pair of places e times less likely [m]."""
    jitter: jax.Array = float_setting(0.01)
    """Standard deviation of the position [m]."""
    turn: jax.Array = float_setting(0.15)
    """Standard deviation of the orientation [rad]."""
    dof_jitter: jax.Array = float_setting(0.1)
    """Standard deviation of the joints, as a share of their range."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Pairs:
    """How likely two places on the object are drawn together, for S surface samples."""

    first: jax.Array
    """Cumulative likelihood of the first place, (S,): less where nothing opposes it."""
    second: jax.Array
    """That of the second, given the first, (S, _OPPOSING)."""
    opposed: jax.Array
    """Whether anything opposes the first within the hand's span, (S,) bool."""


def seed(
    problem: Problem,
    preshapes: Preshapes,
    kinds: Pattern,
    likely: jax.Array,
    pairs: Pairs,
    config: SeedConfig,
    num: int,
    key: jax.Array,
) -> tuple[GraspVariables, Pattern]:
    """Draws `num` seeds.

    Args:
        problem: hand, object and guidance.
        preshapes: the hand's postures to start from.
        kinds: contact patterns to choose from, (p, k).
        likely: how likely each is to be drawn, (p,).
        pairs: places of the object to lay a preshape's axis across, from `opposing`.
        config: how to draw.
        num: seeds wanted.
        key: random key.

    Returns:
        Variables and patterns, (num, ...).
    """
    # Whole blocks only, on every device: a smaller last one would be compiled a second time.
    whole = default_batch() * len(active_devices())
    keys = jax.random.split(key, -(-num // whole) * whole)
    # Spheres tell whether a start is clear; the surface points would cost five times as much.
    bare = jax.tree.map(lambda leaf: leaf[:0], problem.hand.surface)
    problem = dataclasses.replace(problem, hand=dataclasses.replace(problem.hand, surface=bare))
    # Three programs: in one, XLA computes the draw anew for every point that the retreat looks
    # up. 512 draws on one core: 12, 10 and 13 ms apart, 97 ms together.
    pattern, drawn, facing = _draws(problem, preshapes, kinds, likely, pairs, config, keys)
    drawn = _retreats(problem, config, drawn, facing)
    drawn = _choose(problem, drawn, pattern)
    return jax.tree.map(lambda leaf: leaf[:num], (drawn, pattern))


@jax.jit
def opposing(
    problem: Problem, preshapes: Preshapes, weights: jax.Array, config: SeedConfig
) -> Pairs:
    """Which places on the object oppose each other, looked up by every draw.

    Args:
        problem: hand, object and guidance.
        preshapes: the hand's postures to start from.
        weights: how much each surface sample of the object asks to be held, (S,), >= 0.
        config: how seeds are drawn.
    """
    samples = problem.object.samples
    likelihood = jax.vmap(
        lambda point, normal: _opposite(problem, preshapes, weights, config, point, normal)
    )(samples.points, samples.normals)
    best, mean = jnp.max(likelihood, axis=1), jnp.mean(weights)
    return Pairs(
        first=jnp.cumsum(weights * (_UNGRASPABLE + jnp.minimum(best / mean, 1.0))),
        second=jnp.cumsum(likelihood + 1e-12, axis=1),
        opposed=best > _UNPAIRED * mean,
    )


@shard_rows(replicated=range(6))
@jax.jit
def _draws(
    problem: Problem,
    preshapes: Preshapes,
    kinds: Pattern,
    likely: jax.Array,
    pairs: Pairs,
    config: SeedConfig,
    keys: jax.Array,
) -> tuple[Pattern, GraspVariables, jax.Array]:
    """The pattern (n, k) of each seed, its draws (n, a, ...) and their palms' facing (n, a, 3)."""

    def draws(key: jax.Array) -> tuple[Pattern, GraspVariables, jax.Array]:
        kind_key, draw_key = jax.random.split(key)
        kind = jax.random.categorical(kind_key, jnp.log(likely + 1e-9))
        pattern = jax.tree.map(lambda leaf: leaf[kind], kinds)
        power = jnp.sum(pattern.active * pattern.optional) > 0
        variables, facing = jax.vmap(
            lambda key: _draw(problem, preshapes, pairs, config, power, key)
        )(jax.random.split(draw_key, config.alternatives))
        return pattern, variables, facing

    return jax.lax.map(draws, keys, batch_size=default_batch())


@shard_rows(replicated=(0, 1))
@jax.jit
def _retreats(
    problem: Problem, config: SeedConfig, variables: GraspVariables, facing: jax.Array
) -> GraspVariables:
    """All draws of all seeds, (n, a, ...), drawn back from the object."""
    back = config.retreat * jnp.linspace(0.0, 1.0, config.retreats)
    single = jax.vmap(lambda variables, facing: _retreat(problem, variables, facing, back))
    return jax.lax.map(
        lambda drawn: single(*drawn), (variables, facing), batch_size=default_batch()
    )


@shard_rows(replicated=(0,))
@jax.jit
def _choose(problem: Problem, variables: GraspVariables, pattern: Pattern) -> GraspVariables:
    """The best draw of each seed, (n, ...), of those (n, a, ...)."""

    def best(seed: tuple[GraspVariables, Pattern]) -> GraspVariables:
        draws, pattern = seed
        chosen = jnp.argmin(jax.vmap(lambda draw: _cost(problem, draw, pattern))(draws))
        return jax.tree.map(lambda leaf: leaf[chosen], draws)

    return jax.lax.map(best, (variables, pattern), batch_size=default_batch())


def _retreat(
    problem: Problem, variables: GraspVariables, facing: jax.Array, back: jax.Array
) -> GraspVariables:
    """Draws a hand back by the least of the distances that clears the object, or nearly so."""
    hand = problem.hand
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    away = -back * facing[:, None]
    gap, _ = distance.query(problem.object.grid, centers[:, None] + away[..., None], 0)
    collision = jnp.max(jax.nn.relu(hand.spheres.radii - gap), axis=-1)
    best = jnp.argmin(20.0 * collision + back)
    return dataclasses.replace(variables, position=variables.position + away[:, best])


def _cost(problem: Problem, variables: GraspVariables, pattern: Pattern) -> jax.Array:
    """How bad a seed is [m]: depth of collision, reach that is missing, disagreement."""
    state = energy.grasp_state(problem, variables, pattern)
    radii = problem.hand.spheres.radii
    collision = jnp.max(jax.nn.relu(radii - state.distance[-radii.shape[0] :]))
    contacts = state.contacts
    reach = jnp.sum(jnp.abs(contacts.distance) * contacts.active) / jnp.sum(contacts.active)
    center = jnp.sum(contacts.points * contacts.active[:, None], 0) / jnp.sum(contacts.active)
    offset = jnp.linalg.norm(center - problem.object.center_of_mass + 1e-6)
    task = (
        energy.held(state, problem)
        + 0.1 * energy.avoided(state, problem)
        + 0.05 * energy.approach(state, problem)
        + 0.02 * energy.thumb(state, problem)
    )
    closure = energy.closure(contacts, problem)
    return 20.0 * collision + reach + 0.2 * offset + _CLOSURE * closure + task


def _pick(key: jax.Array, total: jax.Array) -> jax.Array:
    """An index drawn from cumulative weights by one random number instead of one an index."""
    drawn = jax.random.uniform(key) * total[-1]
    return jnp.minimum(jnp.searchsorted(total, drawn, side="right"), total.shape[0] - 1)


def _opposite(
    problem: Problem,
    preshapes: Preshapes,
    weights: jax.Array,
    config: SeedConfig,
    point: jax.Array,
    normal: jax.Array,
) -> jax.Array:
    """How well places on the object oppose a given one within the hand's span, (_OPPOSING,).

    The samples' order makes any prefix even, and a quarter of them is enough.
    """
    samples, guidance = problem.object.samples, problem.guidance
    samples = jax.tree.map(lambda leaf: leaf[:_OPPOSING], samples)
    weights = weights[:_OPPOSING] + 0.05 * jnp.mean(weights)
    offset = samples.points - point
    gap = jnp.sqrt(jnp.sum(offset * offset, axis=-1) + 1e-8)
    across = offset / gap[:, None]
    opposed = jax.nn.relu(-(across @ normal)) * jax.nn.relu(
        jnp.sum(across * samples.normals, axis=-1)
    )
    fits = (gap + config.clearance < jnp.max(preshapes.width)) & (gap > 1e-3)
    unlike = jnp.minimum(((gap - guidance.aperture) / config.aperture) ** 2, 4.0)
    return opposed**4 * fits * jnp.exp(-guidance.aperture_weight * unlike) * weights


def _draw(
    problem: Problem,
    preshapes: Preshapes,
    pairs: Pairs,
    config: SeedConfig,
    power: jax.Array,
    key: jax.Array,
) -> tuple[GraspVariables, jax.Array]:
    """One draw, and the unit direction that the palm faces, (3,), object frame."""
    keys = jax.random.split(key, 9)
    samples, guidance = problem.object.samples, problem.guidance
    first = _pick(keys[0], pairs.first)
    point, normal, paired = samples.points[first], samples.normals[first], pairs.opposed[first]
    across = samples.points[_pick(keys[1], pairs.second[first])] - point
    # Nothing to oppose within the hand's span: lie against the surface instead.
    tangent = jnp.cross(normal, jax.random.normal(keys[2], (3,)))
    axis = rotations.normalize(jnp.where(paired, across, tangent))
    gap = jnp.sqrt(jnp.sum(across * across) + 1e-8)
    width = jnp.where(paired, gap, 0.6 * jnp.max(preshapes.width))
    middle = point + jnp.where(paired, across / 2, 0.0)

    fit = preshapes.log_likelihood(width + config.clearance, config.looseness)
    level = jax.random.categorical(keys[8], fit)
    flip = jnp.where(jax.random.bernoulli(keys[3]), 1.0, -1.0)
    axis = axis * flip
    side = jax.random.normal(keys[4], (3,))
    side = rotations.normalize(side)
    wanted = jnp.where(paired, side, -normal)
    sharp = guidance.approach_weight * jax.random.uniform(keys[5], maxval=4.0)
    wanted = wanted + sharp * guidance.approach
    facing = rotations.normalize(wanted - jnp.dot(wanted, axis) * axis)

    frame_object = jnp.stack([axis, facing, jnp.cross(axis, facing)], axis=-1)
    axis_hand, facing_hand = preshapes.axis[level], preshapes.facing[level]
    frame_hand = jnp.stack([axis_hand, facing_hand, jnp.cross(axis_hand, facing_hand)], axis=-1)
    tilt = config.turn * jax.random.normal(keys[6], (3,))
    angle = jnp.sqrt(jnp.sum(tilt * tilt) + 1e-12)
    rotation = rotations.axis_angle(tilt / angle, angle) @ frame_object @ frame_hand.T

    jitter_key, depth_key, dof_key = jax.random.split(keys[7], 3)
    share = jax.random.uniform(
        depth_key, minval=jnp.where(power, 0.3, -0.1), maxval=jnp.where(power, 1.0, 0.4)
    )
    position = middle - rotation @ preshapes.middle[level] + facing * share * preshapes.depth[level]
    position = position + config.jitter * jax.random.normal(jitter_key, (3,))
    lower, upper = problem.hand.lower, problem.hand.upper
    noise = config.dof_jitter * jax.random.normal(dof_key, lower.shape)
    dofs = jnp.clip(preshapes.dofs[level] + noise * (upper - lower), lower, upper)
    sixd = rotations.sixd_from_matrix(rotation)
    return GraspVariables(position=position, rotation=sixd, dofs=dofs), facing
