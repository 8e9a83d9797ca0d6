"""One simulation in MuJoCo's C engine: a scene's state, stepped and measured."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

import mujoco
import numpy as np

from zdg_jax.validation.scene import CompiledScene
from zdg_jax.validation.trajectories import Targets, displacement

ORIGIN = np.array([0.0, 0, 0, 1, 0, 0, 0])
"""First pose of the object in the world, position and quaternion, (7,)."""
_STATE = mujoco.mjtState.mjSTATE_INTEGRATION

SavedState = tuple[np.ndarray, float]
"""State and clock."""
Observer = Callable[["Simulation"], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Penetration:
    """Deepest overlaps of a hand, each >= 0 [m]."""

    with_object: float
    """With the object."""
    with_itself: float
    """Between links of the hand."""
    with_table: float
    """With anything else: the table."""


class Simulation:
    """The state of one scene. Threads have one each; the scene is shared."""

    def __init__(
        self, scene: CompiledScene, *, observer: Observer | None = None, every: int = 1
    ) -> None:
        """Starts a state.

        Args:
            scene: the scene.
            observer: called with this simulation after every `every` steps since `reset`.
            every: see `observer`.
        """
        self.scene, self.model = scene, scene.model
        self.data = mujoco.MjData(scene.model)
        self.steps = 0
        self.phase = ""
        self._observer, self._every = observer, every
        self._clock = 0.0
        self._size = mujoco.mj_stateSize(self.model, _STATE)

    def reset(self, pose: np.ndarray, object_pose: np.ndarray = ORIGIN) -> None:
        """Puts hand and object at rest.

        Args:
            pose: of the hand: root position, quaternion and joints, (7 + j,).
            object_pose: position and quaternion, (7,).
        """
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] = np.concatenate([pose, object_pose])
        self.data.ctrl[:] = self.scene.ctrl_from_joints @ pose[7:]
        self.data.mocap_pos[0], self.data.mocap_quat[0] = pose[:3], pose[3:7]
        mujoco.mj_fwdPosition(self.model, self.data)
        self.steps, self._clock = 0, 0.0

    def aim(self, targets: Targets, k: int) -> None:
        """Sets the targets of the hand to those of stage `k`."""
        self.data.mocap_pos[0] = targets.position[k]
        self.data.mocap_quat[0] = targets.quaternion[k]
        self.data.ctrl[:] = targets.ctrl[k]

    def step(self, count: int) -> bool:
        """Takes `count` steps; returns whether the state is still sound.

        MuJoCo resets a state that blew up, so its clock falls behind.
        """
        end = self.steps + count
        while self.steps < end:
            part = end - self.steps
            if self._observer:
                part = min(part, self._every - self.steps % self._every)
            mujoco.mj_step(self.model, self.data, nstep=part)
            self.steps += part
            self._clock += part * self.model.opt.timestep
            if self._observer and self.steps % self._every == 0:
                self._observer(self)
        return bool(
            abs(self.data.time - self._clock) < 0.5 * self.model.opt.timestep
            and np.isfinite(self.data.qpos).all()
        )

    @contextlib.contextmanager
    def stepping(self, model: mujoco.MjModel) -> Iterator[None]:
        """Takes steps in another model of the same scene, whose options differ."""
        own, self.model = self.model, model
        try:
            yield
        finally:
            self.model = own

    def save(self) -> SavedState:
        """Returns the full state, warm start and targets included, and the clock."""
        state = np.empty(self._size)
        mujoco.mj_getState(self.model, self.data, state, _STATE)
        return state, self._clock

    def restore(self, saved: SavedState) -> None:
        """Goes back to a saved state; steps from there repeat bit for bit."""
        state, self._clock = saved
        mujoco.mj_setState(self.model, self.data, state, _STATE)

    @property
    def object_pose(self) -> np.ndarray:
        """Position and quaternion of the object, (7,)."""
        return self.data.qpos[-7:]

    def moved(self, origin: np.ndarray = ORIGIN) -> np.ndarray:
        """Distance [m] and angle [rad] of the object from a pose, (2,)."""
        return np.array(displacement(self.object_pose, origin))

    def touching(self) -> np.ndarray:
        """Returns the rows of the contacts between hand and object."""
        geom = self.data.contact.geom
        return np.flatnonzero(
            (self.scene.link_of_geom[geom] >= 0).any(axis=1)
            & self.scene.object_geoms[geom].any(axis=1)
        )

    def penetration(self) -> Penetration:
        """Measures the deepest overlaps of the hand in the present state."""
        geom, distance = self.data.contact.geom, self.data.contact.dist
        links = self.scene.link_of_geom[geom] >= 0
        with_itself = links.all(axis=1)
        with_object = links.any(axis=1) & self.scene.object_geoms[geom].any(axis=1)
        with_table = links.any(axis=1) & ~with_itself & ~with_object

        def deepest(rows: np.ndarray) -> float:
            return max(0.0, -float(distance[rows].min(initial=0.0)))

        return Penetration(
            with_object=deepest(with_object),
            with_itself=deepest(with_itself),
            with_table=deepest(with_table),
        )

    def contacts_in(self, qpos: np.ndarray, targets: Targets, k: int) -> tuple[int, float]:
        """Measures contacts, see `contact_summary`, in a state that another engine came to.

        Args:
            qpos: poses of the hand and of the object, (7 + j + 7,).
            targets: targets of the hand there.
            k: number of the stage among them.
        """
        self.reset(qpos[:-7], qpos[-7:])
        self.aim(targets, k)
        mujoco.mj_forward(self.model, self.data)
        return self.contact_summary()

    def contact_summary(self) -> tuple[int, float]:
        """Counts the links that touch the object, and sums their normal forces [N]."""
        rows = self.touching()
        links = self.scene.link_of_geom[self.data.contact.geom[rows]].max(axis=1, initial=-1)
        wrench, force = np.zeros(6), 0.0
        for row in rows:
            mujoco.mj_contactForce(self.model, self.data, row, wrench)
            force += float(wrench[0])
        return int(np.unique(links).size), force
