"""Cuts where a part's width changes along an axis: a lid's knob, a cap, a chuck, a shoulder.

People see another part where a body that is wide becomes narrow within a short length and stays
so, both around about the same axis. The width is the mean over directions of that of the convex
hull of a thin slab, so that walls, cavities and the cut into triangles do not matter.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.spatial
from scipy import ndimage

from zdg_jax.geometry.frames import square_to

_DIRECTIONS = 12
"""Directions across the axis in which a slab is measured."""
_SLABS = 96
"""Slabs along a part at most."""
_FEWEST_SLABS = 12
"""A part of fewer slabs is not cut."""
_STEEP = 0.38
"""Change of the half width per length from which a stretch is a step."""
_RISE = 0.12
"""Change over a step, of the greater half width."""
_LEAST_RISE = 1.5e-3
"""Least change over a step [m]."""
_OFF_AXIS = 0.2
"""Distance between the middles on the two sides of a step, of the greater half width."""
_SHOULDER = (0.3, 0.7)
"""Length of a step that ends where another part begins, of the greater half width: a shoulder."""
_FLAT = 0.22
"""A shoulder begins where the body before it, over the same length, changes less steeply."""
_LENGTH = 0.65
"""Least length of a piece, of its half width."""
_LID = 0.3
"""The same at a free end behind a groove, as of a jar's lid."""
_GROOVE = 0.06
"""Depth of a groove, of the greater half width at the step that leads into it."""
_STUB = 1.0
"""The same where the object goes on behind the piece."""
_PLACE = 0.75
"""Share of a step's change that lies before the cut: the narrow side begins in full."""
_ELONGATED = 1.15
"""Length over width from which the longest principal axis of a part is one to cut across."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Profile:
    """Widths of a part along an axis, in n slabs."""

    places: np.ndarray
    """Middles of the slabs along the axis, (n,) [m]."""
    width: np.ndarray
    """Mean half width across, (n,) [m]."""
    middle: np.ndarray
    """Middles across, (n, 2) [m]."""


def cuts(
    points: np.ndarray, others: np.ndarray, spacing: float, *, shoulders: bool = True
) -> tuple[np.ndarray, list[float]] | None:
    """Finds where to cut a part across an axis.

    The upright axis and the part's longest are tried; the one with the greater change is taken.

    Args:
        points: spread evenly over the part's surface, (k, 3) [m].
        others: spread over the rest of the object, (m, 3) [m].
        spacing: distance of neighbouring points [m].
        shoulders: whether a stretch that narrows towards another part is a piece of its own.

    Returns:
        Unit normal (3,) of the planes and their places along it [m], rising; None where the part
        has no step.
    """
    best: tuple[float, np.ndarray, list[float]] | None = None
    tree = scipy.spatial.cKDTree(others) if len(others) else None
    for axis in _axes(points):
        along = points @ axis
        slab = max(float(np.ptp(along)) / _SLABS, 1.3 * spacing)
        if np.ptp(along) < _FEWEST_SLABS * slab:
            continue
        ends = [_joined(points, along, end, slab, tree) for end in (along.min(), along.max())]
        profile = _profile(points, axis, slab)
        steps = [step for step in _steps(profile, *ends) if shoulders or not step.shoulder]
        steps = _with_room(steps, profile, *ends)
        total = sum(step.change for step in steps)
        if steps and (best is None or total > best[0]):
            best = (total, axis, sorted(step.place for step in steps))
    return None if best is None else best[1:]


def _axes(points: np.ndarray) -> list[np.ndarray]:
    """The upright axis, and the longest one of the part where it is another."""
    upright = np.array([0.0, 0.0, 1.0])
    centred = points - points.mean(axis=0)
    longest = np.linalg.eigh(centred.T @ centred)[1][:, 2]
    spans = np.sort(np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1], axis=0))
    if spans[2] < _ELONGATED * spans[1] or abs(longest @ upright) > 0.97:
        return [upright]
    return [longest, upright]


def _joined(
    points: np.ndarray,
    along: np.ndarray,
    end: float,
    slab: float,
    others: scipy.spatial.cKDTree | None,
) -> bool:
    """Tells whether the rest of the object goes on where the part ends."""
    if others is None:
        return False
    gap, _ = others.query(points[np.abs(along - end) < 1.5 * slab])
    return bool(np.mean(gap < 2.5 * slab) > 0.15)


def _profile(points: np.ndarray, axis: np.ndarray, slab: float) -> Profile:
    """Measures a part in slabs of some thickness [m]; one without points is interpolated."""
    along = points @ axis
    count = int(np.ceil(np.ptp(along) / slab))
    index = np.minimum(((along - along.min()) / slab).astype(np.int64), count - 1)
    order = np.argsort(index, kind="stable")
    index = index[order]
    starts = np.flatnonzero(np.concatenate([[True], index[1:] != index[:-1]]))
    across = square_to(axis)
    angle = np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS)
    spread = points[order] @ (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ across).T
    high, low = np.maximum.reduceat(spread, starts), np.minimum.reduceat(spread, starts)
    square = [0, _DIRECTIONS // 2]
    middle = (high[:, square] + low[:, square]) / 2
    slabs = np.arange(count)
    return Profile(
        places=along.min() + (slabs + 0.5) * slab,
        width=np.interp(slabs, index[starts], (high - low).mean(axis=1) / 2),
        middle=np.stack([np.interp(slabs, index[starts], column) for column in middle.T], axis=1),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Step:
    """A stretch over which the width changes."""

    place: float
    """Place of the cut [m]."""
    change: float
    """Change of the half width, of the greater one."""
    shoulder: bool
    """True where the body narrows towards another part: the stretch is a piece of its own."""
    narrow: int
    """Side on which it is narrow: 1 behind the cut, -1 before it."""
    groove: bool
    """True where it is wider again farther on that side."""


def _steps(profile: Profile, first: bool, last: bool) -> list[_Step]:
    """Finds the steps of a profile.

    Args:
        profile: the widths.
        first: whether the object goes on before the first slab.
        last: whether it goes on behind the last.
    """
    slab = profile.places[1] - profile.places[0]
    width = ndimage.median_filter(profile.width, 3, mode="nearest")
    width = ndimage.gaussian_filter1d(width, 0.7, mode="nearest")
    slope = np.gradient(width, slab)
    end = len(width) - 1
    found = []
    for sign in (1, -1):
        runs, count = ndimage.label(ndimage.binary_closing(sign * slope > _STEEP))
        for run in range(1, count + 1):
            members = np.flatnonzero(runs == run)
            low, high = max(members[0] - 1, 0), min(members[-1] + 1, end)
            great = max(width[low], width[high])
            rise = sign * (width[high] - width[low])
            off = np.linalg.norm(
                profile.middle[min(high + 1, end)] - profile.middle[max(low - 1, 0)]
            )
            if rise < max(_RISE * great, _LEAST_RISE) or off > _OFF_AXIS * great:
                continue
            change = float(rise / great)
            at_first, at_last = low <= 1, high >= end - 1
            if not at_first and not at_last:
                stretch = slice(low, high + 1)
                gone = sign * (width[stretch] - width[low]) / rise
                wanted = _PLACE if sign < 0 else 1 - _PLACE
                place = float(np.interp(wanted, gone, profile.places[stretch]))
                farther = width[high:].max() - width[high], width[: low + 1].max() - width[low]
                groove = bool(farther[sign > 0] > _GROOVE * great)
                found.append(
                    _Step(place=place, change=change, shoulder=False, narrow=-sign, groove=groove)
                )
            elif (at_first and first and sign > 0) != (at_last and last and sign < 0):
                length = high - low
                inner, beyond = (high, high + length) if at_first else (low, low - length)
                before = abs(width[np.clip(beyond, 0, end)] - width[inner]) / (length * slab)
                if _SHOULDER[0] <= length * slab / great <= _SHOULDER[1] and before < _FLAT:
                    place = float(profile.places[inner])
                    found.append(
                        _Step(place=place, change=change, shoulder=True, narrow=-sign, groove=False)
                    )
    return found


def _with_room(steps: list[_Step], profile: Profile, first: bool, last: bool) -> list[_Step]:
    """Of steps, the greatest first, those that leave no piece shorter than is worth a name."""
    ends = float(profile.places[0]), float(profile.places[-1])
    joined = {end for end, goes_on in zip(ends, (first, last), strict=True) if goes_on}
    bounds, kept = list(ends), []
    for step in sorted(steps, key=lambda step: -step.change):
        low = max(bound for bound in bounds if bound <= step.place)
        high = min(bound for bound in bounds if bound >= step.place)
        lid = step.groove and not joined  # a cap that sits on a body is not cut itself
        before = _LID if lid and step.narrow < 0 and low == ends[0] else _LENGTH
        behind = _LID if lid and step.narrow > 0 and high == ends[1] else _LENGTH
        if step.shoulder or all(
            stop - start
            >= (_STUB if {start, stop} & joined else least) * _mean_width(profile, start, stop)
            for start, stop, least in ((low, step.place, before), (step.place, high, behind))
        ):
            kept.append(step)
            bounds.append(step.place)
    return kept


def _mean_width(profile: Profile, start: float, end: float) -> float:
    """Mean half width between two places [m]."""
    return float(np.interp(np.linspace(start, end, 5), profile.places, profile.width).mean())
