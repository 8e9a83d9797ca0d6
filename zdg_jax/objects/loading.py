"""Meshes from files, trimesh objects and arrays: triangles in metres, with labels if given."""

from __future__ import annotations

import dataclasses
import io
import pathlib
import stat
import urllib.parse
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.meshes.units import stated_unit
from zdg_jax.objects.polygons import plain_obj
from zdg_jax.objects.robot_files import read_robot_file
from zdg_jax.runtime.files import open_regular, read_limited
from zdg_jax.runtime.kinds import has_controls

MeshLike = str | pathlib.Path | trimesh.Trimesh | trimesh.Scene | tuple[np.ndarray, np.ndarray]

LARGEST_FILE = 200
"""Mesh files above this many megabytes are refused [MB]."""
_LARGEST_LABELS = 100_000_000
"""A larger text file holds no labels [bytes]."""
_ADVICE = "is the file whole, and of the format that its suffix names?"
_MESH_SUFFIXES = (".stl", ".obj", ".ply", ".off", ".glb", ".gltf", ".3mf", ".dae")
_READERS: dict[str, Callable[[pathlib.Path], trimesh.Scene]] = {
    ".xml": read_robot_file,
    ".mjcf": read_robot_file,
    ".urdf": read_robot_file,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class RawMesh:
    """Triangles as they came, before any scale."""

    vertices: np.ndarray
    """(v, 3), the file's unit."""
    faces: np.ndarray
    """(f, 3)."""
    labels: np.ndarray | None
    """Number of the file's group of each face from 1, (f,); None where there is one group."""
    names: dict[int, str]
    """Names of the groups."""
    source: str | None
    """Absolute path of the file."""
    name: str
    """The file's stem, or `object`."""
    unit: float | None = None
    """Metres per unit as the file states it; None where it states none."""


def read(mesh: MeshLike) -> RawMesh:
    """Reads triangles from a file, a trimesh object or a pair of arrays.

    Raises:
        InputError: no such file, a folder, a file that is no mesh, or nothing with triangles.
    """
    if isinstance(mesh, trimesh.Scene):
        return _from_scene(mesh, None, "object")
    if isinstance(mesh, trimesh.Trimesh):
        return _checked(mesh.vertices, mesh.faces, None, {}, None, "object")
    if isinstance(mesh, tuple):
        if len(mesh) != 2:
            raise InputError(f"a mesh as arrays is (vertices, faces), not {len(mesh)} arrays")
        return _checked(mesh[0], mesh[1], None, {}, None, "object")
    if not isinstance(mesh, str | pathlib.Path):
        raise InputError(
            f"cannot make an object of {type(mesh).__name__}: "
            "give a path, a trimesh mesh or (vertices, faces)"
        )
    path = _usable(pathlib.Path(mesh))
    scene = _load(path)
    raw = _from_scene(scene, str(path.resolve()), path.stem)
    return dataclasses.replace(raw, unit=stated_unit(path))


def read_labels(path: str | pathlib.Path) -> np.ndarray:
    """Reads one label per face from a `.npy` file or a text file of whole numbers.

    Raises:
        InputError: the file is missing or holds something else.
    """
    path = pathlib.Path(path)
    try:
        if path.suffix == ".npy":
            with open_regular(path) as stream:
                values = np.lib.format.read_array(stream, allow_pickle=False)
        else:
            text = read_limited(path, _LARGEST_LABELS).decode()
            values = np.array(text.replace(",", " ").split(), dtype=np.int64)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"no such file of face labels: {path}") from None
    except (OSError, ValueError, OverflowError, MemoryError) as error:
        raise InputError(
            f"{path} is no list of face labels (a .npy array or whole numbers): {error}"
        ) from error
    return values


def _usable(path: pathlib.Path) -> pathlib.Path:
    try:
        if has_controls(str(path.absolute())):
            raise InputError(
                f"the name of {str(path)!r}, or of a folder above it, holds characters that cannot "
                "be printed, or are no UTF-8 text; rename it"
            )
        state = path.stat()
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a name of impossible characters or length
        text = str(path)
        name = text if len(text) < 300 else f"{text[:100]}..."
        if isinstance(error, FileNotFoundError):
            raise InputError(f"no file {name}") from error
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot open {name}: {reason}") from error
    if stat.S_ISDIR(state.st_mode):
        raise InputError(f"{path} is a folder: name a mesh file in it")
    if not stat.S_ISREG(state.st_mode):
        raise InputError(f"{path} is no file but a device or a pipe: name a mesh file")
    known = (*_MESH_SUFFIXES, *_READERS)
    if path.suffix.lower() not in known:
        raise InputError(f"{path}: cannot read {path.suffix or 'no suffix'}; {', '.join(known)}")
    _check_megabytes(path, state.st_size / 1e6, "has")
    return path


def _check_megabytes(path: pathlib.Path, megabytes: float, how: str) -> None:
    if megabytes > LARGEST_FILE:
        raise InputError(
            f"{path} {how} {megabytes:.0f} MB; the limit is {LARGEST_FILE} MB: decimate it first"
        )
    if megabytes == 0:
        raise InputError(f"{path} is empty")


