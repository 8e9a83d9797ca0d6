"""A plan in the form that energies read: arrays only, of one shape for every plan."""

from __future__ import annotations

import dataclasses

import jax

from zdg_jax.kernels.distance import DistanceGrid


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Guidance:
    """What the task asks of a grasp. A weight of zero switches its part off."""

    held: DistanceGrid
    """Distance to the parts to hold."""
    held_weight: jax.Array
    """() in [0, 1]."""
    avoided: DistanceGrid
    """Distance to the parts to keep off."""
    avoided_weight: jax.Array
    """() in [0, 1]."""
    rest: DistanceGrid
    """Distance to the parts that are neither to hold nor to avoid."""
    rest_weight: jax.Array
    """() in [0, 1]."""
    clearance: jax.Array
    """Distance to keep from the parts to avoid, and of idle links from the object, () [m]."""
    approach: jax.Array
    """Unit direction that the palm faces, (3,), object frame."""
    approach_weight: jax.Array
    """() in [0, 1]."""
    thumb: jax.Array
    """Unit direction from the palm to the thumb's side, (3,), object frame."""
    thumb_weight: jax.Array
    """() in [0, 1]."""
    points: jax.Array
    """Point that each link is to touch, (L, 3), object frame [m]."""
    point_weights: jax.Array
    """How much each link's point binds, (L,) in [0, 1]; 0 for links without one."""
    idle: jax.Array
    """How much each link is to keep clear of the object, (L,) in [0, 1]."""
    aperture: jax.Array
    """Width across which thumb and fingers close, () [m]."""
    aperture_weight: jax.Array
    """() in [0, 1]."""
    palm_normal: jax.Array
    """Unit normal of the palm's contact face, (3,), hand root frame."""
    thumb_side: jax.Array
    """Unit direction to the thumb's side, across the fingers, (3,), hand root frame."""
    targets: jax.Array
    """Wrenches that contacts must be able to produce about the centre of mass, (t, 6), in units
    of one push; torques over `torque_length`."""
    target_weights: jax.Array
    """Weight of each target wrench, (t,)."""
    torque_length: jax.Array
    """Length that turns torques into forces, () [m]."""
