"""Parts of an object for a viewer: found when they are asked for, since that needs preparation."""

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
        named = {} if plan is None else {part.mark: part.name for part in plan.parts}
        return cls(
            vertices=np.asarray(obj.vertices),
            faces=np.asarray(obj.faces),
            marks=np.asarray(obj.face_parts),
            names=tuple(
                str(named.get(part.mark) or part.name or f"part {part.mark}") for part in obj.parts
            ),
        )

    def touched(self, points: np.ndarray) -> frozenset[str]:
        """Names the parts that points lie on.

        Args:
            points: (k, 3), object frame [m].
        """
        if not len(points):
            return frozenset()
        import igl

        faces = igl.point_mesh_squared_distance(
            np.ascontiguousarray(points, np.float64),
            np.ascontiguousarray(self.vertices, np.float64),
            np.ascontiguousarray(self.faces, np.int64),
        )[1]
        return frozenset(self.names[mark - 1] for mark in self.marks[np.ravel(faces)])

    def touched_by(self, grasps: GraspSet) -> list[frozenset[str]] | None:
        """Names the parts that each grasp touches; None where a set has no contacts."""
        if grasps.forces is None:
            return None
        return [
            self.touched(points[links >= 0])
            for points, links in zip(grasps.forces.points, grasps.forces.links, strict=True)
        ]


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
