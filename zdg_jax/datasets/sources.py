"""Objects and tasks of a spec, found on disk."""

from __future__ import annotations

import csv
import dataclasses
import glob
import hashlib
import io
import json
import math
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.spec import DatasetSpec, ObjectSource, TaskFile
from zdg_jax.errors import InputError
from zdg_jax.runtime.files import open_regular

_MESHES = (".stl", ".obj", ".ply", ".off", ".glb", ".gltf", ".3mf", ".dae")
_COUNTS = {1: "a finite number is", 3: "three finite numbers are"}
_COLUMNS = ("path", "name", "scale", "mass", "friction", "up", "parts")
_NUMBERS = ("scale", "mass", "friction")
_ID_DIGITS = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectRow:
    """One object of a dataset, as its jobs need it."""

    id: str
    """Name of its files: a hash of the mesh file and of everything below."""
    name: str
    """The object's name, which planners read; the mesh file's stem unless a table says more."""
    path: str
    """Absolute path of the mesh."""
    digest: str
    """SHA-256 of the mesh file, hexadecimal."""
    scale: float | None
    """Factor from the file's unit to metres; None takes what the file states, or 1."""
    mass: float | None
    """[kg]; None leaves it to the planner."""
    friction: float
    """Sliding friction coefficient."""
    up: tuple[float, float, float] | None
    """Direction that points up when the object stands, object frame."""
    parts: str
    """`auto`, `geometry`, or the absolute path of a file with a label for each face."""


def find_objects(
    spec: DatasetSpec, folder: pathlib.Path, known: Mapping[str, Any] | None = None
) -> tuple[list[ObjectRow], dict[str, Any]]:
    """Finds the objects of a spec; one that is named twice with equal facts counts once.

    Folders and globs pass over the files of datasets that are being made among the meshes.

    Args:
        spec: the spec.
        folder: folder that its paths are relative to.
        known: digests of an earlier call, which spare reading files that have not changed.

    Returns:
        The objects in the order of their ids, and the digests for the next call.

    Raises:
        InputError: a source that names nothing, or a table with a wrong column or value.
    """
    digests: dict[str, Any] = {}
    rows: dict[str, ObjectRow] = {}
    for source in spec.objects:
        for facts in _entries(source, folder):
            row = _row(facts, known or {}, digests)
            rows.setdefault(row.id, row)
    return sorted(rows.values(), key=lambda row: row.id), digests


def find_tasks(
    spec: DatasetSpec, folder: pathlib.Path, objects: list[ObjectRow]
) -> tuple[list[str], list[list[int]]]:
    """Finds the tasks of each object.

    Args:
        spec: the spec.
        folder: folder that its paths are relative to.
        objects: the objects.

    Returns:
        All tasks, and for each object the numbers of its own.

    Raises:
        InputError: a table that cannot be read, lacks a column, or names an object that is none.
    """
    if not isinstance(spec.tasks, TaskFile):
        tasks = list(dict.fromkeys(task.strip() for task in spec.tasks))
        return tasks, [list(range(len(tasks)))] * len(objects)
    path = folder / spec.tasks.file
    by_object: dict[str, dict[str, None]] = {}
    for line, entry in _table(path, ("object", "task")):
        if not entry.get("object") or not entry.get("task"):
            raise InputError(f"{path}, line {line}: an object and a task are needed")
        by_object.setdefault(entry["object"], {})[entry["task"]] = None
    unknown = sorted(by_object.keys() - {row.name for row in objects})
    if unknown:
        raise InputError(f"{path} names '{unknown[0]}', which is none of the objects of the spec")
    tasks = sorted({task for own in by_object.values() for task in own})
    number = {task: i for i, task in enumerate(tasks)}
    return tasks, [[number[task] for task in by_object.get(row.name, {})] for row in objects]


def _entries(source: ObjectSource, folder: pathlib.Path) -> Iterator[dict[str, Any]]:
    """Facts of each mesh of a source, with an absolute path."""
    common = source.model_dump()
    if source.parts not in ("auto", "geometry"):
        common["parts"] = str((folder / source.parts).resolve())
    path = folder / source.path
    if path.suffix == ".csv":
        for line, entry in _table(path, ("path",), _COLUMNS):
            facts = common | _facts(entry, path, line)
            facts["path"] = str((path.parent / entry["path"]).resolve())
            yield facts
        return
    if path.is_dir():
        meshes = [p for p in path.rglob("*") if p.suffix.lower() in _MESHES]
    elif glob.has_magic(source.path):
        found = glob.glob(str(path), recursive=True)
        meshes = [p for p in map(pathlib.Path, found) if p.is_file()]
    else:
        meshes = [path]
    if path not in meshes:
        meshes = _outside_datasets(meshes)
    if not meshes:
        raise InputError(
            f"no mesh at '{source.path}'; name a mesh, a folder, a glob, or a .csv with a column "
            "'path'"
        )
    for mesh in sorted(meshes):
        yield common | {"path": str(mesh.resolve())}


