"""Deeds: what is done with an object once it is held, as data.

A deed is a list of steps. Each moves the object along a path, and may put a load on it: gravity is
always there. The hand is carried along as if by an arm; what it holds follows, or slips.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix

Triple = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One stretch of a deed. Vectors are in the object frame, as it lies at the start."""

    name: str
    """Participle that completes "slips when ...", such as "tilted"."""
    time: float
    """Duration [s]."""
    shift: Triple = (0.0, 0.0, 0.0)
    """Way of the object, in the world [m]; with `swings`, the reach to one side of its place."""
    across: Triple = (0.0, 0.0, 0.0)
    """With `swings`, a second reach a quarter of a period later: together they make circles."""
    swings: int = 0
    """Times that the object goes to and fro, or round; it ends where it began."""
    turn: float = 0.0
    """Angle of the object's turn [rad]."""
    axis: Triple = (0.0, 0.0, 1.0)
    """Unit axis of the turn; it turns with the object."""
    center: Triple = (0.0, 0.0, 0.0)
    """Point of the object that the axis goes through [m]."""
    point: Triple = (0.0, 0.0, 0.0)
    """Point of the object at which the load acts [m]."""
    force: Triple = (0.0, 0.0, 0.0)
    """Force on the object; it turns with it [N]. It rises over the first fifth of the step and
    falls over the last."""
    torque: Triple = (0.0, 0.0, 0.0)
    """Torque on the object, likewise [N m]."""
    drag: float = 0.0
    """Size of a force at `point` against its motion, such as friction on what is stroked [N]."""
    impulse: Triple = (0.0, 0.0, 0.0)
    """Blow at `point`, turning with the object [N s]: half a sine over the step."""
    press: float = 0.0
    """Force with which `finger` must press `point` at some time of the step [N]; 0 where none is
    to."""
    finger: str = ""
    """Link of the hand that does."""
    abrupt: bool = False
    """The motion ends at its greatest speed, as a swing does that hits; else it comes to rest."""
    level: bool = False
    """The object must stay within `Deed.slosh` of how it stands on its path."""
    release: bool = False
    """The hand opens at the end, and the object must come free."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: a duration is not positive, or a number is not finite.
        """
        if not 0 < self.time < math.inf:
            raise InputError(f"step '{self.name}' takes {self.time} s; it must be positive")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, str) and not np.isfinite(value).all():
                raise InputError(
                    f"{field.name} of step '{self.name}' is {value}; it must be finite"
                )

    def progress(self, share: float) -> tuple[np.ndarray, float]:
        """Returns the way (3,) [m] and the turn [rad] after a share of the step's time."""
        if self.swings:
            angle = 2 * math.pi * self.swings * share
            way = math.sin(angle) * np.asarray(self.shift)
            return way + (1 - math.cos(angle)) * np.asarray(self.across), 0.0
        eased = 0.5 * (1 - math.cos(math.pi * share))
        if self.abrupt:
            eased = 1 - math.cos(0.5 * math.pi * share)
        return eased * np.asarray(self.shift), eased * self.turn

    def load(self, share: float) -> np.ndarray:
        """Returns force [N] and torque [N m] at `point` after a share of the time, (6,)."""
        ramp = min(1.0, 5 * share, 5 * (1 - share))
        peak = math.pi / (2 * self.time) * math.sin(math.pi * share)
        force = ramp * np.asarray(self.force) + peak * np.asarray(self.impulse)
        return np.concatenate([force, ramp * np.asarray(self.torque)])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deed:
    """What is done with an object, in the frame of that object."""

    name: str
    """Name, such as "pour"."""
    steps: tuple[Step, ...]
    """The steps, one after the other."""
    up: Triple = (0.0, 0.0, 1.0)
    """Unit direction that points up at the start, object frame."""
    held: Triple = (0.0, 0.0, 0.0)
    """Middle of the parts that are held: where slip is measured [m]."""
    end: Triple = (0.0, 0.0, 0.0)
    """Working end, which must follow its path [m]."""
    supported: bool = False
    """Something else bears the object's weight: a bottle on the table whose cap is turned."""
    slosh: float = math.radians(10)
    """Tilt that steps that are to stay level allow [rad]."""
    on_avoided: tuple[Triple, ...] = ()
    """Points spread over the parts that the hand must not touch [m]."""
    elsewhere: tuple[Triple, ...] = ()
    """Points spread likewise over the other parts [m]."""

    def __post_init__(self) -> None:
        """Checks the steps.

        Raises:
            InputError: there is none, or one but the last lets the object go.
        """
        if not self.steps:
            raise InputError(f"deed '{self.name}' has no step")
        if any(step.release for step in self.steps[:-1]):
            raise InputError(f"deed '{self.name}' lets go before its last step")

    def starts(self) -> list[np.ndarray]:
        """Poses of the object where each step begins, and at the end, (4, 4) each."""
        poses = [np.eye(4)]
        for step in self.steps:
            poses.append(moved(poses[-1], step, 1.0))
        return poses


def moved(start: np.ndarray, step: Step, share: float) -> np.ndarray:
    """Returns the pose of an object, (4, 4), after a share of a step that it began at `start`."""
    way, angle = step.progress(share)
    center, half = np.asarray(step.center, float), 0.5 * angle
    quaternion = np.array([math.cos(half), *(math.sin(half) * np.asarray(step.axis))])
    about = np.eye(4)
    about[:3, :3] = rotation_matrix(quaternion)
    about[:3, 3] = center - about[:3, :3] @ center
    pose = start @ about
    pose[:3, 3] += way
    return pose
