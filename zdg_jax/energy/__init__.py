"""Energies of a grasp: pure functions of one shared state, each returned unweighted by name."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.energy import alignment, contact, penetration, wrench
from zdg_jax.energy.alignment import approach, avoided, fingers, held, idle, rest, thumb
from zdg_jax.energy.guidance import Guidance
from zdg_jax.energy.penetration import signed_distances
from zdg_jax.energy.state import (
    Contacts,
    GraspState,
    GraspVariables,
    Pattern,
    Problem,
    grasp_state,
    passive_motions,
    root_pose,
)
from zdg_jax.energy.wrench import ForceLimits, closure, contacts_about_com

__all__ = [
    "Contacts",
    "ForceLimits",
    "GraspState",
    "GraspVariables",
    "Guidance",
    "Pattern",
    "Problem",
    "approach",
    "avoided",
    "closure",
    "contacts_about_com",
    "fingers",
    "grasp_state",
    "held",
    "idle",
    "passive_motions",
    "rest",
    "root_pose",
    "signed_distances",
    "terms",
    "thumb",
]


def terms(
    state: GraspState,
    problem: Problem,
    *,
    limits: ForceLimits,
    forces: jax.Array,
    iterations: int,
    standoff: jax.Array,
    margin: jax.Array,
) -> tuple[dict[str, jax.Array], jax.Array]:
    """Every energy term of one grasp by name, each (), and the contact forces found, (t, k, 3).

    Args:
        state: from `grasp_state`.
        problem: hand, object and guidance.
        limits: where contact forces are sought.
        forces: forces that the solver starts from, (t, k, 3).
        iterations: of the force solver, static.
        standoff: distance that contacts are drawn to, () [m].
        margin: clearance that the whole hand keeps from the object, () [m].
    """
    guidance = problem.guidance
    residuals, forces = wrench.balanced(
        state.contacts, problem, guidance.targets, limits, forces, iterations
    )
    values = {
        "contact": contact.contact(state, standoff),
        "facing": contact.facing(state),
        "wrench": jnp.sum(residuals * guidance.target_weights)
        / jnp.maximum(jnp.sum(guidance.target_weights), 1e-6),
        "closure": wrench.closure(state.contacts, problem),
        "surface_penetration": penetration.surface(state, problem, margin),
        "skeleton_penetration": penetration.skeleton(state, problem, margin),
        "self_penetration": penetration.itself(state, problem),
        "held": alignment.held(state, problem),
        "avoided": alignment.avoided(state, problem),
        "rest": alignment.rest(state, problem),
        "fingers": alignment.fingers(state, problem),
        "idle": alignment.idle(state, problem),
        "approach": alignment.approach(state, problem),
        "thumb": alignment.thumb(state, problem),
    }
    return values, forces
