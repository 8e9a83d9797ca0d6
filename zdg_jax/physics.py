"""Physics that a grasp is made for: the object's mass and friction, gravity, and the hand's drives.

Planning of forces, quality and every protocol read one `Physics`, so that a grasp is squeezed with
the forces that its test allows. How a simulation solves its steps is another matter, see
`zdg_jax.validation.SolverOptions`.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Protocol

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.pytrees import pytree

LIGHTEST, HEAVIEST = 1e-6, 1000.0
"""Mass of an object that a hand holds [kg]; outside, physics engines lose their sense."""
BENCHMARK_MASS = 0.1
"""Mass of the object in the six-direction benchmark [kg]."""
BENCHMARK_FRICTION = 0.6
"""Sliding friction in the six-direction benchmark."""
BENCHMARK_GAIN = 5.0
"""Gain of the position actuators in the six-direction benchmark [N m/rad]."""
BENCHMARK_TORQUE_LIMIT = 3.0
"""Torque that every actuator has at least in the six-direction benchmark [N m]."""
ASSUMED_TORQUE_LIMIT = 0.7
"""Limit of a rotary actuator whose MJCF states none [N m]: hands of about a human's size have
motors of 0.7 (Allegro), 0.95 (LEAP) and 1 to 5 N m (Shadow). It is the least of these: forces that
a motor does not reach leave the others unbalanced."""
ASSUMED_FORCE_LIMIT = 40.0
"""Limit of a linear actuator whose MJCF states none [N]: the force of common parallel grippers."""


class ActuatedHand(Protocol):
    """A hand as `Physics.drives` reads it; its nu actuators pull to target positions."""

    @property
    def kp(self) -> np.ndarray:
        """Gains, (nu,) [N m/rad or N/m]."""

    @property
    def force_range(self) -> np.ndarray:
        """Least and greatest force, (nu, 2) [N m or N]; infinite where none is stated."""

    @property
    def linear(self) -> np.ndarray:
        """Marks the actuators that move slide joints, (nu,) bool."""


@pytree
@dataclasses.dataclass(frozen=True, kw_only=True)
class Drives:
    """The nu position actuators of a hand under some physics; NumPy arrays on the host, JAX arrays
    within a program."""

    gain: Any
    """Gains, (nu,) [N m/rad, N/m where the actuator is linear]."""
    force_limit: Any
    """Torque that each can be counted on for in both directions, (nu,) [N m, N where linear],
    finite."""
    force_range: Any
    """Least and greatest torque that a simulation allows, (nu, 2); infinite where it applies no
    limit."""


def check_mass(mass: float) -> None:
    """Refuses a mass that no object has which a hand holds.

    Args:
        mass: [kg].

    Raises:
        InputError: it is out of range.
    """
    if not LIGHTEST <= mass <= HEAVIEST:
        raise InputError(
            f"mass is {mass:g} kg; from {LIGHTEST:g} to {HEAVIEST:g} kg are taken: is it in grams?"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Physics:
    """Mass, friction, gravity and drives for which grasps are made and tested."""

    mass: float | None = None
    """Mass of the object [kg]; `None` takes the object's own."""
    friction: float | None = None
    """Sliding friction of every surface; `None` takes the object's own."""
    torsional_friction: float = 0.02
    """Torsional friction of every surface [m]."""
    gravity: float = 9.81
    """Acceleration of free fall [m/s^2]. A test on a table applies it as a field, `carry` as a pull
    on the object along each axis in turn, other tests not at all."""
    drive: float | None = BENCHMARK_GAIN
    """Gain of the rotary position actuators [N m/rad], by default that of the six-direction
    benchmark; `None` keeps the hand's own gains. Linear actuators keep theirs in any case: a gain
    in N m/rad is none in N/m."""
    torque_limit: float | None = None
    """Limit of every rotary actuator [N m]; `None` reads the limits from the hand's MJCF and takes
    `ASSUMED_TORQUE_LIMIT` where it states none. Linear ones have the MJCF's limit or
    `ASSUMED_FORCE_LIMIT`."""
    least_torque_limit: float | None = None
    """The six-direction benchmark's leniency [N m]: stated limits of rotary actuators are raised to
    at least this, and where none is stated a simulation applies none; forces are then planned
    within this. `None` takes limits as they are."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: a number is not positive and finite, or a mass none of an object that
                a hand holds; gravity may be zero.
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and "None" in str(field.type):
                continue
            if isinstance(value, str | bytes | bool) or not hasattr(value, "__float__"):
                raise InputError(f"{field.name} is {value!r}; it must be a number")
            least_ok = value >= 0 if field.name in _MAY_BE_ZERO else value > 0
            if not (least_ok and math.isfinite(value)):
                sort = "zero or more" if field.name in _MAY_BE_ZERO else "positive"
                raise InputError(f"{field.name} is {value}; it must be {sort}")
        if self.mass is not None:
            check_mass(self.mass)

    def mass_of(self, obj: Any) -> float:
        """Returns the mass of an object under this physics [kg].

        Args:
            obj: anything with a `mass` [kg] and a `name`.

        Raises:
            InputError: the object's own mass counts, and is not positive.
        """
        mass = obj.mass if self.mass is None else self.mass
        if not mass > 0:
            raise InputError(f"the mass of '{obj.name}' is {mass} kg; it must be positive")
        return float(mass)

    def friction_of(self, obj: Any) -> float:
        """Returns the sliding friction between a hand and an object under this physics.

        Args:
            obj: anything with a `friction`.
        """
        return float(obj.friction if self.friction is None else self.friction)

    def weight_of(self, obj: Any) -> float:
        """Returns the weight of an object under this physics [N].

        Args:
            obj: anything with a `mass` [kg] and a `name`.

        Raises:
            InputError: the object's own mass counts, and is not positive.
        """
        return self.mass_of(obj) * self.gravity

    def drives(self, hand: ActuatedHand) -> Drives:
        """Returns gains and limits of a hand's actuators under this physics.

        Args:
            hand: a `Hand`, or anything else with gains, force ranges and kinds of its actuators.
        """
        linear = np.asarray(hand.linear, bool)
        low, high = np.asarray(hand.force_range, float).T
        stated = np.isfinite(low) & np.isfinite(high)
        # An actuator that only pulls, such as one on a cord, is as strong as it pulls.
        weaker = np.where(
            (low < 0) & (high > 0), np.minimum(-low, high), np.maximum(np.abs(low), np.abs(high))
        )
        gain = np.array(hand.kp, float)
        if self.drive is not None:
            gain[~linear] = self.drive
        assumed = np.where(linear, ASSUMED_FORCE_LIMIT, ASSUMED_TORQUE_LIMIT)
        limit = np.where(stated, weaker, assumed)
        allowed = np.stack([np.where(stated, low, -assumed), np.where(stated, high, assumed)], 1)
        if self.torque_limit is not None:
            limit[~linear] = self.torque_limit
            allowed[~linear] = [-self.torque_limit, self.torque_limit]
        elif self.least_torque_limit is not None:
            least = self.least_torque_limit
            allowed[~linear, 0] = np.minimum(low, -least)[~linear]
            allowed[~linear, 1] = np.maximum(high, least)[~linear]
            raised = np.minimum(-allowed[:, 0], allowed[:, 1])
            limit[~linear] = np.where(stated, raised, least)[~linear]
        return Drives(gain=gain, force_limit=limit, force_range=allowed)


_MAY_BE_ZERO = ("gravity", "torsional_friction")

BENCHMARK = Physics(
    mass=BENCHMARK_MASS,
    friction=BENCHMARK_FRICTION,
    drive=BENCHMARK_GAIN,
    least_torque_limit=BENCHMARK_TORQUE_LIMIT,
)
"""Physics of the six-direction test that DexGraspBench publishes as `fc`."""
