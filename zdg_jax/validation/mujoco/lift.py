"""The lift in MuJoCo's C engine: approach an object on a table, close, lift, hold and shake."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.validation.lifting import PHASES, Lift, Script, Seen, rise_and_amplitude
from zdg_jax.validation.mujoco.screening import GraspTest
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import LiftProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene, away_from_object

_FAR = 10.0
"""Height at which the hand waits while the object comes to rest [m]."""
_TOPPLED = np.radians(20)


class LiftTest(GraspTest):
    """A `LiftProtocol` on one scene with a table."""

    load_names = PHASES

    def __init__(
        self, scene: CompiledScene, protocol: LiftProtocol, up: np.ndarray, headroom: float
    ) -> None:
        """Lets the object come to rest on the table.

        Args:
            scene: built with surroundings.
            protocol: the protocol.
            up: unit vector that points up in them, (3,), object frame.
            headroom: how far the object can rise in them [m].

        Raises:
            InputError: the object topples in the pose that it should stand in.
        """
        self.scene, self.protocol, self._up = scene, protocol, up
        self.max_pregrasp_penetration = protocol.max_pregrasp_penetration
        self.object_pose = self._settle()
        rise, amplitude = rise_and_amplitude(protocol, headroom)
        self.lift = Lift(
            protocol=protocol,
            rise=rise,
            amplitude=amplitude,
            up=up,
            ctrl_from_joints=scene.ctrl_from_joints,
            object_pose=self.object_pose,
        )

    def roll_out(
        self,
        simulation: Simulation,
        result: Validation,
        i: int,
        approach: np.ndarray | None,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> Reason:
        """Runs the phases until one fails; arguments as of `GraspTest.roll_out`."""
        way = self.way(simulation, approach, pregrasp)
        script: Script = self.lift.script(result, i, way, pregrasp, grasp, squeeze)
        simulation.reset(way[0], self.object_pose)
        stage = next(script)
        while True:
            simulation.phase = stage.phase
            simulation.aim(stage.targets, stage.k)
            seen = Seen(
                sound=simulation.step(self.lift.stage_steps),
                hand=simulation.data.qpos[:7].copy(),
                object=simulation.object_pose.copy(),
                contacts=simulation.contact_summary,
            )
            try:
                stage = script.send(seen)
            except StopIteration as verdict:
                return Reason(verdict.value)

    def way(
        self, simulation: Simulation, approach: np.ndarray | None, pregrasp: np.ndarray
    ) -> np.ndarray:
        """Returns the way to a pregrasp, (T, 7 + j): a straight one where none is known.

        Args:
            simulation: the state, at the pregrasp.
            approach: the way, (T, 7 + j), world frame, if it is known.
            pregrasp: root position, quaternion and joints, (7 + j,), world frame.
        """
        if approach is not None:
            return approach
        start = pregrasp.copy()
        away = away_from_object(self.scene, simulation.data, self._up)
        start[:3] += self.protocol.approach_distance * away
        return np.stack([start, pregrasp])

    def placed(self, qpos: np.ndarray) -> np.ndarray:
        """Returns a hand's pose (7 + j,) of the object frame, with the object at rest."""
        placed = qpos.copy()
        mujoco.mju_mulPose(
            placed[:3],
            placed[3:7],
            self.object_pose[:3],
            self.object_pose[3:],
            qpos[:3].copy(),
            qpos[3:7].copy(),
        )
        return placed

    def _settle(self) -> np.ndarray:
        """Returns the pose of the object at rest, (7,)."""
        simulation = Simulation(self.scene)
        hand = np.zeros(7 + self.scene.num_joints)
        hand[:3], hand[3] = _FAR * self._up, 1.0
        simulation.reset(hand)
        with logged_warnings():
            simulation.step(round(self.protocol.settle_time / self.protocol.solver.timestep))
        if not simulation.moved()[1] < _TOPPLED:
            raise InputError(
                f"the object turns by {np.degrees(simulation.moved()[1]):.0f} degrees on the table "
                f"with up = {np.round(self._up, 3).tolist()}; name a direction in which it stands"
            )
        return simulation.object_pose.copy()
