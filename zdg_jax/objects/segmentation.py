"""Parts from geometry: pieces of the filled shape that are each nearly convex.

Parts meet where the hull of the whole leaves air: between a mug and its handle, a hammer's head
and its shaft, a bottle's body and its cap (the minima rule of Hoffman and Richards, 1984, in the
form of approximate convex decomposition; Lien and Amato, 2007). The filled shape is cut by the
plane that rids its hull of most air, as long as that air, spread over the smaller side, is deep
for the side's size; then neighbours that leave little air between them are merged again.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.spatial

from zdg_jax.geometry.surface_sampling import scatter
from zdg_jax.objects import bars, patches, profiles, protrusions, rims
from zdg_jax.objects.coarse_parts import Config, cut_apart, merge_again, point_solid, unions_of
from zdg_jax.objects.concavities import FilledShape, fill_concavities
from zdg_jax.objects.cutting import (
    PointSolid,
)
from zdg_jax.objects.distance_fields import VoxelGrid
from zdg_jax.objects.face_graph import FaceGraph

_SAMPLES = 80_000
"""Points on the surface by which profiles are measured."""
_LEAST_PIECE = 0.006
"""Surface of a piece that a profile or a rim cuts off, of the whole."""
_SHOWN = 0.6
"""Overlap with pieces from which a protrusion is no part of its own."""
_EXACT = 0.97
"""The same of a patch: its border is known exactly."""
_ASTRAY = 0.2
"""Share of a patch, and of a coarse part, that is given to the rest of the patch."""
_OTHERS = 4
"""Of the samples on other parts every this many are looked at."""
_VOTERS = 6
"""Nearest points that vote on the part of a face."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Segmentation:
    """Parts of a surface, and which of them together make a larger one."""

    marks: np.ndarray
    """Mark of each face, from 1, (f,) int32."""
    parents: np.ndarray
    """For each mark in order, that of the largest piece of its coarse part, (p,) int32."""
    groups: tuple[tuple[int, ...], ...]
    """Sets of two or more marks that make a larger part, none of all marks."""

    @classmethod
    def of_labels(cls, labels: np.ndarray) -> Segmentation:
        """Parts as they are given: labels (f,), any whole numbers."""
        values, marks = np.unique(labels, return_inverse=True)
        parents = np.arange(1, len(values) + 1, dtype=np.int32)
        return cls(marks=marks.astype(np.int32) + 1, parents=parents, groups=())


def segment(
    vertices: np.ndarray,
    faces: np.ndarray,
    distance: np.ndarray,
    voxels: VoxelGrid,
    config: Config | None = None,
) -> Segmentation:
    """Finds the parts of a mesh.

    Args:
        vertices: (v, 3) [m], z up.
        faces: (f, 3).
        distance: signed distances at the cells of `voxels`, (n,) [m].
        voxels: the cells.
        config: when a cut makes a part.

    Returns:
        The parts; pieces of a coarse part have consecutive marks, larger ones first.
    """
    config = config or Config()
    used = vertices[np.unique(faces)]
    filled = fill_concavities(distance, voxels, used.min(axis=0), used.max(axis=0))
    solid = point_solid(filled)
    owner = np.empty(len(solid.points), np.int64)
    for mark, members in enumerate(merge_again(solid, cut_apart(solid, config), config)):
        owner[members] = mark
    graph, middle = FaceGraph.of(vertices, faces), vertices[faces].mean(axis=1)
    area = graph.area
    patch = patches.find(graph, vertices, faces, _LEAST_PIECE * area.sum())
    voted = _kept_whole(_voted(middle, solid.points, owner), patch, area)
    coarse = _by_area(area, bars.joined(graph, middle, voted))
    marks = _finer(vertices, faces, area, coarse, patch, filled)
    thin = _voted(middle, solid.points, protrusions.find(filled, solid, owner, config))
    apart = _not_shown_yet(vertices, faces, area, marks, thin, filled.voxels.spacing)
    if apart.any():
        coarse = _by_area(area, np.where(apart, coarse.max() + apart, coarse))
        marks = _finer(vertices, faces, area, coarse, patch, filled)
    parents = np.empty(marks.max(), np.int32)
    for mark in range(1, coarse.max() + 1):
        pieces = np.unique(marks[coarse == mark])
        parents[pieces - 1] = pieces[0]
    groups = _groups(solid, middle, area, coarse, marks, patch, config)
    return Segmentation(marks=marks, parents=parents, groups=groups)


