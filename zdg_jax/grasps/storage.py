"""Sets of grasps on disk: one .npz file without pickle, of a versioned schema.

Arrays are named by a path (`pose/grasp/joints`, `term/contact`, `validation/held`, ...); all that
is no array lies in `meta`, a JSON text.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps import schema
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.grasps.version_1 import from_version_1
from zdg_jax.hand.poses import LEAVES, POSES, HandPose, Poses
from zdg_jax.meshes.hashing import mesh_hash
from zdg_jax.objects.convex import ConvexPiece
from zdg_jax.physics import Physics
from zdg_jax.runtime.array_file import read_arrays
from zdg_jax.runtime.files import atomic_write
from zdg_jax.runtime.kinds import check_path
from zdg_jax.scenes.scene import Scene
from zdg_jax.validation.results import Validation

if TYPE_CHECKING:
    from zdg_jax.planning import GraspPlan

SCHEMA = "zdg-jax grasps"
VERSION = 2
_META = "meta"
_LARGEST_MB = 2048.0
"""A file that unpacks to more is refused before it is unpacked."""


def save(grasps: GraspSet, path: str | os.PathLike[str]) -> pathlib.Path:
    """Writes a set of grasps; returns the path.

    Raises:
        InputError: the file cannot be written; an old one is then untouched.
    """
    arrays = _arrays(grasps)
    try:
        text = json.dumps(_meta(grasps), allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"provenance, or what else is known of the grasps, is no JSON ({_line(error)})"
        ) from None
    arrays[_META] = np.array(text)
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return pathlib.Path(path)


def load(path: str | os.PathLike[str]) -> GraspSet:
    """Reads a set of grasps.

    Raises:
        InputError: there is no such file, it is damaged, or it is of another schema or version.
    """
    check_path("the file of grasps", path)
    path = pathlib.Path(path)
    try:
        arrays = read_arrays(path, limit_mb=_LARGEST_MB)
    except FileNotFoundError:
        raise InputError(f"no file {path}") from None
    meta = _read_meta(path, arrays.pop(_META, None))
    try:
        if meta["version"] == 1:
            meta, arrays = from_version_1(meta, arrays)
        schema.check_meta(meta)
        schema.check_arrays(arrays, len(meta["hand"]["joint_names"]), len(meta["status_names"]))
        return _assemble(meta, arrays)
    except InputError as error:
        raise InputError(f"{path} does not fit its schema: {error}") from None
    except KeyError as error:
        raise InputError(f"{path} does not fit its schema: it lacks {error}") from None
    except (TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise InputError(f"{path} does not fit its schema: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _plain(value: object) -> object:
    """JSON form of what numpy and paths bring along."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise InputError(f"provenance holds a {type(value).__name__}, which JSON cannot express")


def _meta(grasps: GraspSet) -> dict[str, Any]:
    record, test = grasps.object, grasps.validation
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "task": grasps.task,
        "plan": None if grasps.plan is None else grasps.plan.model_dump(mode="json"),
        "alignment_weight": grasps.alignment_weight,
        "physics": None if grasps.physics is None else dataclasses.asdict(grasps.physics),
        "scene": None if grasps.scene is None else grasps.scene.to_json(),
        "status_names": list(grasps.status_names),
        "hand": dataclasses.asdict(grasps.hand),
        "object": {
            "name": record.name,
            "source": record.source,
            "mesh_hash": record.mesh_hash,
            "scale": record.scale,
            "mass": record.mass,
            "friction": record.friction,
            "volume": record.volume,
            "pieces": len(record.pieces),
            "part_names": {str(mark): name for mark, name in record.part_names.items()},
        },
        "validation": None
        if test is None
        else {
            field.name: getattr(test, field.name)
            for field in dataclasses.fields(test)
            if field.name not in Validation.array_names()
        },
        "provenance": dict(grasps.provenance),
    }


def _arrays(grasps: GraspSet) -> dict[str, np.ndarray]:
    arrays = {name: getattr(grasps, name) for name in ("score", "rank", "status", "kept")}
    for name in POSES:
        pose = getattr(grasps.poses, name)
        arrays |= {f"pose/{name}/{leaf}": getattr(pose, leaf) for leaf in LEAVES}
    if grasps.approach is not None:
        arrays["approach"] = grasps.approach.qpos
    if grasps.forces is not None:
        for field in dataclasses.fields(SqueezeForces):
            arrays[f"squeeze/{field.name}"] = getattr(grasps.forces, field.name)
    arrays |= {f"term/{name}": value for name, value in grasps.terms.items()}
    arrays |= {f"metric/{name}": value for name, value in grasps.metrics.items()}
    for name in ("vertices", "faces", "face_parts"):
        arrays[f"object/{name}"] = getattr(grasps.object, name)
    for i, piece in enumerate(grasps.object.pieces):
        arrays[f"object/piece{i}/vertices"] = piece.vertices
        arrays[f"object/piece{i}/faces"] = piece.faces
    if grasps.validation is not None:
        for name in Validation.array_names():
            arrays[f"validation/{name}"] = getattr(grasps.validation, name)
    return {name: np.asarray(value) for name, value in arrays.items()}


