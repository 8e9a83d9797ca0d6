"""Walls: the rim of an open vessel, which thumb and fingers take between them.

Such a rim as a whole is a ring wider than what a hand spans. What a hand holds of it is a short
piece: the thumb on one face of the wall, the fingers on the other, the palm over the edge.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import numpy as np

from zdg_jax.planning.geometry.parts import ObjectShape, PartShape
from zdg_jax.planning.geometry.target import Target

_SECTORS = 8
"""Places around a rim that are compared."""
_ARC = 0.05
"""Length of rim that a hand takes [m]."""
_INSIDE = 0.55
"""Least distance from a ring's axis over its greatest, which the wall is no nearer than."""
_WITHIN = 0.8
"""Distance from the axis, over the ring's inner radius, up to which a floor is looked for."""
_FACING = 0.3
"""Cosine between a floor's normal and the opening, at least."""
_THICK = 0.02
"""Thickest wall that is taken between thumb and fingers [m]."""
_WIDE = 0.05
"""A narrower ring is held as a whole, diameter in [m]."""
_TILT = 0.5
"""Outward part of the way to a palm that comes slantwise, over its part along the axis."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wall:
    """A piece of a rim, as a hand takes it; object frame."""

    target: Target
    """The piece: its axis runs along the rim, its faces are the wall's."""
    directions: tuple[np.ndarray, ...]
    """Unit directions in which the palm comes over the edge, (3,) each."""


def walls(shape: ObjectShape, held: Collection[int], target: Target) -> list[Wall]:
    """Finds pieces of what is held that a hand can take between thumb and fingers.

    Args:
        shape: the measured object.
        held: marks of the parts that are held.
        target: what is held.

    Returns:
        Pieces all around where it is a rim; none where it is anything else.
    """
    points = target.points
    axis = _axis(points)
    spokes = points - target.center
    spokes = spokes - np.outer(spokes @ axis, axis)
    radius = np.linalg.norm(spokes, axis=1)
    near, far = np.percentile(radius, [2, 98])
    if near < _INSIDE * far or 2 * far < _WIDE or far - near > _THICK:
        return []
    first = spokes[np.argmax(radius)] / radius.max()
    second = np.cross(axis, first)
    angle = np.arctan2(spokes @ second, spokes @ first)
    counts = np.histogram(angle, bins=2 * _SECTORS, range=(-np.pi, np.pi))[0]
    if (counts == 0).any():
        return []
    rest = [part for part in shape.parts if part.mark not in held]
    if not rest:
        return []
    opening = axis * np.sign((target.center - shape.center) @ axis or 1.0)
    if not _opens(rest, target, opening, _WITHIN * float(near)):
        return []
    pieces = []
    for middle in 2 * np.pi / _SECTORS * np.arange(_SECTORS):
        way = np.abs((angle - middle + np.pi) % (2 * np.pi) - np.pi)
        here = way < 0.5 * _ARC / far
        if here.sum() < 3:
            continue
        outward = np.cos(middle) * first + np.sin(middle) * second
        pieces.append(
            Wall(
                target=dataclasses.replace(
                    target,
                    points=points[here],
                    others=np.concatenate([target.others, points[~here]]),
                    avoided=np.concatenate([target.avoided, np.zeros((~here).sum(), bool)]),
                    center=points[here].mean(axis=0),
                    axis=np.cross(opening, outward),
                    slender=True,
                    flat=outward,
                    outward=outward,
                ),
                directions=(-opening, -_unit(opening + _TILT * outward)),
            )
        )
    return pieces


def _opens(rest: Sequence[PartShape], target: Target, opening: np.ndarray, radius: float) -> bool:
    """Tells whether a floor is seen through a ring, as in a vessel and not in a bottle's neck."""
    offset = np.concatenate([part.points for part in rest]) - target.center
    normals = np.concatenate([part.normals for part in rest])
    depth = -offset @ opening
    within = np.linalg.norm(offset + np.outer(depth, opening), axis=1) < radius
    floor = within & (depth > 0) & (normals @ opening > _FACING)
    covered = within & (depth < 0)
    return bool(floor.sum() > target.few > covered.sum())


def _axis(points: np.ndarray) -> np.ndarray:
    """Unit axis (3,) about which points (k, 3) are spread most evenly."""
    values, vectors = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    # Of three spreads, two are alike: the axis is that of the third.
    odd = 0 if values[2] - values[1] < values[1] - values[0] else 2
    return np.asarray(vectors[:, odd])


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
