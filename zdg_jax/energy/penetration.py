"""Penetration of the object by the hand, and of the hand by itself."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import GraspState, Problem
from zdg_jax.kernels import kinematics


def surface_penetration(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the depths of the links' surface points and contact candidates in the object, () [m].

    Depths count from `state.margin` off the surface. DexGraspNet (arXiv 2210.02697), E_pen, sums
    the depths of object points in the links; here the hand's points are looked up in the object's
    field, which needs no field of the hand.
    """
    outer = 1.0 - of_spheres(state, jnp.ones_like(problem.hand.spheres.radii))
    return jnp.sum(outer * jax.nn.relu(state.margin - state.distance))


def inscribed_penetration(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the depths of the spheres inscribed in the links in the object, () [m].

    A wall thinner than a finger passes between surface points, and within it the distance is
    capped at half the wall; the spheres' centres see it from inside the finger. Spheres that
    cover the links would stick out of them and keep fingertips off the surface (mean contact
    distance 3.6 mm, Allegro and mug).
    """
    inner = problem.hand.spheres.inner
    depth = jax.nn.relu(state.margin + of_spheres(state, inner) - state.distance)
    return jnp.sum(of_spheres(state, jnp.ones_like(inner)) * depth)


def self_penetration(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the overlaps of proxy spheres on different links, () [m]; E_spen of DexGraspNet."""
    proxies, pairs = problem.hand.spheres, problem.hand.self_pairs
    offset = kinematics.point_differences(state.poses, proxies.local, proxies.link, pairs)
    apart = jnp.sqrt(jnp.maximum(jnp.sum(offset * offset, axis=0), 1e-10))
    reach = jnp.sum(proxies.radii[pairs], axis=1)
    return jnp.sum(jax.nn.relu(reach - apart))


def signed_distances(state: GraspState, problem: Problem) -> jax.Array:
    """Signed distance to the object of all surface points and inscribed spheres, (n,) [m]."""
    return state.distance - of_spheres(state, problem.hand.spheres.inner)


def of_spheres(state: GraspState, values: jax.Array) -> jax.Array:
    """Values of the proxy spheres (s,) for all points of `state.distance`, others at 0, (n,).

    Sums over some of the points are weighted sums over all: the gradient of a slice is padding,
    which XLA does number by number.
    """
    return jnp.pad(values, (state.distance.shape[0] - values.shape[0], 0))
