"""Meshes from files, trimesh objects and arrays."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import trimesh

from zdg_jax.errors import InputError

MeshLike = str | pathlib.Path | trimesh.Trimesh | tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RawMesh:
    """Triangles as they came, before any scale."""

    vertices: np.ndarray
    """(v, 3), the file's unit."""
    faces: np.ndarray
    """(f, 3)."""
    source: str | None
    """Absolute path of the file."""
    name: str
    """The file's stem, or `object`."""


def read(mesh: MeshLike) -> RawMesh:
    """Reads triangles from a file, a trimesh object or a pair of arrays.

    Raises:
        InputError: no such file, a folder, a file that is no mesh, or nothing with an area.
    """
    source, name = None, "object"
    if isinstance(mesh, trimesh.Trimesh):
        vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    elif isinstance(mesh, tuple):
        vertices, faces = np.asarray(mesh[0], float), np.asarray(mesh[1])
    else:
        path = pathlib.Path(mesh)
        if not path.exists():
            raise InputError(f"no such file: {path}")
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a mesh file in it")
        source, name = str(path.resolve()), path.stem
        try:
            loaded = trimesh.load_mesh(path, process=False)
        except Exception as error:
            raise InputError(f"cannot read {path} as a mesh: {error}") from error
        vertices, faces = np.asarray(loaded.vertices), np.asarray(loaded.faces)
    if len(faces) == 0:
        raise InputError(f"{source or name} has no triangles")
    return RawMesh(
        vertices=np.asarray(vertices, float), faces=np.asarray(faces), source=source, name=name
    )


def clean(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Merges equal vertices and drops triangles without area.

    Raises:
        InputError: nothing is left.
    """
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    mesh.merge_vertices()
    corner = mesh.vertices[mesh.faces]
    doubled = np.linalg.norm(
        np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=-1
    )
    keep = doubled > 0
    if not keep.any():
        raise InputError("no triangle of the mesh has an area")
    return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces[keep], np.int32)
