"""Parts of an object for a viewer: those that a set states, or found anew when asked for."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.grasps.records import ObjectRecord
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectParts:
    """The parts of a mesh, by mark from 1."""

    vertices: np.ndarray
    """(v, 3) [m]."""
    faces: np.ndarray
    """(f, 3)."""
    marks: np.ndarray
    """Mark of each face, (f,)."""
    names: tuple[str, ...]
    """Names of the parts, in the order of the marks; those of the plan where it names them."""

    @classmethod
    def of(cls, obj: Object, plan: GraspPlan | None = None) -> ObjectParts:
        """Takes the parts of a prepared object.

        Args:
            obj: the object.
            plan: a plan that names them.
        """
        named = _named(plan, len(obj.parts))
        return cls(
            vertices=np.asarray(obj.vertices),
            faces=np.asarray(obj.faces),
            marks=np.asarray(obj.face_parts),
            names=tuple(
                str(named.get(part.mark) or part.name or f"part {part.mark}") for part in obj.parts
            ),
        )

    @classmethod
    def stated(cls, record: ObjectRecord, plan: GraspPlan | None) -> ObjectParts | None:
        """Takes the parts that a set states; None where it is too old to state them.

        Args:
            record: the record of the object.
            plan: a plan that names them.
        """
        if not record.face_parts.any():
            return None
        marks = np.asarray(record.face_parts)
        named = _named(plan, int(marks.max()))
        return cls(
            vertices=record.vertices,
            faces=record.faces,
            marks=marks,
            names=tuple(
                named.get(mark) or record.part_names.get(mark, f"part {mark}")
                for mark in range(1, marks.max() + 1)
            ),
        )

    def touched_by(self, grasps: GraspSet) -> list[frozenset[str]] | None:
        """Names the parts that each grasp touches; None where a set has no contacts."""
        if grasps.forces is None:
            return None
        used = grasps.forces.links >= 0
        names = np.full(used.shape, "", dtype=object)
        names[used] = [self._name_of(mark) for mark in self._marks_at(grasps.forces.points[used])]
        return [frozenset(row[mask]) for row, mask in zip(names, used, strict=True)]

    def _marks_at(self, points: np.ndarray) -> np.ndarray:
        """Marks of the parts that points (k, 3) are nearest to, (k,)."""
        if not len(points):
            return np.zeros(0, int)
        import igl

        faces = igl.point_mesh_squared_distance(
            np.ascontiguousarray(points, np.float64),
            np.ascontiguousarray(self.vertices, np.float64),
            np.ascontiguousarray(self.faces, np.int64),
        )[1]
        return np.asarray(self.marks[np.ravel(faces)])

    def _name_of(self, mark: int) -> str:
        return self.names[mark - 1] if mark else "no part"


def fits_parts(plan: GraspPlan, count: int) -> bool:
    """Tells whether a plan can speak of an object's parts: it names none, or each of them.

    The mesh may be the same and its parts others, where another version found them.

    Args:
        plan: the plan.
        count: parts of the object.
    """
    marks = {part.mark for part in plan.parts}
    return not marks or marks == set(range(1, count + 1))


def _named(plan: GraspPlan | None, count: int) -> dict[int, str]:
    if plan is None or not fits_parts(plan, count):
        return {}
    return {part.mark: part.name for part in plan.parts}


def prepare_again(record: ObjectRecord) -> Object:
    """Prepares the object of a set of grasps, with the parts that its plan numbers.

    The file it came from is taken where it is still the same mesh: it may name groups. Labels of
    faces that were given beside it are not known any more.

    Args:
        record: the record.

    Raises:
        InputError: its mesh cannot be prepared.
    """
    from zdg_jax.objects import Object

    if record.source is not None and pathlib.Path(record.source).is_file():
        try:
            obj = Object.from_mesh(record.source, scale=record.scale, mass=record.mass)
        except InputError:
            return record.prepare()
        if obj.mesh_hash == record.mesh_hash:
            return obj
    return record.prepare()
