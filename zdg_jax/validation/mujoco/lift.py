"""The lift in MuJoCo's C engine: approach an object on a table, close, lift, hold and shake."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.scenes.surroundings import TOLERANCE, Surroundings
from zdg_jax.validation.lifting import PHASES, Lift, Script, Seen
from zdg_jax.validation.mujoco.screening import GraspTest
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.placed_grasp import PlacedGrasp
from zdg_jax.validation.protocols import LiftProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene, away_from_object

_FAR = 10.0
"""Height at which the hand waits while the object comes to rest [m]."""
_TOPPLED = np.radians(20)
_LEAST_RISE, _STEP = 0.05, 0.01
"""Rise that a hand must have room for, and distance between two heights that are looked at [m]."""


class LiftTest(GraspTest):
    """A `LiftProtocol` on one scene with a table."""

    load_names = PHASES

    def __init__(
        self,
        scene: CompiledScene,
        protocol: LiftProtocol,
        around: Surroundings,
        headroom: float,
    ) -> None:
        """Lets the object come to rest on the table.

        Args:
            scene: built with surroundings.
            protocol: the protocol.
            around: these.
            headroom: how far the object can rise in them [m].

        Raises:
            InputError: the object topples in the pose that it should stand in.
        """
        self.scene, self.protocol, self._up = scene, protocol, around.up
        self.max_pregrasp_penetration = protocol.max_pregrasp_penetration
        self.object_pose = self._settle()
        self._headroom, self._among = headroom, around.has_obstacles
        self.lift = Lift(
            protocol=protocol,
            up=around.up,
            ctrl_from_joints=scene.ctrl_from_joints,
            object_pose=self.object_pose,
        )

    def roll_out(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> Reason:
        """Runs the phases until one fails; arguments as of `GraspTest.roll_out`."""
        way, script = self.script(simulation, result, i, placed)
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

    def script(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> tuple[np.ndarray, Script]:
        """Returns the way to a pregrasp, (T, 7 + j), and what the hand is told from there on.

        Arguments as of `GraspTest.roll_out`; the simulation is left in another state. A way that is
        not known is straight.
        """
        way = placed.approach
        if way is None:
            start = placed.pregrasp.copy()
            away = away_from_object(self.scene, simulation.data, self._up)
            start[:3] += self.protocol.approach_distance * away
            way = np.stack([start, placed.pregrasp])
        headroom = self._headroom_of(simulation, placed.grasp)
        return way, self.lift.script(result, i, placed, way, headroom)

    def _headroom_of(self, simulation: Simulation, grasp: np.ndarray) -> float:
        """Returns how far the object and a hand that holds it can rise [m].

        For the hand it is `_LEAST_RISE` at least: one without that fails where it meets something.
        """
        if not self._among:
            return self._headroom
        raised, pose = grasp.copy(), self.object_pose.copy()
        for height in np.arange(_LEAST_RISE, self._headroom, _STEP):
            raised[:3] = grasp[:3] + height * self._up
            simulation.reset(raised, pose)
            if simulation.penetration().with_table > TOLERANCE:
                return float(max(height - _STEP, _LEAST_RISE))
        return self._headroom

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
