"""Agreement of finished grasps with the plan: parts touched and avoided, side of approach."""

from __future__ import annotations

import igl
import numpy as np

from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import Grip

ALIGNED = 0.6
"""Share of the touched points on the held parts from which a grasp counts as aligned."""


def measure(
    grip: Grip, obj: Object, hand: Hand, rotation: np.ndarray, near: np.ndarray
) -> dict[str, np.ndarray]:
    """Metrics of n grasps by name, each (n,).

    - `on_part`: share of the touched points that lie on the parts to hold.
    - `on_avoided`: share that lies on the parts to avoid.
    - `avoided_gap`: distance of the touched points from the parts to avoid [m], inf without any.
    - `approach_error`: angle between the palm's normal and the planned approach [rad].
    - `aligned`: 1 where enough lies on the held parts and nothing on the avoided ones.

    Args:
        grip: what the plan asks for.
        obj: the object; its parts carry the grip's marks.
        hand: gives the palm's normal.
        rotation: wrist rotations, (n, 3, 3), object frame.
        near: touched points of each grasp, (n, k, 3), object frame [m], NaN past the last.
    """
    there = np.isfinite(near).all(axis=-1)
    marks = np.zeros(there.shape, int)
    if there.any():
        _, face, _ = igl.point_mesh_squared_distance(near[there], obj.vertices, obj.faces)
        marks[there] = obj.face_parts[face]
    count = np.maximum(there.sum(axis=1), 1)
    held = [part.mark for part in grip.held]
    avoided = [part.mark for part in grip.avoided]
    on_part = (there & np.isin(marks, held)).sum(axis=1) / count
    on_avoided = (there & np.isin(marks, avoided)).sum(axis=1) / count
    gap = np.full(there.shape, np.inf)
    if avoided and there.any():
        region = obj.faces[np.isin(obj.face_parts, avoided)]
        squared, _, _ = igl.point_mesh_squared_distance(near[there], obj.vertices, region)
        gap[there] = np.sqrt(squared)
    cosine = rotation @ hand.palm.normal @ np.asarray(grip.palm.approach)
    return {
        "on_part": on_part,
        "on_avoided": on_avoided,
        "avoided_gap": gap.min(axis=1),
        "approach_error": np.arccos(np.clip(cosine, -1.0, 1.0)),
        "aligned": ((on_part >= ALIGNED) & (on_avoided == 0)).astype(float),
    }
