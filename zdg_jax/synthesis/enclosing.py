"""Enclosing seeds: a hand whose palm lies on the object, closed about it link by link.

The palm lands where the object is thin and its surface faces the palm squarely. Then the joints
close, those near the palm first and the others a little meanwhile, until the links that they move
touch: the order in which a hand with one tendon per finger wraps around things (Hirose and
Umetani, Mechanism and Machine Theory 13, 1978). The links that touch in the end are the contact
pattern of the seed, so any hand closes the links that it has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import energy
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import Hand, extended, joints_from_dofs
from zdg_jax.kernels import distance, kinematics, rotations
from zdg_jax.kernels.reductions import least_of_columns
from zdg_jax.runtime.arrays import booleans, floats
from zdg_jax.runtime.settings import float_setting
from zdg_jax.scenes.arrays import SceneArrays
from zdg_jax.synthesis.chances import Chances, draw_likely

_DIRECTIONS = 8
"""Directions about the axis of the opening that the palm may come from."""
_SURE = 12.0
"""Weight of a sure plan's direction among those the palm may come from, beside a random one's."""
_TRACED, _ADVANCED = 8, 5
"""Steps that look for the surface before the palm, and that bring the palm onto it."""
_SQUARE = 0.87
"""Cosine between the axis of a hand's opening as it was drawn and as planned below which the plan's
counts."""
_STILL = 0.02
"""Change below which a joint counts as stopped [rad or m]."""
_HEEDED = 0.6
"""Share of the draws among surroundings that heed the planned approach."""
_PALM_ROOM = 0.05
"""Room that a palm needs behind its face and around it [m]."""
_CROWDED = 400.0
"""Log-likelihood that a landing loses per metre of that room that is missing [1/m]."""
_GRAZING = 0.1
"""Share of a link's speed that counts as towards the surface, whatever its direction."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class EnclosingConfig:
    """Settings of the enclosing seeds. Only counts are static."""

    landings: int = dataclasses.field(default=8, metadata={"static": True})
    """Landings of the palm that each seed draws; from the best the hand is closed."""
    steps: int = dataclasses.field(default=8, metadata={"static": True})
    """Steps of the closing."""
    largest_step: jax.Array = float_setting(0.35)
    """Largest change of a joint in one of them [rad or m]."""
    following: jax.Array = float_setting(0.3)
    """Speed of a joint beyond one that still closes, over the speed that it has afterwards."""
    squareness: jax.Array = float_setting(8.0)
    """Log-likelihood of a landing square to the surface, beside one along it."""
    approach: jax.Array = float_setting(12.0)
    """Log-likelihood of a landing from where a sure plan says, beside one across."""
    thickness: jax.Array = float_setting(0.02)
    """Depth of the object's middle below the palm that makes a landing e times less likely [m]."""
    thumb_opening: jax.Array = float_setting(0.3)
    """Opening of the thumb's joints beyond the preshape before the landing [rad or m]."""
    turn: jax.Array = float_setting(0.15)
    """Standard deviation of the orientation [rad]."""
    jitter: jax.Array = float_setting(0.006)
    """Standard deviation of the position [m]."""
    touching: jax.Array = float_setting(0.006)
    """Gap up to which a closed link is meant to touch [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ClosingMotion:
    """The way a hand of d dofs and L links closes."""

    closing: jax.Array
    """Sign with which each dof closes the hand, (d,); 0 = neither."""
    carries: jax.Array
    """True where a dof (row) carries the links of another (column) and more, (d, d) bool."""
    opened: jax.Array
    """Dofs of the open hand, (d,)."""
    thumb: jax.Array
    """True for dofs that move the thumb (of a hand without one, the first finger), (d,) bool."""
    palm: jax.Array
    """True for links fixed to the palm; all are where the palm has no surface, (L,) bool."""
    touching: jax.Array
    """True for links with contact candidates, those of idle fingers left out, (L,) bool."""

    @classmethod
    def of(
        cls, hand: Hand, idle: Collection[str] = (), pointing: np.ndarray | None = None
    ) -> ClosingMotion:
        """Read the closing motion off a hand.

        Args:
            hand: the hand.
            idle: names of fingers that stay open and are to touch nothing.
            pointing: unit direction in which the index finger is laid, straight, (3,), hand root
                frame; it closes in its first joint alone. None where it wraps as the others do.
        """
        arrays = hand.arrays
        closing, surfaces = np.array(hand.closing, float), set(np.asarray(arrays.contacts.link))
        opened = np.array(hand.open_dofs, float)
        if pointing is not None:
            opened, straight = extended(hand, pointing)
            closing[straight] = 0.0
        for finger in hand.fingers:
            if finger.name in idle:
                closing[hand.kinematics.dofs_of(finger.joints)] = 0.0
                surfaces -= set(finger.links)
        coupled = np.abs(np.asarray(arrays.coupling)[1:]).sum(axis=0) > 0
        moves = np.asarray(arrays.tree.moves) @ coupled > 0
        within = (moves[:, None] <= moves[:, :, None]).all(axis=0)
        # A tendon pulls all its joints at once.
        shared = (
            np.abs(np.asarray(arrays.passive_motions)) @ np.abs(np.asarray(arrays.coupling)[1]) > 0
        )
        within &= ~(shared.T @ shared)
        thumbs = [f for f in hand.fingers if f.is_thumb] or list(hand.fingers[:1])
        links = [link for finger in thumbs for link in finger.links]
        others = [link for f in hand.fingers if f not in thumbs for link in f.links]
        palm = np.isin(np.arange(hand.num_links), hand.palm_links)
        if not palm[np.asarray(arrays.spheres.link)].any():
            palm[:] = True
        return cls(
            closing=floats(closing),
            carries=booleans(within & ~within.T),
            opened=floats(opened),
            thumb=booleans(moves[links].any(axis=0) & ~moves[others].any(axis=0)),
            palm=booleans(palm),
            touching=booleans(np.isin(np.arange(len(palm)), sorted(surfaces))),
        )


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PlacedPreshape:
    """A preshape laid across the object: where thumb and fingers are to close."""

    axis: jax.Array
    """Unit direction from thumb to fingers, (3,), object frame."""
    middle: jax.Array
    """Half-way between them, (3,), object frame [m]."""
    wanted: jax.Array
    """Unit direction that `facing_in_hand` has in the planned pose, (3,), object frame."""
    wanted_axis: jax.Array
    """Unit direction that `axis_in_hand` has there, (3,), object frame; zero where the plan leaves
    it open."""
    axis_in_hand: jax.Array
    """The same direction, (3,), hand root frame."""
    facing_in_hand: jax.Array
    """Unit palm normal made orthogonal to it, (3,), hand root frame."""
    middle_in_hand: jax.Array
    """The same point, (3,), hand root frame [m]."""
    depth: jax.Array
    """Distance from the palm's face to it, () [m]."""
    dofs: jax.Array
    """Dofs of the preshape, (d,)."""


