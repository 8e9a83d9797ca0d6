"""Spheres that stand for the links, placed greedily on their skeletons."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.spatial import cKDTree

from zdg_jax.hand.solids import Samples, Solid

BULGE = 0.0025
"""Greatest amount by which a sphere sticks out of its link [m]; round corners cost less so."""
_TARGET = 0.0012
"""Mean gap between a link's surface and its spheres that ends the search for more [m]."""
_MOST = 104


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coverage:
    """How well spheres stand for the links' surfaces."""

    mean: float
    """Mean absolute distance of the surface to the spheres' union [m]."""
    largest: float
    """Greatest distance of the surface to the nearest sphere, where it is bare [m]."""
    stick_out: float
    """Greatest distance that a sphere sticks out of its link [m]."""


def cover(
    solids: list[Solid], samples: dict[int, Samples], most: int = _MOST, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres (s, 3) in link frames, radii (s,) and links (s,), sorted by link.

    Each link starts with its single best sphere; then whichever link leaves the largest share of
    the hand's surface bare gets the next one, until the mean gap is small or `most` are placed.
    """
    rng = np.random.default_rng(seed)
    state = {}
    for link, sample in samples.items():
        centers, radii = _candidates([s for s in solids if s.link == link], sample, rng)
        if len(centers) == 0:
            continue
        pick = rng.permutation(len(sample.points))[:500]
        offset = sample.points[None, pick] - centers[:, None]
        gap = np.maximum(np.linalg.norm(offset, axis=-1) - radii[:, None], 0.0)
        # Bare spots count more than in proportion: a few far ones are worse than many near.
        state[link] = [gap, centers, radii, [], np.full(gap.shape[1], np.inf), sample.area]
    placed = 0
    enough = most // 4  # no single large link (a forearm) may starve the fingers
    while placed < most and state:
        link = max(state, key=lambda index: _need(state[index], enough))
        if _need(state[link], enough) == 0:
            break
        gap, _, _, chosen, now, _ = state[link]
        cost = (np.minimum(gap, np.minimum(now, 0.1)) ** 1.5).sum(1)
        best = int(cost.argmin())
        chosen.append(best)
        state[link][4] = np.minimum(now, gap[best])
        placed += 1
    links = sorted(state)
    centers = np.concatenate([state[index][1][state[index][3]] for index in links])
    radii = np.concatenate([state[index][2][state[index][3]] for index in links])
    return centers, radii, np.concatenate([np.full(len(state[index][3]), index) for index in links])


def _need(entry: list, enough: int) -> float:
    _, _, _, chosen, now, area = entry
    if not chosen:
        return np.inf
    if len(chosen) >= enough:
        return 0.0
    mean = float(now.mean())
    return 0.0 if mean < _TARGET else mean * area**0.5


def _candidates(
    solids: list[Solid], sample: Samples, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Centres inside a link and radii that reach `BULGE` beyond its nearest surface."""
    low, high = sample.points.min(0), sample.points.max(0)
    inside = low + rng.random((6000, 3)) * (high - low)
    deep = np.min([solid.depth(inside) for solid in solids], axis=0)
    inside = inside[deep < -1e-4]
    steps = rng.random((4000, 1)) * 0.5 * float((high - low).min())
    index = rng.integers(len(sample.points), size=4000)
    inward = sample.points[index] - steps * sample.normals[index]
    deep = np.min([solid.depth(inward) for solid in solids], axis=0)
    inside = np.concatenate([inside, inward[deep < -1e-4]])
    if len(inside) == 0:
        return np.zeros((0, 3)), np.zeros(0)
    reach = np.asarray(cKDTree(sample.points).query(inside)[0])
    keep = np.argsort(-reach)[: max(len(reach) // 2, min(len(reach), 50))]
    keep = rng.permutation(keep)[:600]
    radius = reach[keep]
    return inside[keep], radius + np.minimum(BULGE, 0.3 * radius)


def inscribed(
    centers: np.ndarray, radii: np.ndarray, links: np.ndarray, solids: list[Solid]
) -> np.ndarray:
    """Radii, at most the given ones, of spheres about the centres within their links, (s,) [m]."""
    depth = np.full(len(centers), -np.inf)
    for solid in solids:
        mine = links == solid.link
        depth[mine] = np.maximum(depth[mine], -solid.depth(centers[mine]))
    return np.clip(depth, 0.0, radii)


def measure(
    centers: np.ndarray,
    radii: np.ndarray,
    link: np.ndarray,
    solids: list[Solid],
    samples: dict[int, Samples],
    only: frozenset[int] | None = None,
) -> Coverage:
    """Coverage of all links, or of those in `only`, weighted by area."""
    errors, weights, bare, out = [], [], 0.0, 0.0
    rng = np.random.default_rng(1)
    ball = rng.normal(size=(400, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    for index, sample in samples.items():
        mine = link == index
        if (only is not None and index not in only) or not mine.any():
            continue
        offset = sample.points[:, None] - centers[None, mine]
        gap = (np.linalg.norm(offset, axis=-1) - radii[mine]).min(1)
        errors.append(float(np.abs(gap).mean()))
        weights.append(sample.area)
        bare = max(bare, float(gap.max()))
        skin = (centers[mine][:, None] + radii[mine][:, None, None] * ball).reshape(-1, 3)
        depth = np.min([s.depth(skin) for s in solids if s.link == index], axis=0)
        outside = skin[depth > 0]
        if len(outside):
            out = max(out, float(np.max(cKDTree(sample.points).query(outside)[0])))
    return Coverage(mean=float(np.average(errors, weights=weights)), largest=bare, stick_out=out)
