"""Task alignment of fitted grasps: parts touched and avoided, approach, roll, fingers, type."""

from __future__ import annotations

import igl
import numpy as np

from zdg_jax.energy import TOUCH_GAP
from zdg_jax.grasps.summary import ENOUGH_ON_PART
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import Grip
from zdg_jax.planning.geometry.working_end import pointing, working_end
from zdg_jax.synthesis.fit import Fitted
from zdg_jax.synthesis.realised_grip import RealisedGrip, realised_grip

_AT_POINT = 0.015
"""Distance from its planned point at which a finger still touches where it should [m]."""
_FOREARM = (0.05, 0.25, 0.04)
"""The forearm as a capsule behind the wrist: where it begins, its length and its radius [m]; a
man's forearm is about as thick, and robots' wrists and last links are."""
_ALONG_FOREARM = 6
"""Places along the forearm whose distance from the object is asked for."""


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
        self._along = pointing(grip, obj)
        self._end = working_end(grip, obj)

    def measure(self, fitted: Fitted) -> dict[str, np.ndarray]:
        """Metrics of n grasps by name, each (n,).

        - `on_part`: share of the touched points that lie on the parts to hold.
        - `on_avoided`: share that lies on the parts to avoid.
        - `avoided_gap`: distance of the touched points from the parts to avoid [m], inf without
          any.
        - `approach_error`: angle between the palm's normal and the planned approach [rad].
        - `roll_error`: angle between the thumb's side and the planned one, about the palm's normal
          [rad]; 0 where the plan leaves it open.
        - `thumb_to_end`, `forearm_to_end`: angles between the thumb's side, and the way the
          forearm points from the palm, and the direction from the palm to the working end [rad].
        - `forearm_gap`: distance of a forearm behind the wrist from the object [m].
        - `fingers_in_role`: share of the planned fingers that do what they should: idle ones touch
          nothing, others touch with their link, on their part or near their point if they have
          one; those that wrap touch with two links, one of them no tip, and one that is laid along
          a tool with any.
        - `palm_touching`, `inner_links`, `virtual_fingers`, `grip_class`: see `RealisedGrip`.
        - `type_realised`: 1 where the planned type of grasp was made.
        - `aligned`: 1 where the type was made, enough lies on the held parts and nothing on the
          avoided ones.

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
        realised = realised_grip(self._hand, fitted.contacts, fitted.rotation, fitted.dofs)
        made = realised.realises(grip.grasp_type, self._hand, self._along)
        return {
            "on_part": on_part,
            "on_avoided": on_avoided,
            "avoided_gap": gap.min(axis=1),
            **self._directions(fitted),
            "fingers_in_role": self._in_role(fitted, realised),
            "palm_touching": realised.palm.astype(float),
            "inner_links": realised.inner_links.astype(float),
            "virtual_fingers": realised.virtual_fingers.astype(float),
            "grip_class": realised.grip_class.astype(float),
            "type_realised": made.astype(float),
            "aligned": (made & (on_part >= ENOUGH_ON_PART) & (on_avoided == 0)).astype(float),
        }

    def _directions(self, fitted: Fitted) -> dict[str, np.ndarray]:
        """Angles of palm, thumb and forearm, and the forearm's distance, each (n,)."""
        palm, plan = self._hand.palm, self._grip.palm
        normal = fitted.rotation @ palm.normal
        side = fitted.rotation @ palm.thumb_side
        forearm = -(fitted.rotation @ palm.direction)
        middle = fitted.rotation @ palm.position + fitted.position
        roll = np.zeros(len(normal))
        if plan.thumb is not None:
            wanted = np.asarray(plan.thumb)
            roll = _angle(wanted - (normal @ wanted)[:, None] * normal, side)
        to_end = self._end - middle
        start, length, radius = _FOREARM
        along = start + length * np.linspace(0.0, 1.0, _ALONG_FOREARM)
        line = middle[:, None] + along[:, None] * forearm[:, None]
        gap = self._surface.nearest(line.reshape(-1, 3))[0].reshape(line.shape[:2])
        return {
            "approach_error": _angle(normal, np.asarray(plan.approach)),
            "roll_error": roll,
            "thumb_to_end": _angle(side, to_end),
            "forearm_to_end": _angle(forearm, to_end),
            "forearm_gap": gap.min(axis=1) - radius,
        }

    def _marks(self, points: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Part that each point (n, k, 3) lies on, (n, k); -1 where the point is not `valid`."""
        marks = np.full(valid.shape, -1)
        if valid.any():
            marks[valid] = self._parts[self._surface.nearest(points[valid])[1]]
        return marks

    def _in_role(self, fitted: Fitted, realised: RealisedGrip) -> np.ndarray:
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
            laid = planned.role == "steer" and self._along is not None
            if planned.role == "wrap" or laid:
                links = list(finger.links)
            right = touching & np.isin(contacts.link, links)
            if planned.mark is not None:
                right &= marks == planned.mark
            if planned.point is not None:
                right &= (
                    np.linalg.norm(contacts.points - np.asarray(planned.point), axis=-1) < _AT_POINT
                )
            done = right.any(axis=1)
            if planned.role == "wrap":
                number = self._hand.fingers.index(finger)
                touched = realised.fingers[:, number]
                done &= (touched >= 2) & (touched > realised.tips[:, number])
            roles.append(done)
        return np.mean(roles, axis=0) if roles else np.ones(len(touching))


def _angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angles between vectors (..., 3), (...) [rad]."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine = (first * second).sum(axis=-1) / np.maximum(lengths, 1e-9)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


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
