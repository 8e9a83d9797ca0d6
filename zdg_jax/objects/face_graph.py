"""The graph of a mesh's faces: what lies near along the surface, and the best border to cut along.

Two faces that share an edge are neighbours. Concave edges are where people see one part end and
another begin (the minima rule; Hoffman and Richards, 1984): going over one is a long way, cutting
along one is cheap.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from zdg_jax.geometry.surface_sampling import facets

_FULL = np.radians(30.0)
"""Turn over a concave edge that counts as a seam."""
_OTHER_COLOR = 0.25
"""Change of a channel of colour that counts as a seam, sRGB in [0, 1]."""
_WAY = 8.0
"""A seam is as long a way as so many times the distance."""
_CHEAP = 0.1
"""Cost of a cut along a seam, of that along a flat or convex edge."""
_UNITS = 1_000_000
"""Whole numbers in which the largest cost of a cut is expressed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaceGraph:
    """Neighbouring faces, e pairs of them."""

    pairs: np.ndarray
    """Faces on both sides of each edge, (e, 2)."""
    length: np.ndarray
    """Lengths of the edges, (e,) [m]."""
    way: np.ndarray
    """Ways from middle to middle, longer over seams, (e,) [m]."""
    seam: np.ndarray
    """Degree to which each edge is a seam, 0 to 1, (e,)."""
    area: np.ndarray
    """Areas of the faces, (f,) [m^2]."""

    @classmethod
    def of(
        cls,
        vertices: np.ndarray,
        faces: np.ndarray,
        marks: np.ndarray | None = None,
        colors: np.ndarray | None = None,
    ) -> FaceGraph:
        """Builds the graph of a mesh; an edge of more than two faces joins them in a row.

        Args:
            vertices: (v, 3) [m].
            faces: (f, 3).
            marks: parts that are known, (f,): their borders are seams.
            colors: own colours of the faces, (f, 3), sRGB in [0, 1]: where they change is a seam.
        """
        normal, area = facets(vertices, faces)
        middle = vertices[faces].mean(axis=1)
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        owner = np.repeat(np.arange(len(faces)), 3)
        order = np.lexsort(edges.T)
        edges, owner = edges[order], owner[order]
        same = np.flatnonzero((edges[1:] == edges[:-1]).all(axis=1))
        pairs = np.stack([owner[same], owner[same + 1]], axis=1)
        ends = vertices[edges[same]]
        apart = middle[pairs[:, 1]] - middle[pairs[:, 0]]
        distance = np.linalg.norm(apart, axis=1)
        cosine = np.einsum("ij,ij->i", *normal[pairs.T])
        concave = np.einsum("ij,ij->i", normal[pairs[:, 0]], apart) > 1e-6 * distance
        seam = np.where(concave, np.arccos(np.clip(cosine, -1, 1)) / _FULL, 0.0).clip(0, 1)
        if marks is not None:
            seam[marks[pairs[:, 0]] != marks[pairs[:, 1]]] = 1.0
        if colors is not None:
            change = np.abs(colors[pairs[:, 0]] - colors[pairs[:, 1]]).max(axis=1)
            seam = np.maximum(seam, np.clip(change / _OTHER_COLOR, 0, 1))
        return cls(
            pairs=pairs,
            length=np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1),
            way=distance * (1 + (_WAY - 1) * seam),
            seam=seam,
            area=area,
        )

    def without_seams(self) -> FaceGraph:
        """The same graph, over whose seams no way is longer."""
        return dataclasses.replace(self, way=self.way / (1 + (_WAY - 1) * self.seam))

    def ways_from(self, seeds: np.ndarray, farthest: float) -> np.ndarray:
        """The shortest way of every face from the nearest of some, (f,) [m].

        Args:
            seeds: the faces to start from, (f,) bool.
            farthest: way of faces that cannot be reached [m], and the most of all others.
        """
        if not seeds.any():
            return np.full(len(self.area), farthest)
        graph = sparse.csr_array((self.way, self.pairs.T), shape=(len(self.area),) * 2)
        start = np.flatnonzero(seeds)
        ways = csgraph.dijkstra(graph, directed=False, indices=start, min_only=True)
        return np.minimum(ways, farthest)

    def border(self, chosen: np.ndarray) -> tuple[float, float]:
        """Length of the border of chosen faces (f,) bool, and what it counts as a cut [m]."""
        across = chosen[self.pairs[:, 0]] != chosen[self.pairs[:, 1]]
        return float(self.length[across].sum()), float(self._cost[across].sum())

    @property
    def _cost(self) -> np.ndarray:
        """Lengths of the edges as a border counts them, (e,) [m]."""
        return self.length * (1 - (1 - _CHEAP) * self.seam)

    def cut(self, wanted: np.ndarray, smoothness: float) -> np.ndarray:
        """The set of faces that is wanted most, with a short border along seams, (f,) bool.

        Args:
            wanted: how much each face is wanted in the set, below 0 out of it, (f,) [m^2].
            smoothness: what a metre of border costs [m].
        """
        count = len(self.area)
        border = smoothness * self._cost
        scale = _UNITS / max(float(np.abs(wanted).max()), float(border.max(initial=0)), 1e-30)
        source, sink = count, count + 1
        gain = np.rint(scale * np.abs(wanted)).astype(np.int32)
        inner, outer = np.flatnonzero(wanted > 0), np.flatnonzero(wanted < 0)
        cost = np.rint(scale * border).astype(np.int32)
        rows = [np.full(len(inner), source), outer, self.pairs[:, 0], self.pairs[:, 1]]
        columns = [inner, np.full(len(outer), sink), self.pairs[:, 1], self.pairs[:, 0]]
        values = np.concatenate([gain[inner], gain[outer], cost, cost])
        graph = sparse.csr_array(
            (values, (np.concatenate(rows), np.concatenate(columns))), shape=(count + 2,) * 2
        )
        graph.sum_duplicates()
        left = graph - csgraph.maximum_flow(graph, source, sink).flow
        left.data = np.maximum(left.data, 0)
        left.eliminate_zeros()
        reached = csgraph.breadth_first_order(left, source, return_predecessors=False)
        chosen = np.zeros(count + 2, bool)
        chosen[reached] = True
        return chosen[:count]

    def fallen_apart(self, seam: float) -> np.ndarray:
        """Numbers of the sets of faces that no edge joins but seams, (f,).

        Args:
            seam: degree from which an edge is a seam.
        """
        edges = self.pairs[self.seam < seam]
        size = (len(self.area),) * 2
        graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=size)
        return np.asarray(csgraph.connected_components(graph, directed=False)[1])

    def components(self, chosen: np.ndarray) -> np.ndarray:
        """Numbers of the connected sets of chosen faces (f,) bool, (f,); -1 for the others."""
        both = chosen[self.pairs].all(axis=1)
        edges = self.pairs[both]
        graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(len(chosen),) * 2)
        _, label = csgraph.connected_components(graph, directed=False)
        return np.where(chosen, label, -1)
