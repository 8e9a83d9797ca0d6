"""The lift in MuJoCo's C engine: approach an object on a table, close, lift, hold and shake."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.validation import trajectories
from zdg_jax.validation.mujoco.screening import GraspTest
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import LiftProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene, away_from_object
from zdg_jax.validation.trajectories import Targets

_STAGE = 0.02
"""Time between two targets of a moving hand [s]."""
_FAR = 10.0
"""Height at which the hand waits while the object comes to rest [m]."""
_TOPPLED = np.radians(20)
_PHASES = ("approach", "close", "lift", "hold", "shake")


class LiftTest(GraspTest):
    """A `LiftProtocol` on one scene with a table."""

    load_names = _PHASES

    def __init__(self, scene: CompiledScene, protocol: LiftProtocol, up: np.ndarray) -> None:
        """Lets the object come to rest on the table.

        Args:
            scene: built with surroundings.
            protocol: the protocol.
            up: unit vector that points up in them, (3,), object frame.

        Raises:
            InputError: the object topples in the pose that it should stand in.
        """
        self.scene, self.protocol, self._up = scene, protocol, up
        self.max_pregrasp_penetration = protocol.max_pregrasp_penetration
        self._limits = np.array([protocol.max_drift, protocol.max_turn])
        self._stage_steps = max(1, round(_STAGE / protocol.solver.timestep))
        self.object_pose = self._settle()

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
        protocol = self.protocol
        away = away_from_object(self.scene, simulation.data, self._up)
        if approach is None:
            start = pregrasp.copy()
            start[:3] += protocol.approach_distance * away
            approach = np.stack([start, pregrasp])
        simulation.reset(approach[0], self.object_pose)
        simulation.phase = "approach"
        sound = True
        for first, last in itertools.pairwise(approach):
            length = float(np.linalg.norm(last[:3] - first[:3]))
            if length > 0:
                time = protocol.approach_time * length / protocol.approach_distance
                sound &= self._follow(simulation, self._path(first, last, time))
        moved = simulation.moved(self.object_pose)
        passed = sound and bool(moved[0] < protocol.max_approach_motion)
        self._record(result, i, 0, passed, moved)
        if not passed:
            return Reason.KNOCKED_AWAY if sound else Reason.DIVERGED

        simulation.phase = "close"
        for first, last in ((pregrasp, grasp), (grasp, squeeze)):
            sound &= self._follow(simulation, self._path(first, last, protocol.closing_time))
        result.contacts[i], result.force[i] = simulation.contact_summary()
        moved = simulation.moved(self.object_pose)
        result.closing_drift[i], result.closing_turn[i] = moved
        self._record(result, i, 1, sound and result.contacts[i] > 0, moved)
        if not sound or not result.contacts[i]:
            return Reason.NEVER_TOUCHED if sound else Reason.DIVERGED

        origin = _relative(simulation)
        for phase, targets in self._carry(squeeze):
            simulation.phase = _PHASES[phase]
            for k in range(len(targets.position)):
                simulation.aim(targets, k)
                sound = simulation.step(self._stage_steps)
                moved = np.array(trajectories.displacement(_relative(simulation), origin))
                if not sound or (moved >= self._limits).any():
                    self._record(result, i, phase, False, moved)
                    return Reason.SLIPPED if sound else Reason.DIVERGED
            self._record(result, i, phase, True, moved)
        return Reason.HELD

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

    def _record(
        self, result: Validation, i: int, phase: int, passed: bool, moved: np.ndarray
    ) -> None:
        result.tested[i, phase], result.survived_loads[i, phase] = True, passed
        result.drift[i, phase], result.turn[i, phase] = moved
        result.slip[i, phase] = moved[0]

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

    def _path(self, start: np.ndarray, end: np.ndarray, time: float) -> Targets:
        return trajectories.between(
            start, end, max(1, round(time / _STAGE)), self.scene.ctrl_from_joints
        )

    def _follow(self, simulation: Simulation, targets: Targets) -> bool:
        sound = True
        for k in range(len(targets.position)):
            simulation.aim(targets, k)
            sound &= simulation.step(self._stage_steps)
        return sound

    def _carry(self, squeeze: np.ndarray) -> list[tuple[int, Targets]]:
        """Returns targets of lift, standstill and shake, with the numbers of their phases."""
        protocol = self.protocol
        count = [
            max(1, round(time / _STAGE))
            for time in (protocol.lift_time, protocol.hold_time, protocol.shake_time)
        ]
        share = np.arange(1, count[0] + 1) / count[0]
        rise = protocol.height * 0.5 * (1 - np.cos(np.pi * share))
        lift = rise[:, None] * self._up
        stay = np.tile(protocol.height * self._up, (count[1], 1))
        shake = protocol.height * self._up + self._shake(count[2])
        return [
            (phase, self._carried(squeeze, offsets))
            for phase, offsets in ((2, lift), (3, stay), (4, shake))
            if phase != 4 or protocol.shake_amplitude > 0
        ]

    def _shake(self, count: int) -> np.ndarray:
        """Returns offsets that swing along x, y and z in turn, for whole numbers of periods."""
        third = max(1, count // 3)
        periods = max(1, round(self.protocol.shake_frequency * third * _STAGE))
        swing = np.sin(2 * np.pi * periods * np.arange(1, third + 1) / third)
        offsets = np.zeros((3, third, 3))
        for axis in range(3):
            offsets[axis, :, axis] = self.protocol.shake_amplitude * swing
        return offsets.reshape(-1, 3)

    def _carried(self, squeeze: np.ndarray, offsets: np.ndarray) -> Targets:
        ctrl = self.scene.ctrl_from_joints @ squeeze[7:]
        return Targets(
            position=squeeze[:3] + offsets,
            quaternion=np.tile(squeeze[3:7], (len(offsets), 1)),
            ctrl=np.tile(ctrl, (len(offsets), 1)),
        )


def _relative(simulation: Simulation) -> np.ndarray:
    """Returns the pose of the object in the frame of the hand's root, (7,)."""
    return trajectories.relative_pose(simulation.object_pose, simulation.data.qpos[:7])
