"""Overhang: a flat object pushed over the edge of the table, so that fingers reach under it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.scenes.obstacles import Box, Triple
from zdg_jax.scenes.scene import Scene

if TYPE_CHECKING:
    from zdg_jax.objects import Object

_MARGIN = 0.015
"""Distance by which the centre of mass stays inside the edge [m]."""
_LEAST = 0.02
"""Shortest overhang that fingers can use [m]."""
_TOP = (1.2, 1.2, 0.03)
"""Size of the table's top [m]."""


def overhanging(obj: Object, scene: Scene, upright: Triple = (0.0, 0.0, 1.0)) -> Scene:
    """Moves the edge of the table under an object, square to its length.

    The longer end hangs over, as far as the centre of mass allows.

    Args:
        obj: the object.
        scene: a table, without obstacles, that says nothing of where the object is.
        upright: direction that points up where the scene does not say, object frame.

    Returns:
        The scene with the object's place in it; the table is a box there.

    Raises:
        InputError: the scene is another, or the object is too short to hang over.
    """
    if scene.obstacles or scene.table is None or scene.position is not None:
        raise InputError(
            "an overhang is for a bare table (--table, --up), not for a scene of a file"
        )
    placed = scene.rest(obj.pieces, upright)
    turn, shift = rotation_matrix(np.array(placed.quaternion)), np.array(placed.position)
    points = np.concatenate([piece.vertices for piece in obj.pieces]) @ turn.T + shift
    center = turn @ np.asarray(obj.arrays.center_of_mass, float) + shift
    across = points[:, :2] - points[:, :2].mean(axis=0)
    length = np.linalg.svd(across, full_matrices=False)[2][0]
    reach = (points[:, :2] - center[:2]) @ length
    if -reach.min() > reach.max():
        length, reach = -length, -reach
    hangs = float(reach.max()) - _MARGIN
    if hangs < _LEAST:
        raise InputError(
            f"'{obj.name}' can hang over the edge by {1e3 * max(hangs, 0):.0f} mm before it falls; "
            f"fingers need {1e3 * _LEAST:.0f} mm"
        )
    edge = center[:2] + _MARGIN * length
    middle = edge - 0.5 * _TOP[0] * length
    angle = 0.5 * float(np.arctan2(length[1], length[0]))
    top = Box(
        size=_TOP,
        position=(float(middle[0]), float(middle[1]), scene.table - 0.5 * _TOP[2]),
        quaternion=(float(np.cos(angle)), 0.0, 0.0, float(np.sin(angle))),
        name="table",
    )
    return dataclasses.replace(placed, table=None, obstacles=(top,))
