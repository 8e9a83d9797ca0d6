"""Force closure: can the contacts produce the wrenches that a hold needs?"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import Contacts, GraspState, Problem
from zdg_jax.errors import InputError
from zdg_jax.kernels import friction_cone
from zdg_jax.kernels.friction_cone import Minimizer
from zdg_jax.kernels.lengths import TORQUE_LENGTH


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ForceLimits:
    """The set that contact forces are sought in, in units of the target wrenches' force."""

    friction: jax.Array
    """Coefficient of friction; below the real one, for margin, ()."""
    least: jax.Array
    """Least normal force of an active contact, ()."""
    greatest: jax.Array
    """Greatest normal force of a contact, ()."""


def contacts_about_com(contacts: Contacts, problem: Problem) -> tuple[jax.Array, jax.Array]:
    """Points about the centre of mass (k, 3) [m] and unit inward normals (k, 3)."""
    return contacts.footprints - problem.object.center_of_mass, -contacts.normals


def with_contact_forces(
    state: GraspState,
    problem: Problem,
    limits: ForceLimits,
    start: jax.Array,
    iterations: int,
    minimizer: Minimizer = friction_cone.minimize,
) -> GraspState:
    """Find the contact forces that come nearest to each target wrench.

    The lower level of BODex (arXiv 2412.16490), with second-order in place of pyramidal cones:
    Q_j = min_f |G f - t_j|^2.

    Args:
        state: a grasp; only its active contacts carry force.
        problem: gives the centre of mass and the target wrenches.
        limits: friction and bounds of the normal forces.
        start: forces to start from, (t, k, 3).
        iterations: of the solver, static.
        minimizer: of the solver, see `friction_cone.solve_contact_forces`.

    Returns:
        The state with its `forces`, (t, k, 3), held fixed.
    """
    contacts = state.contacts
    points, normals = contacts_about_com(contacts, problem)
    solution = friction_cone.solve_contact_forces(
        points,
        normals,
        problem.targets.wrenches.wrenches,
        start=start,
        mu=limits.friction,
        low=limits.least * contacts.active,
        high=limits.greatest * contacts.active,
        length=TORQUE_LENGTH,
        passive_motions=contacts.passive_motions,
        iterations=iterations,
        minimizer=minimizer,
    )
    return dataclasses.replace(state, forces=solution.force)


def wrench_residuals(state: GraspState, problem: Problem) -> jax.Array:
    """Squared residual |G f_j - t_j|^2 of each target wrench, (t,), differentiable in the contacts.

    By the envelope theorem the gradient of min_f |G f - t_j|^2 holds the minimiser f fixed, so
    only G is differentiated. Work on motions that nothing drives counts as residual.

    Raises:
        InputError: the state has no contact forces.
    """
    if state.forces is None:
        raise InputError("the grasp's state has no contact forces; pass it to with_contact_forces")
    contacts, targets = state.contacts, problem.targets.wrenches.wrenches
    points, _ = contacts_about_com(contacts, problem)
    error = friction_cone.wrench(points, state.forces, TORQUE_LENGTH) - targets
    passive = friction_cone.passive_torques(contacts.passive_motions, state.forces, TORQUE_LENGTH)
    return jnp.sum(error * error, axis=-1) + jnp.sum(passive * passive, axis=-1)


def wrench_residual(state: GraspState, problem: Problem) -> jax.Array:
    """Mean of `wrench_residuals` over the target wrenches, by their weights, ()."""
    weights = problem.targets.wrenches.weights
    total = jnp.sum(wrench_residuals(state, problem) * weights)
    return total / jnp.maximum(jnp.sum(weights), 1e-6)


def force_closure(state: GraspState, problem: Problem) -> jax.Array:
    """|sum_i [n_i; p_i x n_i / length]|^2 / k^2, (): equal normal forces that cancel.

    DexGraspNet's differentiable force closure E_fc (arXiv 2210.02697; Liu et al., RA-L 2021), the
    cheap alternative to `wrench_residual`, divided by the squared number of contacts.
    """
    contacts = state.contacts
    points, normals = contacts_about_com(contacts, problem)
    forces = normals * contacts.active[:, None]
    total = friction_cone.wrench(points, forces, TORQUE_LENGTH)
    return jnp.sum(total * total) / jnp.maximum(jnp.sum(contacts.active), 1.0) ** 2
