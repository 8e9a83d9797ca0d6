"""Contacts: how far from the surface, how well turned to it."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import GraspState, Problem

HUBER = 0.005
"""Distance beyond which the contact term grows linearly [m]: far fingers must not rule."""


def contact_distance(state: GraspState, _: Problem) -> jax.Array:
    """Mean Huber distance of the active contacts from `state.standoff` off the surface, () [m].

    Quadratic near, linear far. DexGraspNet (arXiv 2210.02697) takes the plain sum of distances,
    E_dis; the standoff that shrinks in stages is BODex's (arXiv 2412.16490).
    """
    error = jnp.abs(state.contacts.distance - state.standoff)
    loss = jnp.where(error < HUBER, 0.5 * error * error / HUBER, error - 0.5 * HUBER)
    return _mean(loss, state)


def normal_alignment(state: GraspState, _: Problem) -> jax.Array:
    """Mean over the active contacts of 1 + cos(angle between hand and object normals), in [0, 2].

    Zero where each pad lies flat on the surface. The object's normal is held fixed.
    """
    normals = jax.lax.stop_gradient(state.contacts.normals)
    return _mean(1 + jnp.sum(state.contacts.hand_normals * normals, axis=-1), state)


def _mean(values: jax.Array, state: GraspState) -> jax.Array:
    """Mean of values (k,) over the active contacts, ()."""
    active = state.contacts.active
    return jnp.sum(values * active) / jnp.maximum(jnp.sum(active), 1.0)
