"""Stable poses: the ways in which an object comes to lie on a table."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.scenes.scene import Scene

if TYPE_CHECKING:
    from zdg_jax.objects import Object

_ALIKE = np.cos(np.radians(10.0))
"""Cosine between the up directions of poses that count as one: meshes of round things have many."""


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
