"""Pregrasp, grasp and squeeze: how the hand closes on the object and pushes.

The squeeze is sized for the load: of all contact forces that cancel on the object it is the one
that carries the largest mass with any side down, within the limits of the actuators (see
`kernels.carrying`), and as soft as the object's own weight allows. Through the actuators' gains
its forces become the targets that the fingers are driven to: the squeeze pose. The fingers stop at
the surface and the actuators then push with those forces.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.hand import HandArrays, joints_from_dofs
from zdg_jax.kernels import elimination
from zdg_jax.kernels.carrying import Carried
from zdg_jax.kernels.lengths import WRIST_ARM
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.runtime.settings import float_setting
from zdg_jax.synthesis.statics import (
    Load,
    Statics,
    passive_dofs,
    payloads,
    statics,
)

HOPELESS = 0.4
"""Payload over mass below which hardly a grasp was seen to carry its object with any side down."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SqueezeConfig:
    """Settings of the squeeze and of the pregrasp."""

    margin: jax.Array = float_setting(2.5)
    """The squeeze carries so many times the object's mass where the actuators allow it."""
    bend: jax.Array = float_setting(1.0)
    """Least deflection of the most bent actuator where the actuators allow it, however light the
    object is, in multiples of `Load.bend`: fingers that miss the surface a little press all the
    same."""
    work_margin: jax.Array = float_setting(1.5)
    """It bears so many times what the task does with the object beside turning it."""
    reach: jax.Array = float_setting(0.002)
    """A contact farther than this from the surface carries no force [m]."""
    opening: jax.Array = float_setting(0.008)
    """Distance that the pregrasp's contacts keep from the surface [m]."""
    scene_opening: jax.Array = float_setting(0.004)
    """Distance that the whole pregrasp keeps from what surrounds the object [m]."""
    opening_iterations: int = dataclasses.field(default=20, metadata={"static": True})
    """Gradient steps that open the hand."""
    opening_step: jax.Array = float_setting(0.02)
    """Greatest change of a joint in such a step [rad or m], a tenth of it for the wrist [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SqueezeResult:
    """Pregrasps and squeezes of n grasps, with the forces that they aim at."""

    pregrasp: GraspVariables
    """A hand that clears the object, (n, ...); the wrist keeps its rotation."""
    squeeze: jax.Array
    """Coordinates that the actuators are driven to, (n, d); the wrist stays."""
    forces: jax.Array
    """Contact forces on the object that the squeeze aims at, (n, k, 3), object frame [N]."""
    torques: jax.Array
    """Forces of the actuators that hold them, (n, nu) [N m, N where they slide]."""
    imbalance: jax.Array
    """|wrench| of the contact forces over their sum of normal forces, (n,)."""
    payload: jax.Array
    """Largest mass that the contacts carry with any side down, (n,) [kg]."""
    payload_task: jax.Array
    """Largest mass for which they bear the task's loads, scaled with it, (n,) [kg]."""


@shard_rows(replicated=(0, 1, 2))
@jax.jit
def solve_squeeze(
    config: SqueezeConfig,
    problem: Problem,
    load: Load,
    variables: GraspVariables,
    pattern: Pattern,
    contacts: Contacts,
) -> SqueezeResult:
    """Pregrasp and squeeze of grasps (n, ...) through their contacts (n, k, ...)."""

    def single(variables: GraspVariables, pattern: Pattern, contacts: Contacts) -> SqueezeResult:
        active = jnp.where(contacts.distance < config.reach, contacts.active, 0.0)
        linear = statics(load, problem, variables, contacts, active)
        general, task = payloads(load, linear)
        force = _sized(config, load, linear, general, task)
        touching = jnp.concatenate([active, jnp.ones(len(force) - len(active))])
        force = force * touching[:, None]
        torques = jnp.einsum("akf,kf->a", linear.drive, force)
        wrench = jnp.einsum("rkf,kf->r", linear.balance, force)
        force = force[: len(active)]
        return SqueezeResult(
            pregrasp=_open(config, problem, variables, pattern),
            squeeze=variables.dofs + _change(problem.hand, load, variables.dofs, torques),
            forces=jnp.einsum("kif,kf->ki", linear.frames, force[:, :3]),
            torques=torques,
            imbalance=jnp.linalg.norm(wrench) / jnp.maximum(jnp.sum(force[:, 0]), 1e-6),
            payload=general.load,
            payload_task=task.load * load.mass,
        )

    return jax.vmap(single)(variables, pattern, contacts)


