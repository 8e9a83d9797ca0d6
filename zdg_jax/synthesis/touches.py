"""Collision detection at grasps: every contact of a hand with the object, itself and the scene."""

from __future__ import annotations

import dataclasses
import threading

import mujoco
import numpy as np

from zdg_jax.hand.host_kinematics import HandKinematics


class CollisionDetector:
    """MuJoCo's collision detection at given poses; threads have a state each."""

    def __init__(self, model: mujoco.MjModel, kinematics: HandKinematics, links: slice) -> None:
        """Keeps a compiled scene.

        Args:
            model: hand on a free root, then the object; the object stays at the origin.
            kinematics: the hand's.
            links: bodies of the hand.
        """
        self._model, self._kinematics, self._links = model, kinematics, links
        self._local = threading.local()

    def touches(
        self, position: np.ndarray, rotation: np.ndarray, dofs: np.ndarray, rows: np.ndarray
    ) -> Touches:
        """Finds the contacts of grasps, one after the other.

        Args:
            position: wrist positions, (n, 3), object frame [m].
            rotation: wrist rotations, (n, 3, 3), object frame.
            dofs: independent joint coordinates, (n, d).
            rows: grasps to look at, (r,).
        """
        if not hasattr(self._local, "data"):
            self._local.data = mujoco.MjData(self._model)
        data, model = self._local.data, self._model
        joints = self._kinematics.joints(dofs[rows])
        turned = rotation[rows].reshape(-1, 9)
        axes = np.empty((len(rows), joints.shape[1], 6))
        origin = np.empty((len(rows), 3))
        reports = []
        pose, quaternion = data.qpos, data.qpos[3:7]
        pose[-7:] = [0, 0, 0, 1, 0, 0, 0]
        motions, centers = data.cdof[6 : 6 + joints.shape[1]], data.subtree_com[self._links.start]
        for place, row in enumerate(rows):
            pose[:3], pose[7:-7] = position[row], joints[place]
            mujoco.mju_mat2Quat(quaternion, turned[place])
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_collision(model, data)
            axes[place], origin[place] = motions, centers
            contact = data.contact
            views = (contact.dist, contact.pos, contact.frame[:, :3], contact.geom)
            reports.append([view.copy() for view in views])
        gap, point, normal, geom = (np.concatenate(leaves) for leaves in zip(*reports, strict=True))
        body = model.geom_bodyid[geom]
        hand = (body >= self._links.start) & (body < self._links.stop)
        return Touches(
            rows=rows,
            place=np.repeat(np.arange(len(rows)), [len(gaps) for gaps, *_ in reports]),
            axes=axes,
            origin=origin,
            gap=gap,
            point=point,
            normal=normal,
            body=body,
            hand=hand,
            hand_body=np.where(hand[:, 0], body[:, 0], body[:, 1]),
            between=hand.all(axis=1),
            around=(body == 0).any(axis=1),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Touches:
    """Results of collision detection at r grasps: c contacts, grasp after grasp."""

    rows: np.ndarray
    """Rows of the grasps, (r,)."""
    place: np.ndarray
    """Index in `rows` of the grasp of each contact, (c,)."""
    axes: np.ndarray
    """Motion of each joint about `origin`, turn before shift, (r, j, 6)."""
    origin: np.ndarray
    """Point that `axes` refer to, (r, 3) [m]."""
    gap: np.ndarray
    """Gaps, negative inside, (c,) [m]."""
    point: np.ndarray
    """Middle of each contact, (c, 3) [m]."""
    normal: np.ndarray
    """Unit normals from the first geom to the second, (c, 3)."""
    body: np.ndarray
    """Bodies of both sides, (c, 2)."""
    hand: np.ndarray
    """True where a side is the hand, (c, 2) bool."""
    hand_body: np.ndarray
    """The hand's body, (c,)."""
    between: np.ndarray
    """True where the hand touches itself, (c,) bool."""
    around: np.ndarray
    """True where it touches what surrounds the object, (c,) bool."""

    @property
    def with_object(self) -> np.ndarray:
        """True where the hand touches the object, (c,) bool."""
        return ~(self.between | self.around)

    def nearest(self) -> np.ndarray:
        """Returns the nearest contact of each link and grasp with the object, nearest first."""
        outer = np.flatnonzero(self.with_object)
        outer = outer[np.lexsort((self.gap[outer], self.hand_body[outer], self.place[outer]))]
        same = (np.diff(self.hand_body[outer]) == 0) & (np.diff(self.place[outer]) == 0)
        first = outer[np.concatenate([[True], ~same])] if outer.size else outer
        return first[np.lexsort((self.gap[first], self.place[first]))]