def _read_meta(path: pathlib.Path, text: np.ndarray | None) -> dict[str, Any]:
    try:
        meta = json.loads(str(text)) if text is not None else {}
    except (ValueError, RecursionError):
        meta = {}
    if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
        raise InputError(f"{path} is no file of grasps; `zdg grasp` and GraspSet.save write them")
    version = meta.get("version")
    if isinstance(version, bool) or version not in (1, VERSION):
        newer = isinstance(version, int) and version > VERSION
        way_out = "update zdg-jax to read it" if newer else "make the grasps again"
        raise InputError(f"{path} has schema version {version}, this is {VERSION}; {way_out}")
    return meta


def _group(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}


def _mesh(arrays: Mapping[str, np.ndarray], prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces under a name, checked so that nothing later trips over them."""
    vertices, faces = arrays[f"{prefix}/vertices"], arrays[f"{prefix}/faces"]
    for name, array in (("vertices", vertices), ("faces", faces)):
        if array.ndim != 2 or array.shape[1] != 3 or not len(array):
            raise InputError(f"{prefix}/{name} has shape {array.shape}; (m, 3) is needed")
    if not np.isfinite(vertices).all():
        raise InputError(f"{prefix}/vertices holds a number that is not finite")
    if faces.dtype.kind not in "iu" or faces.min() < 0 or faces.max() >= len(vertices):
        raise InputError(f"{prefix}/faces names vertices that do not exist")
    return vertices, faces


def _face_parts(arrays: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """Marks of the faces, (f,); files from before 0.3 have none."""
    marks = arrays.get("object/face_parts", np.zeros(count, np.int32))
    if marks.shape != (count,) or marks.dtype.kind not in "iu":
        raise InputError(f"object/face_parts has shape {marks.shape}; {(count,)} is needed")
    return marks


def _assemble(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> GraspSet:
    """The set; raises KeyError, TypeError or ValueError where the file does not fit."""
    info = dict(meta["object"])
    vertices, faces = _mesh(arrays, "object")
    if mesh_hash(vertices, faces) != info["mesh_hash"]:
        raise InputError("the object's triangles are not those that its mesh_hash is of")
    count = info.pop("pieces")
    names = {int(mark): name for mark, name in info.pop("part_names", {}).items()}
    stored = {name.split("/")[1] for name in arrays if name.startswith("object/piece")}
    if stored != {f"piece{i}" for i in range(count)}:
        raise InputError(f"it states {count} pieces of the object and holds {len(stored)}")
    pieces = [_mesh(arrays, f"object/piece{i}") for i in range(count)]
    hand = dict(meta["hand"])
    return GraspSet(
        poses=Poses(
            **{
                pose: HandPose(**{leaf: _finite(arrays, f"pose/{pose}/{leaf}") for leaf in LEAVES})
                for pose in POSES
            },
            approach=HandPose.from_qpos(arrays["approach"]) if "approach" in arrays else None,
        ),
        score=arrays["score"],
        rank=arrays["rank"],
        task=str(meta["task"]),
        plan=_plan(meta["plan"]),
        alignment_weight=float(meta["alignment_weight"]),
        physics=None if meta.get("physics") is None else Physics(**meta["physics"]),
        scene=None if meta.get("scene") is None else Scene.from_json(meta["scene"]),
        forces=SqueezeForces(**forces) if (forces := _group(arrays, "squeeze/")) else None,
        status=arrays["status"],
        status_names=tuple(meta["status_names"]),
        kept=arrays["kept"],
        terms=_group(arrays, "term/"),
        metrics=_group(arrays, "metric/"),
        object=ObjectRecord(
            vertices=vertices,
            faces=faces,
            face_parts=_face_parts(arrays, len(faces)),
            part_names=names,
            pieces=tuple(ConvexPiece(vertices=v, faces=f) for v, f in pieces),
            **info,
        ),
        hand=HandRecord(**hand | {k: tuple(v) for k, v in hand.items() if k.endswith("_names")}),
        validation=_validation(meta["validation"], arrays, len(arrays["score"])),
        provenance=dict(meta["provenance"]),
    )


def _plan(info: Mapping[str, Any] | None) -> GraspPlan | None:
    if info is None:
        return None
    from zdg_jax.planning import GraspPlan

    return GraspPlan.from_json(json.dumps(info))


def _finite(arrays: Mapping[str, np.ndarray], name: str) -> Any:
    if not np.isfinite(arrays[name]).all():
        raise InputError(f"{name} holds a number that is not finite")
    return arrays[name]


def _validation(
    info: Mapping[str, Any] | None, arrays: Mapping[str, np.ndarray], n: int
) -> Validation | None:
    if info is None:
        return None
    rows: dict[str, Any] = {name: arrays[f"validation/{name}"] for name in Validation.array_names()}
    rest: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in info.items()
    }
    result = Validation(**(rows | rest))
    blank = Validation.empty(n, protocol="", backend="", loads=result.loads)
    for name in Validation.array_names():
        shape, needed = rows[name].shape, getattr(blank, name).shape
        if shape != needed:
            raise InputError(f"validation/{name} has shape {shape}; {needed} is needed")
    return result