def land(
    problem: Problem,
    motion: ClosingMotion,
    preshape: PlacedPreshape,
    config: EnclosingConfig,
    chances: Chances,
) -> tuple[GraspVariables, jax.Array]:
    """Lay the palm of an open hand on the object.

    Args:
        problem: hand, object and targets.
        motion: how the hand closes.
        preshape: where it is to close.
        config: settings.
        chances: random numbers.

    Returns:
        The grasp before the hand closes, and the unit direction that its palm faces, (3,), object
        frame.
    """
    grid, approach, hand = problem.object.grid, problem.targets.approach, problem.hand
    # What lies slantwise across a planned hand is not laid square into it.
    slanted = jnp.abs(jnp.dot(preshape.axis, preshape.wanted_axis)) < _SQUARE
    slanted &= jnp.any(preshape.wanted_axis != 0)
    axis = jnp.where(slanted, preshape.wanted_axis, preshape.axis)
    # The first of the directions is as the plan wants it, as far as it is sure.
    planned = heeds_plan(problem.scene, chances.heeded) * approach.weight
    first = chances.sides[0] + _SURE * planned * preshape.wanted
    side = rotations.normalize(first - jnp.dot(first, axis) * axis)
    angles = jnp.linspace(0.0, 2 * jnp.pi, _DIRECTIONS, endpoint=False)
    around = jnp.cross(axis, side)
    facings = jnp.cos(angles)[:, None] * side + jnp.sin(angles)[:, None] * around

    def trace(_: int, depth: jax.Array) -> jax.Array:
        gap, _normal = distance.query(grid, preshape.middle - depth[:, None] * facings)
        return depth + jnp.where(gap < 0, jnp.maximum(-gap, 0.002), -0.5 * jnp.minimum(gap, 0.01))

    depth = jax.lax.fori_loop(0, _TRACED, trace, jnp.full(_DIRECTIONS, jnp.float32(0.002)))
    _, normals = distance.query(grid, preshape.middle - depth[:, None] * facings)
    square = -jnp.sum(normals * facings, axis=-1)
    pull = config.approach * planned * (facings @ preshape.wanted)
    logits = config.squareness * square - depth / config.thickness + pull
    if not problem.scene.is_empty:
        room = palm_room(problem.scene, preshape.middle, facings, depth)
        logits = logits + _CROWDED * jnp.minimum(room - _PALM_ROOM, 0.0)
    row = draw_likely(chances.facing, logits)
    facing, depth = facings[row], depth[row]

    tilt = config.turn * chances.tilt
    angle = jnp.sqrt(jnp.sum(tilt * tilt) + 1e-12)
    in_object = palm_frame(axis, facing)
    in_hand = palm_frame(preshape.axis_in_hand, preshape.facing_in_hand)
    rotation = rotations.axis_angle(tilt / angle, angle) @ in_object @ in_hand.T
    spread = preshape.dofs - config.thumb_opening * motion.closing
    dofs = jnp.where(motion.thumb, spread, motion.opened)
    back = preshape.depth - depth
    position = preshape.middle - rotation @ preshape.middle_in_hand + back * facing
    position = position + config.jitter * chances.shift
    variables = GraspVariables(
        position=position,
        rotation=rotations.sixd_from_matrix(rotation),
        dofs=jnp.clip(dofs, hand.lower, hand.upper),
    )
    landed = _advance(problem, motion, variables, facing)
    return _clear(problem, landed), facing


