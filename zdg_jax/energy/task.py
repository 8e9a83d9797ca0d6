"""Alignment of a grasp with the task's targets: the parts it touches, the side it comes from."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from zdg_jax.energy.penetration import of_spheres
from zdg_jax.energy.state import TOUCH_GAP, GraspState, Problem
from zdg_jax.kernels import distance, kinematics

FINGERTIP = 0.008
"""Distance from a planned point that still counts as there [m]."""


def held(state: GraspState, problem: Problem) -> jax.Array:
    """Mean distance of the active contacts from the parts to hold, weighted by the plan, () [m]."""
    target, contacts = problem.targets.held, state.contacts

    def compute() -> jax.Array:
        gap, _ = distance.query(target.grid, contacts.points)
        count = jnp.maximum(jnp.sum(contacts.active), 1.0)
        return target.weight * jnp.sum(jax.nn.relu(gap) * contacts.active) / count

    return _if(target.weight, compute)


def avoided(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over all links' spheres of their intrusion into avoided parts' clearance, () [m]."""
    target, clearance = problem.targets.avoided, problem.targets.clearance
    return _if(
        target.weight,
        lambda: target.weight * _intrusion(state, problem, target.grid, clearance),
    )


def rest(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over all links' spheres of their intrusion into a gap round the other parts, () [m]."""
    target = problem.targets.rest
    return _if(
        target.weight,
        lambda: target.weight * _intrusion(state, problem, target.grid, TOUCH_GAP),
    )


def fingers(state: GraspState, problem: Problem) -> jax.Array:
    """Mean distance of contacts from the points planned for their links, weighted, () [m].

    Within a fingertip's breadth of its point a contact is free to find the better hold.
    """
    targets, contacts = problem.targets.links, state.contacts
    offset = contacts.points - targets.points[contacts.link]
    gap = jnp.sqrt(jnp.sum(offset * offset, axis=-1) + 1e-8)
    weight = targets.point_weights[contacts.link] * contacts.active
    return jnp.sum(weight * jax.nn.relu(gap - FINGERTIP)) / jnp.maximum(jnp.sum(weight), 1.0)


def idle(state: GraspState, problem: Problem) -> jax.Array:
    """Sum over the spheres of idle links of their intrusion into the clearance, () [m]."""
    targets, spheres = problem.targets, problem.hand.spheres
    reach = targets.clearance + of_spheres(state, spheres.radii)
    weights = of_spheres(state, targets.links.idle[spheres.link])
    return jnp.sum(weights * jax.nn.relu(reach - state.distance))


def approach(state: GraspState, problem: Problem) -> jax.Array:
    """1 - cos(angle between the palm's normal and the planned approach), weighted, in [0, 2]."""
    target = problem.targets.approach
    cosine = jnp.dot(state.rotation @ problem.hand.palm_normal, target.direction)
    return target.weight * (1 - cosine)


def thumb(state: GraspState, problem: Problem) -> jax.Array:
    """1 - cos(angle between the thumb's side and the planned one), weighted, in [0, 2]."""
    target = problem.targets.thumb
    cosine = jnp.dot(state.rotation @ problem.hand.thumb_side, target.direction)
    return target.weight * (1 - cosine)


def extended(state: GraspState, problem: Problem) -> jax.Array:
    """1 - cos(angle between an extended finger and its direction), weighted, in [0, 2]."""
    target = problem.targets.extended
    along = state.poses[:, 3, target.tip] - state.poses[:, 3, target.base]
    cosine = jnp.dot(along, target.direction.direction)
    cosine = cosine / jnp.sqrt(jnp.sum(along * along) + 1e-8)
    return target.direction.weight * (1 - cosine)


def _intrusion(
    state: GraspState, problem: Problem, grid: distance.DistanceGrid, clearance: jax.Array | float
) -> jax.Array:
    """Sum of how far the spheres that cover the links reach into a clearance round parts [m]."""
    spheres = problem.hand.spheres
    gap, _ = distance.query(
        grid, kinematics.transform_points(state.poses, spheres.local, spheres.link), 0
    )
    return jnp.sum(jax.nn.relu(clearance + spheres.radii - gap))


def _if(weight: jax.Array, compute: Callable[[], jax.Array]) -> jax.Array:
    """Skip the look-ups where the plan does not ask for them (a real branch: no batch axis)."""
    return jax.lax.cond(weight > 0, compute, lambda: jnp.zeros_like(weight))
