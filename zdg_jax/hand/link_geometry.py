"""Link geometry: the convex solids that physics sees and the surfaces that show."""

from __future__ import annotations

import dataclasses
import functools
from typing import cast

import mujoco
import numpy as np
import trimesh

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.geometry.surface_sampling import facets, fibonacci_sphere, scatter
from zdg_jax.meshes.geoms import collides, geom_mesh

_ROUND = 48
"""Segments around a round solid: 12 mm radius is 0.03 mm off."""
_COARSE = 24
"""Segments where the triangles only show, or an axis and a radius say the same exactly."""
_CORNERS = 250
"""Greatest number of corners of a hull."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConvexSolid:
    """One convex solid of a link."""

    link: int
    """The link that carries it."""
    vertices: np.ndarray
    """(v, 3), link frame [m]."""
    faces: np.ndarray
    """(f, 3) int, outward."""
    planes: np.ndarray
    """Half-spaces n . p + d <= 0, (h, 4), unit normals outward."""
    segment: np.ndarray | None = None
    """Ends of the axis of a capsule, twice the centre of a sphere, (2, 3) [m]; else None."""
    radius: float = 0.0
    """Radius about that segment [m]."""

    @functools.cached_property
    def _box(self) -> tuple[np.ndarray, np.ndarray]:
        return self.vertices.min(0), self.vertices.max(0)

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Bound the signed distance of points (n, 3) from below, negative inside, (n,) [m]."""
        if self.segment is not None:  # two hundred times fewer operations than the half-spaces
            origin, along = self.segment[0], self.segment[1] - self.segment[0]
            offset = points - origin
            share = np.clip(offset @ along / max(float(along @ along), 1e-18), 0.0, 1.0)
            return np.linalg.norm(offset - share[:, None] * along, axis=1) - self.radius
        out = np.empty(len(points))
        for start in range(0, len(points), 4096):
            part = points[start : start + 4096]
            out[start : start + 4096] = (part @ self.planes[:, :3].T + self.planes[:, 3]).max(1)
        return out

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Mark points (n, 3) that lie within, (n,) bool."""
        low, high = self._box
        inside = (points > low) & (points < high)
        close = inside[:, 0] & inside[:, 1] & inside[:, 2]
        if close.any():
            close[close] = self.depth(points[close]) < 0
        return close

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the signed distance of points (n, 3), exact where `depth` is a bound, (n,) [m]."""
        depth = self.depth(points)
        outside = np.flatnonzero(depth > 0)
        if self.segment is not None or len(outside) == 0:
            return depth
        corners = np.repeat(self.vertices[self.faces][None], len(outside), axis=0).reshape(-1, 3, 3)
        queries = np.repeat(points[outside], len(self.faces), axis=0)
        nearest = trimesh.triangles.closest_point(corners, queries)
        gaps = np.linalg.norm(nearest - queries, axis=1).reshape(len(outside), -1)
        depth[outside] = gaps.min(1)
        return depth


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinkMesh:
    """The surface of one link, for pictures."""

    link: int
    """The link that carries it."""
    vertices: np.ndarray
    """(v, 3), link frame [m]."""
    faces: np.ndarray
    """(f, 3) int."""


def link_solids(model: mujoco.MjModel, excluded: frozenset[int] = frozenset()) -> list[ConvexSolid]:
    """List the convex solids of each link: collision geoms; without any in the hand visual ones.

    MuJoCo collides with the hull of a mesh, so the hull is what is taken.

    Args:
        model: the compiled hand.
        excluded: links to leave out.
    """
    geoms = [g for g in range(model.ngeom) if collides(model, g)]
    if not geoms:
        geoms = list(range(model.ngeom))
    solids = []
    for geom in geoms:
        link = int(model.geom_bodyid[geom])
        segment = _segment(model, geom)
        # What is round is known by its axis and radius; triangles only spread points over it.
        mesh = geom_mesh(model, geom, _ROUND if segment is None else _COARSE)
        if link in excluded or mesh is None or len(mesh.vertices) < 4:
            continue
        hull = _hull(np.asarray(mesh.vertices))
        normals, origins = hull.face_normals, hull.triangles[:, 0]
        planes = np.concatenate([normals, -(normals * origins).sum(1, keepdims=True)], axis=1)
        planes = np.unique(np.round(planes, 7), axis=0)
        solids.append(
            ConvexSolid(
                link=link,
                vertices=np.asarray(hull.vertices),
                faces=np.asarray(hull.faces),
                planes=planes,
                segment=segment,
                radius=float(model.geom_size[geom, 0]),
            )
        )
    return solids


