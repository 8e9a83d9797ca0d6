"""Seeds: starting grasps that put the object between the fingers that can oppose each other.

A seed takes two places on the object that face away from each other, sets the joints to one of
the hand's preshapes that fits them with room to spare, and lays its axis along theirs; the turn
about that axis, the depth of the object in the hand and a jitter are drawn at random. Each draw is
also tried with the hand drawn back from the object: descent cannot take a finger back out of a
thin wall that it starts in. Of all these the one that is clear of the object and reaches best is
kept, for each seed on its own, so that seeds stay independent.

Seeds of the power pattern lie with the palm on the object instead and enclose it (`enclosing.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern
from zdg_jax.hand import joints_from_dofs
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.runtime.devices import batch_of_all, default_batch, shard_rows, whole_batch
from zdg_jax.synthesis.chances import Chances, draw_index
from zdg_jax.synthesis.enclosing import (
    PlacedPreshape,
    close,
    heeds_plan,
    land,
    palm_frame,
    palm_room,
    touched_links,
)
from zdg_jax.synthesis.seed_proposal import (
    FINGER,
    SeedProposal,
    draw_cost,
    draw_place,
    freedom,
    is_power,
    landing_cost,
)

Result = TypeVar("Result")

_GOLDEN = 0.6180340
_BLOCKS = 4
"""Blocks of seeds in a batch: a kind's work is left out where a block has none of it."""


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
    whole = batch_of_all()
    total = starts * num
    rows = -(-total // whole) * whole
    order = _sorted_by_kind(
        proposal.patterns, proposal.pattern_probabilities, key, num, total, rows
    )
    # Several programs: in one, XLA computes the draw anew for every point that the retreat looks
    # up. 512 draws on one core: 12, 10 and 13 ms apart, 97 ms together.
    patterns, draws, ways = _draw_alternatives(proposal, order.laid, order.keys)
    draws = _retreat_all(proposal, order.laid, draws, ways)
    laid = _choose(proposal, order.laid, draws, patterns), patterns
    closed = _enclose(proposal, order.enclosing, order.closing_keys)
    return _merged(order.enclosing, order.row, closed, laid)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Order:
    """Seeds side by side with their own kind: each kind's programs skip the blocks without any."""

    enclosing: jax.Array
    """True where a row's seed encloses the object, (rows,) bool."""
    laid: jax.Array
    """True where it is laid across two places instead, (rows,) bool."""
    keys: jax.Array
    """The row's key, (rows,)."""
    closing_keys: jax.Array
    """Its key for the enclosing seed, (rows,)."""
    row: jax.Array
    """Row of each seed that is wanted, (total,)."""


# Not exported: JAX's check of keys takes those that such a program returns for used up.
@functools.partial(jax.jit, static_argnums=(3, 4, 5))
def _sorted_by_kind(
    patterns: Pattern, probabilities: jax.Array, key: jax.Array, num: int, total: int, rows: int
) -> _Order:
    """Decide which seeds enclose, by the probability of the power patterns, and order them.

    Args:
        patterns: the patterns, (p, k).
        probabilities: probability of each, (p,).
        key: random key.
        num: grasps that the seeds are for.
        total: seeds that are wanted.
        rows: seeds that are made.
    """
    even_key, key = jax.random.split(key)
    share = jnp.sum(jnp.where(is_power(patterns), probabilities, 0.0)) / jnp.sum(probabilities)
    # Evenly spread (Weyl's sequence of the golden ratio), so that the share of enclosing grasps is
    # met in small batches too.
    spread = jnp.arange(num, dtype=jnp.float32) * _GOLDEN + jax.random.uniform(even_key)
    power = jnp.resize(spread % 1.0 < share, (rows,))
    # The stable order of two kinds by counting, which compiles faster than a sort.
    last = jnp.cumsum(~power)
    row = jnp.where(power, last[-1] + jnp.cumsum(power), last) - 1
    numbers = jnp.arange(rows)
    seed = jnp.zeros_like(numbers).at[row].set(numbers)
    keys = jax.random.split(key, rows)[seed]
    return _Order(
        enclosing=numbers >= last[-1],
        laid=numbers < last[-1],
        keys=keys,
        # Keys of their own: programs that are exported count as using up theirs.
        closing_keys=jax.vmap(lambda key: jax.random.fold_in(key, 1))(keys),
        row=row[:total],
    )


@whole_batch
@jax.jit
def _merged(enclosing: jax.Array, row: jax.Array, closed: Result, laid: Result) -> Result:
    """The seeds that are wanted, (total, ...), of each row's two, (rows, ...)."""

    def pick(closed: jax.Array, laid: jax.Array) -> jax.Array:
        return jnp.where(enclosing.reshape(-1, *[1] * (laid.ndim - 1)), closed, laid)[row]

    return jax.tree.map(pick, closed, laid)


def _in_blocks(function: Callable[..., Result], wanted: jax.Array, *rows: Any) -> Result:
    """`function` of each row, (n, ...); zeros in blocks of rows of which none is wanted, (n,)."""
    size = default_batch() // _BLOCKS
    mapped = jax.jit(jax.vmap(function))  # so that it is traced once for its shapes and its branch
    blocks = jax.tree.map(lambda leaf: leaf.reshape(-1, size, *leaf.shape[1:]), (wanted, rows))

    def block(given: tuple[jax.Array, tuple[Any, ...]]) -> Result:
        wanted, rows = given
        shapes = jax.eval_shape(mapped, *rows)

        def blank(*_: Any) -> Result:
            return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

        return jax.lax.cond(jnp.any(wanted), mapped, blank, *rows)

    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), jax.lax.map(block, blocks))


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Way:
    """The way on which the hand of a draw comes to the object."""

    direction: jax.Array
    """Unit direction that the palm faces, (3,), object frame."""
    low: jax.Array
    """Greatest height of the hand's lowest point above a table, () [m]: fingers reach the place
    that they are to touch."""
    back: jax.Array
    """Greatest distance that the hand is drawn back, () [m]."""


