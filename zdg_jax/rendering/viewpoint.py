"""Viewpoints: the side from which a grasp shows most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.picture import PreparedShapes

_SIDE = 56  # of the small pictures that are compared [px]
_AZIMUTHS, _ELEVATIONS = 16, (-12.0, 12.0, 32.0, 55.0)
_LIKED = {-12.0: 0.0, 12.0: 0.16, 32.0: 0.22, 55.0: 0.05}


def eye_direction(azimuth: float, elevation: float) -> np.ndarray:
    """Returns the unit direction towards the eye, (3,).

    Args:
        azimuth: about z from +x [deg].
        elevation: above the xy plane [deg].
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


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
    used = [shape for shape in stage.scene.shapes if len(shape.faces)]
    points = np.concatenate([shape.vertices for shape in used])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, span = (low + high) / 2, float(np.linalg.norm(high - low))
    y, x = (i.reshape(-1) + 0.5 for i in np.indices((_SIDE, _SIDE)))
    rays = [
        Camera.look_at(middle + span * towards, middle, span=span).rays(x, y, _SIDE, _SIDE)
        for towards, _ in views
    ]
    origins, directions = (np.concatenate(parts) for parts in zip(*rays, strict=True))
    seen = stage.scene.cast(origins, directions).shape.reshape(len(views), -1)
    score = np.array([liked for _, liked in views])
    score = score + _share(np.isin(seen, list(things)))
    for group in groups:
        score = score + np.sqrt(_share(np.isin(seen, list(group)))) / len(groups)
    return views[int(score.argmax())][0]


def _share(seen: np.ndarray) -> np.ndarray:
    """Pixels seen in each view over the most of any view, (v,)."""
    count = seen.sum(axis=1)
    return count / max(int(count.max()), 1)
