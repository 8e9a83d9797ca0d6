"""Spheres that stand for the links, placed greedily on their skeletons."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from zdg_jax.geometry.surface_sampling import fibonacci_sphere
from zdg_jax.hand.link_geometry import ConvexSolid, Samples

BULGE = 0.003
"""Amount by which a sphere sticks out of its link [m]; round corners cost less so."""
_TARGET = 0.0012
"""Mean distance between a link's surface and its spheres that ends the search for more [m]."""
_MOST = 104
"""Greatest number of spheres."""
_BALLS, _WITNESSES = 600, 500
"""Candidates and surface points a link that the choice is made by."""
_THIN = 0.0008
"""Least radius of a ball within a link that a sphere is made of [m]."""
_SLACK = 0.0003
"""Tolerance of the bulge [m]."""


_SKIN = fibonacci_sphere(300)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkSpheres:
    """Spheres that cover the links, s of them, sorted by link."""

    centers: np.ndarray
    """(s, 3), link frame [m]."""
    radii: np.ndarray
    """(s,) [m]."""
    link: np.ndarray
    """Link of each, (s,) int."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coverage:
    """Distances between the links' surfaces and the spheres that stand for them."""

    mean: float
    """Mean absolute distance of the surface to the spheres' union [m]."""
    largest: float
    """Greatest distance of the surface to the nearest sphere, where it is bare [m]."""
    stick_out: float
    """Greatest distance that a sphere sticks out of its link [m]."""


def cover_links(
    solids: Sequence[ConvexSolid], samples: dict[int, Samples], most: int = _MOST, seed: int = 0
) -> LinkSpheres:
    """Cover the links with spheres.

    Each link starts with its single best sphere; then whichever link leaves the largest share of
    the hand's surface bare gets the next one, until all lie close or `most` are placed.

    Args:
        solids: convex solids of all links.
        samples: surface points of each link.
        most: greatest number of spheres.
        seed: of the choice of candidates and witnesses among the samples.
    """
    rng = np.random.default_rng(seed)
    state = {}
    for link, sample in samples.items():
        centers, radii = _medial_balls(sample, rng)
        if len(centers) == 0:
            continue
        pick = rng.permutation(len(sample.points))[:_WITNESSES]
        gap = cdist(centers, sample.points[pick]) - radii[:, None]
        state[link] = [gap, centers, radii, [], np.full(gap.shape[1], 0.1), sample.area]
    placed = 0
    enough = most // 4  # no single large link (a forearm) may starve the fingers
    while placed < most and state:
        link = max(state, key=lambda index: _need(state[index], enough))
        if _need(state[link], enough) == 0:
            break
        gap, centers, radii, chosen, now, _ = state[link]
        parts = [solid for solid in solids if solid.link == link]
        best = _best(gap, now)
        while (excess := _protrusion(centers[best], radii[best], parts) - BULGE) > _SLACK:
            radii[best] -= excess
            gap[best] += excess
            best = _best(gap, now)
        chosen.append(best)
        state[link][4] = np.minimum(now, gap[best])
        placed += 1
    links = sorted(state)
    return LinkSpheres(
        centers=np.concatenate([state[index][1][state[index][3]] for index in links]),
        radii=np.concatenate([state[index][2][state[index][3]] for index in links]),
        link=np.concatenate([np.full(len(state[index][3]), index) for index in links]),
    )


def _best(gap: np.ndarray, now: np.ndarray) -> int:
    """The candidate that leaves the witnesses nearest to the spheres."""
    error = np.abs(np.minimum(gap, now))
    # Bare spots count more than in proportion: a few far ones are worse than many near.
    return int((error * np.sqrt(error)).sum(1).argmin())


def _protrusion(center: np.ndarray, radius: float, solids: Sequence[ConvexSolid]) -> float:
    """Length by which a sphere sticks out of its link [m], to a lower bound near edges."""
    skin = center + radius * _SKIN
    return float(np.min([solid.depth(skin) for solid in solids], axis=0).max())


