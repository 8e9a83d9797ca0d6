"""Approach: the open hand's way to its pregrasp, free of the surroundings, object and itself.

The way is straight where a straight corridor is free: back from the pregrasp, away from the
object. Where none is, the hand backs out as far as it can and goes on in another direction. Every
2 mm MuJoCo's collision detection looks at the hand. The joints stay as they are in the pregrasp.
Among obstacles it also looks where the hand rises with the object.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import threading
from collections.abc import Iterator
from concurrent import futures

import mujoco
import numpy as np

from zdg_jax.geometry.frames import upright_axes
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import HandPose
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation import six_directions
from zdg_jax.validation.scene import ObjectLike, away_from_object, build

WAYPOINTS = 4
"""Poses of an approach, from the farthest to the pregrasp; a shorter way repeats its first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApproachConfig:
    """Settings of the approach."""

    distance: float = 0.1
    """Length of the last straight piece where nothing is in the way [m]."""
    step: float = 0.002
    """Distance between two poses that are looked at [m]."""
    depth: float = 0.001
    """Depth of the hand in anything that is put up with [m]."""
    least: float = 0.02
    """Length of the last straight piece before the hand may turn off [m]."""
    rise: float = 0.08
    """Height to which the hand must be able to rise afterwards, less under something: the least
    that a lift takes, and its shake [m]."""
    rise_step: float = 0.01
    """Distance between two heights at which it is looked at [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Approaches:
    """Ways of n hands to their pregrasps."""

    poses: HandPose
    """Poses along the way, leaves (n, WAYPOINTS, ...), object frame; the last is the pregrasp."""
    depth: np.ndarray
    """Depth of the hand in anything along it, (n,) [m]."""
    pregrasp_depth: np.ndarray
    """Depth of the pregrasp alone in what surrounds the object, (n,) [m]."""
    rise_depth: np.ndarray
    """Greatest such depth while the hand rises from there, (n,) [m]; 0 without obstacles."""

    @property
    def length(self) -> np.ndarray:
        """Lengths of the ways, (n,) [m]."""
        step = np.diff(np.asarray(self.poses.position), axis=1)
        return np.asarray(np.linalg.norm(step, axis=2).sum(axis=1))


class ApproachPlanner:
    """Finds ways to the pregrasps of one hand, object and scene."""

    def __init__(
        self,
        hand: Hand,
        obj: ObjectLike,
        surroundings: Surroundings,
        config: ApproachConfig | None = None,
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            surroundings: what is around it.
            config: settings; the defaults if not given.

        Raises:
            InputError: the object has no convex pieces.
            ValidationError: MuJoCo refuses the scene.
        """
        self.config = config or ApproachConfig()
        physics, solver = six_directions.physics, six_directions.solver
        self._scene = build(hand, obj, physics, solver, surroundings=surroundings, at_rest=True)
        self._up, self._normal = surroundings.up, np.asarray(hand.palm.normal, float)
        self._local = threading.local()
        rise, step = 0.0, self.config.rise_step
        if surroundings.has_obstacles:  # nothing is above a table
            rise = surroundings.headroom(obj, self.config.rise)
        self._heights = step * np.arange(1, round(rise / step) + 1)

    def plan(self, pregrasp: HandPose) -> Approaches:
        """Finds ways to pregrasps.

        Args:
            pregrasp: n of them, leaves (n, ...), object frame, on the host.

        Returns:
            The ways. Where none is free it is the one on which the hand is the least deep in
            anything; poses that are not finite stay where they are.
        """
        qpos = np.asarray(pregrasp.qpos, float)
        with futures.ThreadPoolExecutor(available_cpus()) as pool:
            found = list(pool.map(self._one, qpos))
        ways = np.zeros((len(qpos), WAYPOINTS, qpos.shape[1]), np.float32)
        for way, (path, _, _, _) in zip(ways, found, strict=True):
            way[:] = path
        return Approaches(
            poses=HandPose.from_qpos(ways),
            depth=np.array([depth for _, depth, _, _ in found]),
            pregrasp_depth=np.array([depth for _, _, depth, _ in found]),
            rise_depth=np.array([depth for *_, depth in found]),
        )

    def blockers(self, poses: HandPose) -> dict[str, int]:
        """Counts what is in the way, by name, the commonest first.

        Args:
            poses: n ways, leaves (n, WAYPOINTS, ...), object frame, on the host.

        Returns:
            The number of ways that go deepest into each obstacle, the table, the object or the
            hand itself; free ones count nowhere.
        """
        counts: collections.Counter[str] = collections.Counter()
        for way in np.asarray(poses.qpos, float):
            look = _Look(self, way[-1])
            found = [look.deepest(place) for place in _along(way[:, :3], self.config.step)]
            depth, name = max(found)
            if depth > self.config.depth:
                counts[name] += 1
        return dict(counts.most_common())

    def _one(self, pregrasp: np.ndarray) -> tuple[np.ndarray, float, float, float]:
        """The way (WAYPOINTS, 7 + j) to one pregrasp, its depth, and those of the pregrasp and of
        its rise."""
        still = np.tile(pregrasp, (WAYPOINTS, 1))
        if not np.isfinite(pregrasp).all():
            return still, np.inf, np.inf, np.inf
        look = _Look(self, pregrasp)
        start, around = look.depths(pregrasp[:3])
        config = self.config
        best, least = np.tile(pregrasp[:3], (WAYPOINTS, 1)), np.inf
        stubs = []
        for direction in self._directions(look.data, pregrasp):
            free, depth = look.free(pregrasp[:3], direction, start)
            far = pregrasp[:3] + config.distance * direction
            if free >= config.distance - 1e-9:
                best, least = np.array([far, far, far, pregrasp[:3]]), 0.0
                break
            if depth < least:
                best, least = np.array([far, far, far, pregrasp[:3]]), depth
            if free >= config.least:
                stubs.append((free, pregrasp[:3] + free * direction))
        if least > 0:
            stubs.sort(key=lambda stub: -stub[0])
            for (_, turn), direction in itertools.product(stubs[:3], self._turns(pregrasp)):
                free, _ = look.free(turn, direction, 0.0)
                if free >= config.distance - 1e-9:
                    far = turn + config.distance * direction
                    best, least = np.array([far, far, turn, pregrasp[:3]]), 0.0
                    break
        still[:, :3] = best
        rises = [look.depths(pregrasp[:3] + height * self._up)[1] for height in self._heights]
        depth = max(least, start) if least > 0 else start
        return still, depth, around, max(rises, default=0.0)

    def _directions(self, data: mujoco.MjData, pregrasp: np.ndarray) -> Iterator[np.ndarray]:
        """Unit directions to back out in, the most natural first; none goes down."""
        away = away_from_object(self._scene, data, self._up)
        palm = -rotation_matrix(pregrasp[3:7]) @ self._normal
        for direction in (away, away + self._up, palm, palm + self._up, self._up):
            level = direction - min(0.0, float(direction @ self._up)) * self._up
            length = float(np.linalg.norm(level))
            if length > 0.1:
                yield level / length

    def _turns(self, pregrasp: np.ndarray) -> list[np.ndarray]:
        """Unit directions to go on in after a turn: up, and towards all sides."""
        first, second, _ = upright_axes(self._up).T
        angles = np.arange(8) * (np.pi / 4)
        return [self._up, *(np.cos(a) * first + np.sin(a) * second for a in angles)]


