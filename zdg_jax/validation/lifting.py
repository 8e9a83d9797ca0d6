"""The lift, whichever engine takes its steps: what the hand is told, and what is judged of it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Generator, Iterator

import numpy as np

from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation import trajectories
from zdg_jax.validation.placed_grasp import PlacedGrasp
from zdg_jax.validation.protocols import LiftProtocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import ObjectLike
from zdg_jax.validation.trajectories import Targets

PHASES = ("approach", "close", "lift", "hold", "shake")
"""Names of the phases."""
_STAGE = 0.02
"""Time between two targets of a moving hand [s]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """What the hand is told before the next steps."""

    phase: str
    """Name of the phase."""
    targets: Targets
    """Targets of several stages."""
    k: int
    """Number of this one among them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is to see after a stage's steps."""

    sound: bool
    """Whether the simulation did not blow up."""
    hand: np.ndarray
    """Pose of the hand's root, (7,), world frame."""
    object: np.ndarray
    """Pose of the object, (7,), world frame."""
    contacts: Callable[[], tuple[int, float]]
    """Counts the links that touch the object, and sums their normal forces [N]."""


Script = Generator[Stage, Seen, Reason]
"""A lift under way: yields a stage, is sent what was seen after it, and returns the verdict."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lift:
    """A `LiftProtocol` in one scene, in which the object is at rest."""

    protocol: LiftProtocol
    """The protocol."""
    up: np.ndarray
    """Unit vector that points up, (3,), world frame."""
    ctrl_from_joints: np.ndarray
    """Actuator targets from joints, (nu, j)."""
    object_pose: np.ndarray
    """Pose in which the object awaits the hand, (7,)."""

    @property
    def stage_steps(self) -> int:
        """Steps of a stage."""
        return max(1, round(_STAGE / self.protocol.solver.timestep))

    def script(
        self,
        result: Validation,
        i: int,
        placed: PlacedGrasp,
        way: np.ndarray,
        headroom: float,
    ) -> Script:
        """Takes one grasp through the phases until one fails.

        Args:
            result: row `i` gets the measurements.
            i: the row.
            placed: the grasp.
            way: its approach, or another where it states none, (T, 7 + j), world frame. The hand
                starts at rest at the first pose.
            headroom: how far hand and object can rise [m].

        Yields:
            The stages, each of which takes `stage_steps` steps.

        Returns:
            `Reason.HELD`, or why the grasp failed.
        """
        protocol, sound = self.protocol, True
        pose = self.object_pose
        for stage in self._approach(way):
            seen = yield stage
            sound, pose = sound and seen.sound, seen.object
        moved = np.array(trajectories.displacement(pose, self.object_pose))
        passed = sound and bool(moved[0] < protocol.max_approach_motion)
        result.record(i, 0, passed, moved)
        if not passed:
            return Reason.KNOCKED_AWAY if sound else Reason.DIVERGED

        for first, last in placed.closing:
            for stage in self._between("close", first, last, protocol.closing_time):
                seen = yield stage
                sound = sound and seen.sound
        result.contacts[i], result.force[i] = seen.contacts()
        moved = np.array(trajectories.displacement(seen.object, self.object_pose))
        result.closing_drift[i], result.closing_turn[i] = moved
        result.record(i, 1, sound and result.contacts[i] > 0, moved)
        if not sound or not result.contacts[i]:
            return Reason.NEVER_TOUCHED if sound else Reason.DIVERGED

        limits = np.array([protocol.max_drift, protocol.max_turn])
        origin = trajectories.relative_pose(seen.object, seen.hand)
        rise, amplitude = rise_and_amplitude(protocol, headroom)
        goal = self.object_pose.copy()
        goal[:3] += rise * self.up
        for phase, targets in self._carry(placed.squeeze, rise, amplitude):
            for k in range(len(targets.position)):
                seen = yield Stage(phase=PHASES[phase], targets=targets, k=k)
                here = trajectories.relative_pose(seen.object, seen.hand)
                moved = np.array(trajectories.displacement(here, origin))
                if not seen.sound or (moved >= limits).any():
                    result.record(i, phase, False, moved)
                    return Reason.SLIPPED if seen.sound else Reason.DIVERGED
            # A wrist that yields lets a hand that holds well end elsewhere.
            aside = trajectories.displacement(seen.object, goal)[0]
            if PHASES[phase] == "hold" and aside >= protocol.max_miss:
                result.record(i, phase, False, moved)
                return Reason.SAGS
            result.record(i, phase, True, moved)
        return Reason.HELD

    def _approach(self, way: np.ndarray) -> Iterator[Stage]:
        speed = self.protocol.approach_distance / self.protocol.approach_time
        for first, last in itertools.pairwise(way):
            length = float(np.linalg.norm(last[:3] - first[:3]))
            if length > 0:
                yield from self._between("approach", first, last, length / speed)

    def _between(
        self, phase: str, start: np.ndarray, end: np.ndarray, time: float
    ) -> Iterator[Stage]:
        count = max(1, round(time / _STAGE))
        targets = trajectories.between(start, end, count, self.ctrl_from_joints)
        for k in range(count):
            yield Stage(phase=phase, targets=targets, k=k)

    def _carry(
        self, squeeze: np.ndarray, rise: float, amplitude: float
    ) -> list[tuple[int, Targets]]:
        """Returns targets of lift, standstill and shake, with the numbers of their phases."""
        protocol = self.protocol
        count = [
            max(1, round(time / _STAGE))
            for time in (protocol.lift_time, protocol.hold_time, protocol.shake_time)
        ]
        share = np.arange(1, count[0] + 1) / count[0]
        lift = rise * 0.5 * (1 - np.cos(np.pi * share))[:, None] * self.up
        stay = np.tile(rise * self.up, (count[1], 1))
        shake = rise * self.up + self._shake(count[2], amplitude)
        return [
            (phase, self._carried(squeeze, offsets))
            for phase, offsets in ((2, lift), (3, stay), (4, shake))
            if phase != 4 or amplitude > 0
        ]

    def _shake(self, count: int, amplitude: float) -> np.ndarray:
        """Returns offsets that swing along x, y and z in turn, for whole numbers of periods."""
        third = max(1, count // 3)
        periods = max(1, round(self.protocol.shake_frequency * third * _STAGE))
        swing = np.sin(2 * np.pi * periods * np.arange(1, third + 1) / third)
        offsets = np.zeros((3, third, 3))
        for axis in range(3):
            offsets[axis, :, axis] = amplitude * swing
        return offsets.reshape(-1, 3)

    def _carried(self, squeeze: np.ndarray, offsets: np.ndarray) -> Targets:
        ctrl = self.ctrl_from_joints @ squeeze[7:]
        return Targets(
            position=squeeze[:3] + offsets,
            quaternion=np.tile(squeeze[3:7], (len(offsets), 1)),
            ctrl=np.tile(ctrl, (len(offsets), 1)),
        )


def rise_and_amplitude(protocol: LiftProtocol, headroom: float) -> tuple[float, float]:
    """Returns how high the hand lifts and how far it shakes [m] where something is above.

    Args:
        protocol: the protocol.
        headroom: how far the object can rise [m].
    """
    amplitude = min(protocol.shake_amplitude, headroom / 2)
    return min(protocol.height, headroom - amplitude), amplitude


def surroundings_of(protocol: LiftProtocol, obj: ObjectLike) -> Surroundings:
    """Returns what surrounds an object in a lift, in which it comes to rest by itself.

    Args:
        protocol: the protocol.
        obj: the object, with convex pieces.

    Raises:
        InputError: the object does not fit the scene.
    """
    return Surroundings.of(protocol.scene.place(obj.pieces), obj)
