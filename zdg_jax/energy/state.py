"""What every energy term reads: kinematics, distances and contacts of one grasp, computed once."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.energy.guidance import Guidance
from zdg_jax.hand import ContactCandidates, HandArrays, joints_from_dofs
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.objects import ObjectArrays

MISALIGNED = 0.02
"""Metres of distance that a contact turned 90 degrees away costs when candidates are chosen."""

NEAR = 0.015
"""Distance at which an optional contact counts a third [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspVariables:
    """What refinement moves, with any leading batch shape."""

    position: jax.Array
    """Origin of the hand's root, (*b, 3), object frame [m]."""
    rotation: jax.Array
    """First two columns of the root's rotation, (*b, 6), object frame."""
    dofs: jax.Array
    """Independent joint coordinates, (*b, d) [rad or m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Pattern:
    """Which links are meant to touch: fixed for a grasp, chosen with its seed."""

    link: jax.Array
    """Link of each contact slot, (*b, k) int32."""
    active: jax.Array
    """1 where the slot is used, 0 where it only fills the shape, (*b, k)."""
    optional: jax.Array
    """1 where the slot counts only as far as its link comes near by itself, (*b, k)."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """What all grasps of one run share."""

    hand: HandArrays
    object: ObjectArrays
    guidance: Guidance


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Contacts:
    """The chosen contact of each slot, object frame."""

    active: jax.Array
    """How far the slot counts, in [0, 1], held fixed, (k,)."""
    points: jax.Array
    """Points on the hand, (k, 3) [m]."""
    hand_normals: jax.Array
    """Unit normals out of the hand, (k, 3)."""
    distance: jax.Array
    """Signed distance of the points to the object, (k,) [m]."""
    normals: jax.Array
    """Unit normals out of the object, (k, 3)."""
    link: jax.Array
    """Link of each, (k,) int32."""
    passive_motions: jax.Array
    """How the points move with the hand's slack motions, (k, m, 3) [m/rad]."""

    @property
    def footprints(self) -> jax.Array:
        """The points moved onto the object's surface, (k, 3) [m]; they move with the hand."""
        return self.points - jax.lax.stop_gradient(self.distance[:, None] * self.normals)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspState:
    """One grasp in the object frame."""

    position: jax.Array
    """Origin of the hand's root, (3,) [m]."""
    rotation: jax.Array
    """Rotation of the hand's root, (3, 3)."""
    dofs: jax.Array
    """Independent joint coordinates, (d,)."""
    contacts: Contacts
    """The contact of each slot."""
    poses: jax.Array
    """Poses of the links, (3, 4, L), rotation and translation [m]."""
    distance: jax.Array
    """Signed distance to the object of contact candidates, surface points and centres of proxy
    spheres, one after the other, (c + m + s,) [m]."""


def grasp_state(problem: Problem, variables: GraspVariables, pattern: Pattern) -> GraspState:
    """The state of one grasp; differentiable in `variables`.

    A slot's contact is the candidate of its link that is nearest to the object and faces it
    best. The choice itself carries no gradient; it is made anew at every call.
    """
    hand, grid = problem.hand, problem.object.grid
    joints = joints_from_dofs(hand, variables.dofs)
    posture = kinematics.forward_kinematics(hand.tree, joints, root_pose(variables))
    poses = posture.links

    groups = (hand.contacts, hand.surface, hand.spheres)
    local = jnp.concatenate([group.local for group in groups])
    carrier = jnp.concatenate([group.link for group in groups])
    depth, outward = distance.query(grid, kinematics.transform_points(poses, local, carrier), 0)
    candidate = _nearest(hand.contacts, pattern, poses, depth, outward)
    # Placed anew from few links: the gradient through a choice among all would be a scatter.
    own = jnp.matmul(poses, _rides(pattern.link, poses), precision=jax.lax.Precision.HIGHEST)
    chosen, facing = hand.contacts.local[candidate].T, hand.contacts.normals[candidate].T
    points = (jnp.sum(own[:, :3] * chosen, axis=1) + own[:, 3]).T
    normals, gap = outward[:, candidate].T, jax.lax.stop_gradient(depth[candidate])
    near = jnp.exp(-((gap / NEAR) ** 2))
    contacts = Contacts(
        active=pattern.active * jnp.where(pattern.optional > 0, near, 1.0),
        points=points,
        hand_normals=jnp.sum(own[:, :3] * facing, axis=1).T,
        distance=gap + jnp.sum(normals * (points - jax.lax.stop_gradient(points)), axis=-1),
        normals=normals,
        link=pattern.link,
        passive_motions=passive_motions(problem, posture, points, pattern.link),
    )
    return GraspState(
        position=variables.position,
        rotation=rotations.matrix_from_6d(variables.rotation),
        dofs=variables.dofs,
        contacts=contacts,
        poses=poses,
        distance=depth,
    )


def passive_motions(
    problem: Problem, posture: kinematics.LinkPoses, points: jax.Array, link: jax.Array
) -> jax.Array:
    """How points (k, 3) on links (k,) move with the hand's slack motions, (k, m, 3) [m/rad]."""
    twists = kinematics.link_twists(problem.hand.tree, posture, problem.hand.passive_motions)
    mine = jnp.matmul(twists, _rides(link, twists), precision=jax.lax.Precision.HIGHEST)
    return (jnp.cross(mine[:3], points.T[:, None], axis=0) + mine[3:]).T


def root_pose(variables: GraspVariables) -> jax.Array:
    """Pose of the hand's root, rotation and translation, (*b, 3, 4), object frame."""
    rotation = rotations.matrix_from_6d(variables.rotation)
    return jnp.concatenate([rotation, variables.position[..., None]], axis=-1)


def _rides(link: jax.Array, by_link: jax.Array) -> jax.Array:
    """What takes columns of links (..., L) to those of points on the links (k,), (L, k)."""
    return (jnp.arange(by_link.shape[-1])[:, None] == link).astype(by_link.dtype)


def _nearest(
    candidates: ContactCandidates,
    pattern: Pattern,
    poses: jax.Array,
    depth: jax.Array,
    outward: jax.Array,
) -> jax.Array:
    """The candidate of each slot's link that is nearest to the object and faces it best, (k,)."""
    count = candidates.link.shape[0]
    poses, depth, outward = jax.lax.stop_gradient((poses, depth[:count], outward[:, :count]))
    turned = kinematics.rotate_directions(poses[:, :3], candidates.normals, candidates.link)
    facing = jnp.sum(turned * outward, axis=0)
    score = jnp.abs(depth) + MISALIGNED * jnp.maximum(1 + facing, 0.0)
    # The bits of positive floats are ordered as integers. A candidate's number in the lowest of
    # them makes one vectorised minimum of the argmin, which took 7 us of a step's 60.
    spare = count.bit_length()
    score = jnp.asarray(score, jnp.float32)
    key = jax.lax.bitcast_convert_type(score, jnp.int32) >> spare << spare
    key = key | jnp.arange(count, dtype=jnp.int32)
    mine = candidates.link[:, None] == pattern.link[None, :]
    best = jnp.min(jnp.where(mine, key[:, None], jnp.iinfo(jnp.int32).max), axis=0)
    return jnp.minimum(best & ((1 << spare) - 1), count - 1)
