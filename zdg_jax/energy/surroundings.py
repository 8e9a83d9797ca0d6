"""Penetration of what surrounds the object: the table, and obstacles."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.penetration import of_spheres
from zdg_jax.energy.state import GraspState, Problem
from zdg_jax.hand import ContactCandidates

_MARGIN = 0.0005
"""Clearance that every link keeps from the surroundings [m]."""
_LEVEL = 0.05
"""Upward part of a surface's normal from which it counts as facing up."""
_WAY = 0.01
"""Way by which a contact comes from what faces up to what does not [m]."""


def scene_penetration(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of the depths of all points and inscribed spheres in the surroundings, () [m].

    Depths count from a margin off the surface; the term is 0, and free, without surroundings.
    """
    if problem.scene.is_empty:
        return jnp.zeros_like(state.margin)
    return jnp.sum(jax.nn.relu(_MARGIN - scene_clearances(state, problem)))


def facing_up(normals: jax.Array, problem: Problem) -> jax.Array:
    """Degree to which surfaces face up, (k,) in [0, 1]; nothing is lifted by what does."""
    return jnp.clip((normals @ problem.scene.up - _LEVEL) / (1 - _LEVEL), 0.0, 1.0)


def on_top(state: GraspState, problem: Problem) -> jax.Array:
    """Mean over the fingers' contacts of how far they lie on what faces up, () in [0, 1].

    The normals have no derivative; in its place contacts slide off: thumb and fingers apart as far
    as they are on top, and down as far as they are beside. 0, and free, without surroundings.
    """
    if problem.scene.is_empty:
        return jnp.zeros_like(state.margin)
    contacts, up = state.contacts, problem.scene.up
    on_thumb, on_palm = _on_links(problem.hand.contacts, contacts.link)
    points, active = jax.lax.stop_gradient(contacts.points), contacts.active
    opposed = active * jnp.where(on_palm, 0.0, jnp.where(on_thumb, -1.0, 1.0))
    sides = jnp.array([jnp.maximum(opposed, 0.0), jnp.maximum(-opposed, 0.0)])
    first, last = (sides @ points) / jnp.maximum(jnp.sum(sides, axis=1, keepdims=True), 1e-6)
    across = first - last
    across = across - (across @ up) * up
    across = across / jnp.sqrt(jnp.sum(across * across) + 1e-8)
    steep = jax.lax.stop_gradient(facing_up(contacts.normals, problem))
    way = (1 - steep)[:, None] * up - (steep * jnp.sign(opposed))[:, None] * across
    slid = jnp.sum((contacts.points - points) * way, axis=1) / _WAY
    return jnp.sum(jnp.abs(opposed) * steep * (1 + slid)) / jnp.maximum(jnp.sum(active), 1.0)


def _on_links(candidates: ContactCandidates, link: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Marks of the links (k,) that are of the thumb, and of those of the palm, (k,) bool."""
    same = candidates.link[:, None] == link
    thumb, palm = candidates.thumb, candidates.finger < 0
    return jnp.any(same & thumb[:, None], axis=0), jnp.any(same & palm[:, None], axis=0)


def scene_clearances(state: GraspState, problem: Problem) -> jax.Array:
    """Signed distances of all points and inscribed spheres to the surroundings, (n,) [m]."""
    clearance = problem.scene.clearance(state.places)
    return clearance - of_spheres(state, problem.hand.spheres.inner)
