"""Statics of a grasp: its contacts' frames, balance on the object and pull on the actuators.

A contact presses with four forces: along its inward normal, along two tangents, and a moment
about the normal (over a length), as far as friction allows. See `kernels.carrying`.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Problem
from zdg_jax.geometry.frames import upright_axes
from zdg_jax.hand import Hand, HandArrays, joints_from_dofs
from zdg_jax.kernels import carrying, elimination, kinematics, rotations
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning import GraspPlan
from zdg_jax.runtime.arrays import floats

PULLS = 12
"""Loads of the task that are heeded, its strongest."""
_BEND, _SHIFT = 0.08, 0.002
"""Deflection of the most bent actuator, rotary [rad] and linear [m], at which fingers still press
that miss the surface by a millimetre or two: of thin things, wrapped at 25 N, a third were let go
where it was 0.05 rad."""
_AT_STOP = 0.03
"""Distance from the end of its range at which a joint counts as at its stop [rad or m]: less than
a loaded finger gives way."""
_SURELY = 0.8
"""Share of the friction that balances a finger whose joints share a tendon."""
_SHAKEN = 0.5
"""Acceleration of a shaken object in every direction, in multiples of gravity."""
_MOST = 10.0
"""Mass at which the search for a payload ends [kg], and multiple of the task's loads."""
_CONTACT_STIFFNESS = 5000.0
"""Stiffness of a contact in physics [N/m]: of 15,000, 5,000 and 2,000 the second gave squeezes
that carried most and payloads that told best apart what carries."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """Loads that a grasp is to bear, and what bears them."""

    mass: jax.Array
    """Mass of the object, () [kg]."""
    gravity: jax.Array
    """() [m/s^2]."""
    friction: jax.Array
    """Sliding friction, ()."""
    torsion: jax.Array
    """Torsional friction over sliding friction, () [m]."""
    gain: jax.Array
    """Gains of the actuators, (nu,) [N m/rad or N/m]."""
    limit: jax.Array
    """Their greatest forces, (nu,) [N m or N]."""
    bend: jax.Array
    """Deflections of which a squeeze reaches one at least, (nu,) [rad or m]."""
    pulls: jax.Array
    """Loads of the task about the centre of mass, (PULLS, 6) [N, N m], zeros past the last."""
    works: jax.Array
    """1 where the task pushes, twists or strikes with the object, 0 where it only turns it, ()."""
    any_side_down: jax.Array
    """1 where the weight may point anywhere, else 0, ()."""
    accelerations: jax.Array
    """Accelerations by which the weight and the lift pull, in multiples of gravity, (PULLS, 3),
    object frame; zeros past the last, and throughout where the weight may point anywhere."""

    @classmethod
    def of(
        cls,
        physics: Physics,
        hand: Hand,
        obj: Object,
        plan: GraspPlan,
        up: np.ndarray | None = None,
    ) -> Load:
        """Returns the loads of a plan's task on an object under some physics.

        With `up`, unit, (3,), object frame, the object is lifted and shaken as it stands; without,
        it is carried with any side down.

        Loads without a moment about the centre of mass are weight and inertia: they grow with the
        mass where it is another than the plan's.
        """
        mass, friction = physics.mass_of(obj), physics.friction_of(obj)
        drives = physics.drives(hand)
        wrenches = np.array([[*load.force, *load.torque] for load in plan.task.wrenches])
        pulls, works = np.zeros((PULLS, 6)), False
        if len(wrenches):
            pure = ~wrenches[:, 3:].any(axis=1)
            works = not pure.all()
            wrenches[pure] *= mass / (plan.object.mass or mass)
            strongest = np.argsort(-np.linalg.norm(wrenches, axis=1), kind="stable")[:PULLS]
            pulls[: len(strongest)] = wrenches[strongest]
        return cls(
            mass=floats(mass),
            gravity=floats(physics.gravity),
            friction=floats(friction),
            torsion=floats(physics.torsional_friction / friction),
            gain=floats(drives.gain),
            limit=floats(drives.force_limit),
            bend=floats(np.where(hand.linear, _SHIFT, _BEND)),
            pulls=floats(pulls),
            works=floats(works),
            any_side_down=floats(up is None),
            accelerations=floats(_lifted(up)),
        )


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Statics:
    """Linear maps of one grasp's contact forces (k, 4)."""

    frames: jax.Array
    """Axes of each contact, inward normal first, as columns, (k, 3, 3), object frame."""
    balance: jax.Array
    """Effect of forces on the object and on motions that nothing resists, (6 + m, k + m, 4),
    torques over `TORQUE_LENGTH`. The last m press on joints at their stops, see `_stops`."""
    drive: jax.Array
    """Forces of the actuators that hold them, (nu, k + m, 4) [N m per N, 1 where they slide]."""


