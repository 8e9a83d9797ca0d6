"""Files that name parts: JSON with faces, boxes or planes, and PLY with colours."""

from __future__ import annotations

import colorsys
import pathlib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import igl
import numpy as np
import pydantic
import trimesh
from pydantic import ConfigDict, Field

from zdg_jax.errors import InputError
from zdg_jax.objects.face_ranges import in_ranges, to_ranges
from zdg_jax.objects.named_parts import carve, inside
from zdg_jax.runtime.files import atomic_write, read_given

if TYPE_CHECKING:
    from zdg_jax.objects.object import Object

_MOST_BYTES = 50_000_000
_FAR = 0.02
"""Mean distance of a coloured mesh from the object above which it is another, of its size."""
_COMMENT = re.compile(rb"comment part (\d+) (\d+) (\d+) (.+)")

_Count = Annotated[int, Field(ge=0)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Point = Annotated[list[_Number], Field(min_length=3, max_length=3)]


class _Strict(pydantic.BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Plane(_Strict):
    normal: _Point
    level: _Number


class _NamedPart(_Strict):
    """One part: what lies on all that is given of it."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    faces: list[tuple[_Count, _Count]] | None = None
    """Ranges [first, end) of faces of the mesh as given."""
    box: Annotated[list[_Point], Field(min_length=2, max_length=2)] | None = None
    """Lower and upper corner, object frame [m]."""
    planes: list[_Plane] = Field(default_factory=list)
    """The half space normal . x > level, object frame [m]."""


class _PartFile(_Strict):
    version: Literal[1] = 1
    parts: Annotated[list[_NamedPart], Field(min_length=1, max_length=64)]


def apply_part_file(obj: Object, path: pathlib.Path) -> Object:
    """Gives an object the parts that a file names; the rest of its parts stay.

    Args:
        obj: the object.
        path: a `.json`, or a `.ply` of the same surface in the mesh's own unit, whose faces or
            vertices are coloured; lines `comment part R G B NAME` of its head name the colours.

    Raises:
        InputError: the file is missing, is no file of parts, or names a part that has no face.
    """
    if path.suffix.lower() == ".ply":
        return _apply_ply(obj, path)
    try:
        content = _PartFile.model_validate_json(_read(path))
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise InputError(f"{path} is no file of parts: {where}: {first['msg']}") from None
    for part in content.parts:
        if part.faces is None and part.box is None and not part.planes:
            raise InputError(f"{path}: the part '{part.name}' has neither faces, box nor planes")
        try:
            planes = [(plane.normal, plane.level) for plane in part.planes]
            box = None if part.box is None else (part.box[0], part.box[1])
            members = inside(obj, box, planes)
            if part.faces is not None:
                members &= in_ranges(obj.file_faces, part.faces)
            obj = carve(obj, part.name, members)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
    return obj


def write_part_file(obj: Object, path: pathlib.Path) -> None:
    """Writes the parts of an object as JSON, faces by ranges of the mesh as given.

    Args:
        obj: the object.
        path: the file.

    Raises:
        InputError: the file cannot be written.
    """
    parts = [
        _NamedPart(
            name=part.name or f"part {part.mark}", faces=to_ranges(obj.file_faces[part.faces])
        )
        for part in obj.parts
    ]
    with atomic_write(path) as file:
        text = _PartFile(parts=parts).model_dump_json(
            exclude={"parts": {"__all__": {"box", "planes"}}}
        )
        file.write(text.encode() + b"\n")


def write_part_ply(obj: Object, path: pathlib.Path) -> None:
    """Writes an object's surface as a PLY in the mesh's unit, with a colour for each part.

    Args:
        obj: the object.
        path: the file.

    Raises:
        InputError: the file cannot be written.
    """
    colors = _distinct_colors(len(obj.parts))
    painted = colors[obj.face_parts - 1]
    mesh = trimesh.Trimesh(obj.vertices / obj.scale, obj.faces, face_colors=painted, process=False)
    content = trimesh.exchange.ply.export_ply(mesh)
    lines = [
        f"comment part {r} {g} {b} {part.name or f'part {part.mark}'}\n".encode()
        for part, (r, g, b) in zip(obj.parts, colors, strict=True)
    ]
    head, rest = content.split(b"element vertex", 1)
    with atomic_write(path) as file:
        file.write(head + b"".join(lines) + b"element vertex" + rest)


def _apply_ply(obj: Object, path: pathlib.Path) -> Object:
    content = _read(path)
    try:
        mesh = trimesh.load_mesh(trimesh.util.wrap_as_stream(content), "ply", process=False)
        visual: Any = mesh.visual
        kind, colors = visual.kind, np.asarray(visual.face_colors)[:, :3]
        vertices = np.ascontiguousarray(mesh.vertices, np.float64) * obj.scale
        faces = np.ascontiguousarray(mesh.faces, np.int64)
    except Exception as error:  # readers raise whatever their parser raises
        raise InputError(f"cannot read {path} as a PLY with colours: {error}") from None
    if kind not in ("face", "vertex"):
        raise InputError(f"{path} has no colours; paint the faces of each part in one colour")
    if kind == "vertex":  # a face has the colour of its first vertex, not a mixture
        colors = np.asarray(visual.vertex_colors)[faces[:, 0], :3]
    middle = np.ascontiguousarray(obj.vertices[obj.faces].mean(axis=1))
    squared, nearest, _ = igl.point_mesh_squared_distance(middle, vertices, faces)
    size = float(np.linalg.norm(np.ptp(obj.vertices, axis=0)))
    away = float(np.sqrt(squared).mean())
    if away > _FAR * size:
        raise InputError(
            f"{path} lies {1e3 * away:.0f} mm from the surface of {obj.name}: it is another mesh, "
            "or in another unit or place"
        )
    named = {
        (int(r), int(g), int(b)): name.decode(errors="replace").strip()
        for r, g, b, name in _COMMENT.findall(content.split(b"end_header", 1)[0])
    }
    values, which = np.unique(colors, axis=0, return_inverse=True)
    which = which.ravel()[nearest]
    if len(np.unique(which)) < 2:
        raise InputError(f"{path} has one colour; paint the faces of each part in one colour")
    for number, (r, g, b) in enumerate(values.tolist()):
        members = which == number
        if members.any():
            obj = carve(obj, named.get((r, g, b), f"#{r:02x}{g:02x}{b:02x}"), members)
    return obj


def _read(path: pathlib.Path) -> bytes:
    return read_given(path, _MOST_BYTES, missing=f"no such file of parts: {path}")


def _distinct_colors(count: int) -> np.ndarray:
    """Colours that differ, (count, 3) uint8."""
    hues = (0.03 + 0.618034 * np.arange(count)) % 1.0
    light = [0.95 - 0.12 * (index % 3) for index in range(count)]
    rgb = [colorsys.hsv_to_rgb(hue, 0.7, value) for hue, value in zip(hues, light, strict=True)]
    return np.rint(255 * np.array(rgb)).astype(np.uint8)