def _load(path: pathlib.Path) -> trimesh.Scene:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = _READERS.get(path.suffix.lower())
            if reader is not None:
                return reader(path)
            if path.suffix.lower() == ".3mf":
                with zipfile.ZipFile(path) as archive:
                    unpacked = sum(entry.file_size for entry in archive.infolist())
                _check_megabytes(path, unpacked / 1e6, "unpacks to")
            options: dict[str, Any] = {"process": False, "skip_materials": True}
            suffix = path.suffix.lower()
            if suffix in (".glb", ".gltf"):
                _refuse_draco(path)
                options["resolver"] = _Resolver(str(path))
            plain = None
            if suffix == ".obj":
                options["split_objects"] = True
                plain = plain_obj(path.read_bytes())
            elif suffix == ".stl":
                plain = _without_trailer(path.read_bytes(), path)
            if plain is None:
                return trimesh.load_scene(path, **options)
            return trimesh.load_scene(io.BytesIO(plain), file_type=suffix[1:], **options)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory: decimate the mesh first") from error
    except Exception as error:  # readers raise whatever their parser raises
        reason = (str(error).strip().splitlines() or ["no reason given"])[0][:200]
        raise InputError(f"cannot read {path} as a mesh: {reason}; {_ADVICE}") from error


class _Resolver(trimesh.resolvers.FilePathResolver):
    """Finds the files that a glTF names, by URIs; a pipe or a device among them is refused."""

    def get(self, name: str) -> bytes:
        """Reads a file by its name, or by what its percent signs stand for."""
        folder = pathlib.Path(self.parent)
        try:
            return read_limited(folder / name.strip(), LARGEST_FILE * 10**6)
        except FileNotFoundError:
            return read_limited(folder / urllib.parse.unquote(name), LARGEST_FILE * 10**6)


def _refuse_draco(path: pathlib.Path) -> None:
    if b"KHR_draco_mesh_compression" in path.read_bytes():
        raise InputError(
            f"{path} is compressed by Draco, which is not read; save it without compression, e.g. "
            "gltf-transform copy IN OUT, or from Blender with compression off"
        )


def _without_trailer(content: bytes, path: pathlib.Path) -> bytes | None:
    """A binary STL that has bytes after its last triangle without them; None for any other.

    Raises:
        InputError: what follows are whole triangles: the count is wrong, or they are lost.
    """
    if len(content) < 84:
        return None
    count = int.from_bytes(content[80:84], "little")
    end = 84 + 50 * count
    if not 84 < end < len(content):
        return None
    more, rest = divmod(len(content) - end, 50)
    if more and not rest:
        raise InputError(
            f"{path} says that it has {count} triangles, and has {count + more}: save it again"
        )
    return content[:end]


def _from_scene(scene: trimesh.Scene, source: str | None, name: str) -> RawMesh:
    vertices, faces, labels = [], [], []
    names: dict[int, str] = {}
    count = 0
    for node in sorted(scene.graph.nodes_geometry):
        transform, geometry = scene.graph[node]
        mesh = scene.geometry[geometry]
        if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
            continue
        corners = np.asarray(mesh.vertices, float)
        if corners.shape[1:] != (3,):
            raise InputError(
                f"{source or name} has vertices of {corners.shape[-1]} numbers; 3 are needed"
            )
        points = trimesh.transform_points(corners, transform)
        triangles = np.asarray(mesh.faces)
        with np.errstate(all="ignore"):  # a placement that is not finite is dropped later
            mirrored = np.linalg.det(transform[:3, :3]) < 0
        if mirrored:
            triangles = triangles[:, ::-1]
        label = len(names) + 1
        # Files and terminals take some characters for orders.
        names[label] = "".join(" " if has_controls(c) else c for c in str(node))
        vertices.append(points)
        faces.append(triangles + count)
        labels.append(np.full(len(triangles), label))
        count += len(points)
    if not faces:
        advice = f"; {_ADVICE}" if source else ""
        raise InputError(f"{source or name} has no triangles that can be read{advice}")
    given = np.concatenate(labels) if len(names) > 1 else None
    return _checked(np.concatenate(vertices), np.concatenate(faces), given, names, source, name)


def _checked(
    vertices: np.ndarray,
    faces: np.ndarray,
    labels: np.ndarray | None,
    names: dict[int, str],
    source: str | None,
    name: str,
) -> RawMesh:
    try:
        vertices, faces = np.asarray(vertices), np.asarray(faces)
        if vertices.dtype.kind == "c":
            raise ValueError("vertices are complex")
        vertices = np.asarray(vertices, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"the mesh's arrays are not numbers: {error}") from error
    if vertices.ndim != 2 or vertices.shape[1:] != (3,):
        raise InputError(f"vertices have the shape {vertices.shape}; (v, 3) is needed")
    if faces.ndim != 2 or faces.shape[1:] != (3,) or faces.dtype.kind not in "iu":
        raise InputError(
            f"faces are {faces.dtype} of shape {faces.shape}; whole numbers (f, 3) are needed"
        )
    if len(faces) == 0:
        raise InputError(f"{source or name} has no triangles")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(
            f"faces name vertices {faces.min()} to {faces.max()}; there are {len(vertices)}"
        )
    return RawMesh(
        vertices=vertices,
        faces=faces.astype(np.int64),
        labels=labels,
        names=names,
        source=source,
        name=name,
    )
