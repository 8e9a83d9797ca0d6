"""Triangles fit to work with: finite, merged, right side out, few enough, of a plausible size."""

from __future__ import annotations

import logging
import math
from typing import Any

import igl
import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from zdg_jax.errors import InputError
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.meshes.clustering import cluster_vertices
from zdg_jax.objects.loading import RawMesh

MOST_FACES = 2_000_000
"""Meshes of more triangles are refused."""
_KEPT_FACES = 100_000
"""Meshes of more triangles are thinned to fewer."""
LARGEST, SMALLEST = 2.0, 0.005
"""Longest side that an object to be grasped may have [m]."""
FARTHEST = 100.0
"""Greatest coordinate: single precision resolves a hundredth of a millimetre there [m]."""
_LOST = 0.1
"""Share of triangles with vertices that are not finite above which a mesh is refused."""
_UNITS = {0.001: "millimetres", 0.01: "centimetres", 0.0254: "inches", 1000.0: "kilometres"}

_log = logging.getLogger(__name__)


def clean(raw: RawMesh, scale: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scales a mesh to metres and drops what cannot be used.

    Args:
        raw: the mesh as it came.
        scale: factor from its unit to metres.

    Returns:
        Vertices (v, 3) [m], faces (f, 3) int32, and of which face of `raw` each was, (f,).

    Raises:
        InputError: a scale that is not positive, too many triangles, none with an area, many
            that are not finite, a size that no object to be grasped has, or a place too far from
            the origin.
    """
    if not is_positive(scale):
        raise InputError(f"scale {scale} is not a positive number")
    if len(raw.faces) > MOST_FACES:
        raise InputError(
            f"{raw.source or raw.name} has {len(raw.faces):,} triangles; the limit is "
            f"{MOST_FACES:,}: decimate the mesh first"
        )
    _check_finite(raw)
    vertices, faces, kept = _usable(raw.vertices * scale, raw.faces)
    if len(kept) == 0:
        raise InputError(f"no triangle of {raw.source or raw.name} has an area")
    if len(kept) < len(raw.faces):
        _log.info("%s: %d triangles without area dropped", raw.name, len(raw.faces) - len(kept))
    check_size(np.ptp(vertices[faces].reshape(-1, 3), axis=0), raw, scale)
    away = float(np.abs(vertices[faces]).max())
    if away > FARTHEST:
        raise InputError(
            f"{raw.source or raw.name} lies {away:.3g} m from its origin; the limit is "
            f"{FARTHEST:g} m, where numbers still tell hundredths of a millimetre: move it there"
        )
    vertices, faces, merged = _merge(vertices, faces, 0.0)
    kept = kept[merged]
    step = float(np.ptp(vertices, axis=0).max()) / 1000
    while len(faces) > _KEPT_FACES:
        vertices, faces, merged = _merge(vertices, faces, step)
        kept = kept[merged]
        step *= 1.5
    if len(kept) == 0:
        raise InputError(
            f"{raw.source or raw.name} is dust: of its {len(raw.faces):,} triangles none is left "
            f"when points within {step / 1.5 * 1e3:.2g} mm are merged; decimate the mesh first"
        )
    faces = _agreeing(vertices, faces)
    center = vertices.mean(axis=0)
    a, b, c = (vertices[faces[:, i]] - center for i in range(3))
    if np.sum(a * np.cross(b, c)) < 0:
        _log.info("%s: inside out, turned", raw.name)
        faces = faces[:, ::-1]
    faces = _turned(vertices, faces)
    return vertices, np.ascontiguousarray(faces, np.int32), kept


def factor(raw: RawMesh) -> float:
    """The factor to metres where the user states none.

    Args:
        raw: the mesh.
    """
    return 1.0 if raw.unit is None else raw.unit


def _check_finite(raw: RawMesh) -> None:
    """Refuses a mesh of which too much is lost; scans with a few points that are NaN are taken."""
    lost = int((~np.isfinite(raw.vertices).all(axis=1))[raw.faces].any(axis=1).sum())
    if lost > _LOST * len(raw.faces):
        raise InputError(
            f"{lost:,} of the {len(raw.faces):,} triangles of {raw.source or raw.name} have "
            "vertices that are not finite numbers; mend the file"
        )


def _agreeing(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Turns triangles so that neighbours agree on which side is out; most of each patch stays."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    if len(np.unique(edges, axis=0)) == len(edges):
        return faces
    oriented, patch = igl.bfs_orient(np.ascontiguousarray(faces, np.int64))
    turned = (oriented != faces).any(axis=1)
    _, area = facets(vertices, faces)
    size = np.bincount(patch, weights=area)
    mostly = np.bincount(patch, weights=area * turned) > size / 2
    turned ^= mostly[patch]
    _log.info("%d triangles that disagree with their neighbours, turned", turned.sum())
    return np.where(turned[:, None], faces[:, ::-1], faces)


def _turned(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Turns closed parts that are inside out, unless they are cavities of others."""
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    count, part = csgraph.connected_components(
        sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(len(vertices),) * 2),
        directed=False,
    )
    part = part[faces[:, 0]]
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volume = np.bincount(part, weights=np.sum(a * np.cross(b, c), axis=1), minlength=count)
    _, inverse, uses = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    open_edges = (uses[inverse.ravel()] != 2).reshape(-1, 3).any(axis=1)
    closed = np.bincount(part, weights=open_edges, minlength=count) == 0
    present = np.bincount(part, minlength=count) > 0
    inverted = np.flatnonzero(closed & present & (volume < 0))
    if len(inverted) == 0:
        return faces
    outward = np.where((volume < 0)[part][:, None], faces[:, ::-1], faces)
    for number in inverted:
        others = outward[part != number]
        point = vertices[faces[part == number][0]].mean(axis=0)[None]
        cavity = (
            len(others)
            and igl.fast_winding_number(
                np.ascontiguousarray(vertices), np.ascontiguousarray(others), point
            )[0]
            > 0.5
        )
        if not cavity:
            _log.info("a part of %d triangles inside out, turned", (part == number).sum())
            faces = np.where((part == number)[:, None], faces[:, ::-1], faces)
    return faces