def _need(entry: list, enough: int) -> float:
    _, _, _, chosen, now, area = entry
    if not chosen:
        return np.inf
    if len(chosen) >= enough:
        return 0.0
    mean = float(np.abs(now).mean())
    return 0.0 if mean < _TARGET else mean * area**0.5


def _medial_balls(sample: Samples, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii of balls that reach `BULGE` beyond the largest ones inside of a link.

    Each largest ball touches the surface at one of its samples and is shrunk until it touches it
    again (Ma, Bae, Choi: 3D medial axis point approximation, 2012). What lies within it is part of
    the link, so a ball larger by `BULGE` sticks out by no more than that.
    """
    tree = cKDTree(sample.points)
    pick = rng.permutation(len(sample.points))[:_BALLS]
    touch, normals = sample.points[pick], sample.normals[pick]
    radius = np.full(len(pick), float(np.linalg.norm(np.ptp(sample.points, axis=0))))
    shrinking = np.arange(len(pick))
    for _ in range(12):
        start, normal, now = touch[shrinking], normals[shrinking], radius[shrinking]
        distance, other = tree.query(start - now[:, None] * normal)
        across = start - sample.points[other]
        along = (normal * across).sum(1)
        shrink = (distance < now - 1e-5) & (along > 1e-9)
        smaller = (across**2).sum(1)[shrink] / (2 * along[shrink])
        shrinking = shrinking[shrink]
        radius[shrinking] = np.minimum(now[shrink], smaller)
    inside = touch - radius[:, None] * normals
    radius = np.minimum(radius, np.asarray(tree.query(inside)[0]))
    good = radius > _THIN
    return inside[good], radius[good] + BULGE


def inscribed_radii(spheres: LinkSpheres, solids: Sequence[ConvexSolid]) -> np.ndarray:
    """Shrink spheres until they lie within their links.

    Args:
        spheres: spheres that cover the links.
        solids: convex solids of all links.

    Returns:
        Radii about the same centres, at most those of `spheres`, (s,) [m].
    """
    inner = np.zeros(len(spheres.radii))
    for k, (center, radius) in enumerate(zip(spheres.centers, spheres.radii, strict=True)):
        parts = [solid for solid in solids if solid.link == spheres.link[k]]
        # Within one solid the depth is exact; a ball may also lie across several.
        within = -min(float(solid.depth(center[None])[0]) for solid in parts)
        inner[k] = max(within, radius - _protrusion(center, radius, parts))
    return np.clip(inner, 0.0, spheres.radii)


def measure_coverage(
    spheres: LinkSpheres, solids: Sequence[ConvexSolid], samples: dict[int, Samples]
) -> Coverage:
    """Measure how far the links' surfaces and the spheres lie apart.

    Args:
        spheres: spheres that cover the links.
        solids: convex solids of all links.
        samples: surface points of each link.

    Returns:
        Distances over all links, the mean weighted by area.
    """
    errors, weights, bare, out = [], [], 0.0, 0.0
    for link, sample in samples.items():
        centers, radii = (v[spheres.link == link] for v in (spheres.centers, spheres.radii))
        if len(radii) == 0:
            continue
        parts = [solid for solid in solids if solid.link == link]
        gap = (cdist(sample.points, centers) - radii).min(1)
        errors.append(float(np.abs(gap).mean()))
        weights.append(sample.area)
        bare = max(bare, float(gap.max()))
        skin = (centers[:, None] + radii[:, None, None] * _SKIN).reshape(-1, 3)
        outside = skin[np.min([solid.depth(skin) for solid in parts], axis=0) > 0]
        if len(outside):
            rough = np.asarray(cKDTree(sample.points).query(outside)[0])
            worst = outside[np.argsort(-rough)[:60]]
            out = max(out, float(np.min([s.distance(worst) for s in parts], axis=0).max()))
    return Coverage(mean=float(np.average(errors, weights=weights)), largest=bare, stick_out=out)
