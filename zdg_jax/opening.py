"""The openings of a hand: postures whose thumb opposes the other fingers, at every width.

Closing all joints together from an open pose shows but one opening a width, and not the widest.
So postures are drawn at random: the thumb's joints over their whole ranges, the other fingers
curled alike. Those whose tips face each other with no finger inside another are kept, several
for each width. What "facing" means is read off the contact candidates of the tips.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.kernels import kinematics, rotations

_DRAWS = 8192
_WIDTHS = 16
_EACH = 6


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Opening:
    """Postures in which the thumb opposes the other fingers, l of them."""

    dofs: jax.Array
    """Joint coordinates, (l, d)."""
    width: jax.Array
    """Distance between the thumb's pad and the mean of the others, (l,) [m]."""
    middle: jax.Array
    """Half-way between them, (l, 3), hand root frame [m]."""
    axis: jax.Array
    """Unit direction from the thumb to the others, (l, 3), hand root frame."""
    facing: jax.Array
    """Unit palm normal made orthogonal to the axis, (l, 3), hand root frame."""
    depth: jax.Array
    """Distance from the palm's face to the middle along `facing`, (l,) [m]."""
    opposition: jax.Array
    """How squarely the pads face each other along the axis, (l,), 1 = straight on."""


def opening(hand: Hand) -> Opening:
    """Draws the openings of a hand; the same ones at every call."""
    arrays = hand.arrays
    rng = np.random.default_rng(0)
    thumb = np.array([finger.is_thumb for finger in hand.fingers])
    if not thumb.any():
        thumb[0] = True
    lower, upper = np.asarray(arrays.lower), np.asarray(arrays.upper)
    opened, closed = np.asarray(hand.open_dofs), np.asarray(hand.half_closed_dofs)
    curl = rng.uniform(-0.3, 1.5, (_DRAWS, 1))
    noise = 0.05 * rng.normal(size=(_DRAWS, len(lower))) * (upper - lower)
    dofs = opened + curl * (closed - opened) + noise
    free = _dofs_of(hand, thumb)
    dofs[:, free] = rng.uniform(lower[free], upper[free], (_DRAWS, free.sum()))
    found = _measure(hand, jnp.asarray(np.clip(dofs, lower, upper), jnp.float32), thumb)
    clear = np.asarray(_clearance(hand, found.dofs)) > -0.002
    value = np.where(clear, np.asarray(found.opposition), -np.inf)
    value = np.where(np.asarray(found.depth) > 0, value, -np.inf)
    return jax.tree.map(lambda leaf: leaf[_spread(np.asarray(found.width), value)], found)


def _dofs_of(hand: Hand, fingers: np.ndarray) -> np.ndarray:
    """Which coordinates move the given fingers alone, (d,) bool."""
    tree, coupling = hand.arrays.tree, np.asarray(hand.arrays.coupling)
    moves = np.asarray(tree.moves) @ (np.abs(coupling[1:]).sum(axis=0) > 0) > 0
    chosen, others = (
        moves[
            [
                link
                for finger, own in zip(hand.fingers, fingers, strict=True)
                if own == side
                for link in finger.links
            ]
        ].any(axis=0)
        for side in (True, False)
    )
    return chosen & ~others


def _measure(hand: Hand, dofs: jax.Array, thumb: np.ndarray) -> Opening:
    arrays, tips = hand.arrays, np.array([finger.tip_link for finger in hand.fingers])
    rotation, translation = kinematics.link_poses(arrays.tree, joints_from_dofs(arrays, dofs))
    # Each tip is stood for by the mean of its link's contact candidates.
    member = jnp.asarray(np.asarray(arrays.contacts.link) == tips[:, None], jnp.float32)
    count = jnp.maximum(member.sum(1, keepdims=True), 1.0)
    local = (member @ arrays.contacts.local) / count
    normal = rotations.normalize((member @ arrays.contacts.normals) / count + 1e-6)
    points = jnp.einsum("lfij,fj->lfi", rotation[:, tips], local) + translation[:, tips]
    normals = jnp.einsum("lfij,fj->lfi", rotation[:, tips], normal)
    near, far = points[:, thumb].mean(1), points[:, ~thumb].mean(1)
    axis = rotations.normalize(far - near)
    facing_far = jnp.einsum("lfi,li->lf", normals[:, thumb], axis).mean(1)
    facing_near = -jnp.einsum("lfi,li->lf", normals[:, ~thumb], axis).mean(1)
    palm = jnp.asarray(hand.palm.normal, jnp.float32)
    across = palm - jnp.sum(axis * palm, -1, keepdims=True) * axis
    facing = rotations.normalize(across)
    middle = (near + far) / 2
    return Opening(
        dofs=dofs,
        width=jnp.linalg.norm(far - near, axis=-1),
        middle=middle,
        axis=axis,
        facing=facing,
        depth=jnp.sum((middle - jnp.asarray(hand.palm.position, jnp.float32)) * facing, axis=-1),
        opposition=jnp.minimum(facing_far, facing_near) * jnp.linalg.norm(across, axis=-1),
    )


def _clearance(hand: Hand, dofs: jax.Array) -> jax.Array:
    """Least gap between inscribed spheres of different links, (l,) [m]."""
    arrays, spheres = hand.arrays, hand.arrays.spheres
    pairs = np.asarray(arrays.self_pairs)

    def single(dofs: jax.Array) -> jax.Array:
        poses = kinematics.link_poses(arrays.tree, joints_from_dofs(arrays, dofs))
        centers = kinematics.attach(*poses, spheres.local, spheres.link)
        apart = jnp.linalg.norm(centers[pairs[:, 0]] - centers[pairs[:, 1]], axis=-1)
        reach = spheres.inner[pairs[:, 0]] + spheres.inner[pairs[:, 1]]
        return jnp.min(apart - reach, initial=jnp.inf)

    return jax.lax.map(single, dofs, batch_size=512)


def _spread(width: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The best postures of each width; a width without a good one repeats its neighbour's."""
    good = np.flatnonzero(value > 0.3)
    if len(good) < _EACH:
        good = np.argsort(-value, kind="stable")[: max(_EACH, 1)]
    edges = np.linspace(width[good].min(), np.quantile(width[good], 0.995), _WIDTHS)
    chosen = []
    for edge in edges:
        off = np.abs(width[good] - edge) / (edges[-1] - edges[0] + 1e-6) * _WIDTHS
        cost = np.where(off < 0.7, 0.0, 10 * off) - value[good]
        chosen.append(good[np.argsort(cost, kind="stable")[:_EACH]])
    return np.concatenate(chosen)