def _outside_datasets(meshes: list[pathlib.Path]) -> list[pathlib.Path]:
    """Meshes in no folder of a dataset: those there were written by this library."""
    inside: dict[pathlib.Path, bool] = {}

    def in_dataset(folder: pathlib.Path) -> bool:
        if folder not in inside:
            above = folder.parent
            inside[folder] = Layout(folder).begun or (above != folder and in_dataset(above))
        return inside[folder]

    return [mesh for mesh in meshes if not in_dataset(mesh.parent)]


def _table(
    path: pathlib.Path, needed: tuple[str, ...], known: tuple[str, ...] | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a table with their numbers; cells that are empty are left out."""
    try:
        with (
            open_regular(path) as content,
            io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as file,
        ):
            reader = csv.DictReader(file)
            columns = [column.strip() for column in reader.fieldnames or ()]
            reader.fieldnames = columns
            for column in needed:
                if column not in columns:
                    raise InputError(f"{path} lacks the column '{column}'")
            for column in columns:
                if known is not None and column not in known:
                    raise InputError(f"{path} has a column '{column}'; known: {', '.join(known)}")
            for entry in reader:
                if None in entry:
                    raise InputError(
                        f"{path}, line {reader.line_num}: it has more cells than there are columns"
                    )
                cells = {k: v.strip() for k, v in entry.items() if k and v and v.strip()}
                if cells:
                    yield reader.line_num, cells
    except FileNotFoundError:
        raise InputError(f"no file {path}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the table {path}: {error}") from None


def _facts(entry: dict[str, str], path: pathlib.Path, line: int) -> dict[str, Any]:
    """What a line of a table says of its object."""
    if "path" not in entry:
        raise InputError(f"{path}, line {line}: the path is missing")
    facts: dict[str, Any] = {"name": entry["name"]} if "name" in entry else {}
    for column in _NUMBERS:
        if column in entry:
            (facts[column],) = _numbers(entry[column], 1, f"{path}, line {line}: {column}")
            if facts[column] <= 0:
                raise InputError(f"{path}, line {line}: {column} is not above 0")
    if "up" in entry:
        x, y, z = _numbers(entry["up"], 3, f"{path}, line {line}: up")
        length = math.hypot(x, y, z)
        if length < 1e-6:
            raise InputError(f"{path}, line {line}: up has no length")
        facts["up"] = (x / length, y / length, z / length)
    if "parts" in entry:
        named = entry["parts"]
        geometric = named in ("auto", "geometry")
        facts["parts"] = named if geometric else str((path.parent / named).resolve())
    return facts


def _numbers(text: str, count: int, what: str) -> list[float]:
    try:
        values = [float(part) for part in text.split()]
    except ValueError:
        values = []
    if len(values) != count or not all(map(math.isfinite, values)):
        raise InputError(f"{what} is '{text[:40]}'; {_COUNTS[count]} needed")
    return values


def _row(facts: Mapping[str, Any], known: Mapping[str, Any], digests: dict[str, Any]) -> ObjectRow:
    path = pathlib.Path(facts["path"])
    own = {
        "name": facts.get("name") or path.stem,
        "digest": _digest(path, known, digests),
        **{key: facts[key] for key in ("scale", "mass", "friction", "up")},
        "parts": facts["parts"],
    }
    key = own
    if facts["parts"] not in ("auto", "geometry"):
        key = own | {"parts": _digest(pathlib.Path(facts["parts"]), known, digests)}
    text = json.dumps(key, sort_keys=True)
    object_id = hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]
    return ObjectRow(id=object_id, path=str(path), **own)


def _digest(path: pathlib.Path, known: Mapping[str, Any], digests: dict[str, Any]) -> str:
    """SHA-256 of a file; a file that cannot be read has one of its own, and its jobs fail."""
    name = str(path)
    if name in digests:
        return str(digests[name][2])
    try:
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns]
        before = known.get(name)
        digest = str(before[2]) if before and before[:2] == stamp else file_digest(path)
    except (OSError, InputError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        stamp, digest = [0, 0], f"unreadable: {reason or error}"
    digests[name] = [*stamp, digest]
    return digest


def file_digest(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file, hexadecimal.

    Args:
        path: the file.

    Raises:
        InputError: it is a folder, a device or a pipe.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
