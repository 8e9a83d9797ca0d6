"""Fitting: refined grasps moved onto the collision geometry that physics will see.

Refinement looks up points of the hand in a distance grid: fast, but blind between points and
within a cell, to a millimetre or two. MuJoCo's own collision detection knows every gap and depth
exactly. A few damped Gauss-Newton steps take those to zero where a link is meant to touch, and to
a clearance everywhere else; the steps are small, so that the balance of forces survives.
"""

from __future__ import annotations

import dataclasses
import functools
from concurrent import futures
from typing import Any

import jax
import numpy as np
from scipy.spatial.transform import Rotation

from zdg_jax.energy import TOUCH_GAP, Contacts, GraspVariables
from zdg_jax.grasps.rows import rank_in_group
from zdg_jax.hand import Hand
from zdg_jax.hand.pressing_range import pressing_range
from zdg_jax.kernels import rotations
from zdg_jax.kernels.lengths import WRIST_ARM
from zdg_jax.runtime.arrays import floats
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.synthesis.touches import CollisionDetector, Touches
from zdg_jax.validation import six_directions
from zdg_jax.validation.scene import ObjectLike, build

_BLOCK = 64
"""Grasps that share NumPy's calls: with fewer a thread, Python's lock makes threads a loss."""

SLOTS = 12
"""Contacts that are reported for a grasp, at most one per link."""
POINTS = 48
"""Near points that are reported for a grasp."""
_LEVEL = 0.1
"""Upward part of a surface's normal from which fingers that touch it go down to the table."""
_STEEP = 0.85
"""Upward part of a surface's normal up to which what is beside it comes to it sideways."""
_CLOSED = 5e-5
"""Gap below which a grasp is left as it is [m]."""
_STILL = 3e-4
"""Step below which it is left: what further ones still change is an eighth of the time and 0.002 mm
of depth."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of the fit."""

    steps: int = 12
    """Gauss-Newton steps; 0 leaves grasps as they are."""
    least_activity: float = 0.3
    """Share for which a refined contact counts (`Contacts.active`) from which its link is meant to
    touch."""
    reach: float = 0.006
    """Gap beyond which a link that is meant to touch is left alone [m]."""
    clearance: float = 0.0002
    """Gap that all other links keep from the object and from each other [m]."""
    scene_clearance: float = 0.0003
    """Gap that every link keeps from what surrounds the object [m]."""
    damping: float = 0.15
    """Cost of leaving the refined grasp, wrist [m] and joints [0.1 m a radian], over a gap's."""
    depth: float = 2.5
    """Weight of a depth in the object, beside that of a gap that is to be closed: where many links
    touch, not all gaps can be nothing, and rather some stay open."""
    near: float = 0.0025
    """Greatest depth of a grasp below which that weight applies [m]."""
    largest: float = 0.004
    """Longest step, in the same units [m]; half as long after each that made the worst gap of a
    grasp no smaller."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fitted:
    """Fitted grasps, n of them."""

    position: np.ndarray
    """Wrist positions, (n, 3), object frame [m]."""
    rotation: np.ndarray
    """Wrist rotations, (n, 3, 3), object frame."""
    dofs: np.ndarray
    """Independent joint coordinates, (n, d)."""
    contacts: Contacts
    """The nearest contact of each link that is within reach, nearest first, (n, SLOTS, ...), as
    NumPy arrays; hand and object face each other."""
    near: np.ndarray
    """Points of the object within `TOUCH_GAP` of the hand, (n, POINTS, 3) [m], then NaN."""
    depth: np.ndarray
    """Depth of the hand in the object, (n,) [m]."""
    self_depth: np.ndarray
    """Depth of the hand in itself, (n,) [m]."""
    scene_depth: np.ndarray
    """Depth of the hand in what surrounds the object, (n,) [m]."""

    @functools.cached_property
    def variables(self) -> GraspVariables:
        """The grasps as energies take them, (n, ...)."""
        return GraspVariables(
            position=floats(self.position),
            rotation=floats(rotations.sixd_from_matrix(self.rotation)),
            dofs=floats(self.dofs),
        )

    def without_contacts(self) -> Fitted:
        """Returns the same grasps as if they touched nothing."""
        inactive = dataclasses.replace(self.contacts, active=0 * self.contacts.active)
        return dataclasses.replace(self, contacts=inactive)


def where_rows(rows: np.ndarray, fitted: Fitted, otherwise: Fitted) -> Fitted:
    """Takes grasps from one of two fits.

    Args:
        rows: True where `fitted` is taken, (n,) bool.
        fitted: n grasps.
        otherwise: n others.
    """

    def pick(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.where(rows.reshape(-1, *[1] * (one.ndim - 1)), one, other)

    fields = dataclasses.fields(Fitted)
    return Fitted(
        **{
            f.name: jax.tree.map(pick, getattr(fitted, f.name), getattr(otherwise, f.name))
            for f in fields
        }
    )


class Fitter:
    """A hand and an object whose collision geometry grasps are fitted to."""

    def __init__(
        self,
        hand: Hand,
        obj: ObjectLike,
        config: FitConfig | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            config: settings; the defaults if not given.
            surroundings: what the hand keeps off, if there is anything.

        Raises:
            InputError: the object has no convex pieces.
            ValidationError: MuJoCo refuses the scene.
        """
        self.config = config or FitConfig()
        physics, solver = six_directions.physics, six_directions.solver
        scene = build(hand, obj, physics, solver, surroundings=surroundings, at_rest=True)
        self._model = model = scene.model
        self.wrist_stiffness = scene.wrist_stiffness
        # A pair's margins add up, or the greater counts in older MuJoCo. Links only keep off each
        # other, so that theirs is small.
        links, clearance = scene.link_of_geom >= 0, self.config.clearance
        model.geom_margin[:] = np.where(links, clearance, max(self.config.reach - clearance, 0))
        first = scene.hand_body
        self._links = slice(first, first + hand.num_links)
        self._kinematics = hand.kinematics
        self._lower, self._upper = pressing_range(hand)
        self._up = None if surroundings is None else surroundings.up
        self._passive_motions = np.asarray(hand.arrays.passive_motions, float)
        # Whether a joint of the hand moves a body; the first six coordinates are the root's.
        self._moves = np.zeros((model.nbody, hand.num_joints), bool)
        for body in range(first + 1, first + hand.num_links):
            start, count = model.body_dofadr[body] - 6, model.body_dofnum[body]
            self._moves[body] = self._moves[model.body_parentid[body]]
            self._moves[body, start : start + count] = count > 0
        self._detector = CollisionDetector(model, hand.kinematics, self._links)

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
        fitted = dataclasses.replace(
            self.nowhere(n),
            position=np.array(position, float),
            rotation=np.array(rotation, float),
            dofs=np.array(dofs, float),
        )
        meant = np.zeros((n, self._model.nbody), bool)
        meant[:, self._links] = touching
        state = (fitted.position, fitted.rotation, fitted.dofs)
        finite = np.all([np.isfinite(leaf).reshape(n, -1).all(1) for leaf in state], axis=0)

        def improve(rows: np.ndarray) -> None:
            self._descend(fitted, rows, meant)
            self._report(fitted, rows)

        rows = np.flatnonzero(finite)
        blocks = np.split(rows, range(_BLOCK, len(rows), _BLOCK)) if rows.size else []
        with futures.ThreadPoolExecutor(available_cpus()) as pool:
            list(pool.map(improve, blocks))
        return fitted

    def nowhere(self, n: int) -> Fitted:
        """Grasps at no place, which touch nothing: for their shapes.

        Args:
            n: how many.
        """
        return Fitted(
            position=np.full((n, 3), np.nan),
            rotation=np.full((n, 3, 3), np.nan),
            dofs=np.full((n, len(self._lower)), np.nan),
            contacts=self._no_contacts(n),
            near=np.full((n, POINTS, 3), np.nan),
            depth=np.zeros(n),
            self_depth=np.zeros(n),
            scene_depth=np.zeros(n),
        )

    def _no_contacts(self, n: int) -> Contacts:
        """Contacts of n grasps that touch nothing."""
        up = np.tile(np.array([0, 0, 1], np.float32), (n, SLOTS, 1))
        arrays: dict[str, Any] = {
            "active": np.zeros((n, SLOTS), np.float32),
            "points": np.zeros((n, SLOTS, 3), np.float32),
            "hand_normals": -up,
            "distance": np.full((n, SLOTS), self.config.reach, np.float32),
            "normals": up,
            "link": np.zeros((n, SLOTS), np.int32),
            "passive_motions": np.zeros((n, SLOTS, len(self._passive_motions), 3), np.float32),
        }
        return Contacts(**arrays)

    def _descend(self, grasps: Fitted, rows: np.ndarray, meant: np.ndarray) -> None:
        """Takes steps with grasps, in place, each until its gaps or its steps are nothing."""
        moved = np.zeros((len(grasps.dofs), 6 + grasps.dofs.shape[1]))
        stay = self.config.damping**2 * np.eye(moved.shape[1])
        bound, worst = np.full(len(moved), self.config.largest), np.full(len(moved), np.inf)
        for _ in range(self.config.steps):
            if not rows.size:
                return
            touches = self._detector.touches(grasps.position, grasps.rotation, grasps.dofs, rows)
            error, jacobian, weight = self._gaps(grasps, touches, meant)
            gap = np.abs(error).max(axis=1, initial=0.0)
            on = gap > _CLOSED
            rows, gap, weight = rows[on], gap[on], weight[on]
            # From afar all count alike: contacts come and go, and heavy ones would swing.
            shallow = error[on].min(axis=1, initial=0.0) > -self.config.near
            weight = np.where(shallow[:, None], weight, 1.0)
            error, jacobian = weight * error[on], weight[..., None] * jacobian[on]
            # Where contacts come and go, full steps would swing between them for ever.
            bound[rows] *= np.where(gap < worst[rows], 1.0, 0.5)
            worst[rows] = gap
            across = jacobian.transpose(0, 2, 1)
            slope = across @ error[..., None] + stay @ moved[rows, :, None]
            move = -np.linalg.solve(across @ jacobian + stay, slope)[..., 0]
            longest = np.abs(move).max(axis=1)
            move *= np.minimum(1.0, bound[rows] / np.maximum(longest, 1e-9))[:, None]
            moved[rows] += move
            grasps.position[rows] += move[:, :3]
            turn = Rotation.from_rotvec(move[:, 3:6] / WRIST_ARM).as_matrix()
            grasps.rotation[rows] = turn @ grasps.rotation[rows]
            dofs = grasps.dofs[rows] + move[:, 6:] / WRIST_ARM
            grasps.dofs[rows] = np.clip(dofs, self._lower, self._upper)
            rows = rows[longest > _STILL]

    def _report(self, grasps: Fitted, rows: np.ndarray) -> None:
        """Writes down grasps' contacts and depths."""
        touches = self._detector.touches(grasps.position, grasps.rotation, grasps.dofs, rows)
        row, outer = rows[touches.place], touches.with_object
        inside = np.maximum(-touches.gap, 0.0)
        for depth, which in (
            (grasps.depth, outer),
            (grasps.self_depth, touches.between),
            (grasps.scene_depth, touches.around),
        ):
            np.maximum.at(depth, row[which], inside[which])
        near = np.flatnonzero(outer & (touches.gap < TOUCH_GAP))
        near = near[np.lexsort((touches.gap[near], touches.place[near]))]
        rank = rank_in_group(touches.place[near])
        near, rank = near[rank < POINTS], rank[rank < POINTS]
        grasps.near[row[near], rank] = touches.point[near]
        nearest = touches.nearest()
        rank = rank_in_group(touches.place[nearest])
        nearest, rank = nearest[rank < SLOTS], rank[rank < SLOTS]
        at = (row[nearest], rank)
        gap = touches.gap[nearest]
        outward = touches.normal[nearest] * np.where(touches.hand[nearest, :1], -1.0, 1.0)
        contacts: Any = grasps.contacts
        contacts.active[at] = 1.0
        contacts.points[at] = touches.point[nearest] + 0.5 * gap[:, None] * outward
        contacts.hand_normals[at] = -outward
        contacts.normals[at] = outward
        contacts.distance[at] = gap
        contacts.link[at] = touches.hand_body[nearest] - self._links.start
        place, point = touches.place[nearest], contacts.points[at]
        loose = self._passive_motions * self._moves[touches.hand_body[nearest], None]
        twist = np.einsum("cmj,cjk->cmk", loose, touches.axes[place])
        arm = (point - touches.origin[place])[:, None]
        contacts.passive_motions[at] = np.cross(twist[..., :3], arm) + twist[..., 3:]

    def _gaps(
        self, grasps: Fitted, touches: Touches, meant: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Gaps to be closed or opened of r grasps, (r, c) [m], and their derivative, (r, c, 6 + d).

        The derivative is in metres per metre; rows past a grasp's last gap are 0. Last the weight
        of each gap, (r, c).
        """
        rows = touches.rows
        wanted = meant[rows[touches.place], touches.hand_body]
        outer = touches.with_object & wanted
        kept = np.where(touches.around, self.config.scene_clearance, self.config.clearance)
        # The nearest contact of a link that should touch is drawn in; others are only kept off.
        error = np.minimum(touches.gap - np.where(outer, 0.0, kept), 0.0)
        nearest = touches.nearest()
        drawn = nearest[wanted[nearest]]
        error[drawn] = touches.gap[drawn]
        lowered = self._lowered(touches, drawn)
        error[lowered] = touches.gap[lowered]
        counts = np.flatnonzero(error)
        place, point, normal = touches.place[counts], touches.point[counts], touches.normal[counts]
        # The normal points away from the first geom.
        side = touches.hand[counts] * np.array([-1.0, 1.0])
        if self._up is not None:
            # A fingertip comes to an edge sideways: else it would climb on what lies on a table.
            upward = normal @ self._up * side.sum(axis=1)
            climbs = touches.with_object[counts] & (upward > 0) & (upward < _STEEP)
            normal = np.where(
                climbs[:, None], normal - np.outer(normal @ self._up, self._up), normal
            )
        push = normal * side.sum(axis=1, keepdims=True)
        moment = np.cross(point - grasps.position[rows[place]], push)
        lever = np.cross(point - touches.origin[place], normal)
        twist = np.einsum("ci,cji->cj", np.hstack([lever, normal]), touches.axes[place])
        moves = np.einsum("cs,csj->cj", side, self._moves[touches.body[counts]])

        rank = rank_in_group(place)
        width = int(rank.max(initial=-1)) + 1
        errors = np.zeros((len(rows), width))
        errors[place, rank] = error[counts]
        weights = np.ones((len(rows), width))
        inside = (error[counts] < 0) & touches.with_object[counts]
        weights[place[inside], rank[inside]] = self.config.depth
        jacobian = np.zeros((len(rows), width, 6 + grasps.dofs.shape[1]))
        jacobian[place, rank, :6] = np.hstack([push, moment / WRIST_ARM])
        turns = np.zeros((len(rows), width, twist.shape[1]))
        turns[place, rank] = twist * moves / WRIST_ARM
        jacobian[:, :, 6:] = turns @ self._kinematics.joint_slopes(grasps.dofs[rows])
        return errors, jacobian, weights

    def _lowered(self, touches: Touches, drawn: np.ndarray) -> np.ndarray:
        """Contacts with the table of links that are to touch what faces up: they go down to it."""
        if self._up is None:
            return drawn[:0]
        outward = touches.normal[drawn] * np.where(touches.hand[drawn, :1], -1.0, 1.0)
        climbing = drawn[outward @ self._up > _LEVEL]
        links = touches.hand_body + self._model.nbody * touches.place
        below = np.flatnonzero(touches.around & np.isin(links, links[climbing]))
        below = below[np.lexsort((touches.gap[below], links[below]))]
        return below[np.unique(links[below], return_index=True)[1]]
