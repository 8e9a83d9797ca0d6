"""The colours of an object's own file: of vertices, faces or a texture, for pictures and cuts.

Preparing an object needs triangles alone; its looks are read when somebody wants to see them.
"""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import trimesh
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from zdg_jax.objects.object import Object

_SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".dae", ".3mf", ".off")
_FINEST = 1 / 60
"""Longest edge of what is coloured face by face, over the object's size."""
_MOST_FACES = 200_000
_PLAIN = 0.02
"""Spread of colours below which a file's one colour tells nothing, sRGB in [0, 1]."""

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Appearance:
    """A surface in its own colours, cut finely enough to show a texture."""

    vertices: np.ndarray
    """(v, 3), object frame [m]."""
    faces: np.ndarray
    """(f, 3)."""
    colors: np.ndarray
    """Of each face, (f, 3), sRGB in [0, 1]."""

    @classmethod
    def of(cls, obj: Object) -> Appearance | None:
        """Reads the colours of an object's file.

        Args:
            obj: the object.

        Returns:
            Its looks; None where the file has no colours, one only, or is no longer there.
        """
        if obj.source is None or pathlib.Path(obj.source).suffix.lower() not in _SUFFIXES:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scene = trimesh.load_scene(obj.source, process=False)
            size = float(np.linalg.norm(np.ptp(obj.vertices, axis=0)))
            pieces = [
                piece
                for mesh in scene.dump()
                if isinstance(mesh, trimesh.Trimesh)
                and (piece := _colored(mesh, obj.scale, _FINEST * size)) is not None
            ]
        except Exception as error:  # readers of materials raise whatever their parser raises
            _log.info("%s is drawn without colours: %s", obj.source, error)
            return None
        if not pieces:
            return None
        counts = np.cumsum([0, *(len(piece.vertices) for piece in pieces[:-1])])
        looks = cls(
            vertices=np.concatenate([piece.vertices for piece in pieces]),
            faces=np.concatenate(
                [piece.faces + start for piece, start in zip(pieces, counts, strict=True)]
            ),
            colors=np.concatenate([piece.colors for piece in pieces]),
        )
        return looks if np.ptp(looks.colors, axis=0).max() > _PLAIN else None

    def at(self, points: np.ndarray) -> np.ndarray:
        """Colours of the surface next to points.

        Args:
            points: (n, 3), object frame [m].

        Returns:
            (n, 3), sRGB in [0, 1].
        """
        middle = self.vertices[self.faces].mean(axis=1)
        return self.colors[cKDTree(middle).query(points)[1]]


def _colored(mesh: trimesh.Trimesh, scale: float, longest: float) -> Appearance | None:
    """One mesh of a file with a colour for each of its faces, none of them large."""
    vertices, faces = np.asarray(mesh.vertices, float) * scale, np.asarray(mesh.faces)
    if not len(faces):
        return None
    carried = _carried(mesh.visual, len(faces))
    if carried is None:
        return None
    values, shade, fine = carried
    corners = np.hstack([vertices[faces].reshape(-1, 3), values.reshape(len(faces) * 3, -1)])
    triangles = np.arange(len(corners)).reshape(-1, 3)
    edges = np.linalg.norm(
        corners[triangles][:, :, :3] - np.roll(corners[triangles][:, :, :3], 1, axis=1), axis=2
    )
    while fine and edges.max() > longest and len(triangles) < _MOST_FACES:
        corners, triangles, edges = _halved(corners, triangles, edges, longest)
    colors = shade(corners[triangles][:, :, 3:].mean(axis=1))
    return Appearance(vertices=corners[:, :3], faces=triangles, colors=colors)


def _halved(
    corners: np.ndarray, triangles: np.ndarray, edges: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cuts triangles with a long edge into four, values at the corners with them."""
    long = edges.max(axis=1) > longest
    a, b, c = (corners[triangles[long, i]] for i in range(3))
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    new = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1)
    new = new.reshape(-1, corners.shape[1])
    kept = corners[triangles[~long]].reshape(-1, corners.shape[1])
    corners = np.concatenate([kept, new])
    triangles = np.arange(len(corners)).reshape(-1, 3)
    points = corners[triangles][:, :, :3]
    return corners, triangles, np.linalg.norm(points - np.roll(points, 1, axis=1), axis=2)


def _carried(visual: Any, faces: int) -> tuple[np.ndarray, Callable[..., np.ndarray], bool] | None:
    """Values at the corners of faces, (f, 3, k), what makes colours (n, 3) of such values (n, k),
    and whether colours change within faces."""
    mesh = visual.mesh
    if isinstance(visual, trimesh.visual.TextureVisuals):
        image = _image(visual.material)
        if visual.uv is not None and image is not None:
            uv = np.asarray(visual.uv, float)[np.asarray(mesh.faces)]
            return uv, lambda at: trimesh.visual.uv_to_color(at, image)[:, :3] / 255.0, True
        plain = np.asarray(visual.material.main_color, float)[:3] / 255.0
        return np.tile(plain, (faces, 3, 1)), lambda values: values, False
    if visual.kind == "vertex":
        colors = np.asarray(visual.vertex_colors, float)[:, :3] / 255.0
        return colors[np.asarray(mesh.faces)], lambda values: values, False
    if visual.kind == "face":
        colors = np.asarray(visual.face_colors, float)[:, :3] / 255.0
        return np.repeat(colors[:, None], 3, axis=1), lambda values: values, False
    return None


def _image(material: Any) -> Any:
    """The picture of a material's base colour; None without one."""
    for name in ("baseColorTexture", "image"):
        image = getattr(material, name, None)
        if image is not None:
            return image
    return None
