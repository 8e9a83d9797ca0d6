"""Parts by pointing: boxes and spots on views, lifted to faces of the mesh."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import scipy.spatial

from zdg_jax.objects.face_graph import FaceGraph

_SLACK = 0.015
"""Borders of a box are taken to err by this share of the picture."""
_LOOSE = 0.1
"""The same of small boxes, of their side."""
_SPOT = 0.012
"""Half width of what a spot means, of the picture's height."""
_FITS = 0.02
"""Error of the boxes, of the picture, below which a known part is what was pointed at."""
_LEAN = 0.4
"""Weight of a face behind a seam for lying within the boxes; without a seam it is 1."""
_CROSSED = 0.8
"""Way over a face's distance without seams, inverted, from which on a seam lies between."""
_SMOOTH = 0.01
"""Cost of a metre of border, of the object's size times its size [m]: short borders."""
_SPLINTER = 0.2
"""A separate piece without a spot in it stays from this share of the largest piece on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PointedView:
    """Boxes and spots pointed at on one view. Places are x, y in [0, 1] from the upper left."""

    faces: np.ndarray
    """Face of the object at each pixel, (h, w); -1 beside it."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom of a box around the part, as far as it is seen."""
    inside: Sequence[tuple[float, float]] = ()
    """Spots on the part."""
    outside: Sequence[tuple[float, float]] = ()
    """Spots on the object that are not on the part."""


def lift(
    vertices: np.ndarray,
    faces: np.ndarray,
    marks: np.ndarray,
    groups: Sequence[Sequence[int]],
    views: Sequence[PointedView],
    visible: np.ndarray,
    colors: np.ndarray | None = None,
) -> np.ndarray | None:
    """Finds the faces that were pointed at.

    A known part, or a group of them, that fits is taken. Else faces seen outside a box are out; of
    the others, those are in that are nearer along the surface to spots inside than to what is out,
    where concave seams are a long way. The border is short and follows seams.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        marks: parts that are known, (f,): their borders count as seams.
        groups: marks that together make a larger part.
        views: what was pointed at, on one view or several.
        visible: faces that are seen on any view, (f,) bool; the others, such as walls from inside,
            go with the nearest of these.
        colors: the faces' own colours, (f, 3), sRGB in [0, 1], where they have some: where these
            change is a seam.

    Returns:
        The faces, (f,) bool; None where no spot inside lies on the object.
    """
    known = _known(marks, groups, views)
    if known is not None:
        return known
    count = len(faces)
    inner, outer = np.zeros(count, bool), np.zeros(count, bool)
    boxed, seen = np.zeros(count), np.zeros(count)
    for view in views:
        height, width = view.faces.shape
        y, x = np.mgrid[:height, :width]
        x, y = (x + 0.5) / width, (y + 0.5) / height
        left, top, right, bottom = view.box
        slack_x = min(_SLACK, _LOOSE * (right - left))
        slack_y = min(_SLACK * width / height, _LOOSE * (bottom - top))
        within = (x > left - slack_x) & (x < right + slack_x)
        within &= (y > top - slack_y) & (y < bottom + slack_y)
        on = view.faces >= 0
        total = np.bincount(view.faces[on], minlength=count)
        inside = np.bincount(view.faces[on & within], minlength=count)
        outer |= (total > 0) & (inside < 0.5 * total)
        seen += total > 0
        boxed += (total > 0) & (inside >= 0.5 * total)
        for spots, seeds in ((view.inside, inner), (view.outside, outer)):
            for spot_x, spot_y in spots:
                near = np.maximum(np.abs(x - spot_x) * width / height, np.abs(y - spot_y)) < _SPOT
                centre = view.faces[
                    min(int(spot_y * height), height - 1), min(int(spot_x * width), width - 1)
                ]
                if centre >= 0:
                    seeds[centre] = True
                    seeds[_around(vertices, faces, view.faces[near & on], int(centre))] = True
    inner &= ~outer
    if not inner.any():
        return None
    graph = FaceGraph.of(vertices, faces, marks, colors)
    size = float(np.linalg.norm(np.ptp(vertices[faces].reshape(-1, 3), axis=0)))
    near_in, near_out = (graph.ways_from(seeds, 2 * size) for seeds in (inner, outer))
    wanted = (near_out - near_in) / (near_out + near_in + 1e-12)
    # Where no seam lies between a spot and a face, as on a screen, the boxes alone tell.
    plain = graph.without_seams().ways_from(inner, 2 * size)
    free = np.where(plain > 0, plain / np.maximum(near_in, 1e-12), 1.0)
    lean = _LEAN + (1 - _LEAN) * np.clip((free - _CROSSED) / (1 - _CROSSED), 0, 1)
    wanted += lean * np.where(seen > 0, boxed / np.maximum(seen, 1), 0.0)
    wanted[inner], wanted[outer] = 4.0, -4.0
    chosen = graph.cut(wanted * graph.area, _SMOOTH * size)
    chosen = _whole(graph, chosen, inner)
    if visible.any() and not visible.all():
        middle = vertices[faces].mean(axis=1)
        shown = np.flatnonzero(visible)
        _, nearest = scipy.spatial.cKDTree(middle[shown]).query(middle[~visible])
        chosen[~visible] = chosen[shown[nearest]]
    return chosen


def _known(
    marks: np.ndarray, groups: Sequence[Sequence[int]], views: Sequence[PointedView]
) -> np.ndarray | None:
    """The known part or group that fits boxes and spots best, (f,) bool; None where none fits."""
    best, least = None, _FITS
    for group in [[mark] for mark in np.unique(marks)] + [list(group) for group in groups]:
        members = np.isin(marks, group)
        error = max(_misfit(members, view) for view in views)
        if error < least:
            best, least = members, error
    return best


def _misfit(members: np.ndarray, view: PointedView) -> float:
    """Largest error of a box around faces (f,) bool, of the picture; inf where a spot is wrong."""
    height, width = view.faces.shape
    mask = (view.faces >= 0) & members[np.maximum(view.faces, 0)]
    if not mask.any():
        return np.inf
    for spots, wanted in ((view.inside, True), (view.outside, False)):
        for x, y in spots:
            at = min(int(y * height), height - 1), min(int(x * width), width - 1)
            if view.faces[at] >= 0 and mask[at] != wanted:
                return np.inf
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    seen = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    return float(np.abs(seen / [width, height, width, height] - view.box).max())


def _around(vertices: np.ndarray, faces: np.ndarray, found: np.ndarray, centre: int) -> np.ndarray:
    """Of faces around a spot, those that look about the same way as that in its middle."""
    found = np.unique(found)
    corners = vertices[faces[np.append(found, centre)]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    return found[normal[:-1] @ normal[-1] > 0.5]


def _whole(graph: FaceGraph, chosen: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The chosen faces without splinters that nobody pointed at."""
    label = graph.components(chosen)
    if not chosen.any():
        return chosen
    area = np.bincount(label[chosen], graph.area[chosen])
    kept = area >= _SPLINTER * area.max()
    kept[label[chosen & inner]] = True
    return chosen & kept[np.maximum(label, 0)]
