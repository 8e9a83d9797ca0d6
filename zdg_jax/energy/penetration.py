"""Penetration of the object by the hand, and of the hand by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import GraspState, Problem
from zdg_jax.kernels import spheres


def surface(state: GraspState, margin: jax.Array) -> jax.Array:
    """Sum of the depths of the links' surface points and contact candidates in the object [m].

    DexGraspNet (arXiv 2210.02697) sums the depths of object points in the links; here the hand's
    points are looked up in the object's field, which needs no field of the hand.
    """
    points = jnp.concatenate([state.surface_distance, state.candidate_distance])
    return jnp.sum(jax.nn.relu(margin - points))


def skeleton(state: GraspState, problem: Problem, margin: jax.Array) -> jax.Array:
    """Sum of the depths of the spheres inscribed in the links in the object [m].

    A wall thinner than a finger passes between surface points, and within it the distance is
    capped at half the wall; the spheres' centres see it from inside the finger. Spheres that
    cover the links would stick out of them and keep fingertips off the surface (mean contact
    distance 3.6 mm, Allegro and mug).
    """
    return jnp.sum(jax.nn.relu(margin - core_distance(state, problem)))


def core_distance(state: GraspState, problem: Problem) -> jax.Array:
    """Signed distance of the spheres inscribed in the links to the object, (s,) [m]."""
    return state.sphere_distance + problem.hand.spheres.radii - problem.hand.spheres.inner


def itself(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the overlaps of proxy spheres on different links [m]."""
    proxies = problem.hand.spheres
    return spheres.overlap(state.sphere_centers, proxies.radii, problem.hand.self_pairs)
