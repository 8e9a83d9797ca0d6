"""A plan as arrays of one shape for every plan: the targets that seeds and energies read."""

from __future__ import annotations

import dataclasses

import jax

from zdg_jax.kernels.distance import DistanceGrid


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PartTarget:
    """Parts of the object that a grasp is to touch or to keep off."""

    grid: DistanceGrid
    """Distance to these parts."""
    weight: jax.Array
    """Weight with which they bind, () in [0, 1]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class DirectionTarget:
    """A direction that one of the hand's own directions is to take."""

    direction: jax.Array
    """Unit direction, (3,), object frame; zero where the plan has none."""
    weight: jax.Array
    """Weight with which it binds, () in [0, 1]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ApertureTarget:
    """The width across which thumb and fingers are to close."""

    width: jax.Array
    """Width, () [m]."""
    weight: jax.Array
    """Weight with which it binds, () in [0, 1]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkTargets:
    """Roles of each of the hand's L links."""

    points: jax.Array
    """Point that each link is to touch, (L, 3), object frame [m]."""
    point_weights: jax.Array
    """Weight with which each link's point binds, (L,) in [0, 1]; 0 for links without one."""
    idle: jax.Array
    """Weight with which each link is to keep clear of the object, (L,) in [0, 1]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PointingTarget:
    """A finger that is to lie along a direction from its base to its tip."""

    direction: DirectionTarget
    """The direction."""
    base: jax.Array
    """Number of the finger's first link, () int32."""
    tip: jax.Array
    """Number of its last link, () int32."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class WrenchTargets:
    """Wrenches that the contacts must be able to produce."""

    wrenches: jax.Array
    """Wrenches about the centre of mass, (t, 6), in units of one push; torques over
    `kernels.lengths.TORQUE_LENGTH`."""
    weights: jax.Array
    """Weight of each, (t,)."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskTargets:
    """The demands of a task on a grasp. A weight of zero switches a target off."""

    held: PartTarget
    """Parts to hold."""
    avoided: PartTarget
    """Parts to keep off."""
    rest: PartTarget
    """Parts that are neither to hold nor to avoid."""
    clearance: jax.Array
    """Distance to keep from the parts to avoid, and of idle links from the object, () [m]."""
    approach: DirectionTarget
    """Direction that the palm's normal is to take."""
    thumb: DirectionTarget
    """Direction from the palm to the thumb's side."""
    palm: jax.Array
    """Weight with which the palm is to touch, () in [0, 1]; seeds alone read it."""
    links: LinkTargets
    """Points to touch, and links to keep idle."""
    extended: PointingTarget
    """The finger that is laid along a tool."""
    aperture: ApertureTarget
    """Width across which the hand closes; seeds alone read it."""
    wrenches: WrenchTargets
    """Wrenches to resist."""
    sample_weights: jax.Array
    """Weight with which each surface sample of the object asks to be held, (S,), mean 1; seeds
    alone read it."""
