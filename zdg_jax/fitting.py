"""Fitting: refined grasps moved onto the collision geometry that physics will see.

Refinement looks up points of the hand in a distance grid: fast, but blind between points and
within a cell, to a millimetre or two. MuJoCo's own collision detection knows every gap and depth
exactly. A few damped Gauss-Newton steps take those to zero where a link is meant to touch, and to
a clearance everywhere else; the steps are small, so that the balance of forces survives.
"""

from __future__ import annotations

import dataclasses
import threading
from concurrent import futures

import jax.numpy as jnp
import mujoco
import numpy as np

from zdg_jax.energy import Contacts
from zdg_jax.hand import Hand
from zdg_jax.validation import six_directions
from zdg_jax.validation.engine import available_cpus
from zdg_jax.validation.scene import ObjectLike, build

_ARM = 0.1
"""Metres that a radian counts as."""


SLOTS = 12
"""Contacts that are reported for a grasp, at most one a link."""
POINTS = 48
"""Near points that are reported for a grasp."""
NEAR = 0.003
"""Gap below which a point counts as touched where parts are concerned [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How grasps are fitted."""

    steps: int = 12
    """Gauss-Newton steps; 0 leaves grasps as they are."""
    reach: float = 0.006
    """Gap beyond which a link that is meant to touch is left alone [m]."""
    clearance: float = 0.0002
    """Gap that all other links keep from the object and from each other [m]."""
    damping: float = 0.15
    """Cost of leaving the refined grasp, wrist [m] and joints [0.1 m a radian], over a gap's."""
    largest: float = 0.004
    """Longest step, in the same units [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Slots:
    """Contacts of n grasps as collision detection finds them, object frame."""

    active: np.ndarray
    """1 where a slot is used, (n, SLOTS)."""
    points: np.ndarray
    """Points on the hand, (n, SLOTS, 3) [m]."""
    normals: np.ndarray
    """Unit normals out of the object, (n, SLOTS, 3)."""
    distance: np.ndarray
    """Gaps, negative inside, (n, SLOTS) [m]."""
    link: np.ndarray
    """Link of each, (n, SLOTS)."""

    def contacts(self) -> Contacts:
        """The same for energies and forces; hand and object face each other."""
        return Contacts(
            active=jnp.asarray(self.active),
            points=jnp.asarray(self.points),
            hand_normals=jnp.asarray(-self.normals),
            distance=jnp.asarray(self.distance),
            normals=jnp.asarray(self.normals),
            link=jnp.asarray(self.link),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitted:
    """Fitted grasps, n of them."""

    position: np.ndarray
    """Wrist positions, (n, 3), object frame [m]."""
    rotation: np.ndarray
    """Wrist rotations, (n, 3, 3), object frame."""
    dofs: np.ndarray
    """Independent joint coordinates, (n, d)."""
    slots: Slots
    """The nearest contact of each link that is within reach, nearest first."""
    near: np.ndarray
    """Points of the object within `NEAR` of the hand, (n, POINTS, 3) [m], NaN past the last."""
    depth: np.ndarray
    """How deep the hand is in the object, (n,) [m]."""
    self_depth: np.ndarray
    """How deep the hand is in itself, (n,) [m]."""


class Fitter:
    """A hand and an object whose collision geometry grasps are fitted to."""

    def __init__(self, hand: Hand, obj: ObjectLike, config: FitConfig | None = None) -> None:
        """Compiles the scene.

        Raises:
            InputError: the object has no convex pieces.
            ValidationError: MuJoCo refuses the scene.
        """
        self.config = config or FitConfig()
        scene = build(hand, obj, six_directions.physics)
        self._model = model = scene.model
        model.geom_margin[scene.link_of_geom >= 0] = self.config.reach
        first = int(scene.link_of_geom.max()) - hand.num_links + 1
        self._links = slice(first, first + hand.num_links)
        self._coupling = np.asarray(hand.arrays.coupling, float)
        self._lower = np.asarray(hand.arrays.lower, float)
        self._upper = np.asarray(hand.arrays.upper, float)
        # Whether a joint of the hand moves a body; the first six coordinates are the root's.
        self._moves = np.zeros((model.nbody, hand.num_joints), bool)
        for body in range(first + 1, first + hand.num_links):
            start, count = model.body_dofadr[body] - 6, model.body_dofnum[body]
            self._moves[body] = self._moves[model.body_parentid[body]]
            self._moves[body, start : start + count] = count > 0
        self._local = threading.local()

    def fit(
        self, position: np.ndarray, rotation: np.ndarray, dofs: np.ndarray, touching: np.ndarray
    ) -> Fitted:
        """Moves grasps until the links that should touch do and nothing is inside anything.

        Args:
            position: wrist positions, (n, 3), object frame [m].
            rotation: wrist rotations, (n, 3, 3), object frame.
            dofs: independent joint coordinates, (n, d).
            touching: whether each link is meant to touch, (n, L) bool.

        Returns:
            The fitted grasps; those that are not finite stay as they are, without contacts.
        """
        n = len(dofs)
        fitted = Fitted(
            position=np.array(position, float),
            rotation=np.array(rotation, float),
            dofs=np.array(dofs, float),
            slots=Slots(
                active=np.zeros((n, SLOTS), np.float32),
                points=np.zeros((n, SLOTS, 3), np.float32),
                normals=np.tile(np.array([0, 0, 1], np.float32), (n, SLOTS, 1)),
                distance=np.full((n, SLOTS), self.config.reach, np.float32),
                link=np.zeros((n, SLOTS), np.int32),
            ),
            near=np.full((n, POINTS, 3), np.nan),
            depth=np.zeros(n),
            self_depth=np.zeros(n),
        )
        meant = np.zeros((n, self._model.nbody), bool)
        meant[:, self._links] = touching
        state = (fitted.position, fitted.rotation, fitted.dofs)
        finite = np.all([np.isfinite(leaf).reshape(n, -1).all(1) for leaf in state], axis=0)

        def improve(row: int) -> None:
            self._descend(fitted, row, meant[row])
            self._report(fitted, row)

        with futures.ThreadPoolExecutor(available_cpus()) as pool:
            list(pool.map(improve, np.flatnonzero(finite)))
        return fitted

    def _descend(self, grasps: Fitted, row: int, meant: np.ndarray) -> None:
        """Takes steps with one grasp, in place, until no gap is left to close."""
        moved = np.zeros(6 + grasps.dofs.shape[1])
        for _ in range(self.config.steps):
            touches = self._touches(grasps, row)
            error, jacobian = self._gaps(grasps, row, touches, meant)
            if not np.any(np.abs(error) > 5e-5):
                return
            normal = jacobian.T @ jacobian
            normal[np.diag_indices_from(normal)] += self.config.damping**2
            slope = jacobian.T @ error + self.config.damping**2 * moved
            move = -np.linalg.solve(normal, slope)
            move *= min(1.0, self.config.largest / max(float(np.abs(move).max()), 1e-9))
            moved += move
            grasps.position[row] += move[:3]
            grasps.rotation[row] = _turned(grasps.rotation[row], move[3:6] / _ARM)
            grasps.dofs[row] = np.clip(grasps.dofs[row] + move[6:] / _ARM, self._lower, self._upper)

    def _touches(self, grasps: Fitted, row: int) -> _Touches:
        """Collision detection at a grasp."""
        if not hasattr(self._local, "data"):
            self._local.data = mujoco.MjData(self._model)
        data, model = self._local.data, self._model
        joints, _ = self._joints(grasps.dofs[row])
        data.qpos[:3] = grasps.position[row]
        mujoco.mju_mat2Quat(data.qpos[3:7], grasps.rotation[row].ravel())
        data.qpos[7 : 7 + len(joints)] = joints
        data.qpos[-7:] = [0, 0, 0, 1, 0, 0, 0]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        body = model.geom_bodyid[data.contact.geom]
        hand = (body >= self._links.start) & (body < self._links.stop)
        return _Touches(
            data=data,
            gap=np.array(data.contact.dist),
            point=np.array(data.contact.pos),
            normal=np.array(data.contact.frame[:, :3]),
            body=body,
            hand=hand,
            own=np.where(hand[:, 0], body[:, 0], body[:, 1]),
            between=hand.all(axis=1),
        )

    def _report(self, grasps: Fitted, row: int) -> None:
        """Writes down a grasp's contacts and depths."""
        touches = self._touches(grasps, row)
        inside = np.maximum(-touches.gap, 0.0)
        grasps.depth[row] = inside[~touches.between].max(initial=0.0)
        grasps.self_depth[row] = inside[touches.between].max(initial=0.0)
        near = np.flatnonzero(~touches.between & (touches.gap < NEAR))
        near = near[np.argsort(touches.gap[near], kind="stable")][:POINTS]
        grasps.near[row, : len(near)] = touches.point[near]
        slots = grasps.slots
        for slot, index in enumerate(touches.nearest()[:SLOTS]):
            outward = touches.normal[index] * (-1.0 if touches.hand[index, 0] else 1.0)
            slots.active[row, slot] = 1.0
            slots.points[row, slot] = touches.point[index] + 0.5 * touches.gap[index] * outward
            slots.normals[row, slot] = outward
            slots.distance[row, slot] = touches.gap[index]
            slots.link[row, slot] = touches.own[index] - self._links.start

    def _joints(self, dofs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Joints (j,) of coordinates (d,), and their derivative (j, d)."""
        power = np.arange(len(self._coupling))[:, None]
        joints = np.einsum("kjd,kd->j", self._coupling, dofs**power)
        raised = power[1:] * dofs ** (power[1:] - 1)
        return joints, np.einsum("kjd,kd->jd", self._coupling[1:], raised)

    def _gaps(
        self, grasps: Fitted, row: int, touches: _Touches, meant: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gaps to be closed or opened, (c,) [m], and their derivative, (c, 6 + d) [m per m]."""
        outer = ~touches.between & meant[touches.own]
        # The nearest contact of a link that should touch is drawn in; others are only kept off.
        error = np.minimum(touches.gap - np.where(outer, 0.0, self.config.clearance), 0.0)
        chosen = [index for index in touches.nearest() if meant[touches.own[index]]]
        error[chosen] = touches.gap[chosen]
        counts = error != 0
        error, point, normal = error[counts], touches.point[counts], touches.normal[counts]
        data, (joints, slope) = touches.data, self._joints(grasps.dofs[row])
        axes = data.cdof[6 : 6 + len(joints)]
        origin = data.subtree_com[self._links.start]
        jacobian = np.zeros((len(error), 6 + slope.shape[1]))
        for side, sign in ((0, -1.0), (1, 1.0)):  # the normal points away from the first geom
            push = sign * normal * touches.hand[counts, side, None]
            jacobian[:, :3] += push
            jacobian[:, 3:6] += np.cross(point - grasps.position[row], push) / _ARM
            twist = np.cross(point - origin, push) @ axes[:, :3].T + push @ axes[:, 3:].T
            jacobian[:, 6:] += (twist * self._moves[touches.body[counts, side]]) @ slope / _ARM
        return error, jacobian


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Touches:
    """What collision detection found at one grasp, c contacts."""

    data: mujoco.MjData
    gap: np.ndarray
    point: np.ndarray
    normal: np.ndarray
    body: np.ndarray
    """Bodies of both sides, (c, 2)."""
    hand: np.ndarray
    """Whether each side is the hand, (c, 2)."""
    own: np.ndarray
    """The hand's body, (c,)."""
    between: np.ndarray
    """Whether the hand touches itself, (c,)."""

    def nearest(self) -> list[int]:
        """The nearest contact of each link with the object, nearest first."""
        found: dict[int, int] = {}
        for index in np.argsort(self.gap, kind="stable"):
            if not self.between[index]:
                found.setdefault(int(self.own[index]), int(index))
        return list(found.values())


def _turned(rotation: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """A rotation turned by a rotation vector of the outer frame."""
    quaternion, matrix = np.array([1.0, 0, 0, 0]), np.zeros(9)
    mujoco.mju_quatIntegrate(quaternion, angle, 1.0)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3) @ rotation
