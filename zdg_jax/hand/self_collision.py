"""Self-collision: pairs of spheres that can meet, and links that stand in one another."""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.spatial.distance import cdist

from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.spheres import LinkSpheres

_NEAR = 0.002
"""Gap within which spheres count as meeting [m]."""
_COVERED = 0.001
"""Overlap of two links that need not be seen [m]."""


def colliding_spheres(
    kinematics: HandKinematics,
    model: mujoco.MjModel,
    spheres: LinkSpheres,
    poses: np.ndarray,
    *,
    draws: int = 1500,
    seed: int = 0,
) -> np.ndarray:
    """List pairs of spheres of different links that tell how deep these can be in each other.

    Left out: neighbours along the tree, pairs that the MJCF excludes, pairs that never come
    within 2 mm of each other, pairs that touch in every one of the poses, and pairs beside which
    others of the same links always overlap as deep, to a millimetre.

    Args:
        kinematics: the hand's kinematics.
        model: the compiled hand.
        spheres: spheres that cover the links.
        poses: dofs in which a hand may well be, (n, d): rest, open, half closed.
        draws: random postures that are looked at besides.
        seed: of these.

    Returns:
        Indices of spheres, (p, 2) int32.
    """
    radii, link = spheres.radii, spheres.link
    rng = np.random.default_rng(seed)
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    dofs = np.concatenate([poses, low + rng.random((draws, len(low))) * (high - low)])
    rotation, translation = kinematics.link_poses(dofs)
    places = np.einsum("nsij,sj->nsi", rotation[:, link], spheres.centers) + translation[:, link]
    nearest, touching = np.inf, True
    for k, centers in enumerate(places):
        gap = cdist(centers, centers) - radii - radii[:, None]
        nearest = np.minimum(nearest, gap)
        touching = touching & (gap < 0) if k < len(poses) else touching
    meet = np.triu(_may_collide(model, kinematics)[np.ix_(link, link)])
    first, second = np.nonzero(meet & (nearest < _NEAR) & ~touching)
    apart = np.linalg.norm(places[:, first] - places[:, second], axis=-1)
    overlap = np.maximum(_NEAR + radii[first] + radii[second] - apart, 0.0)
    _, group = np.unique(link[first] * model.nbody + link[second], return_inverse=True)
    telling = [
        _telling(overlap, np.flatnonzero(group == g)) for g in range(group.max(initial=-1) + 1)
    ]
    rows = np.sort(np.concatenate([np.zeros(0, int), *telling]))
    return np.stack([first[rows], second[rows]], axis=1).astype(np.int32)


def _telling(overlap: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The fewest of some pairs, greedily, whose deepest overlap is that of all in each posture.

    Args:
        overlap: of every pair in n postures, (n, p) [m].
        pairs: the pairs to choose among.
    """
    overlap, chosen = overlap[:, pairs], list[int]()
    # What must still be seen of each posture's deepest overlap.
    least, seen = overlap.max(axis=1) - _COVERED, np.zeros(len(overlap))
    while (short := np.maximum(least - seen, 0.0)).any():
        left = np.maximum(least[:, None] - np.maximum(overlap, seen[:, None]), 0.0)
        chosen.append(int((short[:, None] - left).sum(axis=0).argmax()))
        seen = np.maximum(seen, overlap[:, chosen[-1]])
    return pairs[chosen]


def overlap_depth(
    kinematics: HandKinematics, model: mujoco.MjModel, dofs: np.ndarray
) -> np.ndarray:
    """Measure by MuJoCo's collision detection how deep links stand in one another.

    Pairs that overlap at rest are left out: their links are built into one another.

    Args:
        kinematics: the hand's kinematics.
        model: the compiled hand.
        dofs: poses, (n, d).

    Returns:
        Greatest depth in each pose, (n,) [m], >= 0.
    """
    first, *rest = _overlaps(kinematics, model, np.concatenate([kinematics.rest[None], dofs]))
    return np.array([max((d for p, d in o.items() if p not in first), default=0.0) for o in rest])


def permanent_overlaps(
    kinematics: HandKinematics, model: mujoco.MjModel, dofs: np.ndarray, least: float = 5e-4
) -> list[tuple[int, int]]:
    """List pairs of links that overlap at rest and in every pose, though they may collide.

    Hulls of a converted URDF often reach into the next but one link, and in physics would push
    the hand apart.

    Args:
        kinematics: the hand's kinematics.
        model: the compiled hand.
        dofs: poses, (n, d).
        least: depth from which an overlap counts [m].

    Returns:
        Indices of links, the lower first, sorted.
    """
    overlaps = _overlaps(kinematics, model, np.concatenate([kinematics.rest[None], dofs]))
    return sorted(p for p in overlaps[0] if all(o.get(p, 0.0) > least for o in overlaps))


def _overlaps(
    kinematics: HandKinematics, model: mujoco.MjModel, dofs: np.ndarray
) -> list[dict[tuple[int, int], float]]:
    """Depth [m] of each pair of links that overlap, per pose (n, d); neighbours are left out."""
    data, allowed = mujoco.MjData(model), _may_collide(model, kinematics)
    body, every = model.geom_bodyid, []
    for joints in kinematics.joints(dofs):
        data.qpos[:] = joints
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        depth: dict[tuple[int, int], float] = {}
        for pair, gap in zip(data.contact.geom, data.contact.dist, strict=True):
            a, b = sorted((int(body[pair[0]]), int(body[pair[1]])))
            if allowed[a, b] and gap < 0:
                depth[a, b] = max(depth.get((a, b), 0.0), -float(gap))
        every.append(depth)
    return every


def _may_collide(model: mujoco.MjModel, kinematics: HandKinematics) -> np.ndarray:
    """Mark pairs of links that physics lets touch, (L, L) bool."""
    size = model.nbody
    carrier = np.array(kinematics.tree.topology.carriers)
    allowed = carrier[:, None] != carrier[None]
    weld = model.body_weldid
    for body in range(size):
        above = weld[model.body_parentid[weld[body]]]
        neighbour = weld == above
        allowed[body, neighbour] = allowed[neighbour, body] = False
    for signature in model.exclude_signature:
        a, b = int(signature) >> 16, int(signature) & 0xFFFF
        allowed[a, b] = allowed[b, a] = False
    return allowed
