"""Task alignment of fitted grasps: parts touched and avoided, side of approach, fingers."""

from __future__ import annotations

import igl
import numpy as np

from zdg_jax.energy import TOUCH_GAP
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import Grip
from zdg_jax.synthesis.fit import Fitted

_AT_POINT = 0.015
"""Distance from its planned point at which a finger still touches where it should [m]."""
ALIGNED = 0.6
"""Share of the touched points on the held parts from which a grasp counts as aligned."""


class TaskAlignment:
    """Compares grasps with what a plan asks of a hand and an object."""

    def __init__(self, grip: Grip, obj: Object, hand: Hand) -> None:
        """Prepares the look-ups.

        Args:
            grip: what the plan asks for.
            obj: the object; its parts carry the grip's marks.
            hand: gives the palm's normal and the fingers.
        """
        self._grip, self._hand, self._parts = grip, hand, obj.face_parts
        self._surface = _Surface(obj.vertices, obj.faces)
        avoided = np.isin(obj.face_parts, [part.mark for part in grip.avoided])
        self._avoided = _Surface(obj.vertices, obj.faces[avoided]) if avoided.any() else None

    def measure(self, fitted: Fitted) -> dict[str, np.ndarray]:
        """Metrics of n grasps by name, each (n,).

        - `on_part`: share of the touched points that lie on the parts to hold.
        - `on_avoided`: share that lies on the parts to avoid.
        - `avoided_gap`: distance of the touched points from the parts to avoid [m], inf without
          any.
        - `approach_error`: angle between the palm's normal and the planned approach [rad].
        - `fingers_in_role`: share of the planned fingers that do what they should: idle ones touch
          nothing, others touch with their link, on their part or near their point if they have
          one.
        - `aligned`: 1 where enough lies on the held parts and nothing on the avoided ones.

        Args:
            fitted: the grasps, where they touch and with which links.
        """
        grip, near = self._grip, fitted.near
        valid = np.isfinite(near).all(axis=-1)
        marks = self._marks(near, valid)
        count = np.maximum(valid.sum(axis=1), 1)
        held = [part.mark for part in grip.held]
        avoided = [part.mark for part in grip.avoided]
        on_part = (valid & np.isin(marks, held)).sum(axis=1) / count
        on_avoided = (valid & np.isin(marks, avoided)).sum(axis=1) / count
        gap = np.full(valid.shape, np.inf)
        if self._avoided is not None and valid.any():
            gap[valid] = self._avoided.nearest(near[valid])[0]
        cosine = fitted.rotation @ self._hand.palm.normal @ np.asarray(grip.palm.approach)
        return {
            "on_part": on_part,
            "on_avoided": on_avoided,
            "avoided_gap": gap.min(axis=1),
            "approach_error": np.arccos(np.clip(cosine, -1.0, 1.0)),
            "fingers_in_role": self._in_role(fitted),
            "aligned": ((on_part >= ALIGNED) & (on_avoided == 0)).astype(float),
        }

    def _marks(self, points: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Part that each point (n, k, 3) lies on, (n, k); -1 where the point is not `valid`."""
        marks = np.full(valid.shape, -1)
        if valid.any():
            marks[valid] = self._parts[self._surface.nearest(points[valid])[1]]
        return marks

    def _in_role(self, fitted: Fitted) -> np.ndarray:
        """Share of the planned fingers that are in their role, (n,); 1 without a planned finger."""
        contacts, hand = fitted.contacts, self._hand
        touching = np.asarray(contacts.active > 0) & (contacts.distance < TOUCH_GAP)
        marks = self._marks(np.asarray(contacts.points, float), touching)
        fingers = {finger.name: finger for finger in hand.fingers}
        roles = []
        for planned in self._grip.fingers:
            finger = fingers[planned.finger]
            if planned.role == "idle":
                roles.append(~np.any(touching & np.isin(contacts.link, finger.links), axis=1))
                continue
            links = [list(hand.link_names).index(planned.link)]
            if planned.role == "wrap":
                links = list(finger.links)
            right = touching & np.isin(contacts.link, links)
            if planned.mark is not None:
                right &= marks == planned.mark
            if planned.point is not None:
                right &= (
                    np.linalg.norm(contacts.points - np.asarray(planned.point), axis=-1) < _AT_POINT
                )
            roles.append(right.any(axis=1))
        return np.mean(roles, axis=0) if roles else np.ones(len(touching))


class _Surface:
    """Triangles with their tree of boxes: building it takes longer than asking it."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray) -> None:
        self._mesh = (vertices, faces)
        self._tree = igl.AABB()
        self._tree.init(*self._mesh)

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance of points (n, 3) from the triangles, (n,) [m], and the nearest of them, (n,)."""
        squared, face, _ = self._tree.squared_distance(*self._mesh, points)
        return np.sqrt(squared), face