def is_positive(value: Any) -> bool:
    """Returns whether something is a finite number above zero."""
    try:
        return math.isfinite(value) and value > 0
    except TypeError:
        return False


def check_size(size: np.ndarray, raw: RawMesh, scale: float) -> None:
    """Refuses a bounding box that a wrong unit explains better than a real object.

    Args:
        size: sides of the box, (3,) [m].
        raw: the mesh, for its name.
        scale: factor by which it was scaled.

    Raises:
        InputError: naming the factor that would make it plausible.
    """
    longest = float(size.max())
    if SMALLEST <= longest <= LARGEST:
        return
    box = " x ".join(f"{side:.3g}" for side in size)
    plausible = [unit for unit in _UNITS if 0.03 <= longest * unit <= 0.6]
    if plausible:
        unit = plausible[0]
        advice = (
            f"if it is in {_UNITS[unit]}, its scale is {scale * unit:g} (--scale {scale * unit:g})"
        )
    else:
        advice = "give its scale (--scale), the factor from its unit to metres"
    limit = f"at most {LARGEST:g}" if longest > LARGEST else f"at least {SMALLEST:g}"
    raise InputError(
        f"{raw.source or raw.name} is {box} m; the longest side may be {limit} m: {advice}"
    )


def _usable(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Drops triangles with vertices that are not finite or without area."""
    finite = np.isfinite(vertices).all(axis=1)
    # so large that their products overflow: as good as infinite
    finite &= np.abs(np.where(np.isfinite(vertices), vertices, 0)).max(axis=1) < 1e9
    kept = np.flatnonzero(finite[faces].all(axis=1))
    _, area = facets(np.where(finite[:, None], vertices, 0.0), faces[kept])
    kept = kept[area > 0]
    return vertices, faces[kept], kept


def _merge(
    vertices: np.ndarray, faces: np.ndarray, step: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clusters vertices as `cluster_vertices` does, and keeps each face once."""
    vertices, faces, kept = cluster_vertices(vertices, faces, step)
    unique = _once(faces)
    return vertices, faces[unique], kept[unique]


def _once(faces: np.ndarray) -> np.ndarray:
    """Of faces that repeat each other, same side up, the first; indices that rise.

    A search for the closest point visits every copy: 100,000 of them take it hours.
    """
    turn = (np.argmin(faces, axis=1)[:, None] + np.arange(3)) % 3
    faces = np.take_along_axis(faces, turn, axis=1)
    order = np.lexsort(faces.T)
    fresh = np.ones(len(faces), bool)
    fresh[1:] = np.any(faces[order[1:]] != faces[order[:-1]], axis=1)
    return np.sort(order[fresh])
