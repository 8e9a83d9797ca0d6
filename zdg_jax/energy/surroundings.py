"""Penetration of what surrounds the object: the table, and obstacles."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.penetration import of_spheres
from zdg_jax.energy.state import GraspState, Problem

_MARGIN = 0.002
"""Clearance that every link keeps from the surroundings [m]."""


def scene_penetration(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the depths of all points and inscribed spheres in the surroundings, () [m].

    Depths count from a margin off the surface; the term is 0, and free, without surroundings.
    """
    if problem.scene.is_empty:
        return jnp.zeros_like(state.margin)
    return jnp.sum(jax.nn.relu(_MARGIN - scene_clearances(state, problem)))


def scene_clearances(state: GraspState, problem: Problem) -> jax.Array:
    """Signed distances of all points and inscribed spheres to the surroundings, (n,) [m]."""
    clearance = problem.scene.clearance(state.places)
    return clearance - of_spheres(state, problem.hand.spheres.inner)
