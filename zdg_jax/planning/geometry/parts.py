"""Shapes of an object's marked parts, as rules and prompts speak of them.

Everything is measured on points sampled evenly over the surface, so that it does not depend on
how the mesh is cut into triangles, nor on whether it is watertight.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.geometry.hollows import hollow_share, largest_hole
from zdg_jax.planning.geometry.percentiles import percentiles, spread

LOOP_AREA = 4e-4
"""Area of a hole that takes two fingers [m^2]."""

_LOOP_SHARE = 0.25
"""Area of a loop's hole over its length and width, at least."""
_FACING, _FACES = 0.8, 0.6
"""Cosine from which a normal is that of a plate's face, and share of a plate's surface there."""
_SAMPLES = 24_000
"""Points by which an object is measured."""


class MarkedPart(Protocol):
    """A part as far as measuring needs it."""

    @property
    def mark(self) -> int:
        """Number of the part."""

    @property
    def name(self) -> str | None:
        """Name that the asset gives it, if it does."""

    @property
    def parent(self) -> int:
        """Mark of the largest piece of the coarse part that it is a piece of."""


class ObjectLike(Protocol):
    """A mesh with marked parts: an `Object`, or any labelled mesh."""

    @property
    def vertices(self) -> np.ndarray:
        """(v, 3), object frame [m]."""

    @property
    def faces(self) -> np.ndarray:
        """(f, 3)."""

    @property
    def face_parts(self) -> np.ndarray:
        """Mark of each face, (f,)."""

    @property
    def parts(self) -> Sequence[MarkedPart]:
        """The parts."""

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Sets of marks that together make a larger part."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartShape:
    """One marked part. Shares are in [0, 1]; vectors are in the object frame."""

    mark: int
    """Number of the part: that of its largest piece."""
    marks: tuple[int, ...]
    """Numbers of all its pieces, the largest first."""
    name: str
    """Name that the asset gives it; "" where it gives none."""
    points: np.ndarray
    """Points on its surface, (k, 3) [m]."""
    normals: np.ndarray
    """Outward unit normals there, (k, 3)."""
    share: float
    """Its area over the object's."""
    area: float
    """Its area [m^2]."""
    center: np.ndarray
    """Mean of its points, (3,) [m]."""
    axes: np.ndarray
    """Principal axes as rows, the longest first, (3, 3)."""
    extents: np.ndarray
    """Sizes along the axes, (3,) [m]."""
    hollow: float
    """Share of its surface that faces its own long axis or middle: walls seen from inside."""
    hole: float
    """Area of the largest hole that it encloses together with its neighbours [m^2]."""
    passage: float
    """Diameter of the thickest finger that goes through that hole [m]."""
    height: tuple[float, float]
    """Where it begins and ends between the object's bottom (0) and top (1)."""
    offset: float
    """Distance of its middle from the upright axis through the object's middle, over half the
    object's largest width: 0 at the axis, near 1 at the side."""
    along: float
    """Place of its middle along the object's long axis, -1 at one end and 1 at the other."""

    @property
    def elongation(self) -> float:
        """Length over width."""
        return float(self.extents[0] / max(self.extents[1], 1e-6))

    @property
    def flatness(self) -> float:
        """Width over thickness."""
        return float(self.extents[1] / max(self.extents[2], 1e-6))

    @property
    def is_loop(self) -> bool:
        """True where it goes round a hole that is a good part of its own size."""
        return self.hole > _LOOP_SHARE * float(self.extents[0] * self.extents[1])

    @property
    def is_plate(self) -> bool:
        """True where most of it faces one way or the opposite: not two bars beside each other."""
        faces = np.abs(self.normals @ self.axes[2]) > _FACING
        return not self.is_loop and float(faces.mean()) > _FACES

    @property
    def girth(self) -> float:
        """Diameter of the cylinder of the same length and side area [m]."""
        return float(self.area / (np.pi * max(self.extents[0], 1e-6)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectShape:
    """The whole object and its parts."""

    parts: tuple[PartShape, ...]
    """The parts in the order of their marks."""
    size: np.ndarray
    """Sides of the bounding box, (3,) [m]."""
    center: np.ndarray
    """Middle of the bounding box, (3,) [m]."""
    upright: np.ndarray
    """Unit direction that is taken to point up, (3,)."""
    axis: np.ndarray
    """Unit direction of the object's greatest length, (3,)."""
    elongation: float
    """Length along the axis over the larger width across it."""

    def part(self, mark: int) -> PartShape:
        """The part with this mark.

        Raises:
            InputError: no part has this mark.
        """
        for part in self.parts:
            if part.mark == mark:
                return part
        raise InputError(f"no part {mark}; there are {[part.mark for part in self.parts]}")


def coarse_parts(obj: ObjectLike) -> tuple[tuple[int, ...], ...]:
    """Marks of the pieces of each coarse part, the larger pieces first.

    Args:
        obj: the object.
    """
    pieces: dict[int, list[int]] = {}
    for part in obj.parts:
        pieces.setdefault(int(part.parent), []).append(int(part.mark))
    return tuple(tuple(sorted(marks)) for marks in pieces.values())


def measure(obj: ObjectLike, parts: Sequence[tuple[int, ...]] | None = None) -> ObjectShape:
    """Measures the parts of an object. Deterministic.

    Args:
        obj: the object, z up. A part without a sample on it is left out.
        parts: marks of the pieces that count as one part, for each part; every mark is one if not
            given.
    """
    samples = _sample(obj)
    named = {int(part.mark): part.name or "" for part in obj.parts}
    parts = [(mark,) for mark in named] if parts is None else parts
    points = samples.points
    low, high = points.min(0), points.max(0)
    center, size = (low + high) / 2, high - low
    upright = np.array([0.0, 0.0, 1.0])
    _, axes = _principal(points)
    spans = np.array([np.ptp(points @ axis) for axis in axes])
    order = np.argsort(-spans)
    heights = points @ upright
    whole = _Whole(
        samples=samples,
        center=center,
        upright=upright,
        axis=axes[order[0]],
        bottom=float(heights.min()),
        top=float(heights.max()),
        radius=float(np.linalg.norm(_across(points - center, upright), axis=1).max()),
        reach=float(np.abs((points - center) @ axes[order[0]]).max()),
    )
    on = [np.isin(samples.marks, marks) for marks in parts]
    shapes = [
        _measure_part(marks, named[marks[0]], members, whole)
        for marks, members in zip(parts, on, strict=True)
        if members.any()
    ]
    return ObjectShape(
        parts=tuple(shapes),
        size=size,
        center=center,
        upright=upright,
        axis=whole.axis,
        elongation=float(spans[order[0]] / max(spans[order[1]], 1e-6)),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Samples:
    """Points spread evenly over a surface, s of them."""

    points: np.ndarray
    """(s, 3) [m]."""
    normals: np.ndarray
    """Unit, (s, 3)."""
    marks: np.ndarray
    """Part of each, (s,)."""
    area: float
    """Of the whole surface [m^2]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Whole:
    """Measures of the whole object to which those of a part refer."""

    samples: _Samples
    center: np.ndarray
    upright: np.ndarray
    axis: np.ndarray
    bottom: float
    """Least height [m]."""
    top: float
    """Greatest height [m]."""
    radius: float
    """Greatest distance from the upright axis through the centre [m]."""
    reach: float
    """Greatest distance from the centre along the long axis [m]."""


def _measure_part(
    marks: tuple[int, ...], name: str, members: np.ndarray, whole: _Whole
) -> PartShape:
    """Measures a part from the samples (s,) bool that lie on it."""
    samples = whole.samples
    points, normals = samples.points[members], samples.normals[members]
    middle, axes = _principal(points)
    extents = np.array([spread(points @ axis, 1, 99) for axis in axes])
    order = np.argsort(-extents)
    axes, extents = axes[order], extents[order]
    low, high = percentiles(points @ whole.upright, 2, 98)
    tall = max(whole.top - whole.bottom, 1e-6)
    aside = _across(middle - whole.center, whole.upright)
    spacing = float(np.sqrt(samples.area / len(samples.points)))
    hole, passage = largest_hole(points, samples.points[~members], middle, axes, extents, spacing)
    return PartShape(
        mark=marks[0],
        marks=marks,
        name=name.replace("_", " ").lower(),
        points=points,
        normals=normals,
        share=float(members.mean()),
        area=float(members.mean() * samples.area),
        center=middle,
        axes=axes,
        extents=extents,
        hollow=hollow_share(points, normals, middle, axes, extents),
        hole=hole,
        passage=passage,
        height=(float((low - whole.bottom) / tall), float((high - whole.bottom) / tall)),
        offset=float(np.linalg.norm(aside) / max(whole.radius, 1e-6)),
        along=float((middle - whole.center) @ whole.axis / max(whole.reach, 1e-6)),
    )


def _sample(obj: ObjectLike) -> _Samples:
    """Samples the surface systematically: even coverage, and the same points every time."""
    triangles = np.asarray(obj.vertices, np.float64)[np.asarray(obj.faces)]
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    areas = np.linalg.norm(cross, axis=1) / 2
    total = float(areas.sum())
    levels = (np.arange(_SAMPLES) + 0.5) / _SAMPLES * total
    chosen = np.minimum(np.searchsorted(np.cumsum(areas), levels), len(areas) - 1)
    rng = np.random.default_rng(0)
    u, v = rng.random(_SAMPLES), rng.random(_SAMPLES)
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u)[:, None], np.where(flip, 1 - v, v)[:, None]
    corner = triangles[chosen]
    points = corner[:, 0] + u * (corner[:, 1] - corner[:, 0]) + v * (corner[:, 2] - corner[:, 0])
    normals = cross[chosen] / np.maximum(2 * areas[chosen], 1e-18)[:, None]
    marks = np.asarray(obj.face_parts)[chosen]
    return _Samples(points=points, normals=normals, marks=marks, area=total)


def _across(vectors: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """The components of vectors (*b, 3) square to a unit axis (3,)."""
    return vectors - (vectors @ axis)[..., None] * axis


def _principal(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and principal axes as rows, the longest first, with the largest entry positive."""
    middle = points.mean(0)
    _, vectors = np.linalg.eigh(np.cov((points - middle).T) + 1e-12 * np.eye(3))
    axes = vectors.T[::-1]
    signs = np.sign(axes[np.arange(3), np.abs(axes).argmax(1)])
    return middle, axes * signs[:, None]