@shard_rows(replicated=(0,), plain=True)
@jax.jit
def _draw_alternatives(
    proposal: SeedProposal, wanted: jax.Array, keys: jax.Array
) -> tuple[Pattern, GraspVariables, _Way]:
    """Each seed's pattern (n, k), its draws (n, a, ...) and their ways (n, a, ...)."""

    def alternatives(key: jax.Array) -> tuple[Pattern, GraspVariables, _Way]:
        pattern_key, draw_key = jax.random.split(key)
        likely = jnp.where(is_power(proposal.patterns), 0.0, proposal.pattern_probabilities)
        row = draw_index(jax.random.uniform(pattern_key), jnp.cumsum(likely + 1e-9))
        pattern = jax.tree.map(lambda leaf: leaf[row], proposal.patterns)
        chances = _chances(proposal, draw_key, proposal.config.alternatives)
        variables, ways = jax.vmap(lambda chances: _draw(proposal, chances))(chances)
        return pattern, variables, ways

    return _in_blocks(alternatives, wanted, keys)


@shard_rows(replicated=(0,), plain=True)
@jax.jit
def _enclose(
    proposal: SeedProposal, wanted: jax.Array, keys: jax.Array
) -> tuple[GraspVariables, Pattern]:
    """Enclosing seeds and their patterns, (n, ...)."""
    return _in_blocks(lambda key: _enclosing_seed(proposal, key), wanted, keys)


def _enclosing_seed(proposal: SeedProposal, key: jax.Array) -> tuple[GraspVariables, Pattern]:
    """One seed: of several landings the hand is closed from the best."""
    problem, motion, config = proposal.problem, proposal.motion, proposal.config.enclosing
    slots = proposal.patterns.link.shape[-1]

    def landing(chances: Chances) -> tuple[GraspVariables, jax.Array]:
        place = draw_place(proposal, chances)
        variables, _ = land(problem, motion, place.preshape, config, chances)
        return variables, landing_cost(proposal, variables)

    landed, costs = jax.vmap(landing)(_chances(proposal, key, config.landings))
    best = jax.tree.map(lambda leaf: leaf[jnp.argmin(costs)], landed)
    closed, gap = close(problem, motion, best, config)
    return closed, touched_links(motion, gap, slots, config.touching, problem.targets.palm > 0.5)


@shard_rows(replicated=(0,), plain=True)
@jax.jit
def _retreat_all(
    proposal: SeedProposal, wanted: jax.Array, draws: GraspVariables, ways: _Way
) -> GraspVariables:
    """All draws of all seeds, (n, a, ...), drawn back from the object."""
    retreat = jax.vmap(lambda variables, way: _retreat(proposal, variables, way))
    return _in_blocks(retreat, wanted, draws, ways)