def _sized(
    config: SqueezeConfig, load: Load, linear: Statics, general: Carried, task: Carried
) -> jax.Array:
    """The squeeze's forces, (k, 4) [N]: no firmer than the load asks for.

    A squeeze that is scaled carries a scaled load. Where the weight is far too much with some side
    down, but not as the task turns it, the squeeze is the task's. Where the task does more than
    turn the object, what it needs is added: of two squeezes that bear two loads the sum bears both,
    and the mean is within the motors' limits as they are.
    """
    only = (general.load < HOPELESS * load.mass) & (task.load >= 1.0)
    bent = jnp.abs(jnp.einsum("akf,kf->a", linear.drive, general.force)) / (load.gain * load.bend)
    least = config.bend / jnp.maximum(jnp.max(bent), 1e-6)
    loaded = config.margin * load.mass / jnp.maximum(general.load, 1e-6)
    share = jnp.minimum(1.0, jnp.maximum(loaded, least))
    for_task = jnp.minimum(1.0, config.margin / jnp.maximum(task.load, 1e-6)) * task.force
    work = load.works * jnp.minimum(1.0, config.work_margin / jnp.maximum(task.load, 1e-6))
    both = (share * general.force + work * task.force) / jnp.maximum(1.0, share + work)
    return jnp.where(only, for_task, both)


def _change(hand: HandArrays, load: Load, dofs: jax.Array, torques: jax.Array) -> jax.Array:
    """Change of the coordinates that makes actuators pull so, (d,): K B du = u.

    B maps the coordinates to actuators, K holds the gains. Dexonomy (arXiv 2504.18829) writes
    q + J^T f / kp for hands with an actuator per joint.
    """
    spread = jax.jacfwd(lambda dofs: joints_from_dofs(hand, dofs))(dofs)
    geared, passive = hand.ctrl_from_joints @ spread, passive_dofs(hand, spread)
    square = geared.T @ geared + passive @ passive.T
    square = square + 1e-6 * jnp.diag(jnp.diag(square) + 1e-6)
    return elimination.solve(square, geared.T @ (torques / load.gain))


def _open(
    config: SqueezeConfig, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> GraspVariables:
    """Opens the joints and draws the wrist back until all links clear the object by `opening`, and
    what surrounds it by `scene_opening`.

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
        if not problem.scene.is_empty:
            low = config.scene_opening - energy.scene_clearances(state, problem)
            short = short + 0.5 * jnp.sum(jax.nn.relu(low) ** 2)
        return short + energy.self_penetration(state, problem)

    def moved(shift: jax.Array, dofs: jax.Array) -> GraspVariables:
        return dataclasses.replace(
            variables, position=variables.position + WRIST_ARM * shift, dofs=dofs
        )

    def step(_: jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        shift, dofs = carry
        push, turn = jax.grad(missing, (0, 1))(shift, dofs)
        turn = turn - passive @ (passive.T @ turn)
        largest = jnp.maximum(jnp.max(jnp.abs(push)), jnp.max(jnp.abs(turn)))
        rate = config.opening_step / jnp.maximum(largest, 1e-9)
        return shift - rate * push, jnp.clip(dofs - rate * turn, hand.lower, hand.upper)

    # Joints that share a tendon open and close together, for the tendon tells them nothing else.
    spread = jax.jacfwd(lambda dofs: joints_from_dofs(hand, dofs))(variables.dofs)
    passive = passive_dofs(hand, spread)
    passive = passive / jnp.maximum(jnp.linalg.norm(passive, axis=0), 1e-6)
    start = (jnp.zeros_like(variables.position), variables.dofs)
    return moved(*jax.lax.fori_loop(0, config.opening_iterations, step, start))
