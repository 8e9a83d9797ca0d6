"""Parts that somebody names: carved out of those that an object has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.objects.parts import describe_parts
from zdg_jax.runtime.arrays import integers
from zdg_jax.runtime.kinds import check_kind, has_controls

if TYPE_CHECKING:
    from zdg_jax.objects.object import Object

Box = tuple[Sequence[float], Sequence[float]]
"""Lower and upper corner, (3,) each, object frame [m]."""
Plane = tuple[Sequence[float], float]
"""A normal n (3,), object frame, and a level [m]: what lies at n.x > level."""

_SLIVER = 0.003
"""Surface, of the object's, below which what a new part leaves of an old one goes to the new."""


_WITHIN = 0.9
"""Share of a new part that lies on a group of marks which it then belongs to."""


def inside(obj: Object, box: Box | None, planes: Sequence[Plane]) -> np.ndarray:
    """Finds the faces whose middles lie in a box and above planes, (f,) bool.

    Args:
        obj: the object.
        box: the box; None for none.
        planes: the planes; all have to hold.

    Raises:
        InputError: a box or a plane that is none.
    """
    middle = obj.vertices[obj.faces].mean(axis=1)
    chosen = np.ones(len(middle), bool)
    if box is not None:
        if np.shape(box) != (2, 3):
            raise InputError(f"the box is {box!r}; two corners of three numbers are needed")
        low, high = (_vector(corner, "a corner of the box") for corner in box)
        if (low >= high).any():
            raise InputError(f"the box from {low.tolist()} to {high.tolist()} m is empty")
        chosen &= ((middle >= low) & (middle <= high)).all(axis=1)
    for plane in planes:
        if not isinstance(plane, Sequence) or len(plane) != 2:
            raise InputError(f"a plane is {plane!r}; its normal and its level are needed")
        normal, level = plane
        direction = _vector(normal, "a plane's normal")
        length = float(np.linalg.norm(direction))
        if length == 0 or not math.isfinite(level):
            raise InputError(f"no plane has the normal {direction.tolist()} and the level {level}")
        chosen &= middle @ (direction / length) > level
    return chosen


def check_name(name: str, what: str) -> None:
    """Refuses what is no name.

    Args:
        name: the name.
        what: what it is for, for the message.

    Raises:
        InputError: it is no text, empty, or cannot be printed.
    """
    check_kind(f"the name of {what}", name, str, "a text")
    if not name.strip():
        raise InputError(f"{what} has no name; call it what people call it, such as cap")
    if has_controls(name):
        raise InputError(f"{what} {name!r} has characters that cannot be printed; rename it")


def carve(obj: Object, name: str, members: np.ndarray) -> Object:
    """Gives faces a mark of their own and a name.

    The new part has the next free mark, or that of the largest part that it takes the place of.
    What is left of other parts keeps its marks, unless a part vanishes.

    Args:
        obj: the object.
        name: name of the part.
        members: its faces, (f,) bool.

    Raises:
        InputError: no name or none that can be printed, no face, or all of them.
    """
    check_name(name, "the part")
    if not members.any():
        raise InputError(f"no face of {obj.name} lies on the part '{name}'")
    _, area = facets(obj.vertices, obj.faces)
    marks, count = obj.face_parts.copy(), len(obj.parts)
    left = np.bincount(marks, area * ~members, minlength=count + 1)
    touched = np.unique(marks[members])
    gone = [mark for mark in touched if left[mark] < _SLIVER * area.sum()]
    marks[members | np.isin(marks, gone)] = count + 1
    if (marks == count + 1).all():
        raise InputError(f"the part '{name}' is the whole of {obj.name}: name less of it")
    share = np.bincount(obj.face_parts, area * members, minlength=count + 1)
    home = int(share.argmax())
    place = max(gone, key=lambda mark: share[mark]) if gone else count + 1
    order = [mark for mark in range(1, count + 1) if mark not in gone]
    order.insert(sum(mark < place for mark in order), count + 1)
    number = {old: new for new, old in enumerate(order, start=1)}
    families = {part.mark: part.parent for part in obj.parts} | {
        count + 1: obj.parts[home - 1].parent
    }
    names = {part.mark: part.name for part in obj.parts if part.name} | {count + 1: name.strip()}
    return _relabelled(
        obj,
        np.array([0, *(number.get(old, 0) for old in range(1, count + 2))], np.int32)[marks],
        families=[families[old] for old in order],
        names={number[old]: known for old, known in names.items() if old in number},
        groups=[
            [number[old] for old in _extended(group, share, count + 1) if old in number]
            for group in obj.groups
        ],
    )


def _extended(group: tuple[int, ...], share: np.ndarray, new: int) -> tuple[int, ...]:
    """A group of marks, with the new one where it was cut out of the group: share (p,) by mark."""
    return (*group, new) if share[list(group)].sum() > _WITHIN * share.sum() else group


def _relabelled(
    obj: Object,
    face_parts: np.ndarray,
    *,
    families: Sequence[int],
    names: dict[int, str],
    groups: Sequence[Sequence[int]],
) -> Object:
    """The object with other marks; `families` says which of these belong to one coarse part."""
    _, area = facets(obj.vertices, obj.faces)
    sizes = np.bincount(face_parts, area)[1:]
    largest: dict[int, int] = {}
    for mark in np.argsort(-sizes, kind="stable") + 1:
        largest.setdefault(families[mark - 1], int(mark))
    parents = np.array([largest[family] for family in families])
    kept = dict.fromkeys(tuple(sorted(group)) for group in groups)
    samples = dataclasses.replace(obj.arrays.samples, parts=integers(face_parts[obj.sample_faces]))
    return dataclasses.replace(
        obj,
        face_parts=face_parts,
        parts=describe_parts(obj.vertices, obj.faces, face_parts, parents, names),
        groups=tuple(group for group in kept if 1 < len(group) < len(families)),
        arrays=dataclasses.replace(obj.arrays, samples=samples),
    )


def _vector(values: Sequence[float], what: str) -> np.ndarray:
    """Three finite numbers (3,)."""
    try:
        vector = np.asarray(values, float)
    except (TypeError, ValueError):
        vector = np.zeros(0)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise InputError(f"{what} is {values!r}; three numbers are needed")
    return vector