def _hull(vertices: np.ndarray) -> trimesh.Trimesh:
    """Convex hull; one of thousands of corners is taken by its extreme points.

    A ball of 30 mm loses 0.2 mm, and a hand of scanned meshes (11 840 corners on a hull) loads in
    2 s instead of 11.
    """
    hull = trimesh.Trimesh(vertices).convex_hull
    if len(hull.vertices) > _CORNERS:
        corners = np.asarray(hull.vertices)
        extreme = np.unique((corners @ fibonacci_sphere(_CORNERS).T).argmax(0))
        hull = trimesh.Trimesh(corners[extreme]).convex_hull
    return hull


def _segment(model: mujoco.MjModel, geom: int) -> np.ndarray | None:
    kind = model.geom_type[geom]
    if kind not in (int(mujoco.mjtGeom.mjGEOM_CAPSULE), int(mujoco.mjtGeom.mjGEOM_SPHERE)):
        return None
    half = model.geom_size[geom, 1] if kind == mujoco.mjtGeom.mjGEOM_CAPSULE else 0.0
    along = rotation_matrix(model.geom_quat[geom])[:, 2] * half
    return np.stack([model.geom_pos[geom] - along, model.geom_pos[geom] + along])


def link_meshes(model: mujoco.MjModel) -> tuple[LinkMesh, ...]:
    """Join the geoms that show of each link: its visual ones, or else its collision geoms."""
    chosen: dict[int, list[int]] = {}
    for geom in range(model.ngeom):
        chosen.setdefault(int(model.geom_bodyid[geom]), []).append(geom)
    meshes = []
    for link, geoms in sorted(chosen.items()):
        visual = [g for g in geoms if not collides(model, g)] or geoms
        parts = [m for g in visual if (m := geom_mesh(model, g, _COARSE)) is not None]
        if not parts:
            continue
        whole = cast(trimesh.Trimesh, trimesh.util.concatenate(parts))
        meshes.append(
            LinkMesh(link=link, vertices=np.asarray(whole.vertices), faces=np.asarray(whole.faces))
        )
    return tuple(meshes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """Dense points on the outer surface of one link."""

    points: np.ndarray
    """(n, 3), link frame [m]."""
    normals: np.ndarray
    """(n, 3) unit, outward, link frame."""
    area: float
    """Area that is outside all other solids of the link [m^2]."""


def sample_links(
    solids: list[ConvexSolid], num_links: int, density: float = 6e5, seed: int = 0
) -> dict[int, Samples]:
    """Draw points on the outer surface of the links: on the union of the solids of each.

    Args:
        solids: convex solids of all links.
        num_links: number of links.
        density: points wanted [1/m^2]; a link gets at least 400 and at most 6000 less those that
            lie inside another of its solids.
        seed: of the draw.

    Returns:
        Samples of each link that has a surface.
    """
    rng = np.random.default_rng(seed)
    samples = {}
    for link in range(num_links):
        parts = [solid for solid in solids if solid.link == link]
        if not parts:
            continue
        whole = sum(_area(solid) for solid in parts)
        count = int(np.clip(density * whole, 400, 6000))
        points, normals, total = [], [], 0
        for solid in parts:
            p, n = _scatter(solid, max(int(count * _area(solid) / whole), 20), rng)
            outside = np.ones(len(p), bool)
            for other in parts:
                if other is not solid:
                    outside &= other.depth(p) > -1e-6
            total += len(p)
            points.append(p[outside])
            normals.append(n[outside])
        kept = np.concatenate(points)
        if len(kept) == 0:
            continue
        samples[link] = Samples(
            points=kept, normals=np.concatenate(normals), area=whole * len(kept) / total
        )
    return samples


def _area(solid: ConvexSolid) -> float:
    return float(facets(solid.vertices, solid.faces)[1].sum())


def _scatter(
    solid: ConvexSolid, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 3) on a solid and its outward normals there."""
    points, face = scatter(solid.vertices, solid.faces, count, rng)
    if solid.segment is None:
        return points, facets(solid.vertices, solid.faces)[0][face]
    # The triangles lie a little inside of the round solid.
    origin, along = solid.segment[0], solid.segment[1] - solid.segment[0]
    share = np.clip((points - origin) @ along / max(float(along @ along), 1e-18), 0.0, 1.0)
    axis = origin + share[:, None] * along
    normals = points - axis
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return axis + solid.radius * normals, normals