def heeds_plan(scene: SceneArrays, number: jax.Array) -> jax.Array:
    """Say by a uniform number whether a seed heeds the planned approach, () in {0, 1}.

    Among surroundings not every one does: where they hinder the whole hand, though not its palm,
    others are to win.
    """
    if scene.is_empty:
        return jnp.ones(())
    return (number < _HEEDED).astype(jnp.float32)


def palm_room(
    scene: SceneArrays, middle: jax.Array, facings: jax.Array, depth: jax.Array
) -> jax.Array:
    """Clearance that surroundings leave behind palms, as much as they need at most, (n,) [m].

    Args:
        scene: the surroundings.
        middle: point that the palms face, (3,), object frame [m].
        facings: unit directions that they face, (n, 3), object frame.
        depth: distance from the palms' faces to it, (n,) or () [m].
    """
    back = jnp.reshape(depth + _PALM_ROOM, (-1, 1))
    return jnp.minimum(scene.clearance((middle - back * facings).T), _PALM_ROOM)


def palm_frame(axis: jax.Array, facing: jax.Array) -> jax.Array:
    """Rotation (3, 3) of the frame whose x runs along an axis and whose y the palm faces."""
    return jnp.stack([axis, facing, jnp.cross(axis, facing)], axis=-1)


def close(
    problem: Problem, motion: ClosingMotion, variables: GraspVariables, config: EnclosingConfig
) -> tuple[GraspVariables, jax.Array]:
    """Close the joints of a grasp until links touch the object or what surrounds it.

    No joint moves farther than the nearest link that it moves has room, by the speed at which that
    link's nearest point approaches the surface: conservative advancement (Mirtich, 1996).

    Returns:
        The closed grasp, and the gap between each link and the object, (L,) [m]; 1 for links
        without a surface.
    """
    hand = problem.hand
    root = energy.root_pose(variables)
    motions = (hand.coupling[1] * motion.closing).T
    moving = motion.closing != 0

    def step(_: int, dofs: jax.Array) -> jax.Array:
        posture = kinematics.forward_kinematics(hand.tree, joints_from_dofs(hand, dofs), root)
        gap, normal, point = _nearest(problem, posture.links, among=True)
        twists = kinematics.link_twists(hand.tree, posture, motions)
        velocity = jnp.cross(twists[:3], point[:, None], axis=0) + twists[3:]
        towards = jax.nn.relu(-jnp.sum(velocity * normal[:, None], axis=0))
        rate = towards + _GRAZING * jnp.sqrt(jnp.sum(velocity**2, axis=0) + 1e-12)
        room = jax.nn.relu(gap)
        alone = jnp.min(jnp.where(rate > 1e-4, room / jnp.maximum(rate, 1e-4), jnp.inf), axis=1)
        left = jnp.where(motion.closing > 0, hand.upper - dofs, dofs - hand.lower)
        alone = jnp.minimum(alone, left)
        closes = moving & (alone > _STILL)
        waits = jnp.any(motion.carries & closes[:, None], axis=0)
        largest = config.largest_step * jnp.where(waits, config.following, 1.0)
        wish = jnp.where(moving, jnp.minimum(alone, largest), 0.0)
        # Joints that move a link together share its room.
        share = jnp.minimum(1.0, room / jnp.maximum(wish @ rate, 1e-6))
        share = jnp.min(jnp.where(rate > 1e-4, share, 1.0), axis=1)
        return dofs + motion.closing * wish * share

    dofs = jax.lax.fori_loop(0, config.steps, step, variables.dofs)
    posture = kinematics.forward_kinematics(hand.tree, joints_from_dofs(hand, dofs), root)
    gap, _, _ = _nearest(problem, posture.links)
    return dataclasses.replace(variables, dofs=dofs), gap


