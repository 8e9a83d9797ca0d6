"""Bars: coarse parts that are lengths of one bent bar, end to end, are one part.

A bent bar leaves air in its hull, so that it is cut where it bends: a hook, or a handle whose lower
end is free. Both sides of such a cut go on from one another: they meet in a full cross-section of
both, and are as wide on either side.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.geometry.frames import square_to
from zdg_jax.objects.face_graph import FaceGraph

_FULL = 0.65
"""Widths of the border over those of the bars: less is no full cross-section."""
_ALIKE = 0.8
"""Widths of one bar over those of the other, at least."""
_FROM, _TO = 0.2, 1.0
"""Ways from the border's middle between which a bar is measured, over its width."""
_LONG = 1.2
"""Reach of a bar from there, over its width, at least."""
_SEAM = 0.5
"""Share of the border that may be a seam."""
_FEWEST = 8
"""Faces by which a bar is measured, at least."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Section:
    """A bar measured near a border."""

    along: np.ndarray
    """Unit direction from the border into the part, (3,)."""
    widths: np.ndarray
    """Across, the larger first, (2,) [m]."""
    reach: float
    """Greatest distance of the part from the border's middle [m]."""


def joined(graph: FaceGraph, middle: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Joins parts that are lengths of one bar.

    Args:
        graph: of the faces.
        middle: of the faces, (f, 3) [m].
        parts: numbers of parts, (f,).

    Returns:
        Parts (f,), of which those that go on from one another have one number.
    """
    first, second = parts[graph.pairs.T]
    result = parts.copy()
    across = first != second
    borders = np.unique(np.sort(np.stack([first, second], 1)[across], axis=1), axis=0)
    for one, other in borders:
        edges = across & np.isin(first, (one, other)) & np.isin(second, (one, other))
        if _goes_on(graph, middle, parts, edges, (int(one), int(other))):
            low, high = sorted((result[parts == one][0], result[parts == other][0]))
            result[result == high] = low
    return result


def _goes_on(
    graph: FaceGraph,
    middle: np.ndarray,
    parts: np.ndarray,
    edges: np.ndarray,
    pair: tuple[int, int],
) -> bool:
    """Tells whether two parts meet, in some edges (e,) bool, as lengths of one bar do."""
    length = graph.length[edges]
    if graph.seam[edges] @ length > _SEAM * length.sum():
        return False
    border = middle[graph.pairs[edges]].mean(axis=1)
    place = length @ border / length.sum()
    size = float(np.sort(_widths(border - place, 3))[1])
    one, other = (_section(middle[parts == part] - place, size) for part in pair)
    if one is None or other is None:
        return False
    widths = np.stack([one.widths, other.widths])
    cut = _widths(_across(border - place, one.along - other.along), 2)
    return bool(
        min(one.reach, other.reach) > _LONG * widths.max()
        and (widths.min(axis=0) > _ALIKE * widths.max(axis=0)).all()
        and (cut > _FULL * widths.max(axis=0)).all()
    )


def _section(points: np.ndarray, size: float) -> _Section | None:
    """Measures points (k, 3) of a part about the middle of its border of some width [m]."""
    distance = np.linalg.norm(points, axis=1)
    near = points[(distance > _FROM * size) & (distance < _TO * size)]
    if len(near) < _FEWEST:
        return None
    along = near.mean(axis=0) / max(float(np.linalg.norm(near.mean(axis=0))), 1e-12)
    return _Section(along=along, widths=_widths(_across(near, along), 2), reach=distance.max())


def _across(points: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Coordinates (k, 2) of points (k, 3) square to a direction."""
    return points @ square_to(along).T


def _widths(points: np.ndarray, count: int) -> np.ndarray:
    """Sizes of points (k, d) along their principal axes, falling, (count,) [m]."""
    _, axes = np.linalg.eigh(np.cov(points.T))
    return np.sort(np.ptp(points @ axes, axis=0))[::-1][:count]
