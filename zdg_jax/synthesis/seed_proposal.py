"""The distribution that seeds are drawn from, and the costs by which their draws are compared."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import Preshapes, joints_from_dofs
from zdg_jax.hand.preshapes import LOOSENESS, OPPOSITION_WEIGHT
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.planning.grip import INDIFFERENT
from zdg_jax.runtime.arrays import floats
from zdg_jax.runtime.devices import replicate
from zdg_jax.runtime.settings import float_setting
from zdg_jax.synthesis.antipodal import AntipodalPairs, PairConfig, antipodal_pairs
from zdg_jax.synthesis.chances import Chances, PlaceChances, draw_index, draw_likely
from zdg_jax.synthesis.enclosing import (
    ClosingMotion,
    EnclosingConfig,
    PlacedPreshape,
    palm_frame,
)

FINGER = 0.01
"""Radius of a finger that touches a place: the room that it needs among surroundings [m]."""
_UNHINDERED, _PRECISE = 0.05, 0.2
"""Room around a place from which seeds spread as they do in the air [m], and the least share of
that spread: three tips that are to come beside a knife on a table leave a centimetre."""
_TRACED = 8
"""Steps in which a ball comes to a place."""
_COVERED = 0.02
"""Weight of a place without any room, beside a free one."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SeedCost:
    """Weights by which a seed's draws are compared: metres of reach that one unit costs.

    Reach is the mean distance of the active contacts from the object, and counts 1.
    """

    collision: jax.Array = float_setting(20.0)
    """Of the depth of the deepest sphere, in the object and in what surrounds it [1]."""
    offset: jax.Array = float_setting(0.6)
    """Of the distance between the contacts' middle and the object's centre of mass [1]."""
    force_closure: jax.Array = float_setting(0.2)
    """Of the energy term of this name [m], as of those that follow."""
    support: jax.Array = float_setting(0.05)
    """Of contacts on what faces up, among surroundings: from there nothing is lifted [m]."""
    held: jax.Array = float_setting(1.0)
    """Of the contacts' distance from the parts to hold [1]."""
    avoided: jax.Array = float_setting(0.1)
    """Of the intrusion into the clearance of avoided parts, summed over the spheres [1]."""
    approach: jax.Array = float_setting(0.15)
    """Of the palm's turn from the planned approach [m]."""
    thumb: jax.Array = float_setting(0.1)
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
    places: int = dataclasses.field(default=8, metadata={"static": True})
    """Pairs of places, each with a preshape, of which a draw takes one: the better the hand lies
    there as planned, the likelier."""
    agreement: jax.Array = float_setting(16.0)
    """Log-likelihood of a place at which the hand lies as planned, beside one where it lies at a
    right angle to that."""
    approach: jax.Array = float_setting(8.0)
    """Greatest pull of the planned approach on the palm's direction, beside a random unit
    vector's; drawn evenly from 0."""
    leverage: jax.Array = float_setting(0.025)
    """Distance from the centre of mass that makes a place e times less likely where the object
    weighs as much as a pinch of the tips carries, in proportion less where it is lighter [m]."""
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
    preshapes: Preshapes
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

    @classmethod
    def prepare(
        cls,
        problem: Problem,
        preshapes: Preshapes,
        patterns: Pattern,
        pattern_probabilities: jax.Array,
        motion: ClosingMotion,
        config: SeedConfig,
        *,
        load: float = 0.0,
    ) -> SeedProposal:
        """Compute once for a grip all that its seeds share, on every device.

        Args:
            problem: hand, object and targets.
            preshapes: of the hand.
            patterns: contact patterns to choose from, (p, k).
            pattern_probabilities: probability of each, (p,).
            motion: the way the hand closes.
            config: settings.
            load: how much the object's weight counts for where it is held: its weight over what a
                pinch of the tips carries, less where the plan says where to hold.
        """
        problem = _among_surroundings(problem)
        near = _near_balance(problem, load / float(config.leverage))
        pairs = antipodal_pairs(near, floats(preshapes.max_aperture), config.pairs)
        # Spheres tell whether a seed is clear; the surface points would cost five times as much.
        bare = jax.tree.map(lambda leaf: jax.device_put(np.asarray(leaf)[:0]), problem.hand.surface)
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


def is_power(patterns: Pattern) -> jax.Array:
    """Mark patterns in which inner links and the palm may join, (p,) bool.

    Args:
        patterns: the patterns, (p, k).
    """
    return (patterns.active * patterns.optional).sum(axis=-1) > 0


