"""Contact points: candidates where a held object can touch, and points all around the links."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.geometry.surface_sampling import farthest_points
from zdg_jax.hand.finger_motion import FingerMotion
from zdg_jax.hand.fingers import Finger
from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.link_geometry import ConvexSolid, Samples
from zdg_jax.hand.palm import Palm

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
class LinkPoints:
    """Points on links, sorted by link."""

    local: np.ndarray
    """(n, 3), link frame [m]."""
    normals: np.ndarray
    """(n, 3), outward."""
    link: np.ndarray
    """(n,) int."""


def buried_samples(
    kinematics: HandKinematics,
    solids: Sequence[ConvexSolid],
    samples: dict[int, Samples],
    half_closed: np.ndarray,
) -> dict[int, np.ndarray]:
    """Mark samples of each link that lie within another link, at rest or half closed.

    Args:
        kinematics: the hand's kinematics.
        solids: convex solids of all links.
        samples: surface points of each link.
        half_closed: dofs of the half-closed hand, (d,).

    Returns:
        For each link a mark for each of its samples, (n,) bool.
    """
    result = {link: np.zeros(len(sample.points), bool) for link, sample in samples.items()}
    for pose in (kinematics.rest, half_closed):
        rotation, translation = kinematics.link_poses(pose)
        for link, sample in samples.items():
            points = sample.points @ rotation[link].T + translation[link]
            for solid in solids:
                if solid.link == link:
                    continue
                local = (points - translation[solid.link]) @ rotation[solid.link]
                result[link] |= solid.contains(local)
    return result


def contact_candidates(
    kinematics: HandKinematics,
    solids: Sequence[ConvexSolid],
    samples: dict[int, Samples],
    fingers: Sequence[Finger],
    motions: Sequence[FingerMotion],
    palm: Palm,
    buried: dict[int, np.ndarray],
) -> LinkPoints:
    """Pick points where an object held in the hand can touch it.

    On a finger they face the side that it curls to, on its tip also forward and to the sides; on
    the palm they face its normal. Points that lie within a neighbouring link, or in a recess of
    their link, are left out. Most lie on the fingertips, where most contacts are made.

    Args:
        kinematics: the hand's kinematics.
        solids: convex solids of all links.
        samples: surface points of each link, to pick from.
        fingers: the fingers.
        motions: how each of them moves.
        palm: the palm.
        buried: marks samples that no object can touch, see `buried_samples`.

    Returns:
        Points with outward normals, sorted by link.
    """
    picked = []
    for finger, motion in zip(fingers, motions, strict=True):
        rotation, _ = kinematics.link_poses(motion.straight)
        for link in finger.links:
            if link not in samples:
                continue
            sample = samples[link]
            inner = sample.normals @ (rotation[link].T @ motion.inward)
            good = inner > _INNER
            if link == finger.tip_link:
                ahead = sample.normals @ (rotation[link].T @ motion.pointing)
                good = (inner > _ROUND) & (inner + ahead > 0.35)
            good &= ~buried[link] & _open(sample, solids, link)
            points, normals = sample.points[good], sample.normals[good]
            if link == finger.tip_link:
                height = points @ (rotation[link].T @ motion.pointing)
                picked += _on_tip(link, points, normals, height)
                continue
            room = sample.area * float(good.mean())
            count = int(np.clip(round(room / _SPACING**2), _FEWEST, _MOST))
            picked.append((link, *_spread(points, normals, count)))
    rotation, _ = kinematics.link_poses(kinematics.rest)
    if palm.link in samples:
        sample = samples[palm.link]
        good = sample.normals @ (rotation[palm.link].T @ palm.normal) > _PALMAR
        good &= ~buried[palm.link] & _open(sample, solids, palm.link)
        picked.append((palm.link, *_spread(sample.points[good], sample.normals[good], _ON_PALM)))
    return _sorted(picked)


def surface_points(
    samples: dict[int, Samples], buried: dict[int, np.ndarray], relevant: set[int]
) -> LinkPoints:
    """Pick points all around the links, about by the square root of their area.

    Thin walls and rims pass between points, however many they are; the spheres within the links
    and the fit to the exact geometry see them (`docs/notes/refinement.md`).

    Args:
        samples: surface points of each link, to pick from.
        buried: marks samples that no object can touch, see `buried_samples`.
        relevant: links within reach of an object; the others get fewer points.

    Returns:
        Points with outward normals, sorted by link.
    """
    share = {
        link: sample.area**0.6 * float((~buried[link]).mean()) * (1.0 if link in relevant else 0.3)
        for link, sample in samples.items()
    }
    whole = sum(share.values())
    picked = []
    for link, sample in samples.items():
        good = ~buried[link]
        count = max(round(_AROUND * share[link] / whole), 3)
        if good.any():
            picked.append((link, *_spread(sample.points[good], sample.normals[good], count)))
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
    if len(points) <= count:
        return points, normals
    central = int(np.linalg.norm(points - points.mean(0), axis=1).argmin())
    chosen = farthest_points(points, count, central) if count else np.zeros(0, int)
    return points[chosen], normals[chosen]


def _sorted(picked: list[tuple[int, np.ndarray, np.ndarray]]) -> LinkPoints:
    picked = sorted(picked, key=lambda entry: entry[0])
    return LinkPoints(
        local=np.concatenate([p for _, p, _ in picked]),
        normals=np.concatenate([n for _, _, n in picked]),
        link=np.concatenate([np.full(len(p), link) for link, p, _ in picked]),
    )


def _open(sample: Samples, solids: Sequence[ConvexSolid], link: int) -> np.ndarray:
    """Mark samples that have room above them on their link, (n,) bool."""
    clear = np.ones(len(sample.points), bool)
    for solid in solids:
        if solid.link == link:
            for height in _CLEAR:
                clear &= ~solid.contains(sample.points + height * sample.normals)
    return clear
