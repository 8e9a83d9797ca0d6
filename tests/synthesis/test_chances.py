"""Random numbers of seeds: as many as are asked for, independent, and choices by weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.synthesis.chances import SIDES, Chances, draw_index, draw_likely

NUM, PLACES, DOFS = 4000, 3, 5


def test_numbers_of_a_draw_are_independent_and_spread_as_they_say() -> None:
    chances = Chances.draw(jax.random.key(0), NUM, PLACES, DOFS)
    leaves = [np.asarray(leaf).reshape(NUM, -1) for leaf in jax.tree.leaves(chances)]
    numbers = np.concatenate(leaves, axis=1)
    assert numbers.shape[1] == 5 + 5 * PLACES + 3 * (PLACES + SIDES + 2) + DOFS
    correlation = np.corrcoef(numbers.T) - np.eye(numbers.shape[1])
    assert np.abs(correlation).max() < 0.08
    uniform, normal = np.asarray(chances.places.first), np.asarray(chances.sides)
    np.testing.assert_allclose([uniform.mean(), uniform.var()], [0.5, 1 / 12], atol=0.02)
    np.testing.assert_allclose([normal.mean(), normal.var()], [0, 1], atol=0.03)


def test_indices_are_drawn_by_their_weights() -> None:
    weights = jnp.array([0.0, 3.0, 0.0, 1.0])
    numbers = jax.random.uniform(jax.random.key(1), (NUM,))
    by_weight = jax.vmap(lambda number: draw_index(number, jnp.cumsum(weights)))(numbers)
    likely = jax.vmap(lambda number: draw_likely(number, jnp.log(weights) + 200))(numbers)
    for index in (by_weight, likely):
        share = np.bincount(np.asarray(index), minlength=4) / NUM
        np.testing.assert_allclose(share, [0, 0.75, 0, 0.25], atol=0.03)
