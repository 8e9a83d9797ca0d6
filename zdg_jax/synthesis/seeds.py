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
from zdg_jax.hand.preshapes import LOOSENESS, OPPOSITION_WEIGHT
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.runtime.devices import active_devices, default_batch, replicate, shard_rows
from zdg_jax.runtime.settings import float_setting
from zdg_jax.synthesis.antipodal import AntipodalPairs, PairConfig, antipodal_pairs, draw_index


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedCost:
    """Weights by which a seed's draws are compared: metres of reach that one unit costs.

    Reach is the mean distance of the active contacts from the object, and counts 1.
    """

    collision: jax.Array = float_setting(20.0)
    """Of the depth of the deepest sphere [1]."""
    offset: jax.Array = float_setting(0.2)
    """Of the distance between the contacts' middle and the object's centre of mass [1]."""
    force_closure: jax.Array = float_setting(0.2)
    """Of the energy term of this name [m], as of those that follow."""
    held: jax.Array = float_setting(1.0)
    """Of the contacts' distance from the parts to hold [1]."""
    avoided: jax.Array = float_setting(0.1)
    """Of the intrusion into the clearance of avoided parts, summed over the spheres [1]."""
    approach: jax.Array = float_setting(0.05)
    """Of the palm's turn from the planned approach [m]."""
    thumb: jax.Array = float_setting(0.02)
    """Of the thumb's turn from its planned side [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedConfig:
    """Settings of the seeds. Only counts are static: no other change recompiles."""

    alternatives: int = dataclasses.field(default=16, metadata={"static": True})
    """Draws of which each seed keeps the best."""
    retreats: int = dataclasses.field(default=7, metadata={"static": True})
    """Distances from the object that each draw is tried at."""
    retreat: jax.Array = float_setting(0.12)
    """Greatest such distance [m]."""
    pairs: PairConfig = dataclasses.field(default_factory=PairConfig)
    """Preferences among pairs of places to lay the opening across."""
    looseness: jax.Array = float_setting(LOOSENESS)
    """Misfit of the preshape's width that makes it e times less likely [m]."""
    opposition: jax.Array = float_setting(OPPOSITION_WEIGHT)
    """Log-likelihood of a preshape whose pads face each other, beside one with crossed pads."""
    unpaired_width: jax.Array = float_setting(0.6)
    """Width of the preshape where nothing opposes a place, as a share of the hand's span."""
    approach: jax.Array = float_setting(4.0)
    """Greatest pull of the planned approach on the palm's direction, beside a random unit
    vector's; drawn evenly from 0."""
    precision_depth: jax.Array = float_setting((-0.1, 0.4))
    """Least and greatest depth of the object in the hand for patterns of fingertips, (2,), as
    shares of the way from the pads to the palm."""
    power_depth: jax.Array = float_setting((0.3, 1.0))
    """The same for patterns in which inner links and the palm may join, (2,)."""
    jitter: jax.Array = float_setting(0.01)
    """Standard deviation of the position [m]."""
    turn: jax.Array = float_setting(0.15)
    """Standard deviation of the orientation [rad]."""
    dof_jitter: jax.Array = float_setting(0.1)
    """Standard deviation of the joints, as a share of their range."""
    cost: SeedCost = dataclasses.field(default_factory=SeedCost)
    """Weights by which draws are compared."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedProposal:
    """The distribution that all seeds of one grip are drawn from."""

    problem: Problem
    """Hand, object and targets."""
    preshapes: Preshapes
    """Postures in which the thumb opposes the fingers."""
    patterns: Pattern
    """Contact patterns to choose from, (p, k)."""
    pattern_probabilities: jax.Array
    """Probability of each, (p,)."""
    pairs: AntipodalPairs
    """Places of the object to lay the preshape across."""
    config: SeedConfig
    """Settings."""

    @classmethod
    def prepare(
        cls,
        problem: Problem,
        preshapes: Preshapes,
        patterns: Pattern,
        pattern_probabilities: jax.Array,
        config: SeedConfig,
    ) -> SeedProposal:
        """Compute once for a grip all that its seeds share, on every device.

        Args:
            problem: hand, object and targets.
            preshapes: of the hand.
            patterns: contact patterns to choose from, (p, k).
            pattern_probabilities: probability of each, (p,).
            config: settings.
        """
        pairs = antipodal_pairs(problem, jnp.max(preshapes.width), config.pairs)
        # Spheres tell whether a seed is clear; the surface points would cost five times as much.
        bare = jax.tree.map(lambda leaf: leaf[:0], problem.hand.surface)
        hand = dataclasses.replace(problem.hand, surface=bare)
        return replicate(
            cls(
                problem=dataclasses.replace(problem, hand=hand),
                preshapes=preshapes,
                patterns=patterns,
                pattern_probabilities=pattern_probabilities,
                pairs=pairs,
                config=config,
            )
        )


def draw_seeds(proposal: SeedProposal, num: int, key: jax.Array) -> tuple[GraspVariables, Pattern]:
    """Draw seeds; each depends on its own part of the key alone.

    Args:
        proposal: what to draw from.
        num: seeds wanted.
        key: random key.

    Returns:
        Variables and patterns, (num, ...).
    """
    # Whole blocks only, on every device: a smaller last one would be compiled a second time.
    whole = default_batch() * len(active_devices())
    keys = jax.random.split(key, -(-num // whole) * whole)
    # Three programs: in one, XLA computes the draw anew for every point that the retreat looks
    # up. 512 draws on one core: 12, 10 and 13 ms apart, 97 ms together.
    patterns, draws, palm_directions = _draw_alternatives(proposal, keys)
    draws = _retreat_all(proposal, draws, palm_directions)
    best = _choose(proposal, draws, patterns)
    return jax.tree.map(lambda leaf: leaf[:num], (best, patterns))


@shard_rows(replicated=(0,))
@jax.jit
def _draw_alternatives(
    proposal: SeedProposal, keys: jax.Array
) -> tuple[Pattern, GraspVariables, jax.Array]:
    """Each seed's pattern (n, k), its draws (n, a, ...) and their palms' directions (n, a, 3)."""

    def alternatives(key: jax.Array) -> tuple[Pattern, GraspVariables, jax.Array]:
        pattern_key, draw_key = jax.random.split(key)
        logits = jnp.log(proposal.pattern_probabilities + 1e-9)
        row = jax.random.categorical(pattern_key, logits)
        pattern = jax.tree.map(lambda leaf: leaf[row], proposal.patterns)
        power = jnp.sum(pattern.active * pattern.optional) > 0
        variables, palm_directions = jax.vmap(lambda key: _draw(proposal, power, key))(
            jax.random.split(draw_key, proposal.config.alternatives)
        )
        return pattern, variables, palm_directions

    return jax.lax.map(alternatives, keys, batch_size=default_batch())


@shard_rows(replicated=(0,))
@jax.jit
def _retreat_all(
    proposal: SeedProposal, draws: GraspVariables, palm_directions: jax.Array
) -> GraspVariables:
    """All draws of all seeds, (n, a, ...), drawn back from the object."""
    retreat = jax.vmap(lambda variables, direction: _retreat(proposal, variables, direction))
    return jax.lax.map(
        lambda alternatives: retreat(*alternatives),
        (draws, palm_directions),
        batch_size=default_batch(),
    )


@shard_rows(replicated=(0,))
@jax.jit
def _choose(proposal: SeedProposal, draws: GraspVariables, patterns: Pattern) -> GraspVariables:
    """The best draw of each seed, (n, ...), of those (n, a, ...)."""

    def best(seed: tuple[GraspVariables, Pattern]) -> GraspVariables:
        alternatives, pattern = seed
        costs = jax.vmap(lambda draw: _cost(proposal, draw, pattern))(alternatives)
        return jax.tree.map(lambda leaf: leaf[jnp.argmin(costs)], alternatives)

    return jax.lax.map(best, (draws, patterns), batch_size=default_batch())


def _draw(
    proposal: SeedProposal, power: jax.Array, key: jax.Array
) -> tuple[GraspVariables, jax.Array]:
    """One draw, and the unit direction that the palm faces, (3,), object frame."""
    keys = jax.random.split(key, 9)
    config, pairs, preshapes = proposal.config, proposal.pairs, proposal.preshapes
    samples, targets = proposal.problem.object.samples, proposal.problem.targets
    first = draw_index(keys[0], pairs.first)
    point, normal, paired = samples.points[first], samples.normals[first], pairs.opposed[first]
    across = samples.points[draw_index(keys[1], pairs.second[first])] - point
    # Nothing to oppose within the hand's span: lie against the surface instead.
    tangent = jnp.cross(normal, jax.random.normal(keys[2], (3,)))
    axis = rotations.normalize(jnp.where(paired, across, tangent))
    gap = jnp.sqrt(jnp.sum(across * across) + 1e-8)
    width = jnp.where(paired, gap, config.unpaired_width * jnp.max(preshapes.width))
    middle = point + jnp.where(paired, across / 2, 0.0)

    log_likelihood = preshapes.log_likelihood(
        width + config.pairs.clearance,
        looseness=config.looseness,
        opposition_weight=config.opposition,
    )
    row = jax.random.categorical(keys[8], log_likelihood)
    # The width of the open pose is no table.
    preshape = jax.tree.map(lambda leaf: leaf[row] if leaf.ndim else leaf, preshapes)
    axis = axis * jnp.where(jax.random.bernoulli(keys[3]), 1.0, -1.0)
    side = rotations.normalize(jax.random.normal(keys[4], (3,)))
    pull = targets.approach.weight * config.approach * jax.random.uniform(keys[5])
    wanted = jnp.where(paired, side, -normal) + pull * targets.approach.direction
    facing = rotations.normalize(wanted - jnp.dot(wanted, axis) * axis)

    tilt = config.turn * jax.random.normal(keys[6], (3,))
    angle = jnp.sqrt(jnp.sum(tilt * tilt) + 1e-12)
    in_object, in_hand = _frame(axis, facing), _frame(preshape.axis, preshape.facing)
    rotation = rotations.axis_angle(tilt / angle, angle) @ in_object @ in_hand.T

    jitter_key, depth_key, dof_key = jax.random.split(keys[7], 3)
    least, greatest = jnp.where(power, config.power_depth, config.precision_depth)
    depth = jax.random.uniform(depth_key, minval=least, maxval=greatest)
    position = middle - rotation @ preshape.middle + facing * depth * preshape.depth
    position = position + config.jitter * jax.random.normal(jitter_key, (3,))
    lower, upper = proposal.problem.hand.lower, proposal.problem.hand.upper
    noise = config.dof_jitter * jax.random.normal(dof_key, lower.shape)
    variables = GraspVariables(
        position=position,
        rotation=rotations.sixd_from_matrix(rotation),
        dofs=jnp.clip(preshape.dofs + noise * (upper - lower), lower, upper),
    )
    return variables, facing


def _frame(axis: jax.Array, facing: jax.Array) -> jax.Array:
    """Rotation (3, 3) of the frame whose x runs along an axis and whose y the palm faces."""
    return jnp.stack([axis, facing, jnp.cross(axis, facing)], axis=-1)


def _retreat(
    proposal: SeedProposal, variables: GraspVariables, palm_direction: jax.Array
) -> GraspVariables:
    """Draw a hand back by the least of the distances that clears the object, or nearly so."""
    problem, config = proposal.problem, proposal.config
    hand = problem.hand
    back = config.retreat * jnp.linspace(0.0, 1.0, config.retreats)
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    away = -back * palm_direction[:, None]
    gap, _ = distance.query(problem.object.grid, centers[:, None] + away[..., None], 0)
    collision = jnp.max(jax.nn.relu(hand.spheres.radii - gap), axis=-1)
    best = jnp.argmin(config.cost.collision * collision + back)
    return dataclasses.replace(variables, position=variables.position + away[:, best])


def _cost(proposal: SeedProposal, variables: GraspVariables, pattern: Pattern) -> jax.Array:
    """Cost of a draw, () [m]: depth of collision, reach that is missing, misalignment."""
    problem, cost = proposal.problem, proposal.config.cost
    state = energy.grasp_state(problem, variables, pattern)
    radii = problem.hand.spheres.radii
    collision = jnp.max(jax.nn.relu(radii - state.distance[-radii.shape[0] :]))
    contacts = state.contacts
    reach = jnp.sum(jnp.abs(contacts.distance) * contacts.active) / jnp.sum(contacts.active)
    center = jnp.sum(contacts.points * contacts.active[:, None], 0) / jnp.sum(contacts.active)
    offset = jnp.linalg.norm(center - problem.object.center_of_mass + 1e-6)
    task = (
        cost.held * energy.held(state, problem)
        + cost.avoided * energy.avoided(state, problem)
        + cost.approach * energy.approach(state, problem)
        + cost.thumb * energy.thumb(state, problem)
    )
    closure = energy.force_closure(state, problem)
    return (
        cost.collision * collision
        + reach
        + cost.offset * offset
        + cost.force_closure * closure
        + task
    )
