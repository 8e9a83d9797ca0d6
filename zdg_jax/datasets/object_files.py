"""Objects of a dataset on disk: mesh and convex pieces as GLB, and facts as JSON, each once.

Nodes of the GLB are `mesh` and `piece000`, `piece001`, ... in the object's frame as it is: its
axes are kept, though viewers of glTF take y for up.
"""

from __future__ import annotations

import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
import trimesh

from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.sources import ObjectRow
from zdg_jax.errors import InputError
from zdg_jax.grasps.records import ObjectRecord
from zdg_jax.meshes.hashing import mesh_hash
from zdg_jax.objects.convex import ConvexPiece
from zdg_jax.runtime.files import atomic_write, open_regular

if TYPE_CHECKING:
    from zdg_jax.objects import Object

_MESH, _PIECE = "mesh", "piece"


def write_object(layout: Layout, row: ObjectRow, obj: Object) -> None:
    """Writes an object's files, unless they are there.

    Args:
        layout: the dataset.
        row: the object's row in the spec.
        obj: the prepared object.

    Raises:
        InputError: a file cannot be written.
    """
    path = layout.object(row.id)
    facts = path.with_suffix(".json")
    if facts.exists():  # it is written last
        return
    scene = trimesh.Scene()
    _add(scene, _MESH, obj.vertices, obj.faces)
    for i, piece in enumerate(obj.pieces):
        _add(scene, f"{_PIECE}{i:03d}", piece.vertices, piece.faces)
    with atomic_write(path) as file:
        file.write(scene.export(file_type="glb"))
    with atomic_write(facts) as file:
        file.write(json.dumps(_facts(row, obj)).encode())


def read_facts(layout: Layout, object_id: str) -> dict[str, Any]:
    """Reads the facts of an object.

    Args:
        layout: the dataset.
        object_id: the object.

    Raises:
        InputError: they are not there, or damaged.
    """
    return read_json(layout.object(object_id).with_suffix(".json"))


def read_json(path: pathlib.Path) -> Any:
    """Reads a JSON file of a dataset.

    Args:
        path: the file.

    Raises:
        InputError: it is not there, or damaged.
    """
    try:
        with open_regular(path) as file:
            return json.loads(file.read())
    except FileNotFoundError:
        raise InputError(f"the dataset lacks {path}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"cannot read {path}: {error}") from None


def read_object(layout: Layout, object_id: str) -> ObjectRecord:
    """Reads an object as physics, pictures and exports need it.

    The record's `mesh_hash` is that of the triangles as they are stored, in single precision.

    Args:
        layout: the dataset.
        object_id: the object.

    Raises:
        InputError: its files are not there, or damaged.
    """
    path, facts = layout.object(object_id), read_facts(layout, object_id)
    try:
        scene = trimesh.load_scene(path, process=False)
        vertices, faces = _triangles(scene, _MESH)
        pieces = [_triangles(scene, f"{_PIECE}{i:03d}") for i in range(facts["pieces"])]
    except FileNotFoundError:
        raise InputError(f"the dataset lacks {path}") from None
    except Exception as error:  # readers raise whatever their parser raises
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"cannot read {path}: {reason or type(error).__name__}") from None
    return ObjectRecord(
        name=facts["name"],
        source=str(path.resolve()),
        mesh_hash=mesh_hash(vertices, faces),
        scale=1.0,
        vertices=vertices,
        faces=faces,
        face_parts=np.asarray(facts["face_parts"], np.int32),
        part_names={part["mark"]: part["name"] for part in facts["parts"] if part["name"]},
        pieces=tuple(ConvexPiece(vertices=v, faces=f) for v, f in pieces),
        mass=facts["mass"],
        friction=facts["friction"],
        volume=facts["volume"],
    )


def _add(scene: trimesh.Scene, name: str, vertices: np.ndarray, faces: np.ndarray) -> None:
    mesh = trimesh.Trimesh(np.asarray(vertices), np.asarray(faces), process=False)
    scene.add_geometry(mesh, node_name=name, geom_name=name)


def _triangles(scene: trimesh.Scene, name: str) -> tuple[np.ndarray, np.ndarray]:
    mesh = scene.geometry[name]
    return np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int32)


def _facts(row: ObjectRow, obj: Object) -> dict[str, Any]:
    return {
        "object": row.id,
        "name": row.name,
        "source": pathlib.Path(row.path).name,
        "source_sha256": row.digest,
        "mesh_hash": obj.mesh_hash,
        "scale": obj.scale,
        "mass": obj.mass,
        "mass_given": obj.mass_given,
        "friction": obj.friction,
        "volume": obj.volume,
        "center_of_mass": np.asarray(obj.center_of_mass, float).tolist(),
        "inertia": np.asarray(obj.inertia, float).ravel().tolist(),
        "up": row.up,
        "size": np.ptp(obj.vertices, axis=0).tolist(),
        "faces": len(obj.faces),
        "pieces": len(obj.pieces),
        "parts": [
            {
                "mark": part.mark,
                "name": part.name,
                "area": part.area,
                "extents": np.asarray(part.extents, float).tolist(),
            }
            for part in obj.parts
        ],
        "face_parts": obj.face_parts.tolist(),
    }
