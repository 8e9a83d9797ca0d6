"""Rest: the ways in which an object comes to lie on a table, and the one nearest to a given one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import scipy.spatial
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.geometry.frames import upright_axes
from zdg_jax.scenes.scene import Piece, Scene

if TYPE_CHECKING:
    from zdg_jax.objects import Object

_ALIKE = np.cos(np.radians(10.0))
"""Cosine between the up directions of poses that count as one: meshes of round things have many."""

_SETTLES = np.cos(np.radians(35.0))
"""Cosine of the angle by which an object may turn to come to rest."""
_INSIDE = 0.001
"""Distance by which the centre of mass must lie inside the facet: from less it rolls on [m]."""
_FLAT = 2e-4
"""Distance from a facet's plane up to which a corner lies on it [m]."""


def resting_up(pieces: Sequence[Piece], up: np.ndarray) -> np.ndarray:
    """Returns the direction that points up once an object has come to rest, (3,), object frame.

    That is the nearest one for which the centre of mass lies over a facet of the convex hull;
    `up` itself where there is none within 35 degrees.

    Args:
        pieces: the object's convex pieces, object frame.
        up: unit direction that points up as it is set down, (3,), object frame.
    """
    points = np.concatenate([np.asarray(piece.vertices, float) for piece in pieces])
    center = _center_of_mass(pieces)
    planes = scipy.spatial.ConvexHull(points).equations
    planes = planes[planes[:, :3] @ -up > _SETTLES]
    for plane in planes[np.argsort(planes[:, :3] @ up, kind="stable")]:
        normal = plane[:3]
        axes = upright_axes(normal)[:, :2]
        corners = points[points @ normal + plane[3] > -_FLAT] @ axes
        if len(corners) < 3:
            continue
        try:
            edges = scipy.spatial.ConvexHull(corners).equations
        except scipy.spatial.QhullError:  # corners on one line carry nothing
            continue
        if (edges[:, :2] @ (center @ axes) + edges[:, 2] < -_INSIDE).all():
            return np.asarray(-normal)
    return up


def _center_of_mass(pieces: Sequence[Piece]) -> np.ndarray:
    """Centre of mass of pieces of one density, as physics has them, (3,)."""
    meshes = [trimesh.Trimesh(piece.vertices, piece.faces, process=False) for piece in pieces]
    volumes = np.abs([mesh.volume for mesh in meshes])
    centers = np.array([mesh.center_mass for mesh in meshes])
    return np.asarray(volumes @ centers / volumes.sum())


@dataclasses.dataclass(frozen=True, kw_only=True)
class StablePose:
    """One way to lie."""

    scene: Scene
    """A table with the object lying on it so."""
    probability: float
    """Probability that the object comes to rest so when it is dropped."""

    def __repr__(self) -> str:
        """One line."""
        x, y, z = self.scene.object_up()
        return f"<StablePose up ({x:.2f}, {y:.2f}, {z:.2f}), probability {self.probability:.2f}>"


def stable_poses(obj: Object, *, least: float = 0.05, most: int = 6) -> tuple[StablePose, ...]:
    """Finds the stable poses of an object, the likeliest first.

    The convex hull is set on each of its facets; the probability is that of falling there from a
    random turn without a push (Goldberg et al., Part pose statistics, ICRA 1999, as trimesh has
    it). Poses whose up directions differ by less than 10 degrees are one.

    Args:
        obj: the object; the centre of mass is that of its mesh.
        least: smallest probability of a pose.
        most: greatest number of poses.

    Raises:
        InputError: no pose is as likely.
    """
    points = np.concatenate([piece.vertices for piece in obj.pieces])  # what physics sees
    transforms, probabilities = trimesh.poses.compute_stable_poses(
        trimesh.Trimesh(points).convex_hull,
        center_mass=np.asarray(obj.arrays.center_of_mass, float),
        n_samples=1,
        threshold=0.0,
    )
    ups: list[np.ndarray] = []
    chances: list[float] = []
    for transform, probability in zip(transforms, probabilities, strict=True):
        up = transform[2, :3]
        same = next((i for i, other in enumerate(ups) if other @ up > _ALIKE), None)
        if same is None:
            ups.append(up)
            chances.append(float(probability))
        else:
            chances[same] += float(probability)
    order = sorted(range(len(ups)), key=lambda i: -chances[i])
    poses = tuple(
        StablePose(
            scene=Scene(up=(float(ups[i][0]), float(ups[i][1]), float(ups[i][2]))),
            probability=chances[i],
        )
        for i in order[:most]
        if chances[i] >= least
    )
    if not poses:
        likeliest = max(chances, default=0.0)
        raise InputError(
            f"no stable pose of '{obj.name}' is as likely as {least:g} (the likeliest is "
            f"{likeliest:.2g}): it rolls; say how it lies with up (--up)"
        )
    return poses
