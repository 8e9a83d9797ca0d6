"""Chances: the random numbers that a draw of a seed uses, and choices made by them.

All numbers of a seed come from two calls of `jax.random`: in a program each call is a loop of its
own, which took XLA longer to compile than all that it is for.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

SIDES = 4
"""Directions of which a palm among surroundings takes the one with most room."""
_PLACE, _SINGLE = 5, 5
"""Uniform numbers of a place, and those beside."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PlaceChances:
    """Random numbers of one place of the object and the preshape laid across it."""

    first: jax.Array
    """Chooses the first point, () uniform in [0, 1), as are the next four."""
    second: jax.Array
    """Chooses the second, ()."""
    preshape: jax.Array
    """Chooses the preshape, ()."""
    turned: jax.Array
    """Says which way round it lies, ()."""
    aligned: jax.Array
    """Says whether it lies as planned, ()."""
    tangent: jax.Array
    """Direction where nothing opposes the first point, (3,) normal."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Chances:
    """Random numbers of one draw of a seed; uniform ones in [0, 1), normal ones of variance 1."""

    places: PlaceChances
    """Those of each of p places, (p, ...)."""
    place: jax.Array
    """Chooses among them, () uniform, as are the next four."""
    heeded: jax.Array
    """Says whether the planned approach is heeded, ()."""
    pull: jax.Array
    """Strength with which it is, ()."""
    facing: jax.Array
    """Chooses the direction that an enclosing palm comes from, ()."""
    depth: jax.Array
    """Depth of the object in the hand, ()."""
    sides: jax.Array
    """Directions that the palm may face, (SIDES, 3) normal, as are the next three."""
    tilt: jax.Array
    """Turn, (3,)."""
    shift: jax.Array
    """Shift, (3,)."""
    dofs: jax.Array
    """Changes of the joint coordinates, (d,)."""

    @classmethod
    def draw(cls, key: jax.Array, num: int, places: int, dofs: int) -> Chances:
        """Draw the numbers of several draws, (num, ...).

        Args:
            key: random key.
            num: how many draws.
            places: p, places of each.
            dofs: d, joint coordinates of the hand.
        """
        uniform_key, normal_key = jax.random.split(key)
        uniform = jax.random.uniform(uniform_key, (num, _SINGLE + _PLACE * places))
        normal = jax.random.normal(normal_key, (num, 3 * (places + SIDES + 2) + dofs))
        single, of_places = uniform[:, :_SINGLE], uniform[:, _SINGLE:].reshape(num, places, _PLACE)
        vectors = normal[:, dofs:].reshape(num, places + SIDES + 2, 3)
        return cls(
            places=PlaceChances(
                first=of_places[..., 0],
                second=of_places[..., 1],
                preshape=of_places[..., 2],
                turned=of_places[..., 3],
                aligned=of_places[..., 4],
                tangent=vectors[:, SIDES + 2 :],
            ),
            place=single[:, 0],
            heeded=single[:, 1],
            pull=single[:, 2],
            facing=single[:, 3],
            depth=single[:, 4],
            sides=vectors[:, :SIDES],
            tilt=vectors[:, SIDES],
            shift=vectors[:, SIDES + 1],
            dofs=normal[:, :dofs],
        )


def draw_index(number: jax.Array, cumulative: jax.Array) -> jax.Array:
    """Draw an index, () int32, from cumulative weights (n,) by a uniform number in [0, 1), ()."""
    index = jnp.searchsorted(cumulative, number * cumulative[-1], side="right")
    return jnp.minimum(index, cumulative.shape[0] - 1)


def draw_likely(number: jax.Array, log_likelihood: jax.Array) -> jax.Array:
    """Draw an index, () int32, by log-likelihoods (n,) and one uniform number in [0, 1), ().

    `jax.random.categorical` draws one for each, which costs more than all else of a draw.
    """
    likelihood = jnp.exp(log_likelihood - jnp.max(log_likelihood))
    return draw_index(number, jnp.cumsum(likelihood))
