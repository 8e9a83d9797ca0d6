"""The arrays of a hand that compiled programs read."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.kernels.kinematics import Tree


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactCandidates:
    """Points of the hand's inner surfaces that may touch an object, sorted by link."""

    local: jax.Array
    """Points, (c, 3), link frame [m]."""
    normals: jax.Array
    """Unit normals out of the hand, (c, 3), link frame."""
    link: jax.Array
    """Link of each point, (c,) int32."""
    finger: jax.Array
    """Finger of each point, (c,) int32, -1 = the palm."""
    tip: jax.Array
    """Whether the point lies on a fingertip, (c,) bool."""
    thumb: jax.Array
    """True for points on the thumb, of a hand without one on its first finger, (c,) bool."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SurfacePoints:
    """Points all around the links' surfaces, sorted by link."""

    local: jax.Array
    """Points, (m, 3), link frame [m]."""
    normals: jax.Array
    """Unit normals out of the hand, (m, 3), link frame."""
    link: jax.Array
    """Link of each point, (m,) int32."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Spheres:
    """Spheres that stand for the links, sorted by link."""

    local: jax.Array
    """Centres, (s, 3), link frame [m]."""
    radii: jax.Array
    """Radii, (s,) [m]: together the spheres cover the links."""
    inner: jax.Array
    """Radii of the spheres about the same centres that stay within the links, (s,) [m]."""
    link: jax.Array
    """Link of each sphere, (s,) int32."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class HandArrays:
    """A hand of j joints, d independent coordinates ("dofs"), nu actuators and L links."""

    tree: Tree
    """Kinematic tree."""
    lower: jax.Array
    """Least value of each dof, (d,) [rad or m]."""
    upper: jax.Array
    """Greatest value of each dof, (d,)."""
    coupling: jax.Array
    """Joints from dofs, (K + 1, j, d): joints = coupling[0] 1 + sum_k coupling[k] dofs**k."""
    passive_motions: jax.Array
    """Motions of joints that no actuator resists, (m, j), orthonormal, in the direction in which a
    pressed fingertip gives way; in statics no force may drive them, unless a joint is at its
    stop."""
    ctrl_from_joints: jax.Array
    """Actuator targets from joints, (nu, j): the actuators' transmission."""
    kp: jax.Array
    """Gain of each position actuator, (nu,) [N m/rad or N/m]."""
    force_limit: jax.Array
    """Greatest force of each actuator, (nu,) [N m or N]; inf = unlimited."""
    palm_normal: jax.Array
    """Unit, out of the palm's face, (3,), hand root frame."""
    thumb_side: jax.Array
    """Unit, across the fingers towards the thumb, (3,), hand root frame."""
    grasp_center: jax.Array
    """Middle between the palm and the fingertips of the half-closed hand, (3,) [m], hand root
    frame."""
    contacts: ContactCandidates
    """Contact candidates."""
    surface: SurfacePoints
    """Surface points."""
    spheres: Spheres
    """Proxy spheres."""
    self_pairs: jax.Array
    """Pairs of spheres that can collide, (p, 2) int32."""


def joints_from_dofs(arrays: HandArrays, dofs: jax.Array) -> jax.Array:
    """Compute joint positions from independent coordinates.

    Args:
        arrays: the hand.
        dofs: (*b, d).

    Returns:
        (*b, j) [rad or m], MJCF order.
    """
    dofs = jnp.asarray(dofs)
    joints = jnp.sum(arrays.coupling[0], axis=-1) + dofs @ arrays.coupling[1].T
    power = dofs
    for matrix in arrays.coupling[2:]:
        power = power * dofs
        joints = joints + power @ matrix.T
    return joints
