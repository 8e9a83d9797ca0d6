"""Where a hand touches: contact candidates, surface points and what can collide with itself."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np

from zdg_jax.hand.anatomy import Finger, Palm
from zdg_jax.hand.motion import Frame, Motion
from zdg_jax.hand.solids import Samples, Solid, farthest

_INNER, _PALMAR = 0.5, 0.8
"""Least cosine between a candidate's normal and the inner side of its link, and of the palm."""
_ROUND = -0.2
"""The same on a fingertip: it may touch with its end and its sides too."""
_CLEAR = (0.004, 0.009, 0.016)
"""Heights above a candidate that must be clear of its own link [m]."""
_ON_TIP, _ON_PALM, _FEWEST, _MOST = 28, 20, 4, 10
"""Candidates on a fingertip and on the palm, and least and most on any other link.

A contact can only be made where a candidate is. With these the nearest one is at most 4 mm away on
the tips of Shadow, 5 on those of Allegro and 8 on those of LEAP; with 14 a tip, 5, 7 and 11.
"""
_SPACING = 0.008
"""Distance between the candidates of other links, as far as their number allows [m]."""
_AROUND = 160
"""Points around all links together: each costs a look-up a step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Points:
    """Points on links, sorted by link."""

    local: np.ndarray
    """(n, 3), link frame [m]."""
    normals: np.ndarray
    """(n, 3), outward."""
    link: np.ndarray
    """(n,) int."""


def candidates(
    frame: Frame,
    solids: list[Solid],
    samples: dict[int, Samples],
    fingers: tuple[Finger, ...],
    motions: list[Motion],
    palm: Palm,
    half_closed: np.ndarray,
) -> Points:
    """Points where an object held in the hand can touch it.

    On a finger they face the side that it curls to, on its tip also forward and to the sides; on
    the palm they face its normal. Points that lie within a neighbouring link, or in a recess of
    their own, are left out. Most lie on the fingertips, where most contacts are made.
    """
    picked = []
    buried = _buried(frame, solids, samples, half_closed)
    for finger, motion in zip(fingers, motions, strict=True):
        rotation, _ = frame.poses(motion.straight)
        for link in finger.links:
            if link not in samples:
                continue
            own = samples[link]
            inner = own.normals @ (rotation[link].T @ motion.inward)
            good = inner > _INNER
            if link == finger.tip_link:
                ahead = own.normals @ (rotation[link].T @ motion.pointing)
                good = (inner > _ROUND) & (inner + ahead > 0.35)
            good &= ~buried[link] & _open(own, solids, link)
            points, normals = own.points[good], own.normals[good]
            if link == finger.tip_link:
                height = points @ (rotation[link].T @ motion.pointing)
                picked += _on_tip(link, points, normals, height)
                continue
            room = own.area * float(good.mean())
            count = int(np.clip(round(room / _SPACING**2), _FEWEST, _MOST))
            picked.append((link, *_spread(points, normals, count)))
    rotation, _ = frame.poses(frame.rest)
    if palm.link in samples:
        own = samples[palm.link]
        good = own.normals @ (rotation[palm.link].T @ palm.normal) > _PALMAR
        good &= ~buried[palm.link] & _open(own, solids, palm.link)
        picked.append((palm.link, *_spread(own.points[good], own.normals[good], _ON_PALM)))
    return _sorted(picked)


def surface(
    frame: Frame,
    solids: list[Solid],
    samples: dict[int, Samples],
    rest: np.ndarray,
    relevant: set[int],
) -> Points:
    """Points all around the links, by the square root of area, less on links out of reach.

    Thin walls and rims pass between points, however many they are; the spheres within the links
    and the fit to the exact geometry see them (`docs/notes/refinement.md`).
    """
    buried = _buried(frame, solids, samples, rest)
    share = {
        link: own.area**0.6 * float((~buried[link]).mean()) * (1.0 if link in relevant else 0.3)
        for link, own in samples.items()
    }
    whole = sum(share.values())
    picked = []
    for link, own in samples.items():
        good = ~buried[link]
        count = max(round(_AROUND * share[link] / whole), 3)
        if good.any():
            picked.append((link, *_spread(own.points[good], own.normals[good], count)))
    return _sorted(picked)


def _on_tip(
    link: int, points: np.ndarray, normals: np.ndarray, height: np.ndarray
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Candidates of a tip link, three in four of them on its outer part."""
    if len(points) == 0:
        return []
    outer = height > height.max() - 0.6 * np.ptp(height)
    inner = _ON_TIP // 4 if not outer.all() else 0
    return [
        (link, *_spread(points[outer], normals[outer], _ON_TIP - inner)),
        (link, *_spread(points[~outer], normals[~outer], inner)),
    ]