def _near_balance(problem: Problem, steepness: float) -> Problem:
    """The problem with places the less likely the farther they are from the centre of mass."""
    points = np.asarray(problem.object.samples.points)
    distance = np.linalg.norm(points - np.asarray(problem.object.center_of_mass), axis=1)
    falloff = np.exp(-steepness * (distance - distance.min()))
    weights = np.asarray(problem.targets.sample_weights) * falloff
    targets = dataclasses.replace(problem.targets, sample_weights=floats(weights))
    return dataclasses.replace(problem, targets=targets)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A place of the object, and the preshape to be laid across it."""

    preshape: PlacedPreshape
    """The preshape there."""
    normal: jax.Array
    """Outward normal at the first of the two points, (3,)."""
    paired: jax.Array
    """True where something opposes it, () bool."""


def _among_surroundings(problem: Problem) -> Problem:
    """The problem with less weight on places that the surroundings leave no room to touch, and on
    those that face up, or that fingertips on the table touch where the object faces up."""
    if problem.scene.is_empty:
        return problem
    samples, weights = problem.object.samples, problem.targets.sample_weights
    room = problem.scene.clearance((samples.points + FINGER * samples.normals).T)
    weights = weights * jnp.clip(room / FINGER, _COVERED, 1.0)
    for normals in (samples.normals, _normals_at_tips(problem)):
        weights = weights * jnp.maximum(1 - energy.facing_up(normals, problem), _COVERED)
    targets = dataclasses.replace(
        problem.targets, sample_weights=weights / jnp.maximum(jnp.mean(weights), 1e-9)
    )
    return dataclasses.replace(problem, targets=targets)


def _normals_at_tips(problem: Problem) -> jax.Array:
    """Normals that balls meet which come to the surface samples from beside, (S, 3).

    They come at the height of the place, or lie on the table where that is higher: an edge of
    8 mm is met at its upper corner.
    """
    samples, scene = problem.object.samples, problem.scene
    beside = samples.normals - (samples.normals @ scene.up)[:, None] * scene.up
    beside = rotations.normalize(beside)
    lowered = jax.nn.relu(FINGER - scene.clearance(samples.points.T))
    centers = samples.points + lowered[:, None] * scene.up + 2 * FINGER * beside

    def approach(_: int, centers: jax.Array) -> jax.Array:
        gap, _normal = distance.query(problem.object.grid, centers)
        return centers - jnp.clip(gap - FINGER, -FINGER, FINGER)[:, None] * beside

    centers = jax.lax.fori_loop(0, _TRACED, approach, centers)
    return distance.query(problem.object.grid, centers)[1]


def draw_place(proposal: SeedProposal, chances: Chances) -> Place:
    """Draw two places that oppose each other, and a preshape that fits them.

    Of several such draws one is taken, by how nearly the hand can lie there as the plan says.
    """
    config, targets = proposal.config, proposal.problem.targets
    places, agreement = jax.vmap(lambda chances: _draw_one(proposal, chances))(chances.places)
    logits = config.agreement * targets.approach.weight * agreement
    row = draw_likely(chances.place, logits)
    return jax.tree.map(lambda leaf: leaf[row], places)


def _draw_one(proposal: SeedProposal, chances: PlaceChances) -> tuple[Place, jax.Array]:
    """A place, and the cosine, (), between the hand's pose there and the planned one."""
    config, pairs, preshapes = proposal.config, proposal.pairs, proposal.preshapes
    samples = proposal.problem.object.samples
    first = draw_index(chances.first, pairs.first)
    point, normal, paired = samples.points[first], samples.normals[first], pairs.opposed[first]
    across = samples.points[draw_index(chances.second, pairs.second[first])] - point
    # Nothing to oppose within the hand's span: lie against the surface instead.
    tangent = jnp.cross(normal, chances.tangent)
    middle = point + jnp.where(paired, across / 2, 0.0)
    axis = leveled(proposal.problem, middle, jnp.where(paired, across, tangent))
    gap = jnp.sqrt(jnp.sum(across * across) + 1e-8)
    width = jnp.where(paired, gap, config.unpaired_width * jnp.max(preshapes.width))
    log_likelihood = preshapes.log_likelihood(
        width + config.pairs.clearance,
        looseness=config.looseness,
        opposition_weight=config.opposition,
    )
    row = draw_likely(chances.preshape, log_likelihood)
    # The width of the open pose is no table.
    preshape = jax.tree.map(lambda leaf: leaf[row] if leaf.ndim else leaf, preshapes)
    hand, targets = proposal.problem.hand, proposal.problem.targets
    approach, thumb = targets.approach.direction, targets.thumb
    rolled = thumb.weight > 0
    in_hand = palm_frame(hand.palm_normal, hand.thumb_side)
    planned = palm_frame(approach, thumb.direction) @ in_hand.T
    along = jnp.dot(axis, planned @ preshape.axis)
    side = jnp.where(chances.turned < 0.5, 1.0, -1.0)
    side = jnp.where(rolled, jnp.where(along < 0, -1.0, 1.0), side)
    # Of no use to a plan that is indifferent: a hand that lies square to two places holds better.
    asked = jnp.where(thumb.weight > INDIFFERENT, thumb.weight, 0.0)
    sure = chances.aligned < asked
    square = jnp.sqrt(jnp.maximum(1 - jnp.dot(axis, approach) ** 2, 1e-8))
    placed = PlacedPreshape(
        axis=axis * side,
        middle=middle,
        wanted=jnp.where(rolled, planned @ preshape.facing, approach),
        wanted_axis=jnp.where(sure, planned @ preshape.axis, 0.0),
        axis_in_hand=preshape.axis,
        facing_in_hand=preshape.facing,
        middle_in_hand=preshape.middle,
        depth=preshape.depth,
        dofs=preshape.dofs,
    )
    place = Place(preshape=placed, normal=normal, paired=paired)
    return place, jnp.where(rolled, jnp.abs(along), square)


