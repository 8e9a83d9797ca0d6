"""An object: everything that the other stages need, from one mesh."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable

import jax.numpy as jnp
import numpy as np
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.objects import convex, decomposers, fields, inertia, loading, parts, sampling
from zdg_jax.objects.arrays import SAMPLES, ObjectArrays, SurfaceSamples

WATER = 1000.0
"""Density taken where neither mass nor density is given [kg/m^3]."""

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is finished, in [0, 1]."""


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
    parts: tuple[parts.Part, ...]
    """Parts by mark: parts[i].mark == i + 1."""
    face_parts: np.ndarray
    """Mark of each face, (f,)."""
    arrays: ObjectArrays
    """What jitted programs see."""

    @staticmethod
    def from_mesh(
        mesh: loading.MeshLike,
        *,
        scale: float = 1.0,
        mass: float | None = None,
        density: float | None = None,
        friction: float = 0.6,
        name: str | None = None,
        decomposer: str = "split",
        pieces: int = 32,
        piece_vertices: int = 32,
        cache: bool = True,
        progress: Progress | None = None,
    ) -> Object:
        """Prepares an object from a mesh.

        Args:
            mesh: path of a mesh file, a trimesh object, or (vertices (v, 3), faces (f, 3)).
            scale: factor from the mesh's unit to metres.
            mass: [kg]; not together with `density`.
            density: [kg/m^3]; that of water where neither is given.
            friction: sliding friction coefficient.
            name: name of the object; the file's stem if not given.
            decomposer: one of `decomposers.NAMES`.
            pieces: most convex pieces.
            piece_vertices: most vertices of a convex piece.
            cache: read and write the cache on disk.
            progress: called as the work advances.

        Raises:
            InputError: a mesh or a number that cannot be used.
        """
        report = progress or (lambda stage, share: None)
        report("read", 0.0)
        if mass is not None and density is not None:
            raise InputError(f"mass {mass} kg and density {density} kg/m^3: give one of them")
        raw = loading.read(mesh)
        vertices, faces = loading.clean(raw.vertices * scale, raw.faces)
        digest = hashlib.sha256(vertices.tobytes() + faces.tobytes()).hexdigest()

        report("distances", 0.1)
        inside = fields.winding_test(vertices, faces)
        lattice = fields.Lattice.around(vertices.min(0), vertices.max(0), fields.CELLS)
        distance, normal = fields.signed(vertices, faces, inside, lattice)
        solid = inertia.solid(distance, lattice)

        report("convex pieces", 0.4)
        hulls = decomposers.decompose(
            decomposer,
            vertices,
            faces,
            distance,
            lattice,
            pieces=pieces,
            piece_vertices=piece_vertices,
        )
        report("collision distances", 0.7)
        collision = fields.signed(
            *convex.union(hulls), fields.halfspace_test([h.planes for h in hulls]), lattice
        )

        report("parts", 0.9)
        labels = _components(vertices, faces)
        points, normals, on = sampling.sample_surface(vertices, faces, SAMPLES)
        normals = sampling.outward(points, normals, inside, 0.5 * lattice.spacing)
        kilograms = float(mass) if mass is not None else float(density or WATER) * solid.volume
        reach = np.linalg.norm(vertices - solid.center, axis=-1).max()
        arrays = ObjectArrays(
            grid=fields.pack(distance, normal, lattice, fields.CELLS),
            collision_grid=fields.pack(*collision, lattice, fields.CELLS),
            samples=SurfaceSamples(
                points=jnp.asarray(points, jnp.float32),
                normals=jnp.asarray(normals, jnp.float32),
                parts=jnp.asarray(labels[on], jnp.int32),
            ),
            center_of_mass=jnp.asarray(solid.center, jnp.float32),
            radius=jnp.asarray(reach, jnp.float32),
            mass=jnp.asarray(kilograms, jnp.float32),
            friction=jnp.asarray(friction, jnp.float32),
        )
        report("done", 1.0)
        return Object(
            name=name or raw.name,
            source=raw.source,
            mesh_hash=digest,
            scale=float(scale),
            vertices=vertices,
            faces=faces,
            mass=kilograms,
            friction=float(friction),
            volume=solid.volume,
            center_of_mass=solid.center,
            inertia=solid.inertia * kilograms / max(solid.volume, 1e-30),
            pieces=hulls,
            parts=parts.describe(vertices, faces, labels, {}),
            face_parts=labels,
            arrays=arrays,
        )

    def region_grid(self, marks: Iterable[int]) -> DistanceGrid:
        """Unsigned distance to the surface of some parts; one kilometre where there are none.

        Args:
            marks: marks of the parts.

        Raises:
            InputError: a mark that no part has.
        """
        wanted = sorted(set(marks))
        unknown = [mark for mark in wanted if not 1 <= mark <= len(self.parts)]
        if unknown:
            raise InputError(f"no part {unknown[0]}; parts are 1 to {len(self.parts)}")
        if not wanted:
            return fields.nowhere()
        lattice = fields.Lattice.around(
            self.vertices.min(0), self.vertices.max(0), fields.REGION_CELLS
        )
        region = self.faces[np.isin(self.face_parts, wanted)]
        return fields.pack(
            *fields.signed(
                self.vertices, region, lambda points: np.zeros(len(points), bool), lattice
            ),
            lattice,
            fields.REGION_CELLS,
        )


def _components(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Marks from 1 of the connected bodies, (f,)."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    labels = trimesh.graph.connected_component_labels(mesh.face_adjacency, node_count=len(faces))
    return np.asarray(labels, np.int32) + 1
