"""Use protocols in MuJoCo's C engine: a held object is taken through a deed, a grasp at a time."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
from scipy.spatial import cKDTree

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.validation import trajectories
from zdg_jax.validation.deeds import Deed, Step, Triple, moved
from zdg_jax.validation.mujoco.pressing import PressingFinger
from zdg_jax.validation.mujoco.screening import GraspTest
from zdg_jax.validation.mujoco.simulation import ORIGIN, Simulation
from zdg_jax.validation.placed_grasp import PlacedGrasp
from zdg_jax.validation.protocols import UseProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene, palm_body

_CLOSING_STAGES = 10
_TAKEN = 0.3
"""Time over which the hand takes the object's weight [s]."""
_LOOK = 0.02
"""Time between two looks at the object [s]."""
_ARM = (0.995, 0.999)
"""Impedance of the weld that carries the hand."""
_LAG = 0.15
"""Time constant with which the arm makes up for a wrist that gives; at once, the two would swing
each other up [s]."""
_CLEARLY = 0.003
"""A touched point is on an avoided part if that is nearer than all others by so much [m]."""


class UseTest(GraspTest):
    """A `UseProtocol` on one scene without a table.

    Gravity acts on the object alone: the palm is carried as an arm would, which makes up for a
    wrist of the hand that gives.
    """

    def __init__(self, scene: CompiledScene, protocol: UseProtocol, weight: float) -> None:
        """Prepares the deed.

        Args:
            scene: the scene.
            protocol: the protocol.
            weight: weight of the object [N].
        """
        self.scene, self.protocol, self._deed = scene, protocol, protocol.deed
        self.max_pregrasp_penetration = protocol.max_pregrasp_penetration
        self.load_names = ("close", *(step.name for step in self._deed.steps))
        self._weight = 0.0 if self._deed.supported else weight
        self._up, self._held = np.asarray(self._deed.up), np.asarray(self._deed.held)
        self._end = np.asarray(self._deed.end)
        self._limits = np.array([protocol.max_slip, protocol.max_turn])
        self._regions = _Regions.of(self._deed)
        _stiffen(scene.model)

    def roll_out(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> Reason:
        """Closes and does the deed, step by step; arguments as of `GraspTest.roll_out`."""
        sound = self._close(simulation, placed)
        result.contacts[i], result.force[i] = simulation.contact_summary()
        away = simulation.moved()
        result.closing_drift[i], result.closing_turn[i] = away
        passed = sound and result.contacts[i] > 0 and away[0] < self.protocol.max_closing_drift
        result.record(i, 0, passed, away)
        if not passed:
            return _why_not_closed(sound, bool(result.contacts[i] > 0))
        course = _Course(simulation, self.scene, placed)
        start = np.eye(4)
        for number, step in enumerate(self._deed.steps, 1):
            simulation.phase = step.name
            reason, slip = self._do(simulation, course, start, step)
            result.record(i, number, reason is Reason.HELD, slip)
            if reason is not Reason.HELD:
                return reason
            start = moved(start, step, 1.0)
        return Reason.HELD

    def _close(self, simulation: Simulation, placed: PlacedGrasp) -> bool:
        simulation.phase, sound = "close", True
        time = self.protocol.closing_time / _CLOSING_STAGES
        count = max(1, round(time / self.protocol.solver.timestep))
        for first, last in placed.closing:
            matrix = self.scene.ctrl_from_joints
            targets = trajectories.between(first, last, _CLOSING_STAGES, matrix)
            for k in range(_CLOSING_STAGES):
                simulation.aim(targets, k)
                sound &= simulation.step(count)
                if self._deed.supported:  # a hand that closes does not push it away
                    simulation.data.qpos[-7:], simulation.data.qvel[-6:] = ORIGIN, 0.0
        return sound

    def _do(
        self, simulation: Simulation, course: _Course, start: np.ndarray, step: Step
    ) -> tuple[Reason, np.ndarray]:
        """Takes one step; whether it goes well, and the slip [m] and turn [rad] in the hand."""
        timestep = self.protocol.solver.timestep
        count = max(1, round(step.time / timestep))
        look = max(1, round(_LOOK / timestep))
        last, slip = course.place(moved(start, step, 0.0), step.point), np.zeros(2)
        finger = PressingFinger(self.scene, step.finger, course.joints) if step.press else None
        pressed = 0.0
        for k in range(1, count + 1):
            share = k / count
            pose = moved(start, step, share)
            course.follow(simulation, pose)
            here = course.place(pose, step.point)
            taken = min(1.0, (simulation.data.time - 2 * self.protocol.closing_time) / _TAKEN)
            self._push(simulation, step, share, here - last, taken)
            last = here
            if finger is not None:
                finger.aim(simulation, np.asarray(step.point), step.press)
                pressed = max(pressed, finger.force)
            if not simulation.step(1):
                return Reason.DIVERGED, slip
            if k % look == 0 or k == count:
                slip = course.slip(simulation, self._held)
                give = 1.0 if k == count else self.protocol.give
                reason = self._look(simulation, course, pose, step, slip / give)
                if reason is not Reason.HELD:
                    return reason, slip
        if pressed < step.press:
            return Reason.PRESSES_TOO_LITTLE, slip
        if step.release:
            return self._let_go(simulation, course, step), slip
        return Reason.HELD, slip

    def _push(
        self, simulation: Simulation, step: Step, share: float, way: np.ndarray, taken: float
    ) -> None:
        """Puts weight and the step's load on the object."""
        body, data = self.scene.object_body, simulation.data
        turn = rotation_matrix(simulation.object_pose[3:])
        load = step.load(share)
        force = turn @ load[:3]
        length = float(np.linalg.norm(way))
        if step.drag and length > 1e-9:
            force -= min(1.0, 5 * share, 5 * (1 - share)) * step.drag * way / length
        point = simulation.object_pose[:3] + turn @ np.asarray(step.point)
        torque = turn @ load[3:] + np.cross(point - data.xipos[body], force)
        data.xfrc_applied[body, :3] = force - taken * self._weight * self._up
        data.xfrc_applied[body, 3:] = torque

    def _look(
        self,
        simulation: Simulation,
        course: _Course,
        pose: np.ndarray,
        step: Step,
        slip: np.ndarray,
    ) -> Reason:
        if not len(simulation.touching()):
            return Reason.LETS_GO
        if (slip >= self._limits).any():
            return Reason.SLIPS
        if self._regions.touched(simulation):
            return Reason.TOUCHES_AVOIDED
        if step.level and course.tilt(simulation, pose, self._up) > self._deed.slosh:
            return Reason.SPILLS
        if course.astray(simulation, pose, self._end) > self.protocol.max_error:
            return Reason.OFF_PATH
        return Reason.HELD

    def _let_go(self, simulation: Simulation, course: _Course, step: Step) -> Reason:
        """Opens the hand while the step's pull goes on; the object must come away."""
        before = simulation.object_pose[:3].copy()
        simulation.data.ctrl[:] = course.opened
        count = max(1, round(_LOOK / self.protocol.solver.timestep))
        for _ in range(round(self.protocol.release_time / _LOOK)):
            self._push(simulation, step, 0.5, np.zeros(3), 0.0)
            if not simulation.step(count):
                return Reason.DIVERGED
            if np.linalg.norm(simulation.object_pose[:3] - before) > self.protocol.free:
                return Reason.HELD
        return Reason.KEEPS_HOLD


class _Course:
    """The path of a palm that takes an object along, and how the object deviates from it."""

    def __init__(self, simulation: Simulation, scene: CompiledScene, placed: PlacedGrasp) -> None:
        """Takes the state after the squeeze as the beginning."""
        self._bodies = root, palm = scene.hand_body, palm_body(scene)
        self._gives = bool(scene.model.body_weldid[root] != scene.model.body_weldid[palm])
        self._item = _matrix(simulation.object_pose)
        self._in_palm = self._item_in_palm(simulation)
        self._hand, self._bent = _matrix(placed.squeeze[:7]), self._palm_in_root(simulation)
        self._way = self._hand @ _matrix(self._bent)
        self._share = scene.model.opt.timestep / _LAG
        self.joints = placed.squeeze[7:]
        self.opened = scene.ctrl_from_joints @ placed.pregrasp[7:]

    def _palm_in_root(self, simulation: Simulation) -> np.ndarray:
        """Pose of the palm, (7,); bodies are a step behind the state, but both alike."""
        place, turn, (root, palm) = simulation.data.xpos, simulation.data.xquat, self._bodies
        away, back, pose = np.empty(3), np.empty(4), np.empty(7)
        mujoco.mju_negPose(away, back, place[root], turn[root])
        mujoco.mju_mulPose(pose[:3], pose[3:], away, back, place[palm], turn[palm])
        return pose

    def _item_in_palm(self, simulation: Simulation) -> np.ndarray:
        palm = _matrix(simulation.data.qpos[:7]) @ _matrix(self._palm_in_root(simulation))
        return np.linalg.inv(palm) @ _matrix(simulation.object_pose)

    def follow(self, simulation: Simulation, pose: np.ndarray) -> None:
        """Aims the hand so that the palm comes to where it is with the object at `pose`, (4, 4)."""
        if self._gives:
            now, turn = self._palm_in_root(simulation), np.empty(3)
            mujoco.mju_subQuat(turn, now[3:], self._bent[3:])
            mujoco.mju_quatIntegrate(self._bent[3:], turn, self._share)
            self._bent[:3] += self._share * (now[:3] - self._bent[:3])
            self._hand = self._way @ np.linalg.inv(_matrix(self._bent))
        target = pose @ self._hand
        simulation.data.mocap_pos[0] = target[:3, 3]
        mujoco.mju_mat2Quat(simulation.data.mocap_quat[0], target[:3, :3].ravel())

    def place(self, pose: np.ndarray, point: Triple) -> np.ndarray:
        """Where a point of the object is on the path, (3,) [m]."""
        return (pose @ self._item @ np.array([*point, 1.0]))[:3]

    def slip(self, simulation: Simulation, point: np.ndarray) -> np.ndarray:
        """How far a point of the object moved [m], and it turned [rad], in the hand, (2,)."""
        now = self._item_in_palm(simulation)
        there = np.array([*point, 1.0])
        change = now[:3, :3] @ self._in_palm[:3, :3].T
        cosine = np.clip((np.trace(change) - 1) / 2, -1.0, 1.0)
        return np.array([np.linalg.norm((now - self._in_palm) @ there), np.arccos(cosine)])

    def astray(self, simulation: Simulation, pose: np.ndarray, point: np.ndarray) -> float:
        """Distance of a point of the object from its path [m]."""
        there = np.array([*point, 1.0])
        away = (_matrix(simulation.object_pose) - pose @ self._item) @ there
        return float(np.linalg.norm(away))

    def tilt(self, simulation: Simulation, pose: np.ndarray, up: np.ndarray) -> float:
        """Angle between the object's upward direction and the one on its path [rad]."""
        actual = _matrix(simulation.object_pose)[:3, :3] @ up
        planned = pose[:3, :3] @ up
        return float(np.arccos(np.clip(actual @ planned, -1.0, 1.0)))


@dataclasses.dataclass(frozen=True)
class _Regions:
    """Avoided and other parts of an object as points, and who is near them."""

    avoided: cKDTree | None
    others: cKDTree | None

    @classmethod
    def of(cls, deed: Deed) -> _Regions:
        def tree(points: tuple[Triple, ...]) -> cKDTree | None:
            return cKDTree(np.asarray(points)) if points else None

        return cls(tree(deed.on_avoided), tree(deed.elsewhere))

    def touched(self, simulation: Simulation) -> bool:
        """Tells whether the hand touches an avoided part."""
        rows = simulation.touching()
        if self.avoided is None or not len(rows):
            return False
        pose = simulation.object_pose
        points = (simulation.data.contact.pos[rows] - pose[:3]) @ rotation_matrix(pose[3:])
        to_avoided = self.avoided.query(points)[0]
        if self.others is None:
            return True
        return bool(np.any(to_avoided + _CLEARLY < self.others.query(points)[0]))


def _stiffen(model: mujoco.MjModel) -> None:
    """Makes the weld that carries the hand as stiff as an arm, in place.

    The one of the other tests gives by centimetres under a pan held at the end of its handle.
    """
    target = model.body_mocapid >= 0
    welds = model.eq_type == int(mujoco.mjtEq.mjEQ_WELD)
    rows = np.flatnonzero(welds & (target[model.eq_obj1id] | target[model.eq_obj2id]))
    model.eq_solimp[rows, :2], model.eq_solref[rows, 0] = _ARM, 2 * model.opt.timestep


def _matrix(pose: np.ndarray) -> np.ndarray:
    """Pose (7,) as a matrix (4, 4)."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation_matrix(pose[3:]), pose[:3]
    return matrix


def _why_not_closed(sound: bool, touched: bool) -> Reason:
    if not sound:
        return Reason.DIVERGED
    return Reason.EJECTED if touched else Reason.NEVER_TOUCHED
