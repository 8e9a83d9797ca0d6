"""Contacts: how far from the surface, how well turned to it, how far apart."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import GraspState

HUBER = 0.005
"""Distance beyond which the contact term grows linearly [m]: far fingers must not rule."""


def contact(state: GraspState, standoff: jax.Array) -> jax.Array:
    """Mean Huber distance of the active contacts from `standoff` metres off the surface [m].

    Quadratic near, linear far. DexGraspNet (arXiv 2210.02697) takes the plain sum of distances;
    the standoff that shrinks in stages is BODex's (arXiv 2412.16490).
    """
    error = jnp.abs(state.contacts.distance - standoff)
    loss = jnp.where(error < HUBER, 0.5 * error * error / HUBER, error - 0.5 * HUBER)
    return _mean(loss, state)


def facing(state: GraspState) -> jax.Array:
    """Mean over the active contacts of 1 + cos(angle between hand and object normals), in [0, 2].

    Zero where each pad lies flat on the surface. The object's normal is held fixed.
    """
    normals = jax.lax.stop_gradient(state.contacts.normals)
    return _mean(1 + jnp.sum(state.contacts.hand_normals * normals, axis=-1), state)


def _mean(values: jax.Array, state: GraspState) -> jax.Array:
    active = state.contacts.active
    return jnp.sum(values * active) / jnp.maximum(jnp.sum(active), 1.0)