def freedom(problem: Problem, place: jax.Array) -> jax.Array:
    """Share of their usual spread that seeds have at a place (3,), () in (0, 1]: less near by."""
    return jnp.clip(problem.scene.clearance(place) / _UNHINDERED, _PRECISE, 1.0)


def leveled(problem: Problem, place: jax.Array, axis: jax.Array) -> jax.Array:
    """The unit direction of an axis (3,), nearly level at a low place: thumb and fingers reach
    down equally far."""
    if not problem.scene.is_empty:
        up, level = problem.scene.up, 1 - freedom(problem, place)
        axis = axis - level * (axis @ up) * up
    return rotations.normalize(axis)


def draw_cost(proposal: SeedProposal, variables: GraspVariables, pattern: Pattern) -> jax.Array:
    """Cost of a draw, () [m]: depth of collision, reach that is missing, misalignment."""
    problem, cost = proposal.problem, proposal.config.cost
    state = energy.grasp_state(problem, variables, pattern)
    contacts = state.contacts
    reach = jnp.sum(jnp.abs(contacts.distance) * contacts.active) / jnp.sum(contacts.active)
    center = jnp.sum(contacts.points * contacts.active[:, None], 0) / jnp.sum(contacts.active)
    offset = jnp.linalg.norm(center - problem.object.center_of_mass + 1e-6)
    task = (
        cost.held * energy.held(state, problem)
        + cost.avoided * energy.avoided(state, problem)
        + _misdirection(cost, problem, state.rotation)
    )
    radii, inner = problem.hand.spheres.radii, problem.hand.spheres.inner
    collision = jnp.max(jax.nn.relu(radii - state.distance[-radii.shape[0] :]))
    if not problem.scene.is_empty:
        room = problem.scene.clearance(state.places[:, -radii.shape[0] :])
        collision = jnp.maximum(collision, jnp.max(jax.nn.relu(inner - room)))
        task = task + cost.support * energy.on_top(state, problem)
    closure = energy.force_closure(state, problem)
    return (
        cost.collision * collision
        + reach
        + cost.offset * offset
        + cost.force_closure * closure
        + task
    )


def landing_cost(proposal: SeedProposal, variables: GraspVariables) -> jax.Array:
    """Cost of a hand before it closes, () [m]: collision, distance of palm and object, turn."""
    problem, cost = proposal.problem, proposal.config.cost
    hand = problem.hand
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    gap, _ = distance.query(problem.object.grid, centers, 0)
    collision = jnp.max(jax.nn.relu(hand.spheres.inner - problem.scene.nearest(gap, centers)))
    palm = proposal.motion.palm[hand.spheres.link]
    nearest = jnp.argmin(jnp.where(palm, gap, jnp.inf))
    offset = jnp.linalg.norm(centers[:, nearest] - problem.object.center_of_mass + 1e-6)
    turned = _misdirection(cost, problem, rotations.matrix_from_6d(variables.rotation))
    return cost.collision * collision + gap[nearest] + cost.offset * offset + turned


def _misdirection(cost: SeedCost, problem: Problem, rotation: jax.Array) -> jax.Array:
    """Cost of a hand whose palm and thumb lie otherwise than planned, () [m]."""
    hand, targets = problem.hand, problem.targets
    palm = jnp.dot(rotation @ hand.palm_normal, targets.approach.direction)
    thumb = jnp.dot(rotation @ hand.thumb_side, targets.thumb.direction)
    return cost.approach * targets.approach.weight * (
        1 - palm
    ) + cost.thumb * targets.thumb.weight * (1 - thumb)
