"""The target of a hand: the held parts as one body, and the places along it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.geometry.percentiles import percentiles, spread

PALM_HALF = 0.042
"""Half of a palm's breadth, human size [m]."""
PLATE, FLATNESS = 0.02, 4.0
"""Thickness of a plate, at most [m], and its least width over that."""
_ASIDE = 0.02
"""Least distance from the middle of a part at which a hand is at one of its ends [m]."""
_ALONG = 0.6
"""Cosine between the palm's way and a part's length from which it comes along the part."""
_THINNED = 3
"""Every so many points are enough where many approaches are compared."""
_FEW = 12.0
"""Points of the object in a palm's way that are as good as none, of all points."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """The held parts as one body, and what else is around it; object frame."""

    points: np.ndarray
    """On the held parts, (k, 3) [m]."""
    others: np.ndarray
    """On the other parts, (m, 3) [m]."""
    avoided: np.ndarray
    """Marks those on parts to keep off, (m,) bool."""
    center: np.ndarray
    """Mean of the held points, (3,) [m]."""
    axis: np.ndarray
    """Unit direction of the greatest length, (3,)."""
    slender: bool
    """True where it is long enough for fingers to wrap around that axis."""
    flat: np.ndarray | None
    """Unit normal of a plate, (3,), which is taken by its two faces; None of what is none."""
    outward: np.ndarray
    """From the object's middle to the centre, (3,): unit at the side, short near the middle."""
    upright: np.ndarray
    """Unit direction that points up, (3,)."""
    few: float
    """Points that are as good as none."""
    _seen: dict[bytes, tuple[np.ndarray, np.ndarray]] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def seen_from(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points of the held parts and of the others from a place (3,) on, (3, k) and (3, m).

        Coordinates are rows, which matrix products read many times as fast as columns, and kept.
        """
        key = place.tobytes()
        if key not in self._seen:
            held, others = (points - place for points in (self.points, self.others))
            self._seen[key] = np.ascontiguousarray(held.T), np.ascontiguousarray(others.T)
        return self._seen[key]

    def places(self, direction: np.ndarray) -> list[np.ndarray]:
        """Places for a hand, (3,) each [m]: the middle, and the ends of what is longer than a palm.

        Args:
            direction: unit direction in which the palm moves, (3,): along the part there is but
                one place.
        """
        if not self.slender or abs(float(direction @ self.axis)) > _ALONG:
            return [self.center]
        along = (self.points - self.center) @ self.axis
        low, high = percentiles(along, 1, 99)
        ends = [(low + PALM_HALF), (high - PALM_HALF)]
        ends = [end for end, sign in zip(ends, (-1, 1), strict=True) if sign * end > _ASIDE]
        return [self.center, *(self.points[np.abs(along - end) < _ASIDE].mean(0) for end in ends)]

    @classmethod
    def of(
        cls,
        shape: ObjectShape,
        held: Collection[int],
        avoided: Collection[int],
        *,
        thinned: bool,
    ) -> Target:
        """Gathers the points of the held parts and of the others.

        Args:
            shape: the measured object.
            held: marks of the parts to touch.
            avoided: marks of the parts to keep off.
            thinned: takes fewer points, where many approaches are compared.

        Raises:
            InputError: no part is held.
        """
        inside = [part for part in shape.parts if part.mark in held]
        if not inside:
            raise InputError(f"no part {sorted(held)}; there are {[p.mark for p in shape.parts]}")
        step = _THINNED if thinned else 1
        points = np.concatenate([part.points for part in inside])[::step]
        rest = [part for part in shape.parts if part.mark not in held]
        center = points.mean(0)
        axis, slender = _long_axis(points)
        outward = center - shape.center
        half = 0.5 * float(shape.size.max())
        return cls(
            points=points,
            others=np.concatenate([np.zeros((0, 3)), *(part.points[::step] for part in rest)]),
            avoided=np.concatenate(
                [
                    np.zeros(0, bool),
                    *(np.full(len(part.points[::step]), part.mark in avoided) for part in rest),
                ]
            ),
            few=_FEW / step,
            center=center,
            axis=axis,
            slender=slender,
            flat=_plate_normal(points),
            outward=outward / max(float(np.linalg.norm(outward)), half, 1e-6),
            upright=shape.upright,
        )


def _long_axis(points: np.ndarray) -> tuple[np.ndarray, bool]:
    """Axis around which fingers wrap, and whether the body is long enough to tell."""
    covariance = np.cov((points - points.mean(0)).T) + 1e-12 * np.eye(3)
    _, vectors = np.linalg.eigh(covariance)
    spans = np.array([spread(points @ vectors[:, i], 2, 98) for i in (2, 1, 0)])
    return vectors[:, 2], bool(spans[0] > 1.3 * spans[1])


def _plate_normal(points: np.ndarray) -> np.ndarray | None:
    """Unit normal (3,) of points (k, 3) that make a plate, None of others."""
    _, vectors = np.linalg.eigh(np.cov((points - points.mean(0)).T) + 1e-12 * np.eye(3))
    spans = np.ptp(np.percentile(points @ vectors, [2, 98], axis=0), axis=0)
    return vectors[:, 0] if spans[0] < PLATE and spans[1] > FLATNESS * spans[0] else None