def touched_links(
    motion: ClosingMotion,
    gap: jax.Array,
    slots: int,
    touching: jax.Array,
    palm: jax.Array | bool = False,
) -> Pattern:
    """The contact pattern of a closed hand: its nearest links, as many as there are slots.

    Args:
        motion: tells which links have contact candidates.
        gap: gap of each link, (L,) [m].
        slots: contact slots, static.
        touching: gap up to which links are meant to touch, () [m]; the two nearest are anyhow.
        palm: whether the palm is meant to touch wherever it is, () bool.
    """
    gap = jnp.where(motion.palm & palm, jnp.minimum(gap, 0.0), gap)
    nearest, link = jax.lax.top_k(-jnp.where(motion.touching, gap, 1.0), slots)
    active = (-nearest < touching) | (jnp.arange(slots) < 2)
    return Pattern(
        link=link.astype(jnp.int32),
        active=active.astype(jnp.float32),
        optional=jnp.zeros(slots, jnp.float32),
    )


def _advance(
    problem: Problem, motion: ClosingMotion, variables: GraspVariables, facing: jax.Array
) -> GraspVariables:
    """Move a hand along `facing` until its palm touches."""
    hand = problem.hand
    spheres = hand.spheres
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, spheres.local, spheres.link)
    palm = motion.palm[spheres.link]

    def step(_: int, shift: jax.Array) -> jax.Array:
        gap, normal = distance.query(problem.object.grid, centers + shift * facing[:, None], 0)
        square = jnp.maximum(-facing @ normal, 0.3)
        room = jnp.where(palm, (gap - spheres.inner) / square, jnp.inf)
        return shift + jnp.clip(jnp.min(room), -0.01, 0.05)

    shift = jax.lax.fori_loop(0, _ADVANCED, step, jnp.float32(0.0))
    position = variables.position + jnp.clip(shift, -0.04, 0.1) * facing
    return dataclasses.replace(variables, position=position)


def _clear(problem: Problem, variables: GraspVariables) -> GraspVariables:
    """Lift a hand off the table, if it is in it."""
    if problem.scene.is_empty:
        return variables
    hand = problem.hand
    joints = joints_from_dofs(hand, variables.dofs)
    poses = kinematics.link_poses(hand.tree, joints, energy.root_pose(variables))
    centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
    off = problem.scene.push_off(centers, hand.spheres.inner)
    return dataclasses.replace(variables, position=variables.position + off)


def _nearest(
    problem: Problem, links: jax.Array, *, among: bool = False
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Gap (L,), outward normal (3, L) and place (3, L) of each link's nearest sphere.

    Of the object alone, or with `among` also of what surrounds it.
    """
    spheres = problem.hand.spheres
    centers = kinematics.transform_points(links, spheres.local, spheres.link)
    gap, normal = distance.query(problem.object.grid, centers, 0)
    gap = gap - 0.5 * (spheres.inner + spheres.radii)
    if among and not problem.scene.is_empty:
        room, outward = problem.scene.clearance_and_normals(centers)
        nearer = room - spheres.inner < gap
        gap = jnp.where(nearer, room - spheres.inner, gap)
        normal = jnp.where(nearer, outward, normal)
    of_link = spheres.link[:, None] == jnp.arange(links.shape[-1])
    by_link = jnp.where(of_link, gap[:, None], 1.0)
    nearest, row = least_of_columns(by_link)
    return nearest, normal[:, row], centers[:, row]
