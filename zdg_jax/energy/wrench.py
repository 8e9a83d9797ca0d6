"""Force closure: can the contacts produce the wrenches that a hold needs?"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.energy.state import Contacts, Problem
from zdg_jax.kernels import friction_cone


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


def balanced(
    contacts: Contacts,
    problem: Problem,
    targets: jax.Array,
    limits: ForceLimits,
    start: jax.Array,
    iterations: int,
) -> tuple[jax.Array, jax.Array]:
    """Squared residual of each target wrench, and the forces that give it.

    The lower level of BODex (arXiv 2412.16490), with second-order in place of pyramidal cones:
    Q_j = min_f |G f - t_j|^2. By the envelope theorem the gradient of Q_j holds the minimiser f
    fixed, so only G is differentiated.

    Args:
        contacts: (k) slots; only active ones carry force.
        problem: gives the centre of mass and the length that scales torques.
        targets: wrenches to produce about the centre of mass, (t, 6), torques over the length.
        limits: friction and bounds of the normal forces.
        start: forces to start from, (t, k, 3).
        iterations: static.

    Returns:
        Residuals (t,), differentiable in the contacts, and forces (t, k, 3), held fixed.
    """
    points, normals = contacts_about_com(contacts, problem)
    length = problem.guidance.torque_length
    solution = friction_cone.solve_contact_forces(
        points,
        normals,
        targets,
        start=start,
        mu=limits.friction,
        low=limits.least * contacts.active,
        high=limits.greatest * contacts.active,
        length=length,
        passive_motions=contacts.passive_motions,
        iterations=iterations,
    )
    error = friction_cone.wrench(points, solution.force, length) - targets
    loose = friction_cone.passive_torques(contacts.passive_motions, solution.force, length)
    return jnp.sum(error * error, axis=-1) + jnp.sum(loose * loose, axis=-1), solution.force


def closure(contacts: Contacts, problem: Problem) -> jax.Array:
    """|sum_i [n_i; p_i x n_i / length]|^2 / k^2: equal normal forces that cancel.

    DexGraspNet's differentiable force closure (arXiv 2210.02697; Liu et al., RA-L 2021), the
    cheap alternative to `balanced`, divided by the squared number of contacts.
    """
    points, normals = contacts_about_com(contacts, problem)
    forces = normals * contacts.active[:, None]
    total = friction_cone.wrench(points, forces, problem.guidance.torque_length)
    return jnp.sum(total * total) / jnp.maximum(jnp.sum(contacts.active), 1.0) ** 2
