"""Antipodal pairs: places on an object that face away from each other within a hand's span."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.energy import Problem
from zdg_jax.hand.preshapes import ROOM
from zdg_jax.runtime.devices import whole_batch
from zdg_jax.runtime.settings import float_setting

_SECOND = 512
"""Surface samples that the second place is one of: their order makes any prefix even, and a
quarter of them is enough."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PairConfig:
    """Preferences among pairs of places on the object."""

    clearance: jax.Array = float_setting(ROOM)
    """Room between fingers and object on both sides together [m]."""
    aperture: jax.Array = float_setting(0.02)
    """Misfit of the planned width that makes a pair e times less likely [m]."""
    largest_misfit: jax.Array = float_setting(4.0)
    """Greatest exponent of that penalty: no width is out of the question."""
    sharpness: int = dataclasses.field(default=4, metadata={"static": True})
    """Power of the product of the two cosines between the normals and the line that joins them."""
    background: jax.Array = float_setting(0.05)
    """Weight of a second place that is not to be held, as a share of the mean one."""
    unpaired: jax.Array = float_setting(0.01)
    """Likelihood, over the mean weight, of the best opposite place below which there is none."""
    ungraspable: jax.Array = float_setting(0.1)
    """Likelihood of a first place with nothing to oppose it, beside one with."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class AntipodalPairs:
    """Likelihood of each pair of S surface samples to be drawn together."""

    first: jax.Array
    """Cumulative likelihood of the first place, (S,): less where nothing opposes it."""
    second: jax.Array
    """That of the second, given the first, (S, 512)."""
    opposed: jax.Array
    """True where something opposes the first within the hand's span, (S,) bool."""


@whole_batch
@jax.jit
def antipodal_pairs(problem: Problem, span: jax.Array, config: PairConfig) -> AntipodalPairs:
    """Find which places on the object oppose each other.

    Args:
        problem: object and targets, whose sample weights say where to hold.
        span: width that the hand spans when it is widest, () [m].
        config: preferences among pairs.
    """
    weights, mean = problem.targets.sample_weights, jnp.mean(problem.targets.sample_weights)
    likelihood = _opposed(problem, span, config)
    best = jnp.max(likelihood, axis=1)
    return AntipodalPairs(
        first=jnp.cumsum(weights * (config.ungraspable + jnp.minimum(best / mean, 1.0))),
        second=jnp.cumsum(likelihood + 1e-12, axis=1),
        opposed=best > config.unpaired * mean,
    )


def _opposed(problem: Problem, span: jax.Array, config: PairConfig) -> jax.Array:
    """Rates how well places oppose each other within the hand's span, (S, 512)."""
    samples = problem.object.samples
    aperture, weights = problem.targets.aperture, problem.targets.sample_weights
    # By component: vectors of three along the last axis take 17 times as long on a CPU.
    point, normal = (leaf.T[:, :, None] for leaf in (samples.points, samples.normals))
    second, facing = (leaf.T[:, None, :_SECOND] for leaf in (samples.points, samples.normals))
    offset = second - point
    width = jnp.sqrt(_dot(offset, offset) + 1e-8)
    across = offset / width
    opposition = jax.nn.relu(-_dot(across, normal)) * jax.nn.relu(_dot(across, facing))
    fits = (width + config.clearance < span) & (width > 1e-3)
    misfit = jnp.minimum(((width - aperture.width) / config.aperture) ** 2, config.largest_misfit)
    likelihood = opposition**config.sharpness * jnp.exp(-aperture.weight * misfit)
    likelihood = likelihood * (weights[:_SECOND] + config.background * jnp.mean(weights))
    return jnp.where(fits, likelihood, 0.0)


def _dot(first: jax.Array, second: jax.Array) -> jax.Array:
    """Products of vectors whose components lie along the first axis."""
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]
