"""Viewpoints: the side from which a grasp shows most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.casting import Hits
from zdg_jax.rendering.picture import PreparedShapes

_SIDE = 56  # of the small pictures that are compared [px]
_AZIMUTHS, _ELEVATIONS = 16, (-12.0, 12.0, 32.0, 55.0)
_LIKED = {-12.0: 0.0, 12.0: 0.16, 32.0: 0.22, 55.0: 0.05}
_LONG = 2.0
"""Length over width from which an object is not looked at lengthwise."""
_LENGTHWISE = 3.0
"""What a look along a long object costs."""
_SCREENED = 2.0
"""What a look along something that hides the hand costs."""
_GOOD = 0.85
"""Share of the best score from which a side that others use too will do."""


def eye_direction(azimuth: float, elevation: float) -> np.ndarray:
    """Returns the unit direction towards the eye, (3,).

    Args:
        azimuth: about z from +x [deg].
        elevation: above the xy plane [deg].
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


_TURNS = [
    (azimuth, elevation) for elevation in (-25.0, 20.0, 50.0) for azimuth in range(15, 360, 30)
]
RING = np.array([eye_direction(azimuth, elevation) for azimuth, elevation in _TURNS])
"""Sides from which hands on objects are looked at, (v, 3), unit."""
_RING_LIKED = np.array([{-25.0: 0.0, 20.0: 0.3, 50.0: 0.2}[elevation] for _, elevation in _TURNS])


def best_view(
    stage: PreparedShapes, things: Sequence[int], groups: Sequence[Sequence[int]]
) -> np.ndarray:
    """Finds the direction from which most is seen of a thing and of each group of shapes.

    Args:
        stage: the scene; only its opaque shapes count.
        things: numbers of the shapes that make the thing, which counts as much as all groups.
        groups: numbers of the shapes of each group, such as the fingertips.

    Returns:
        Unit direction towards the eye, (3,).
    """
    views = [
        (eye_direction(360 * i / _AZIMUTHS, e), _LIKED[e])
        for e in _ELEVATIONS
        for i in range(_AZIMUTHS)
    ]
    seen = _looks(stage, [towards for towards, _ in views]).shape.reshape(len(views), -1)
    score = np.array([liked for _, liked in views])
    score = score + _share(np.isin(seen, list(things)))
    for group in groups:
        score = score + np.sqrt(_share(np.isin(seen, list(group)))) / len(groups)
    return views[int(score.argmax())][0]


def view_scores(
    stage: PreparedShapes,
    held: np.ndarray,
    groups: Sequence[Sequence[int]],
    screens: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Scores the sides of `RING` by what they show of a hand on an object.

    Args:
        stage: the scene; its first opaque shape is the object, which must not be looked at
            lengthwise.
        held: faces of the object that are held, (f,) bool.
        groups: numbers of the shapes of each group, such as the fingertips.
        screens: unit directions, (3,) each, in which something stands that would hide the hand,
            such as a forearm.

    Returns:
        Scores, (v,).
    """
    obj = stage.scene.shapes[0]
    hits = _looks(stage, RING)
    shape = hits.shape.reshape(len(RING), -1)
    on_held = (hits.shape == 0) & held[np.clip(hits.face, 0, len(held) - 1)]
    score = 1.5 * np.sqrt(_share(on_held.reshape(len(RING), -1))) + _share(shape == 0)
    for group in groups:
        score = score + np.sqrt(_share(np.isin(shape, list(group)))) / len(groups)
    spread = obj.vertices[np.unique(obj.faces)]
    spread = spread - spread.mean(axis=0)
    axes = np.linalg.eigh(spread.T @ spread)[1]
    spans = np.ptp(spread @ axes, axis=0)
    if spans[2] > _LONG * spans[1]:
        score = score - _LENGTHWISE * np.maximum(np.abs(RING @ axes[:, 2]) - 0.4, 0)
    for direction in screens:
        score = score - _SCREENED * np.maximum(RING @ direction - 0.4, 0)
    return score + _RING_LIKED


def shared_views(scores: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Chooses two sides for each of several scenes, the same ones as far as they serve.

    Args:
        scores: of the sides of `RING`, (n, v), one row for each scene.

    Returns:
        Unit directions towards the eye, (3,) each: in each pair at least 60 degrees apart.
    """
    apart = np.arccos(np.clip(RING @ RING.T, -1, 1)) >= np.radians(60)
    first = int(scores.sum(axis=0).argmax())
    second = int(np.where(apart[first], scores.sum(axis=0), -np.inf).argmax())
    pairs = []
    for row in scores:
        best = float(row.max())
        one = first if row[first] >= _GOOD * best else int(row.argmax())
        rest = np.where(apart[one], row, -np.inf)
        two = second if apart[one, second] and row[second] >= _GOOD * rest.max() else rest.argmax()
        pairs.append((RING[one], RING[int(two)]))
    return pairs


def _looks(stage: PreparedShapes, ways: Sequence[np.ndarray] | np.ndarray) -> Hits:
    """Returns the hits of small pictures from unit directions, (3,) each, one after another."""
    used = [shape for shape in stage.scene.shapes if len(shape.faces)]
    points = np.concatenate([shape.vertices for shape in used])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, span = (low + high) / 2, float(np.linalg.norm(high - low))
    y, x = (i.reshape(-1) + 0.5 for i in np.indices((_SIDE, _SIDE)))
    rays = [
        Camera.look_at(middle + span * towards, middle, span=span).rays(x, y, _SIDE, _SIDE)
        for towards in ways
    ]
    origins, directions = (np.concatenate(parts) for parts in zip(*rays, strict=True))
    return stage.scene.cast(origins, directions)


def _share(seen: np.ndarray) -> np.ndarray:
    """Pixels seen in each view over the most of any view, (v,)."""
    count = seen.sum(axis=1)
    return count / max(int(count.max()), 1)
