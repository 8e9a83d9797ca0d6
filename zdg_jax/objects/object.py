"""An object: everything that the other stages need, from one mesh."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.meshes.hashing import mesh_hash
from zdg_jax.objects import (
    cleaning,
    convex,
    distance_fields,
    loading,
    named_parts,
    part_distances,
    preparation,
)
from zdg_jax.objects.arrays import ObjectArrays, SurfaceSamples
from zdg_jax.objects.given_parts import given_labels, group_names, part_file
from zdg_jax.objects.parts import Part, describe_parts
from zdg_jax.physics import check_mass
from zdg_jax.runtime.arrays import floats, integers
from zdg_jax.runtime.html_tables import html_table
from zdg_jax.runtime.progress import Progress, silent

WATER = 1000.0
"""Density taken where neither mass nor density is given [kg/m^3]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Object:
    """One object. Its frame is the mesh's own frame after `scale`; lengths in metres."""

    name: str
    source: str | None
    """Absolute path of the mesh file."""
    mesh_hash: str
    """SHA-256 of the scaled triangles, hexadecimal."""
    scale: float
    """Factor from the file's unit to metres."""
    vertices: np.ndarray
    """(v, 3) [m]."""
    faces: np.ndarray
    """(f, 3)."""
    mass: float
    """[kg]."""
    mass_given: bool
    """True where a mass or a density was given; else the density of water is assumed."""
    friction: float
    """Sliding friction coefficient."""
    volume: float
    """[m^3]."""
    center_of_mass: np.ndarray
    """(3,) [m]."""
    inertia: np.ndarray
    """About the centre of mass, (3, 3) [kg m^2]."""
    pieces: tuple[convex.ConvexPiece, ...]
    """Convex pieces: the shape that physics sees."""
    parts: tuple[Part, ...]
    """Parts by mark: parts[i].mark == i + 1."""
    face_parts: np.ndarray
    """Mark of each face, (f,)."""
    arrays: ObjectArrays
    """The object as jitted programs see it."""
    sample_faces: np.ndarray
    """Face that each of the surface samples lies on, (s,)."""
    file_faces: np.ndarray
    """Face of the mesh as given that each face was, (f,)."""
    groups: tuple[tuple[int, ...], ...] = ()
    """Sets of marks that together make a larger part, such as a body and its rim."""
    cached: bool = False
    """True where what is costly to make of it is kept on disk."""
    _region_grids: dict[tuple[int, ...], DistanceGrid] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @staticmethod
    def from_mesh(
        mesh: loading.MeshLike,
        *,
        scale: float | None = None,
        mass: float | None = None,
        density: float | None = None,
        friction: float = 0.6,
        name: str | None = None,
        parts: str | pathlib.Path | np.ndarray = "auto",
        decomposer: str = "split",
        pieces: int = 40,
        piece_vertices: int = 32,
        cache: bool = True,
        progress: Progress = silent,
    ) -> Object:
        """Prepares an object from a mesh.

        Args:
            mesh: path of a mesh (STL, OBJ, PLY, OFF, GLB, glTF), MJCF or URDF file, a trimesh
                mesh or scene, or (vertices (v, 3), faces (f, 3)).
            scale: factor from the mesh's unit to metres; None takes the unit that a DAE or 3MF
                file states, or metres.
            mass: [kg]; not together with `density`.
            density: [kg/m^3]; that of water where neither is given.
            friction: sliding friction coefficient.
            name: name of the object; the file's stem if not given.
            parts: `auto` takes the file's groups where it has several, else finds parts in the
                geometry; `geometry` always finds them; otherwise a label for each face of the
                mesh as given, (f,), the path of a file of them, or the path of a JSON or PLY file
                that names parts, which are taken out of those of `auto`.
            decomposer: one of `decomposers.NAMES`.
            pieces: most convex pieces.
            piece_vertices: most vertices of a convex piece.
            cache: read and write the cache on disk.
            progress: told of the stage `object`.

        Raises:
            InputError: a mesh or a number that cannot be used.
        """
        progress("object", 0, preparation.STEPS)
        _check_physical(mass, density, friction)
        if name:
            named_parts.check_name(name, "the object")
        raw = loading.read(mesh)
        if scale is None:
            scale = cleaning.factor(raw)
        vertices, faces, kept = cleaning.clean(raw, scale)
        named = part_file(parts)
        labels = given_labels(raw, "auto" if named else parts)
        if labels is not None:
            labels = labels[kept]
        options = preparation.Options(
            decomposer=decomposer, pieces=pieces, piece_vertices=piece_vertices
        )
        prepared = preparation.prepare(
            vertices, faces, labels, options, keep=cache, progress=progress
        )
        progress("object", preparation.STEPS, preparation.STEPS)
        obj = _assemble(
            prepared,
            raw,
            vertices,
            faces,
            kept,
            names=group_names(raw, labels),
            scale=scale,
            mass_given=mass is not None or density is not None,
            mass=(density or WATER) * float(prepared["volume"]) if mass is None else mass,
            friction=friction,
            name=name or raw.name,
            cached=cache,
        )
        if not named:
            return obj
        # Imported here: pydantic, which checks such files, is slow to import.
        from zdg_jax.objects.part_files import apply_part_file

        return apply_part_file(obj, named)

    def with_part(
        self,
        name: str,
        faces: np.ndarray | None = None,
        *,
        box: named_parts.Box | None = None,
        planes: Sequence[named_parts.Plane] = (),
    ) -> Object:
        """Gives a part a name and a mark of its own; what else was there keeps its mark.

        Args:
            name: name of the part.
            faces: its faces, (f,) bool or (k,) indices into `faces`.
            box: lower and upper corner, (3,) each, object frame [m].
            planes: normals (3,), object frame, and levels [m]: what lies at n.x > level. A part is
                what lies in all that is given.

        Returns:
            Another object; a part that the new one covers is gone, and marks above it are one less.

        Raises:
            InputError: no face lies there, or all do.
        """
        if faces is None and box is None and not planes:
            raise InputError(f"where is the part '{name}'? Give faces, a box or planes")
        members = named_parts.inside(self, box, planes)
        if faces is not None:
            chosen = np.zeros(len(self.faces), bool)
            try:
                chosen[np.asarray(faces)] = True
            except IndexError as error:
                raise InputError(f"faces of the part '{name}': {error}") from None
            members &= chosen
        return named_parts.carve(self, name, members)

    def __repr__(self) -> str:
        """One line: the name, size and mass, and counts of what it is made of."""
        size = " x ".join(f"{1e3 * side:.0f}" for side in np.ptp(self.vertices, axis=0))
        mass = f"{self.mass:.3g} kg" + ("" if self.mass_given else " (as water)")
        names = ", ".join(part.name or str(part.mark) for part in self.parts[:6])
        more = ", ..." if len(self.parts) > 6 else ""
        return (
            f"<Object '{self.name}': {size} mm, {mass}, {len(self.faces)} faces,"
            f" {len(self.pieces)} convex pieces, {len(self.parts)} parts ({names}{more})>"
        )

    def _repr_html_(self) -> str:
        """The parts with their sizes, for notebooks."""
        columns = {
            "mark": [str(part.mark) for part in self.parts],
            "part": [part.name or "" for part in self.parts],
            "size mm": [
                " x ".join(f"{1e3 * side:.0f}" for side in part.extents) for part in self.parts
            ],
        }
        return html_table(columns, caption=repr(self).strip("<>"))

    @property
    def part_names(self) -> dict[int, str]:
        """Names of the parts by mark, those that have one."""
        return {part.mark: part.name for part in self.parts if part.name}

    def region_grid(self, marks: Iterable[int]) -> DistanceGrid:
        """Unsigned distance to the surface of some parts; a kilometre where there are none.

        Made when it is first asked for, and kept with the object; that of one part also on disk.

        Args:
            marks: marks of the parts.

        Raises:
            InputError: a mark that no part has.
        """
        wanted = tuple(sorted(set(marks)))
        unknown = [mark for mark in wanted if not 1 <= mark <= len(self.parts)]
        if unknown:
            raise InputError(f"no part {unknown[0]}; parts are 1 to {len(self.parts)}")
        if wanted not in self._region_grids:
            self._region_grids[wanted] = self._region_grid(wanted)
        return self._region_grids[wanted]

    def _region_grid(self, marks: tuple[int, ...]) -> DistanceGrid:
        if not marks:
            return distance_fields.empty_region()
        if len(marks) > 1:
            return part_distances.nearest_of([self.region_grid([mark]) for mark in marks])
        members = self.face_parts == marks[0]
        return part_distances.distance_to_part(
            self.vertices, self.faces, members, mesh_hash=self.mesh_hash, keep=self.cached
        )