def _along(way: np.ndarray, step: float) -> np.ndarray:
    """Places (m, 3) along a way (T, 3) at most a step apart."""
    places = [way[:1]]
    for start, end in itertools.pairwise(way):
        count = int(np.ceil(np.linalg.norm(end - start) / step))
        share = np.arange(1, count + 1)[:, None] / max(count, 1)
        places.append(start + share * (end - start))
    return np.concatenate(places)


class _Look:
    """Looks at one hand, whose joints and rotation stay, in many places."""

    def __init__(self, planner: ApproachPlanner, pregrasp: np.ndarray) -> None:
        scene, local = planner._scene, planner._local
        if not hasattr(local, "data"):
            local.data = mujoco.MjData(scene.model)
        self.data, self._scene, self._config = local.data, scene, planner.config
        self.data.qpos[:-7], self.data.qpos[-7:] = pregrasp, [0, 0, 0, 1, 0, 0, 0]

    def depths(self, position: np.ndarray) -> tuple[float, float]:
        """Depth in anything, and in what surrounds the object, >= 0 [m]."""
        self.data.qpos[:3] = position
        mujoco.mj_kinematics(self._scene.model, self.data)
        mujoco.mj_collision(self._scene.model, self.data)
        inside = -self.data.contact.dist
        around = (self._scene.model.geom_bodyid[self.data.contact.geom] == 0).any(axis=1)
        return float(inside.max(initial=0.0)), float(inside[around].max(initial=0.0))

    def deepest(self, position: np.ndarray) -> tuple[float, str]:
        """Depth in anything at a position [m], and the name of what that is."""
        self.depths(position)
        model, contact = self._scene.model, self.data.contact
        if not len(contact.dist):
            return 0.0, ""
        row = int(np.argmin(contact.dist))
        mine = self._scene.link_of_geom[contact.geom[row]] >= 0
        if mine.all():
            return float(-contact.dist[row]), "the hand itself"
        other = int(contact.geom[row][int(np.argmin(mine))])
        if self._scene.object_geoms[other]:
            return float(-contact.dist[row]), "the object"
        name = model.geom(other).name
        return float(-contact.dist[row]), f"'{name.split(':')[1]}'" if ":" in name else name

    def free(self, origin: np.ndarray, direction: np.ndarray, start: float) -> tuple[float, float]:
        """Length of the way in a direction that is free, up to `distance`, and depth beyond it.

        A hand that starts deeper than is put up with may leave, but not go deeper.
        """
        config = self._config
        allowed = max(config.depth, start + 1e-4)
        count = round(config.distance / config.step)
        lengths = config.step * np.arange(1, count + 1)
        # What blocks a corridor is mostly seen at a few places: those first.
        for k in range(4, count, 10):
            depth, _ = self.depths(origin + lengths[k] * direction)
            if depth > allowed:
                lengths = lengths[: k + 1]
                break
        for k, length in enumerate(lengths):
            depth, _ = self.depths(origin + length * direction)
            if depth > allowed:
                return (float(lengths[k - 1]) if k else 0.0), depth
        return float(lengths[-1]), 0.0