def statics(
    load: Load, problem: Problem, variables: GraspVariables, contacts: Contacts, active: jax.Array
) -> Statics:
    """Returns the statics of one grasp; contacts that are not active press with nothing."""
    points, normals = energy.contacts_about_com(contacts, problem)
    length = TORQUE_LENGTH
    frames = _frames(normals)
    turning = load.torsion / length * normals[:, :, None]
    forces = jnp.concatenate([frames, jnp.zeros_like(turning)], axis=2)
    moments = jnp.concatenate(
        [jnp.cross(points[:, :, None], frames, axis=1) / length, turning], axis=2
    )
    slack = jnp.einsum("kmi,kif->mkf", contacts.passive_motions, forces) / length
    balance = jnp.concatenate([forces, moments], axis=1).transpose(1, 0, 2)
    stops = _stops(problem.hand, variables)
    active = active * _pressing(slack, stops[6:], load.friction, active)
    balance = jnp.concatenate([balance, slack]) * active[None, :, None]
    drive = _drive(load, problem.hand, variables, contacts, forces, turning * length)
    drive = drive * active[None, :, None]
    return Statics(
        frames=frames,
        balance=jnp.concatenate([balance, stops], axis=1),
        drive=jnp.pad(drive, ((0, 0), (0, stops.shape[1]), (0, 0))),
    )


def _stops(hand: HandArrays, variables: GraspVariables) -> jax.Array:
    """Effect of the joints' stops on passive motions as that of contacts, (6 + m, m, 4).

    A stop presses along its normal only; between two stops there is a tangent besides, which
    makes it any force.
    """
    motions = hand.passive_motions
    count = len(motions)
    lower, upper = joints_from_dofs(hand, jnp.stack([hand.lower, hand.upper]))
    joints = joints_from_dofs(hand, variables.dofs)
    pushed = jnp.where(joints < lower + _AT_STOP, 1.0, 0.0)
    pushed = pushed - jnp.where(joints > upper - _AT_STOP, 1.0, 0.0)
    work = motions * pushed
    forth = jnp.any(work > 1e-3, axis=1).astype(work.dtype)
    back = jnp.any(work < -1e-3, axis=1).astype(work.dtype)
    effects = jnp.zeros((6 + count, count, 4), work.dtype)
    rows = jnp.arange(count)
    effects = effects.at[6 + rows, rows, 0].set(back - forth)
    return effects.at[6 + rows, rows, 1].set(back * forth)


def _pressing(
    slack: jax.Array, stops: jax.Array, friction: jax.Array, active: jax.Array
) -> jax.Array:
    """1 for contacts that can press, (k,): what they do to passive motions can be balanced.

    Others push their finger aside as soon as it presses.

    Args:
        slack: effect of forces on passive motions, (m, k, 4).
        stops: that of the joints' stops, (m, m, 4).
        friction: sliding friction.
        active: 1 for contacts that touch, (k,).
    """
    middle, spread = slack[..., 0], jnp.linalg.norm(slack[..., 1:], axis=-1)
    least = (middle - _SURELY * friction * spread) * active
    greatest = (middle + _SURELY * friction * spread) * active
    stop, between = stops[..., 0], stops[..., 1] > 0
    down = jnp.any(least < 0, axis=1) | jnp.any((stop < 0) | between, axis=1)
    up = jnp.any(greatest > 0, axis=1) | jnp.any((stop > 0) | between, axis=1)
    balanced = ((least <= 0) | down[:, None]) & ((greatest >= 0) | up[:, None])
    return jnp.all(balanced, axis=0).astype(slack.dtype)