def _check_physical(mass: float | None, density: float | None, friction: float) -> None:
    """Refuses numbers that no object has."""
    if mass is not None and density is not None:
        raise InputError(f"mass {mass} kg and density {density} kg/m^3: give one of them")
    for what, value in (("mass", mass), ("density", density), ("friction", friction)):
        if value is not None and not cleaning.is_positive(value):
            raise InputError(f"{what} {value} is not a positive number")
    if mass is not None:
        check_mass(mass)


def _assemble(
    prepared: dict[str, np.ndarray],
    raw: loading.RawMesh,
    vertices: np.ndarray,
    faces: np.ndarray,
    kept: np.ndarray,
    *,
    names: dict[int, str],
    scale: float,
    mass_given: bool,
    mass: float,
    friction: float,
    name: str,
    cached: bool,
) -> Object:
    """An object from prepared arrays and what physics adds."""
    voxels = distance_fields.VoxelGrid(
        origin=prepared["origin"],
        spacing=float(prepared["spacing"]),
        shape=(int(prepared["shape"][0]), int(prepared["shape"][1]), int(prepared["shape"][2])),
    )
    face_parts, center, volume = (
        prepared["face_parts"],
        prepared["center"],
        float(prepared["volume"]),
    )
    reach = np.linalg.norm(vertices - center, axis=-1).max()
    arrays = ObjectArrays(
        grid=distance_fields.pack(
            prepared["distance"], prepared["normal"], voxels, distance_fields.CELLS
        ),
        collision_grid=distance_fields.pack(
            prepared["collision_distance"],
            prepared["collision_normal"],
            voxels,
            distance_fields.CELLS,
        ),
        samples=SurfaceSamples(
            points=floats(prepared["sample_points"]),
            normals=floats(prepared["sample_normals"]),
            parts=integers(face_parts[prepared["sample_faces"]]),
        ),
        center_of_mass=floats(center),
        radius=floats(reach),
        mass=floats(mass),
        friction=floats(friction),
    )
    return Object(
        name=name,
        source=raw.source,
        mesh_hash=mesh_hash(vertices, faces),
        scale=float(scale),
        vertices=vertices,
        faces=faces,
        mass=float(mass),
        mass_given=mass_given,
        friction=float(friction),
        volume=volume,
        center_of_mass=center,
        inertia=prepared["inertia"] * mass / max(volume, 1e-30),
        pieces=preparation.pieces(prepared),
        parts=describe_parts(vertices, faces, face_parts, prepared["part_parents"], names),
        face_parts=face_parts,
        groups=preparation.groups(prepared),
        arrays=arrays,
        sample_faces=prepared["sample_faces"],
        file_faces=kept,
        cached=cached,
    )
