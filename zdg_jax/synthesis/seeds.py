"""Seeds: starting grasps that put the object between the fingers that can oppose each other.

A hand's thumb and fingers span an opening that its joints close from wide to narrow. A seed
takes two places on the object that face away from each other, sets the joints so that the
opening fits them with room to spare, and lays the opening's axis along theirs; the turn about
that axis, the depth of the object in the hand and a jitter are drawn at random. Each draw is also
tried with the hand drawn back from the object: descent cannot take a finger back out of a thin
wall that it starts in. Of all these the one that is clear of the object and reaches best is kept,
for each seed on its own, so that seeds stay independent.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import joints_from_dofs
from zdg_jax.hand.preshapes import Opening
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.runtime.devices import active_devices, default_batch, replicate, shard_rows
from zdg_jax.runtime.settings import float_setting
from zdg_jax.synthesis.antipodal import AntipodalPairs, PairConfig, antipodal_pairs, draw_index
from zdg_jax.synthesis.enclosing import (
    ClosingMotion,
    EnclosingConfig,
    PlacedOpening,
    close,
    land,
    palm_frame,
    touched_links,
)


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
    looseness: jax.Array = float_setting(0.008)
    """Misfit of the preshape's width that makes it e times less likely [m]."""
    opposition: jax.Array = float_setting(2.0)
    """Log-likelihood of a preshape whose pads face each other, beside one with crossed pads."""
    unpaired_width: jax.Array = float_setting(0.6)
    """Width of the preshape where nothing opposes a place, as a share of the hand's span."""
    approach: jax.Array = float_setting(4.0)
    """Greatest pull of the planned approach on the palm's direction, beside a random unit
    vector's; drawn evenly from 0."""
    depth: jax.Array = float_setting((-0.1, 0.4))
    """Least and greatest depth of the object in the hand, (2,), as shares of the way from the pads
    to the palm."""
    jitter: jax.Array = float_setting(0.01)
    """Standard deviation of the position [m]."""
    turn: jax.Array = float_setting(0.15)
    """Standard deviation of the orientation [rad]."""
    dof_jitter: jax.Array = float_setting(0.1)
    """Standard deviation of the joints, as a share of their range."""
    enclosing: EnclosingConfig = dataclasses.field(default_factory=EnclosingConfig)
    """Settings of the seeds of patterns in which inner links and the palm may join."""
    cost: SeedCost = dataclasses.field(default_factory=SeedCost)
    """Weights by which draws are compared."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedProposal:
    """The distribution that all seeds of one grip are drawn from."""

    problem: Problem
    """Hand, object and targets."""
    preshapes: Opening
    """Postures in which the thumb opposes the fingers."""
    patterns: Pattern
    """Contact patterns to choose from, (p, k)."""
    pattern_probabilities: jax.Array
    """Probability of each, (p,)."""
    pairs: AntipodalPairs
    """Places of the object to lay the preshape across."""
    motion: ClosingMotion
    """The way the hand closes."""
    config: SeedConfig
    """Settings."""

    @property
    def power(self) -> jax.Array:
        """Whether inner links and the palm may join in each pattern, (p,) bool."""
        return jnp.sum(self.patterns.active * self.patterns.optional, axis=-1) > 0

    @property
    def power_probability(self) -> jax.Array:
        """Probability of such a pattern, ()."""
        chances = self.pattern_probabilities
        return jnp.sum(jnp.where(self.power, chances, 0.0)) / jnp.sum(chances)

    @classmethod
    def prepare(
        cls,
        problem: Problem,
        preshapes: Opening,
        patterns: Pattern,
        pattern_probabilities: jax.Array,
        motion: ClosingMotion,
        config: SeedConfig,
    ) -> SeedProposal:
        """Compute once for a grip all that its seeds share, on every device.

        Args:
            problem: hand, object and targets.
            preshapes: of the hand.
            patterns: contact patterns to choose from, (p, k).
            pattern_probabilities: probability of each, (p,).
            motion: the way the hand closes.
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
                motion=motion,
                config=config,
            )
        )