def _drive(
    load: Load,
    hand: HandArrays,
    variables: GraspVariables,
    contacts: Contacts,
    forces: jax.Array,
    moments: jax.Array,
) -> jax.Array:
    """Actuator forces of least energy that hold the forces, (nu, k, 4): B^T u = A^T J^T f.

    A maps the independent coordinates to joints, B to actuators.
    """
    poses = kinematics.forward_kinematics(
        hand.tree, joints_from_dofs(hand, variables.dofs), energy.root_pose(variables)
    )
    spread = jax.jacfwd(lambda dofs: joints_from_dofs(hand, dofs))(variables.dofs)
    twists = kinematics.link_twists(hand.tree, poses, spread.T)[..., contacts.link]
    turn, shift = twists[:3], twists[3:]  # (3, d, k) each
    moved = jnp.cross(turn, contacts.points.T[:, None], axis=0) + shift
    torque = jnp.einsum("idk,kif->dkf", moved, forces)
    torque = torque.at[..., 3].add(jnp.einsum("idk,ki->dk", turn, moments[:, :, 0]))
    geared = hand.ctrl_from_joints @ spread
    return jnp.tensordot(_least(geared, load.gain, passive_dofs(hand, spread)), torque, axes=1)


def _least(geared: jax.Array, gain: jax.Array, passive: jax.Array) -> jax.Array:
    """Actuator forces from torques on the coordinates, (nu, d), of least energy: u = K B du."""
    stiff = geared.T @ (gain[:, None] * geared)
    stiff = stiff + jnp.max(gain) * passive @ passive.T
    stiff = stiff + 1e-6 * jnp.diag(jnp.diag(stiff) + 1e-6)
    return elimination.solve(stiff, geared.T * gain).T


def passive_dofs(hand: HandArrays, spread: jax.Array) -> jax.Array:
    """Returns the hand's passive motions as changes of the coordinates, (d, m).

    Args:
        hand: the hand.
        spread: derivative of the joints by the coordinates, (j, d).
    """
    if not len(hand.passive_motions):
        return jnp.zeros((spread.shape[1], 0), spread.dtype)
    return elimination.solve(spread.T @ spread, spread.T @ hand.passive_motions.T)


def _lifted(up: np.ndarray | None) -> np.ndarray:
    """Accelerations of an object that is lifted and shaken, see `Load.accelerations`."""
    rows = np.zeros((PULLS, 3))
    if up is not None:
        first, second, _ = upright_axes(up).T
        rows[0] = -(1 + _SHAKEN) * up
        for i, side in enumerate((first, -first, second, -second), start=1):
            rows[i] = _SHAKEN * side - up
    return rows


def _frames(normals: jax.Array) -> jax.Array:
    """Right-handed axes whose first is the normal, as columns, (k, 3, 3)."""
    helper = jnp.where(
        jnp.abs(normals[:, :1]) < 0.7, jnp.array([1.0, 0, 0]), jnp.array([0, 1.0, 0])
    ).astype(normals.dtype)
    first = rotations.normalize(jnp.cross(normals, helper))
    return jnp.stack([normals, first, jnp.cross(normals, first)], axis=2)


def payloads(load: Load, statics: Statics) -> tuple[carrying.Carried, carrying.Carried]:
    """Returns the squeeze that carries the largest mass and the one for the task's loads.

    The first carries its mass [kg] as `load` says, with any side down or from the table; the
    second bears the greatest multiple of the task's loads.
    """
    weights = load.gravity * load.accelerations
    pulls = jnp.concatenate([weights, jnp.zeros_like(weights)], axis=1)
    scale = jnp.array([1.0] * 3 + [1 / TORQUE_LENGTH] * 3, pulls.dtype)

    def carried(weight: jax.Array, pulls: jax.Array) -> carrying.Carried:
        return carrying.greatest_load(
            statics.balance,
            statics.drive,
            load.limit,
            weight,
            pulls * scale,
            mu=load.friction,
            gain=load.gain,
            contact_stiffness=jnp.asarray(_CONTACT_STIFFNESS, pulls.dtype),
            most=jnp.asarray(_MOST, pulls.dtype),
        )

    # As rows of one program, which takes half the time to compile.
    weight = load.gravity * load.any_side_down
    both = jax.vmap(carried)(
        jnp.stack([weight, jnp.zeros_like(weight)]), jnp.stack([pulls, load.pulls])
    )
    general, task = (jax.tree.map(lambda leaf, row=row: leaf[row], both) for row in range(2))
    return general, task
