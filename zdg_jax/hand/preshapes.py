"""The openings of a hand: postures whose thumb opposes the other fingers, at every width.

Closing all joints together from an open pose shows but one opening a width, and not the widest.
So postures are drawn at random: the thumb's joints over their whole ranges, the other fingers
curled alike. Those whose tips face each other with no finger inside another are kept, several
for each width. What "facing" means is read off the contact candidates of the tips.
"""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.hand import Hand, HandArrays, joints_from_dofs
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


@functools.lru_cache(maxsize=16)
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
    found, clearance = _measure(
        arrays,
        jnp.asarray(np.clip(dofs, lower, upper), jnp.float32),
        jnp.asarray([finger.tip_link for finger in hand.fingers]),
        jnp.asarray(thumb, jnp.float32),
        jnp.asarray(hand.palm.position, jnp.float32),
        jnp.asarray(hand.palm.normal, jnp.float32),
    )
    clear = np.asarray(clearance) > -0.002
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


@jax.jit
def _measure(
    hand: HandArrays,
    dofs: jax.Array,
    tips: jax.Array,
    thumb: jax.Array,
    palm: jax.Array,
    normal: jax.Array,
) -> tuple[Opening, jax.Array]:
    """Openings of postures (l, d), and the least gap between inscribed spheres of links, (l,)."""
    # Each tip is stood for by the mean of its link's contact candidates.
    member = (hand.contacts.link == tips[:, None]).astype(jnp.float32)
    count = jnp.maximum(member.sum(1, keepdims=True), 1.0)
    pads = (member @ hand.contacts.local) / count
    outward = rotations.normalize((member @ hand.contacts.normals) / count + 1e-6)
    others = 1 - thumb
    first, second = hand.self_pairs[:, 0], hand.self_pairs[:, 1]

    def mean(values: jax.Array, weights: jax.Array) -> jax.Array:
        return jnp.tensordot(weights, values, axes=1) / jnp.maximum(jnp.sum(weights), 1.0)

    def single(dofs: jax.Array) -> tuple[Opening, jax.Array]:
        poses = kinematics.link_poses(hand.tree, joints_from_dofs(hand, dofs))
        points = kinematics.transform_points(poses, pads, tips).T
        normals = kinematics.rotate_directions(poses[:, :3], outward, tips).T
        near, far = mean(points, thumb), mean(points, others)
        axis = rotations.normalize(far - near)
        square = jnp.minimum(mean(normals @ axis, thumb), -mean(normals @ axis, others))
        across = normal - jnp.dot(axis, normal) * axis
        facing = rotations.normalize(across)
        middle = (near + far) / 2
        centers = kinematics.transform_points(poses, hand.spheres.local, hand.spheres.link)
        apart = jnp.linalg.norm(centers[:, first] - centers[:, second], axis=0)
        gap = apart - hand.spheres.inner[first] - hand.spheres.inner[second]
        return Opening(
            dofs=dofs,
            width=jnp.linalg.norm(far - near),
            middle=middle,
            axis=axis,
            facing=facing,
            depth=jnp.dot(middle - palm, facing),
            opposition=square * jnp.linalg.norm(across),
        ), jnp.min(gap, initial=jnp.inf)

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
