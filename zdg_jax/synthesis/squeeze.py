"""Pregrasp, grasp and squeeze: how the hand closes on the object and pushes.

The contact forces of a hold press every contact and cancel on the object. Through the Jacobian
transpose and the actuators' gains they become the targets that the fingers are driven to: the
squeeze pose. The fingers stop at the surface and the actuators then push with those forces.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.hand import HandArrays, joints_from_dofs
from zdg_jax.kernels import friction_cone, kinematics
from zdg_jax.kernels.lengths import TORQUE_LENGTH, WRIST_ARM
from zdg_jax.physics import BENCHMARK_GAIN, BENCHMARK_TORQUE_LIMIT
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.runtime.settings import float_setting


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SqueezeConfig:
    """How hard and with which forces a hand squeezes, and how far it opens before."""

    total_force: jax.Array = float_setting(25.0)
    """Sum of the contacts' normal forces [N]."""
    friction: jax.Array = float_setting(0.3)
    """Friction that squeeze forces may use; below the real one."""
    least_share: jax.Array = float_setting(0.15)
    """Least normal force of a contact, over the mean."""
    greatest_share: jax.Array = float_setting(3.0)
    """Greatest normal force of a contact, over the mean."""
    evenness: jax.Array = float_setting(0.02)
    """Weight that draws the forces to equal ones, beside that of their balance."""
    stiffness: jax.Array = float_setting(BENCHMARK_GAIN)
    """Gain of the position actuators that will hold the grasp [N m/rad]."""
    torque_limit: jax.Array = float_setting(BENCHMARK_TORQUE_LIMIT)
    """Greatest actuator torque [N m]."""
    reach: jax.Array = float_setting(0.002)
    """A contact farther than this from the surface carries no force [m]."""
    opening: jax.Array = float_setting(0.008)
    """Distance that the pregrasp's contacts keep from the surface [m]."""
    force_iterations: int = dataclasses.field(default=200, metadata={"static": True})
    """Iterations of the force solver."""
    opening_iterations: int = dataclasses.field(default=20, metadata={"static": True})
    """Gradient steps that open the hand."""
    opening_step: jax.Array = float_setting(0.02)
    """Greatest change of a joint in such a step [rad or m], a tenth of it for the wrist [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SqueezeResult:
    """What leads to a grasp and what follows it."""

    pregrasp: GraspVariables
    """A hand that clears the object, (n, ...); the wrist keeps its rotation."""
    squeeze: jax.Array
    """Coordinates that the actuators are driven to, (n, d); the wrist stays."""
    forces: jax.Array
    """Contact forces on the object that the squeeze aims at, (n, k, 3), object frame [N]."""
    imbalance: jax.Array
    """|wrench| of those forces over their sum of normal forces, (n,)."""


@shard_rows(replicated=(0, 1))
@jax.jit
def solve_squeeze(
    config: SqueezeConfig,
    problem: Problem,
    variables: GraspVariables,
    pattern: Pattern,
    contacts: Contacts,
) -> SqueezeResult:
    """Pregrasp and squeeze of grasps (n, ...) through their contacts (n, k, ...)."""

    def single(variables: GraspVariables, pattern: Pattern, contacts: Contacts) -> SqueezeResult:
        forces, imbalance = squeeze_forces(config, problem, contacts)
        return SqueezeResult(
            pregrasp=_open(config, problem, variables, pattern),
            squeeze=_squeeze(config, problem.hand, variables, contacts, forces),
            forces=forces,
            imbalance=imbalance,
        )

    return jax.vmap(single)(variables, pattern, contacts)


def squeeze_forces(
    config: SqueezeConfig, problem: Problem, contacts: Contacts
) -> tuple[jax.Array, jax.Array]:
    """Forces that press every touching contact and cancel, (k, 3) [N], and their imbalance ()."""
    points, normals = energy.contacts_about_com(contacts, problem)
    active = jnp.where(contacts.distance < config.reach, contacts.active, 0.0)
    length = TORQUE_LENGTH
    solution = friction_cone.solve_contact_forces(
        points,
        normals,
        jnp.zeros((1, 6), points.dtype),
        start=normals[None] * active[None, :, None],
        mu=config.friction,
        low=config.least_share * active,
        high=config.greatest_share * active,
        length=length,
        passive_motions=contacts.passive_motions,
        preferred=active,
        damping=config.evenness,
        iterations=config.force_iterations,
    )
    force = solution.force[0]
    total = jnp.maximum(jnp.sum(force * normals), 1e-6)
    return force * (config.total_force / total), jnp.sqrt(solution.residual[0]) / total


def _squeeze(
    config: SqueezeConfig,
    hand: HandArrays,
    variables: GraspVariables,
    contacts: Contacts,
    forces: jax.Array,
) -> jax.Array:
    """Targets whose actuators press with the given forces: B^T K B du = A^T J^T f.

    A maps the independent coordinates to joints, B to actuators, K holds the gains. Dexonomy
    (arXiv 2504.18829) writes q + J^T f / kp for hands with an actuator a joint.
    """
    base = energy.root_pose(variables)

    def posed(dofs: jax.Array) -> jax.Array:
        return kinematics.link_poses(hand.tree, joints_from_dofs(hand, dofs), base)

    own = posed(variables.dofs)[..., contacts.link]
    local = jnp.einsum("jik,jk->ki", own[:, :3], contacts.points.T - own[:, 3])
    _, pull = jax.vjp(
        lambda dofs: kinematics.transform_points(posed(dofs), local, contacts.link), variables.dofs
    )
    (torque,) = pull(forces.T)
    drive = jax.jacfwd(lambda dofs: hand.ctrl_from_joints @ joints_from_dofs(hand, dofs))(
        variables.dofs
    )
    limit = config.torque_limit / config.stiffness
    gain = drive.T @ drive + 1e-6 * jnp.eye(drive.shape[1], dtype=drive.dtype)
    change = jnp.linalg.solve(gain, torque / config.stiffness)
    # The strongest actuator's share of its limit scales all, so that the forces stay balanced.
    largest = jnp.max(jnp.abs(drive @ change))
    return variables.dofs + change * jnp.minimum(1.0, limit / jnp.maximum(largest, 1e-6))


def _open(
    config: SqueezeConfig, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> GraspVariables:
    """Opens the joints and draws the wrist back until all links clear the object by `opening`.

    Normalised gradient descent on the squared clearance that is missing and on the overlap of
    fingers, which would else be opened into each other; it stops by itself where neither is left.
    Steps are largest for what clears most: the wrist moves where a palm touches, which no joint
    takes off the object.
    """
    hand = problem.hand

    def missing(shift: jax.Array, dofs: jax.Array) -> jax.Array:
        state = energy.grasp_state(problem, moved(shift, dofs), pattern)
        missing = jax.nn.relu(config.opening - energy.signed_distances(state, problem))
        short = 0.5 * jnp.sum(missing**2)
        return short + energy.self_penetration(state, problem)

    def moved(shift: jax.Array, dofs: jax.Array) -> GraspVariables:
        return dataclasses.replace(
            variables, position=variables.position + WRIST_ARM * shift, dofs=dofs
        )

    def step(_: jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        shift, dofs = carry
        push, turn = jax.grad(missing, (0, 1))(shift, dofs)
        largest = jnp.maximum(jnp.max(jnp.abs(push)), jnp.max(jnp.abs(turn)))
        rate = config.opening_step / jnp.maximum(largest, 1e-9)
        return shift - rate * push, jnp.clip(dofs - rate * turn, hand.lower, hand.upper)

    start = (jnp.zeros_like(variables.position), variables.dofs)
    return moved(*jax.lax.fori_loop(0, config.opening_iterations, step, start))