def _voted(middle: np.ndarray, points: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """The owner of most of the solid's points around the middle of each face, (f,)."""
    voters = min(_VOTERS, len(points))
    neighbours = scipy.spatial.cKDTree(points).query(middle, k=voters)
    gap, nearest = (np.reshape(values, (len(middle), voters)) for values in neighbours)
    weight = 1 / (gap + 0.5 * gap.max(axis=1, keepdims=True) + 1e-12)
    votes = np.zeros((len(middle), owner.max() + 1))
    np.add.at(votes, (np.arange(len(middle))[:, None], owner[nearest]), weight)
    return votes.argmax(axis=1)


def _kept_whole(coarse: np.ndarray, patch: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Coarse parts (f,) of which no patch has a small share: borders follow its seam.

    Args:
        coarse: parts, (f,).
        patch: number of the patch of each face from 1, 0 on the rest, (f,).
        area: of the faces, (f,) [m^2].
    """
    result = coarse.copy()
    surface = np.bincount(coarse, area)
    table = np.zeros((len(surface), int(patch.max()) + 1))
    np.add.at(table, (coarse, patch), area)
    home = table.argmax(axis=1)
    for number in range(1, int(patch.max()) + 1):
        inside = patch == number
        shares = table[:, number]
        most = int(shares.argmax())
        small = (shares < _ASTRAY * shares.sum()) | (shares.sum() < _ASTRAY * surface)
        elsewhere = (home > 0) & (home != number)  # a part that lies on another patch
        astray = small & ((shares < _ASTRAY * surface) | elsewhere)
        astray[most] = False
        result[inside & astray[coarse]] = most
    return result


def _not_shown_yet(
    vertices: np.ndarray,
    faces: np.ndarray,
    area: np.ndarray,
    marks: np.ndarray,
    thin: np.ndarray,
    cell: float,
) -> np.ndarray:
    """Numbers faces (f,) from 1 by the protrusions that no piece shows yet; 0 on the rest.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        marks: pieces, (f,).
        thin: protrusion that each face seems to be on, from 1, (f,).
        cell: side of the cells in which protrusions were found [m].
    """
    result = np.zeros(len(faces), np.int64)
    for number in range(1, int(thin.max()) + 1):
        rough = thin == number
        chosen = protrusions.along_seams(vertices, faces, rough, cell) if rough.any() else None
        if chosen is None or area[chosen].sum() < _LEAST_PIECE * area.sum():
            continue
        if _shown_by(marks, chosen, area)[1] < _SHOWN:
            result[chosen & (result == 0)] = number
    return result


def _finer(
    vertices: np.ndarray,
    faces: np.ndarray,
    area: np.ndarray,
    coarse: np.ndarray,
    patch: np.ndarray,
    filled: FilledShape,
) -> np.ndarray:
    """Cuts coarse parts (f,) at the steps of their profiles, and patches and rims off them."""
    points, on = scatter(vertices, faces, _SAMPLES, np.random.default_rng(0))
    spacing = float(np.sqrt(area.sum() / _SAMPLES))
    middle = vertices[faces].mean(axis=1)
    least = _LEAST_PIECE * area.sum()
    pieces = np.zeros(len(faces), np.int64)
    for mark in range(1, coarse.max() + 1):
        members, sampled = coarse == mark, coarse[on] == mark
        # Within seams all round, what narrows towards a neighbour still belongs to the part.
        most = np.bincount(patch[members], area[members]).argmax()
        bounded = most > 0 and _shown_by(coarse, patch == most, area)[1] > _EXACT
        others = points[~sampled][::_OTHERS]
        planes = profiles.cuts(points[sampled], others, spacing, shoulders=not bounded)
        if planes is None:
            continue
        axis, places = planes
        for place in places:
            above = members & (middle @ axis > place)
            lower = members & (pieces == pieces[members].max()) & ~above
            if min(area[above].sum(), area[lower].sum()) > least:
                pieces[above] = pieces[members].max() + 1
    band = rims.rim(filled, vertices, faces, coarse)
    if band is not None and area[band].sum() > least:
        pieces[band] = pieces.max() + 1
    pieces = _with_patches(pieces, coarse, patch, area, least)
    marks = np.empty(len(faces), np.int32)
    first = 1
    for mark in range(1, coarse.max() + 1):
        members = coarse == mark
        inner = _by_area(area[members], pieces[members])
        marks[members] = inner + (first - 1)
        first += inner.max()
    return marks


def _with_patches(
    pieces: np.ndarray, coarse: np.ndarray, patch: np.ndarray, area: np.ndarray, least: float
) -> np.ndarray:
    """Pieces (f,), and the patches within coarse parts that they do not show yet.

    Args:
        pieces: numbers of pieces within coarse parts, (f,).
        coarse: parts, (f,).
        patch: number of the patch of each face from 1, 0 on the rest, (f,).
        area: of the faces, (f,) [m^2].
        least: surface of a piece at least [m^2].
    """
    pieces = np.unique(np.stack([coarse, pieces]), axis=1, return_inverse=True)[1].reshape(-1)
    for number in range(1, int(patch.max()) + 1):
        for part in np.unique(coarse[patch == number]):
            chosen = (patch == number) & (coarse == part)
            rest = (coarse == part) & ~chosen
            if not least < area[chosen].sum() < area[rest].sum():
                continue  # what is left of a body is its own affair
            if _shown_by(pieces, chosen, area)[1] < _EXACT:
                pieces = _cut_along(pieces, chosen, rest, area, least)
    return pieces


def _cut_along(
    pieces: np.ndarray, chosen: np.ndarray, rest: np.ndarray, area: np.ndarray, least: float
) -> np.ndarray:
    """Pieces (f,) cut where chosen faces (f,) bool meet the rest of their part, (f,) bool."""
    result = 2 * pieces + chosen
    for side in (chosen, rest):
        surface = np.bincount(result[side], area[side])
        small = side & (surface < least)[np.minimum(result, len(surface) - 1)]
        result[small] = surface.argmax()
    return np.unique(result, return_inverse=True)[1].reshape(-1)


def _shown_by(pieces: np.ndarray, chosen: np.ndarray, area: np.ndarray) -> tuple[np.ndarray, float]:
    """Numbers of the pieces (f,) that lie mostly on chosen faces (f,) bool, and their overlap."""
    surface, inside = np.bincount(pieces, area), np.bincount(pieces, area * chosen)
    within = inside > 0.5 * surface
    union = area[chosen].sum() + (surface - inside)[within].sum()
    return np.flatnonzero(within), float(inside[within].sum() / union)


def _groups(
    solid: PointSolid,
    middle: np.ndarray,
    area: np.ndarray,
    coarse: np.ndarray,
    marks: np.ndarray,
    patch: np.ndarray,
    config: Config,
) -> tuple[tuple[int, ...], ...]:
    """Coarse parts and patches of several pieces, then unions of neighbours by their air."""
    count = int(marks.max())
    whole = [tuple(np.unique(marks[coarse == mark]).tolist()) for mark in np.unique(coarse)]
    for number in range(1, int(patch.max()) + 1):
        shown, overlap = _shown_by(marks, patch == number, area)
        if overlap > _SHOWN:
            whole.append(tuple(shown.tolist()))
    _, nearest = scipy.spatial.cKDTree(middle).query(solid.points)
    owner = marks[nearest]
    sets = [np.flatnonzero(owner == mark) for mark in range(1, count + 1)]
    unions = [
        tuple(np.unique(owner[members]).tolist())
        for members in unions_of(solid, [members for members in sets if len(members)], config)
    ]
    return tuple(dict.fromkeys(group for group in whole + unions if 1 < len(group) < count))


def _by_area(area: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Renumbers labels (f,) of faces of some area (f,) from 1 by falling surface."""
    _, compact = np.unique(labels, return_inverse=True)
    surface = np.bincount(compact, area)
    rank = np.empty(len(surface), np.int32)
    rank[np.argsort(-surface, kind="stable")] = np.arange(1, len(surface) + 1)
    return rank[compact]
