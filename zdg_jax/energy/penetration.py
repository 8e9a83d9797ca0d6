"""Penetration of the object by the hand, and of the hand by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import GraspState, Problem


def surface(state: GraspState, margin: jax.Array) -> jax.Array:
    """Sum of the depths of the links' surface points and contact candidates in the object [m].

    DexGraspNet (arXiv 2210.02697) sums the depths of object points in the links; here the hand's
    points are looked up in the object's field, which needs no field of the hand.
    """
    points = jnp.concatenate([state.surface_distance, state.candidate_distance])
    return jnp.sum(jax.nn.relu(margin - points))


def skeleton(state: GraspState, margin: jax.Array) -> jax.Array:
    """Sum of the depths of the links' proxy spheres in the object [m].

    A wall thinner than a finger passes between surface points, and within it the distance is
    capped at half the wall; the spheres' centres see it from inside the finger.
    """
    return jnp.sum(jax.nn.relu(margin - state.sphere_distance))


def itself(state: GraspState, problem: Problem, margin: jax.Array) -> jax.Array:
    """Sum of the overlaps of proxy spheres on different links [m]."""
    pairs = problem.hand.self_pairs
    first, second = pairs[:, 0], pairs[:, 1]
    offset = state.sphere_centers[first] - state.sphere_centers[second]
    gap = jnp.sqrt(jnp.maximum(jnp.sum(offset * offset, axis=-1), 1e-10))
    radii = problem.hand.spheres.radii
    return jnp.sum(jax.nn.relu(radii[first] + radii[second] + margin - gap))