@shard_rows(replicated=(0,))
@jax.jit
def _choose(
    proposal: SeedProposal, wanted: jax.Array, draws: GraspVariables, patterns: Pattern
) -> GraspVariables:
    """The best draw of each seed, (n, ...), of those (n, a, ...)."""

    def best(alternatives: GraspVariables, pattern: Pattern) -> GraspVariables:
        costs = jax.vmap(lambda draw: draw_cost(proposal, draw, pattern))(alternatives)
        return jax.tree.map(lambda leaf: leaf[jnp.argmin(costs)], alternatives)

    return _in_blocks(best, wanted, draws, patterns)


def _chances(proposal: SeedProposal, key: jax.Array, num: int) -> Chances:
    """Random numbers of several draws, (num, ...)."""
    dofs = proposal.problem.hand.lower.shape[0]
    return Chances.draw(key, num, proposal.config.places, dofs)


def _draw(proposal: SeedProposal, chances: Chances) -> tuple[GraspVariables, _Way]:
    """One draw, and the way that its hand came."""
    config, targets = proposal.config, proposal.problem.targets
    place = draw_place(proposal, chances)
    preshape = place.preshape
    spread = freedom(proposal.problem, preshape.middle)
    side = _free_side(proposal, preshape, chances.sides, spread)
    heeds = heeds_plan(proposal.problem.scene, chances.heeded)
    pull = heeds * targets.approach.weight * config.approach * chances.pull
    wanted = jnp.where(place.paired, side, -place.normal) + pull * preshape.wanted
    facing = rotations.normalize(wanted - jnp.dot(wanted, preshape.axis) * preshape.axis)

    tilt = spread * config.turn * chances.tilt
    angle = jnp.sqrt(jnp.sum(tilt * tilt) + 1e-12)
    in_object = palm_frame(preshape.axis, facing)
    in_hand = palm_frame(preshape.axis_in_hand, preshape.facing_in_hand)
    rotation = rotations.axis_angle(tilt / angle, angle) @ in_object @ in_hand.T

    least, greatest = config.depth
    depth = least + chances.depth * (greatest - least)
    position = (
        preshape.middle - rotation @ preshape.middle_in_hand + facing * depth * preshape.depth
    )
    position = position + spread * config.jitter * chances.shift
    lower, upper = proposal.problem.hand.lower, proposal.problem.hand.upper
    noise = spread * config.dof_jitter * chances.dofs
    variables = GraspVariables(
        position=position,
        rotation=rotations.sixd_from_matrix(rotation),
        dofs=jnp.clip(preshape.dofs + noise * (upper - lower), lower, upper),
    )
    low = jnp.maximum(proposal.problem.scene.clearance(preshape.middle) - FINGER, 0.0)
    return variables, _Way(direction=facing, low=low, back=spread * config.retreat)


def _free_side(
    proposal: SeedProposal, preshape: PlacedPreshape, sides: jax.Array, spread: jax.Array
) -> jax.Array:
    """A direction, (3,), of those (SIDES, 3); with surroundings the one that leaves the palm most
    room, and the more nearly straight down the less room there is at the place."""
    scene = proposal.problem.scene
    if scene.is_empty:
        return rotations.normalize(sides[0])
    sides = rotations.normalize(sides)
    sides = rotations.normalize(spread * sides - (1 - spread) * scene.up)
    along = jnp.sum(sides * preshape.axis, axis=-1, keepdims=True)
    facings = rotations.normalize(sides - along * preshape.axis)
    return sides[jnp.argmax(palm_room(scene, preshape.middle, facings, preshape.depth))]


def _retreat(proposal: SeedProposal, variables: GraspVariables, way: _Way) -> GraspVariables:
    """Draw a hand back by the least of the distances that clears the object, or nearly so."""
    problem, config = proposal.problem, proposal.config
    hand = problem.hand
    back = way.back * jnp.linspace(0.0, 1.0, config.retreats)
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    away = -back * way.direction[:, None]
    off = problem.scene.set_down(centers, hand.spheres.inner, way.low)
    centers = centers + off[:, None]
    variables = dataclasses.replace(variables, position=variables.position + off)
    places = centers[:, None] + away[..., None]
    gap, _ = distance.query(problem.object.grid, places, 0)
    collision = jnp.max(jax.nn.relu(hand.spheres.radii - gap), axis=-1)
    if not problem.scene.is_empty:
        around = jax.nn.relu(hand.spheres.inner - problem.scene.clearance(places))
        collision = jnp.maximum(collision, jnp.max(around, axis=-1))
    best = jnp.argmin(config.cost.collision * collision + back)
    return dataclasses.replace(variables, position=variables.position + away[:, best])
