"""Agreement of a grasp with the plan: the parts it touches, the side it comes from."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.penetration import of_spheres
from zdg_jax.energy.state import GraspState, Problem
from zdg_jax.kernels import distance, kinematics

NEAR = 0.003
"""Gap from the parts that are not to be held below which a link counts as touching them [m]."""
FINGERTIP = 0.008
"""Distance from a planned point that still counts as there [m]."""


def held(state: GraspState, problem: Problem) -> jax.Array:
    """Mean distance of the active contacts from the parts to hold, weighted by the plan [m]."""
    guidance, contacts = problem.guidance, state.contacts

    def compute() -> jax.Array:
        gap, _ = distance.query(guidance.held, contacts.points)
        count = jnp.maximum(jnp.sum(contacts.active), 1.0)
        return guidance.held_weight * jnp.sum(jax.nn.relu(gap) * contacts.active) / count

    return _if(guidance.held_weight, compute)


def avoided(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over all links' spheres of their intrusion into the clearance round avoided parts [m]."""
    guidance = problem.guidance

    def compute() -> jax.Array:
        intrusion = _intrusion(state, problem, guidance.avoided, guidance.clearance)
        return guidance.avoided_weight * intrusion

    return _if(guidance.avoided_weight, compute)


def rest(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over all links' spheres of their intrusion into a margin round the other parts [m]."""
    guidance = problem.guidance

    def compute() -> jax.Array:
        intrusion = _intrusion(state, problem, guidance.rest, NEAR)
        return guidance.rest_weight * intrusion

    return _if(guidance.rest_weight, compute)


def fingers(state: GraspState, problem: Problem) -> jax.Array:
    """Mean distance of contacts from the points that the plan gives their links, weighted [m].

    Within a fingertip's breadth of its point a contact is free to find the better hold.
    """
    guidance, contacts = problem.guidance, state.contacts
    offset = contacts.points - guidance.points[contacts.link]
    gap = jnp.sqrt(jnp.sum(offset * offset, axis=-1) + 1e-8)
    weight = guidance.point_weights[contacts.link] * contacts.active
    return jnp.sum(weight * jax.nn.relu(gap - FINGERTIP)) / jnp.maximum(jnp.sum(weight), 1.0)


def idle(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over the spheres of idle links of their intrusion into the clearance [m]."""
    guidance, spheres = problem.guidance, problem.hand.spheres
    reach = guidance.clearance + of_spheres(state, spheres.radii)
    weights = of_spheres(state, guidance.idle[spheres.link])
    return jnp.sum(weights * jax.nn.relu(reach - state.distance))


def approach(state: GraspState, problem: Problem) -> jax.Array:
    """1 - cos(angle between the palm's normal and the planned approach), weighted, in [0, 2]."""
    guidance = problem.guidance
    cosine = jnp.dot(state.rotation @ guidance.palm_normal, guidance.approach)
    return guidance.approach_weight * (1 - cosine)


def thumb(state: GraspState, problem: Problem) -> jax.Array:
    """1 - cos(angle between the thumb's side and the planned one), weighted, in [0, 2]."""
    guidance = problem.guidance
    cosine = jnp.dot(state.rotation @ guidance.thumb_side, guidance.thumb)
    return guidance.thumb_weight * (1 - cosine)


def _intrusion(
    state: GraspState, problem: Problem, grid: distance.DistanceGrid, clearance: jax.Array | float
) -> jax.Array:
    """Sum of how far the spheres that cover the links reach into a clearance round parts [m]."""
    spheres = problem.hand.spheres
    gap, _ = distance.query(
        grid, kinematics.transform_points(state.poses, spheres.local, spheres.link), 0
    )
    return jnp.sum(jax.nn.relu(clearance + spheres.radii - gap))


def _if(weight: jax.Array, compute: object) -> jax.Array:
    """Skips the look-ups where the plan does not ask for them (a real branch: no batch axis)."""
    return jax.lax.cond(weight > 0, compute, lambda: jnp.zeros_like(weight))  # type: ignore[arg-type]
