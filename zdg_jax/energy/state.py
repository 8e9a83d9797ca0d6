"""The state that every energy term reads: kinematics, distances, contacts, computed once."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from zdg_jax.energy.targets import TaskTargets
from zdg_jax.hand import ContactCandidates, HandArrays, joints_from_dofs
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.objects import ObjectArrays
from zdg_jax.scenes.arrays import SceneArrays

_HIGHEST = jax.lax.Precision.HIGHEST

MISALIGNED = 0.02
"""Metres of distance that a contact turned 90 degrees away costs when candidates are chosen."""

_STOPPING = 0.15
"""Distance from its stop at which a joint begins to count as held [rad or m]."""
CONTACT_DECAY = 0.015
"""Distance at which an optional contact counts 1 / e [m]."""

TOUCH_GAP = 0.003
"""Gap below which a link counts as touching a part of the object [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspVariables:
    """The coordinates that refinement moves, with any leading batch shape."""

    position: jax.Array
    """Origin of the hand's root, (*b, 3), object frame [m]."""
    rotation: jax.Array
    """First two columns of the root's rotation, (*b, 6), object frame."""
    dofs: jax.Array
    """Independent joint coordinates, (*b, d) [rad or m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Pattern:
    """Links that are meant to touch: fixed for a grasp, chosen with its seed."""

    link: jax.Array
    """Link of each contact slot, (*b, k) int32."""
    active: jax.Array
    """1 where the slot is used, 0 where it only fills the shape, (*b, k)."""
    optional: jax.Array
    """1 where the slot counts only as far as its link comes near by itself, (*b, k)."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that the grasps of one run share: arrays without a batch axis."""

    hand: HandArrays
    """The hand, its points in the frames of its links."""
    object: ObjectArrays
    """The object; its `grid` is the shape that energies see."""
    targets: TaskTargets
    """The demands of the task, object frame."""
    scene: SceneArrays = dataclasses.field(default_factory=SceneArrays.empty)
    """Surroundings of the object, object frame; none by default."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Contacts:
    """The chosen contact of each slot, object frame."""

    active: jax.Array
    """Weight of the slot in [0, 1], held fixed, (k,)."""
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
    """Motion of the points with the hand's passive motions, (k, m, 3) [m/rad]."""

    @property
    def footprints(self) -> jax.Array:
        """The points moved onto the object's surface, (k, 3) [m]; they move with the hand."""
        return self.points - jax.lax.stop_gradient(self.distance[..., None] * self.normals)


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
    places: jax.Array
    """Contact candidates, surface points and centres of proxy spheres, one after the other,
    (3, c + m + s), object frame [m]."""
    distance: jax.Array
    """Signed distance of `places` to the object, (c + m + s,) [m]."""
    standoff: jax.Array
    """Distance from the surface that contacts are drawn to, () [m]."""
    margin: jax.Array
    """Clearance that the whole hand keeps from the object, () [m]."""
    forces: jax.Array | None = None
    """Contact forces on the object that come nearest to each target wrench, (t, k, 3), held fixed;
    None before `with_contact_forces`."""


def grasp_state(
    problem: Problem,
    variables: GraspVariables,
    pattern: Pattern,
    *,
    standoff: jax.Array | float = 0.0,
    margin: jax.Array | float = 0.0,
) -> GraspState:
    """Compute the state of one grasp; differentiable in `variables`.

    A slot's contact is the candidate of its link that is nearest to the object and faces it
    best. The choice itself carries no gradient; it is made anew at every call.

    Args:
        problem: hand, object and targets.
        variables: one grasp, without a batch axis.
        pattern: links meant to touch, (k,).
        standoff: distance from the surface that contacts are drawn to, () [m].
        margin: clearance that the whole hand keeps from the object, () [m].
    """
    hand, grid = problem.hand, problem.object.grid
    joints = joints_from_dofs(hand, variables.dofs)
    posture = kinematics.forward_kinematics(hand.tree, joints, root_pose(variables))
    poses = posture.links

    groups = (hand.contacts, hand.surface, hand.spheres)
    local = jnp.concatenate([group.local for group in groups])
    link = jnp.concatenate([group.link for group in groups])
    places = kinematics.transform_points(poses, local, link)
    depth, outward = distance.query(grid, places, 0)
    candidate = _nearest(hand.contacts, pattern, poses, depth, outward)
    # Placed anew from few links: the gradient through a choice among all would be a scatter.
    slot_poses = jnp.matmul(poses, _one_hot(pattern.link, poses), precision=_HIGHEST)
    chosen, pad_normals = hand.contacts.local[candidate].T, hand.contacts.normals[candidate].T
    points = (jnp.sum(slot_poses[:, :3] * chosen, axis=1) + slot_poses[:, 3]).T
    normals, gap = outward[:, candidate].T, jax.lax.stop_gradient(depth[candidate])
    near = jnp.exp(-((gap / CONTACT_DECAY) ** 2))
    contacts = Contacts(
        active=pattern.active * jnp.where(pattern.optional > 0, near, 1.0),
        points=points,
        hand_normals=jnp.sum(slot_poses[:, :3] * pad_normals, axis=1).T,
        distance=gap + jnp.sum(normals * (points - jax.lax.stop_gradient(points)), axis=-1),
        normals=normals,
        link=pattern.link,
        passive_motions=passive_motions(problem, posture, points, pattern.link)
        * _yielding(hand, joints)[:, None],
    )
    return GraspState(
        position=variables.position,
        rotation=rotations.matrix_from_6d(variables.rotation),
        dofs=variables.dofs,
        contacts=contacts,
        poses=poses,
        places=places,
        distance=depth,
        standoff=jnp.asarray(standoff, depth.dtype),
        margin=jnp.asarray(margin, depth.dtype),
    )


def passive_motions(
    problem: Problem, posture: kinematics.LinkPoses, points: jax.Array, link: jax.Array
) -> jax.Array:
    """Compute how points on links move with the hand's passive motions.

    Args:
        problem: gives the hand.
        posture: poses of its links and axes, object frame.
        points: points, (k, 3), object frame [m].
        link: the link of each, (k,).

    Returns:
        Rates of the points, (k, m, 3), object frame [m/rad].
    """
    twists = kinematics.link_twists(problem.hand.tree, posture, problem.hand.passive_motions)
    point_twists = jnp.matmul(twists, _one_hot(link, twists), precision=_HIGHEST)
    return (jnp.cross(point_twists[:3], points.T[:, None], axis=0) + point_twists[3:]).T


def _yielding(hand: HandArrays, joints: jax.Array) -> jax.Array:
    """Freedom of fingers to give way, (m,) in [0, 1]: 0 where a joint is at its stop."""
    lower, upper = joints_from_dofs(hand, jnp.stack([hand.lower, hand.upper]))
    motions = hand.passive_motions
    room = jnp.where(motions > 0, upper - joints, joints - lower)
    room = jnp.where(jnp.abs(motions) > 1e-3, room, jnp.inf)
    return jnp.clip(jnp.min(room, axis=1) / _STOPPING, 0.0, 1.0)


def root_pose(variables: GraspVariables) -> jax.Array:
    """Pose of the hand's root, rotation and translation, (*b, 3, 4), object frame."""
    rotation = rotations.matrix_from_6d(variables.rotation)
    return jnp.concatenate([rotation, variables.position[..., None]], axis=-1)


def _one_hot(link: jax.Array, by_link: jax.Array) -> jax.Array:
    """Matrix (L, k) that takes columns of links (..., L) to those of points on links (k,)."""
    links = jnp.arange(by_link.shape[-1], dtype=link.dtype)
    return (links[:, None] == link).astype(by_link.dtype)


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
    pad_normals = kinematics.rotate_directions(poses[:, :3], candidates.normals, candidates.link)
    cosine = jnp.sum(pad_normals * outward, axis=0)
    score = jnp.abs(depth) + MISALIGNED * jnp.maximum(1 + cosine, 0.0)
    # The bits of positive floats are ordered as integers. A candidate's number in the lowest of
    # them makes one vectorised minimum of the argmin, which took 7 us of a step's 60.
    spare = count.bit_length()
    score = jnp.asarray(score, jnp.float32)
    key = jax.lax.bitcast_convert_type(score, jnp.int32) >> spare << spare
    key = key | jnp.arange(count, dtype=jnp.int32)
    on_link = candidates.link[:, None] == pattern.link[None, :]
    best = jnp.min(jnp.where(on_link, key[:, None], jnp.iinfo(jnp.int32).max), axis=0)
    return jnp.minimum(best & ((1 << spare) - 1), count - 1)
