"""Shapes: surfaces with a colour, as pictures show them."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from zdg_jax.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Shape:
    """A triangle mesh with its looks. Colours are sRGB in [0, 1]."""

    vertices: np.ndarray
    """(v, 3), scene frame [m]."""
    faces: np.ndarray
    """(f, 3) int."""
    color: ArrayLike = (0.7, 0.7, 0.72)
    """Of the whole, (3,), or of each face, (f, 3)."""
    opacity: float = 1.0
    """1 hides what lies behind; less lets it shine through. Translucent shapes of one label are
    one body: only its front surface shows, not the shapes inside it."""
    label: int = 0
    """Number by which `Picture.label` names the shape; at least 0."""
    crease: float = 40.0
    """Edges sharper than this stay sharp, others are shaded round [deg]; 0 = every face flat."""
    gloss: float = 0.25
    """Strength of highlights, 0 = matt."""
    normals: np.ndarray | None = None
    """Unit normals at the corners of the faces, (f, 3, 3), where they are known already."""

    def __post_init__(self) -> None:
        """Checks.

        Raises:
            InputError: an array's shape or a number does not fit.
        """
        put = functools.partial(object.__setattr__, self)
        put("vertices", np.asarray(self.vertices, np.float64).reshape(-1, 3))
        put("faces", np.asarray(self.faces, np.int64).reshape(-1, 3))
        color = np.asarray(self.color, np.float32)
        put("color", color)
        if color.shape not in {(3,), self.faces.shape}:
            raise InputError(
                f"a colour of shape {color.shape} for {len(self.faces)} faces; give (3,) or"
                f" {self.faces.shape}"
            )
        if not 0 < self.opacity <= 1:
            raise InputError(f"opacity is {self.opacity}; it must lie in (0, 1]")
        if self.label < 0:
            raise InputError(f"label is {self.label}; labels start at 0, the background has -1")
        if len(self.faces) and not (
            self.faces.min() >= 0 and self.faces.max() < len(self.vertices)
        ):
            raise InputError(f"a face names a vertex outside 0 to {len(self.vertices) - 1}")
        if self.normals is not None and self.normals.shape != (len(self.faces), 3, 3):
            raise InputError(
                f"normals have shape {self.normals.shape}; {(len(self.faces), 3, 3)} is needed"
            )

    @property
    def single_color(self) -> tuple[float, float, float]:
        """Colour of a shape that has one, sRGB; the first face's where each has its own."""
        red, green, blue = np.asarray(self.color, float).reshape(-1, 3)[0]
        return (float(red), float(green), float(blue))

    @functools.cached_property
    def corner_normals(self) -> np.ndarray:
        """Unit normals at the corners of the faces, (f, 3, 3) float32."""
        if self.normals is not None:
            return np.asarray(self.normals, np.float32)
        return corner_normals(self.vertices, self.faces, self.crease)

    @functools.cached_property
    def face_normals(self) -> np.ndarray:
        """Unit normals of the faces, (f, 3) float32; zero where a face has no area."""
        return _unit(_area_normals(self.vertices, self.faces)).astype(np.float32)


def corner_normals(vertices: np.ndarray, faces: np.ndarray, crease: float) -> np.ndarray:
    """Normals for round shading: at each corner the mean over the faces around it.

    Only faces within `crease` of a corner's own face count, so that sharp edges stay sharp.
    Vertices at the same place are one, as files like STL repeat them.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).
        crease: [deg].

    Returns:
        (f, 3, 3) float32, unit.
    """
    area = _area_normals(vertices, faces)
    flat = _unit(area)
    if crease <= 0 or not len(faces):
        return np.repeat(flat[:, None], 3, axis=1).astype(np.float32)
    size = max(float(np.ptp(vertices, axis=0).max()), 1e-12)
    keys = np.round((vertices - vertices.min(axis=0)) / (1e-6 * size)).astype(np.int64)
    _, vertex = np.unique(keys @ np.array([1, 2**21, 2**42]), return_inverse=True)
    corner = vertex.reshape(-1)[faces].reshape(-1)
    face = np.repeat(np.arange(len(faces)), 3)
    # Pairs of faces that meet at a corner: rows are corners, columns the faces around them.
    touch = sparse.csr_matrix(
        (np.ones(len(face), np.float32), (corner, face)), shape=(corner.max() + 1, len(faces))
    )
    order = touch.indptr[corner]
    count = touch.indptr[corner + 1] - order
    # A fan of thousands of faces about one vertex would make millions of pairs.
    count = np.minimum(count, 64)
    row = np.repeat(np.arange(len(corner)), count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    other = touch.indices[order[row] + step]
    near = np.einsum("ij,ij->i", flat[face[row]], flat[other]) > np.cos(np.radians(crease))
    row, other = row[near], other[near]
    total = area.copy()[face]
    for axis in range(3):
        total[:, axis] += np.bincount(row, area[other, axis], minlength=len(corner))
    return _unit(total).reshape(-1, 3, 3).astype(np.float32)


def _area_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals with twice the faces' areas as lengths, (f, 3)."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.cross(b - a, c - a)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-30)