def draw_seeds(
    proposal: SeedProposal, num: int, key: jax.Array, starts: int = 1
) -> tuple[GraspVariables, Pattern]:
    """Draw seeds; each depends on its own part of the key alone.

    Args:
        proposal: what to draw from.
        num: grasps that the seeds are for.
        key: random key.
        starts: seeds per grasp. All of a grasp's are enclosing ones, or none is: those would not
            compete on equal terms.

    Returns:
        Variables and patterns, (starts * num, ...): row i of each block of `num` is for grasp i.
    """
    # Whole blocks only, on every device: a smaller last one would be compiled a second time.
    whole = default_batch() * len(active_devices())
    total = starts * num
    rows = -(-total // whole) * whole
    even_key, key = jax.random.split(key)
    # Evenly spread, so that the share of enclosing grasps is met in small batches too.
    even = (jnp.arange(num) + jax.random.uniform(even_key)) / num
    power = even < proposal.power_probability
    power = jnp.resize(power, (rows,))
    keys = jax.random.split(key, rows)
    # Several programs: in one, XLA computes the draw anew for every point that the retreat looks
    # up. 512 draws on one core: 12, 10 and 13 ms apart, 97 ms together.
    patterns, draws, palm_directions = _draw_alternatives(proposal, keys)
    draws = _retreat_all(proposal, draws, palm_directions)
    best = _choose(proposal, draws, patterns)
    best, patterns = _enclose(proposal, keys, power, best, patterns)
    return jax.tree.map(lambda leaf: leaf[:total], (best, patterns))


@shard_rows(replicated=(0,))
@jax.jit
def _draw_alternatives(
    proposal: SeedProposal, keys: jax.Array
) -> tuple[Pattern, GraspVariables, jax.Array]:
    """Each seed's pattern (n, k), its draws (n, a, ...) and their palms' directions (n, a, 3)."""

    def alternatives(key: jax.Array) -> tuple[Pattern, GraspVariables, jax.Array]:
        pattern_key, draw_key = jax.random.split(key)
        likely = jnp.where(proposal.power, 0.0, proposal.pattern_probabilities)
        row = jax.random.categorical(pattern_key, jnp.log(likely + 1e-9))
        pattern = jax.tree.map(lambda leaf: leaf[row], proposal.patterns)
        variables, palm_directions = jax.vmap(lambda key: _draw(proposal, key))(
            jax.random.split(draw_key, proposal.config.alternatives)
        )
        return pattern, variables, palm_directions

    return jax.lax.map(alternatives, keys, batch_size=default_batch())


@shard_rows(replicated=(0,))
@jax.jit
def _enclose(
    proposal: SeedProposal,
    keys: jax.Array,
    power: jax.Array,
    variables: GraspVariables,
    patterns: Pattern,
) -> tuple[GraspVariables, Pattern]:
    """Seeds (n, ...) with those that are to enclose the object drawn anew."""
    size = default_batch()
    # Enclosing seeds side by side: blocks without any are skipped, whose cost is theirs.
    order = jnp.argsort(~power, stable=True)
    seeds = (variables, patterns)

    def block(rows: jax.Array) -> tuple[GraspVariables, Pattern]:
        kept = jax.tree.map(lambda leaf: leaf[rows], seeds)
        return jax.lax.cond(
            jnp.any(power[rows]),
            lambda: jax.vmap(lambda key: _enclosing_seed(proposal, key))(keys[rows]),
            lambda: kept,
        )

    drawn = jax.lax.map(block, order.reshape(-1, size))
    back = jnp.argsort(order)

    def pick(drawn: jax.Array, kept: jax.Array) -> jax.Array:
        drawn = drawn.reshape(kept.shape)[back]
        return jnp.where(power.reshape(-1, *[1] * (kept.ndim - 1)), drawn, kept)

    return jax.tree.map(pick, drawn, seeds)


def _enclosing_seed(proposal: SeedProposal, key: jax.Array) -> tuple[GraspVariables, Pattern]:
    """One seed: of several landings the best are closed, and of these the best is kept."""
    problem, motion, config = proposal.problem, proposal.motion, proposal.config.enclosing
    slots = proposal.patterns.link.shape[-1]

    def landing(key: jax.Array) -> tuple[GraspVariables, jax.Array]:
        place_key, land_key = jax.random.split(key)
        place = _draw_place(proposal, place_key)
        variables, _ = land(problem, motion, place.opening, config, land_key)
        return variables, _landing_cost(proposal, variables)

    def closing(variables: GraspVariables) -> tuple[GraspVariables, Pattern, jax.Array]:
        closed, gap = close(problem, motion, variables, config)
        pattern = touched_links(motion, gap, slots, config.touching)
        links = jnp.sum(jnp.where(motion.touching, jnp.exp(-jnp.abs(gap) / config.touching), 0.0))
        return closed, pattern, _cost(proposal, closed, pattern) - config.per_link * links

    landed, costs = jax.vmap(landing)(jax.random.split(jax.random.fold_in(key, 1), config.landings))
    best = jax.lax.top_k(-costs, config.closed)[1]
    closed, patterns, costs = jax.vmap(closing)(jax.tree.map(lambda leaf: leaf[best], landed))
    return jax.tree.map(lambda leaf: leaf[jnp.argmin(costs)], (closed, patterns))


def _landing_cost(proposal: SeedProposal, variables: GraspVariables) -> jax.Array:
    """Cost of a hand before it closes, () [m]: depth of collision, distance of palm and object."""
    problem, cost = proposal.problem, proposal.config.cost
    hand = problem.hand
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    gap, _ = distance.query(problem.object.grid, centers, 0)
    collision = jnp.max(jax.nn.relu(hand.spheres.inner - gap))
    palm = proposal.motion.palm[hand.spheres.link]
    nearest = jnp.argmin(jnp.where(palm, gap, jnp.inf))
    offset = jnp.linalg.norm(centers[:, nearest] - problem.object.center_of_mass + 1e-6)
    return cost.collision * collision + gap[nearest] + cost.offset * offset


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


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Place:
    """A place of the object, and the preshape to be laid across it."""

    opening: PlacedOpening
    normal: jax.Array
    """Outward normal at the first of the two points, (3,)."""
    paired: jax.Array
    """Whether anything opposes it, () bool."""


def _draw_place(proposal: SeedProposal, key: jax.Array) -> _Place:
    """Draw two places that oppose each other, and a preshape that fits them."""
    keys = jax.random.split(key, 5)
    config, pairs, preshapes = proposal.config, proposal.pairs, proposal.preshapes
    samples = proposal.problem.object.samples
    first = draw_index(keys[0], pairs.first)
    point, normal, paired = samples.points[first], samples.normals[first], pairs.opposed[first]
    across = samples.points[draw_index(keys[1], pairs.second[first])] - point
    # Nothing to oppose within the hand's span: lie against the surface instead.
    tangent = jnp.cross(normal, jax.random.normal(keys[2], (3,)))
    axis = rotations.normalize(jnp.where(paired, across, tangent))
    gap = jnp.sqrt(jnp.sum(across * across) + 1e-8)
    width = jnp.where(paired, gap, config.unpaired_width * jnp.max(preshapes.width))
    misfit = jnp.abs(preshapes.width - (width + config.pairs.clearance)) / config.looseness
    row = jax.random.categorical(keys[3], config.opposition * preshapes.opposition - misfit**2)
    preshape = jax.tree.map(lambda leaf: leaf[row], preshapes)
    opening = PlacedOpening(
        axis=axis * jnp.where(jax.random.bernoulli(keys[4]), 1.0, -1.0),
        middle=point + jnp.where(paired, across / 2, 0.0),
        axis_in_hand=preshape.axis,
        facing_in_hand=preshape.facing,
        middle_in_hand=preshape.middle,
        depth=preshape.depth,
        dofs=preshape.dofs,
    )
    return _Place(opening=opening, normal=normal, paired=paired)


def _draw(proposal: SeedProposal, key: jax.Array) -> tuple[GraspVariables, jax.Array]:
    """One draw, and the unit direction that the palm faces, (3,), object frame."""
    keys = jax.random.split(key, 5)
    config, targets = proposal.config, proposal.problem.targets
    place = _draw_place(proposal, keys[0])
    opening = place.opening
    side = rotations.normalize(jax.random.normal(keys[1], (3,)))
    pull = targets.approach.weight * config.approach * jax.random.uniform(keys[2])
    wanted = jnp.where(place.paired, side, -place.normal) + pull * targets.approach.direction
    facing = rotations.normalize(wanted - jnp.dot(wanted, opening.axis) * opening.axis)

    tilt = config.turn * jax.random.normal(keys[3], (3,))
    angle = jnp.sqrt(jnp.sum(tilt * tilt) + 1e-12)
    in_object = palm_frame(opening.axis, facing)
    in_hand = palm_frame(opening.axis_in_hand, opening.facing_in_hand)
    rotation = rotations.axis_angle(tilt / angle, angle) @ in_object @ in_hand.T

    jitter_key, depth_key, dof_key = jax.random.split(keys[4], 3)
    least, greatest = config.depth
    depth = jax.random.uniform(depth_key, minval=least, maxval=greatest)
    position = opening.middle - rotation @ opening.middle_in_hand + facing * depth * opening.depth
    position = position + config.jitter * jax.random.normal(jitter_key, (3,))
    lower, upper = proposal.problem.hand.lower, proposal.problem.hand.upper
    noise = config.dof_jitter * jax.random.normal(dof_key, lower.shape)
    variables = GraspVariables(
        position=position,
        rotation=rotations.sixd_from_matrix(rotation),
        dofs=jnp.clip(opening.dofs + noise * (upper - lower), lower, upper),
    )
    return variables, facing


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
