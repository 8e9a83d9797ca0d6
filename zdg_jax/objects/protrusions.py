"""Protrusions: what stands out of a part and is thinner than it, as the two loops of a pot do.

A plane that cuts off one of several equal protrusions rids a hull of little air, as the others
still span it. So the filled shape is opened by balls of falling radius (Serra, 1982): what no
ball inside it reaches is thin. A connected piece of that counts where it stands out far for its
base and its hull and that of the rest of its part leave air between them; edges and corners do
not. Its border is then drawn along concave seams; it has to be short for what it bounds, and a
good part of it a seam.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from zdg_jax.objects.coarse_parts import Config, air_between
from zdg_jax.objects.concavities import FilledShape
from zdg_jax.objects.cutting import PointSolid
from zdg_jax.objects.face_graph import FaceGraph

_LEAST_RADIUS, _GROWTH = 3.0, 1.5
"""Radius of the smallest ball [cells], and of each over the next smaller."""
_LARGEST = 0.7
"""Radius of the largest ball at most, over that of the largest that fits in."""
_CORNER = 0.75
"""Way from the ball to the corner of a box, over its radius: what lies farther stands out."""
_SKIN = 1.2
"""Distance from the core up to which cells are roughness of its surface [cells]."""
_REACH = 0.6
"""Least reach of a protrusion, over the radius of a round base of equal area."""
_FEWEST = 12
"""Points of a protrusion at least."""
_LEAST_HULL = 0.012
"""Surface of a protrusion's hull, of that of the whole."""
_AROUND = 3.0
"""Faces within so much of a protrusion may be given to it [cells]."""
_SMOOTH = 4.0
"""Cost of a metre of border over a flat or convex edge, in surface [cells]."""
_BORDER = 1.25
"""Cost of a border at most, over the root of the surface in it: half that of half a ball's."""
_SEAM = 0.65
"""The same over its length: a good part of it is a seam."""


def find(shape: FilledShape, solid: PointSolid, owner: np.ndarray, config: Config) -> np.ndarray:
    """Finds the protrusions of parts.

    Args:
        shape: the filled shape.
        solid: its points.
        owner: part of each point, (p,).
        config: when a cut makes a part.

    Returns:
        Number of the protrusion of each point from 1, 0 for all others, (p,).
    """
    found, count = np.zeros(len(owner), np.int64), 0
    whole = solid.hull(solid.points)
    if whole is None:
        return found
    cell = shape.voxels.nearest(solid.points)
    depth = ndimage.distance_transform_edt(shape.filled)
    steps = np.log(max(_LARGEST * depth.max() / _LEAST_RADIUS, 0.5)) / np.log(_GROWTH)
    for radius in _LEAST_RADIUS * _GROWTH ** np.arange(np.floor(steps), -1, -1):
        pieces, reach = _thin_pieces(shape.filled, depth, radius)
        piece = pieces.reshape(-1)[cell]
        for number in np.flatnonzero(reach > _REACH) + 1:
            inside = piece == number
            if np.count_nonzero(inside) < _FEWEST:
                continue
            known = int(np.bincount(found[inside]).argmax())
            if known:  # the same at a coarser scale
                found[inside & (found == 0)] = known
                continue
            members = (owner == np.bincount(owner[inside]).argmax()) & (found == 0)
            part, rest = members & inside, members & ~inside
            if min(np.count_nonzero(part), np.count_nonzero(rest)) < _FEWEST:
                continue
            hull, other = solid.hull(solid.points[part]), solid.hull(solid.points[rest])
            if hull is None or other is None:
                continue
            if not _LEAST_HULL * whole.area < hull.area < other.area:
                continue
            slender = max(float(reach[number - 1]), 1.0)
            if air_between(solid, other, hull, config) * slender >= config.air:
                count += 1
                found[part] = count
    return found


def _thin_pieces(
    filled: np.ndarray, depth: np.ndarray, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the pieces that no ball of a radius inside the shape reaches.

    Args:
        filled: cells of the shape, (a, b, c) bool.
        depth: of the cells in it [cells].
        radius: of the balls [cells].

    Returns:
        Number of the piece of each cell from 1, 0 elsewhere, (a, b, c); and how far each piece
        stands out over the radius of its base, (n,).
    """
    core = ndimage.distance_transform_edt(depth < radius) < radius
    out, nearest = ndimage.distance_transform_edt(~core, return_indices=True)
    foot = np.ravel_multi_index(tuple(nearest), filled.shape)
    seeds, count = ndimage.label(filled & (out > _CORNER * radius + 1))
    # A piece is what stands on the same places of the core as its far end: no edge beside it.
    standing = np.zeros(filled.size, np.int64)
    standing[foot[seeds > 0]] = seeds[seeds > 0]
    standing = ndimage.maximum_filter(standing.reshape(filled.shape), 3).reshape(-1)
    pieces = np.where(filled & (out > _SKIN), standing[foot], 0)
    base = np.bincount(pieces[out < _SKIN + 1], minlength=count + 1)[1:]
    far = ndimage.maximum(out, pieces, np.arange(1, count + 1)) if count else np.zeros(0)
    return pieces, (np.asarray(far) + 0.5) / np.sqrt(np.maximum(base, 1) / np.pi)


def along_seams(
    vertices: np.ndarray, faces: np.ndarray, rough: np.ndarray, cell: float
) -> np.ndarray | None:
    """Draws the border of a protrusion along concave seams.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        rough: faces that seem to be on it, (f,) bool.
        cell: side of the cells in which it was found [m].

    Returns:
        The faces on it, (f,) bool; None where its border is too long for what it bounds, or
        no seam.
    """
    middle = vertices[faces].mean(axis=1)
    margin = _AROUND * cell
    low, high = middle[rough].min(axis=0) - margin, middle[rough].max(axis=0) + margin
    near = np.flatnonzero(((middle > low) & (middle < high)).all(axis=1))
    graph = FaceGraph.of(vertices, faces[near])
    chosen = graph.cut(np.where(rough[near], graph.area, -graph.area), _SMOOTH * cell)
    length, cost = graph.border(chosen)
    size = float(graph.area[chosen].sum())
    if not chosen.any() or cost > min(_BORDER * size**0.5, _SEAM * length):
        return None
    result = np.zeros(len(faces), bool)
    result[near[chosen]] = True
    return result