def _spread(points: np.ndarray, normals: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    if len(points) == 0:
        return points, normals
    chosen = farthest(points, count)
    return points[chosen], normals[chosen]


def _sorted(picked: list[tuple[int, np.ndarray, np.ndarray]]) -> Points:
    picked = sorted(picked, key=lambda entry: entry[0])
    return Points(
        local=np.concatenate([p for _, p, _ in picked]),
        normals=np.concatenate([n for _, _, n in picked]),
        link=np.concatenate([np.full(len(p), link) for link, p, _ in picked]),
    )


def _buried(
    frame: Frame, solids: list[Solid], samples: dict[int, Samples], dofs: np.ndarray
) -> dict[int, np.ndarray]:
    """Which samples of each link lie within another link, at rest or in the given pose."""
    result = {link: np.zeros(len(own.points), bool) for link, own in samples.items()}
    for pose in (frame.rest, dofs):
        rotation, translation = frame.poses(pose)
        for link, own in samples.items():
            points = own.points @ rotation[link].T + translation[link]
            for solid in solids:
                if solid.link == link:
                    continue
                there = (points - translation[solid.link]) @ rotation[solid.link]
                result[link] |= solid.contains(there)
    return result


def _open(own: Samples, solids: list[Solid], link: int) -> np.ndarray:
    """Which samples have room above them on their own link."""
    clear = np.ones(len(own.points), bool)
    for solid in solids:
        if solid.link == link:
            for height in _CLEAR:
                clear &= ~solid.contains(own.points + height * own.normals)
    return clear


def self_pairs(
    frame: Frame,
    model: mujoco.MjModel,
    centers: np.ndarray,
    radii: np.ndarray,
    link: np.ndarray,
    rest: list[np.ndarray],
    draws: int = 1500,
    seed: int = 0,
) -> np.ndarray:
    """Pairs (p, 2) of spheres of different links that can meet.

    Left out: neighbours along the tree, pairs that the MJCF excludes, pairs that never come
    within 2 mm over random joints, and pairs that touch in every one of the poses `rest`.
    """
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(len(centers), 1)
    allowed = _may_collide(model, frame)
    keep = allowed[link[first], link[second]]
    first, second = first[keep], second[keep]
    low, high = frame.coupling.lower, frame.coupling.upper
    dofs = np.concatenate([np.stack(rest), low + rng.random((draws, len(low))) * (high - low)])
    rotation, translation = frame.poses(dofs)
    nearest = np.full(len(first), np.inf)
    touching = np.ones(len(first), bool)
    for k in range(len(dofs)):
        place = np.einsum("sij,sj->si", rotation[k, link], centers) + translation[k, link]
        gap = np.linalg.norm(place[first] - place[second], axis=1) - radii[first] - radii[second]
        if k < len(rest):
            touching &= gap < 0
        nearest = np.minimum(nearest, gap)
    good = (nearest < 0.002) & ~touching
    return np.stack([first[good], second[good]], axis=1).astype(np.int32)


def overlap(frame: Frame, model: mujoco.MjModel, dofs: np.ndarray) -> np.ndarray:
    """How deep links stand in one another in poses (n, d), by the C engine, (n,) [m], >= 0.

    Pairs that overlap at rest are left out: their links are built into one another.
    """
    first, *rest = _overlaps(frame, model, np.concatenate([frame.rest[None], dofs]))
    return np.array([max((d for p, d in o.items() if p not in first), default=0.0) for o in rest])


def built_in(
    frame: Frame, model: mujoco.MjModel, dofs: list[np.ndarray], least: float = 5e-4
) -> list[tuple[int, int]]:
    """Pairs of links that overlap at rest and in every one of the poses, though they may collide.

    Hulls of a converted URDF often reach into the next but one link, and in physics would push
    the hand apart.
    """
    found = _overlaps(frame, model, np.stack([frame.rest, *dofs]))
    return sorted(p for p in found[0] if all(o.get(p, 0.0) > least for o in found))


def _overlaps(
    frame: Frame, model: mujoco.MjModel, dofs: np.ndarray
) -> list[dict[tuple[int, int], float]]:
    """In each pose (n, d) the links that overlap and how deep [m], neighbours left out."""
    data, allowed = mujoco.MjData(model), _may_collide(model, frame)
    body, every = model.geom_bodyid, []
    for joints in frame.joints(dofs):
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


def _may_collide(model: mujoco.MjModel, frame: Frame) -> np.ndarray:
    """Whether physics lets two links touch, (L, L)."""
    size = model.nbody
    carrier = np.array(frame.tree.topology.carriers)
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
