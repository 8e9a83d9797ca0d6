"""Protocols: the physical tests of a grasp, as data.

`six_directions` is the test that DexGraspBench publishes as `fc` (BODex, arXiv 2412.16490, and
its predecessors use the same pulls): no gravity, a light object, 1 N along each axis in turn.
`carry` pulls with the object's own weight instead: the object is carried with any side down, by
motors that are no stronger than they are.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.physics import BENCHMARK, Physics
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.scenes.scene import Scene
from zdg_jax.validation.deeds import Deed

Triple = tuple[float, float, float]

_ABOVE_ZERO = frozenset(
    {
        *("timestep", "impratio", "interval", "window", "closing_time", "closing_stages"),
        *("pull_time", "checks", "approach_time", "lift_time", "shake_frequency", "release_time"),
    }
)
"""Numbers that are divided by, or that nothing would happen in."""


def _check(settings: Any) -> None:
    """Refuses settings that no test has.

    Raises:
        InputError: naming the setting, its value and what it must be.
    """
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.type in ("float", "int"):
            number = float(value) if isinstance(value, numbers.Real) else math.nan
            usable = math.isfinite(number) and number >= 0
            if not usable or (field.name in _ABOVE_ZERO and number == 0):
                sort = "positive" if field.name in _ABOVE_ZERO else "a number from zero"
                raise InputError(f"{field.name} is {value!r}; it must be {sort}")
        elif field.type in _KINDS:
            check_kind(field.name, value, _KINDS[field.type], f"a {field.type}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """Settings of the simulation itself, which change no fact of the world that it stands for."""

    timestep: float = 0.004
    """Step of the simulation [s]."""
    elliptic: bool = True
    """Elliptic friction cones; pyramidal ones otherwise."""
    impratio: float = 10.0
    """Ratio of frictional to normal constraint impedance."""
    noslip_iterations: int = 2
    """Iterations of the solver that takes the creep out of friction; only the C engine has it."""
    multiccd: bool | None = None
    """Several contact points for a pair of convex geoms. It doubles the contacts and the time of a
    step. `None` leaves it to MuJoCo, which has it on by default in newer versions."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one is none, or out of range.
        """
        _check(self)


_KINDS: dict[Any, type] = {"Physics": Physics, "SolverOptions": SolverOptions, "Scene": Scene}
"""Types of settings that are no numbers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """A constant wrench on the object."""

    name: str
    """Name in reports."""
    force: Triple = (0.0, 0.0, 0.0)
    """Force at the object's centre of mass, object frame at the start [N]."""
    torque: Triple = (0.0, 0.0, 0.0)
    """Torque, object frame at the start [N m]."""
    weight: Triple = (0.0, 0.0, 0.0)
    """Further force, in multiples of the object's weight."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: force, torque or weight is none of three finite numbers.
        """
        check_kind("name of a load", self.name, str, "a text")
        for name in ("force", "torque", "weight"):
            value = np.asarray(getattr(self, name))
            if value.shape != (3,) or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
                given = getattr(self, name)
                raise InputError(
                    f"{name} of the load '{self.name}' is {given}; 3 finite numbers are needed"
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settling:
    """Conditions under which the rest of a rollout is known without running it.

    A pull ends as held once, at `window` looks in a row, drift, turn and joints would stay in
    bounds: if the object moved on in the hand at its speed there to the pull's end, the fingers
    likewise, and hand and object together, on a wrist that is a spring and comes to rest, for the
    time `swing`. Of speeds of the object that are falling `pace` times as much counts. A finger
    that slides off moves, though the object may rest meanwhile. A grasp fails without pulls if the
    closing hand moved the object beyond `ejection` times a limit.
    """

    interval: float = 0.02
    """Time between looks at object and hand [s]."""
    window: int = 2
    """Looks in a row at which all must be calm."""
    pace: float = 0.5
    """Share of its present speed at which the object is taken to go on if it is slower than at the
    look before."""
    swing: float = 0.3
    """Time for which the wrist is taken to go on [s]. A heavy object makes it swing in 0.45 s: from
    its greatest speed it goes on by what that makes in 0.07 s, but before, it speeds up."""
    share: float = 0.8
    """Share of the limits that the object may reach by the end of the pull."""
    bend: float = 0.4
    """Turn that each joint of the hand may make until then at its present speed [rad]; slides
    count by what they move over `TORQUE_LENGTH`."""
    trial: float = 0.4
    """Time for which the C engine first tries each pull without noslip iterations [s], 0 for none.
    An object creeps without them that would not move with them, and a step takes three quarters of
    the time: one that comes to rest even so is held, any other is pulled again with them."""
    ejection: float = 1.2
    """Multiple of a limit beyond which the object counts as lost after the squeeze, and twice
    that while the hand closes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HoldProtocol:
    """Closes the hand in the air, squeezes, then pulls the object with each load in turn."""

    name: str
    """Name of the protocol."""
    loads: tuple[Load, ...]
    """The pulls; every one starts from the state after the squeeze."""
    physics: Physics = Physics()
    """Mass, friction and drives; there is no field of gravity."""
    solver: SolverOptions = SolverOptions()
    """Settings of the simulation."""
    closing_time: float = 0.4
    """From the pregrasp to the grasp, and again from the grasp to the squeeze [s]."""
    closing_stages: int = 10
    """Targets move in that many equal jumps in each of the two."""
    pull_time: float = 2.0
    """Duration of a pull [s]."""
    checks: int = 10
    """Times during a pull at which drift and turn are held against their limits."""
    max_drift: float = 0.05
    """The object may move that far from its first position [m]."""
    max_turn: float = math.radians(15)
    """The object may turn that far from its first orientation [rad]."""
    max_pregrasp_penetration: float = 0.01
    """A pregrasp that penetrates object or hand deeper fails without a rollout [m]."""
    settling: Settling | None = Settling()
    """Conditions to cut a rollout short; `None` runs every pull to its end or to its failure."""
    fail_fast: bool = True
    """Stop a grasp at the first pull that it loses."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: there is no load, or a number is none or out of range.
        """
        if not self.loads:
            raise InputError(f"protocol '{self.name}' has no load; give at least one Load")
        for load in self.loads:
            check_kind("a load", load, Load, "a Load")
        _check(self)

    def wrenches(self, weight: float) -> np.ndarray:
        """Returns forces [N] and torques [N m] of the loads, (m, 6), object frame at the start.

        Args:
            weight: weight of the object, see `Physics.weight_of` [N].
        """
        force = [np.add(load.force, weight * np.asarray(load.weight)) for load in self.loads]
        return np.hstack([force, [load.torque for load in self.loads]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class LiftProtocol:
    """Approaches an object on a table, closes the hand, lifts, holds still and shakes."""

    name: str = "lift"
    """Name of the protocol."""
    physics: Physics = Physics()
    """Mass, friction, gravity and drives."""
    solver: SolverOptions = SolverOptions()
    """Settings of the simulation."""
    scene: Scene = dataclasses.field(default_factory=Scene)
    """Surroundings of the object: by default a table, with +z of the object up."""
    settle_time: float = 0.5
    """The object rests on the table before the hand comes [s]."""
    approach_distance: float = 0.1
    """A hand whose approach is not known comes from this far behind its pregrasp, away from the
    object [m]."""
    approach_time: float = 0.6
    """Duration of that approach [s]; others move as fast."""
    closing_time: float = 0.4
    """From the pregrasp to the grasp, and again from the grasp to the squeeze [s]."""
    height: float = 0.2
    """Height to which the hand lifts [m]; less where something above leaves less room."""
    lift_time: float = 1.0
    """Duration of the lift [s]."""
    hold_time: float = 1.0
    """Standstill after it [s]."""
    shake_amplitude: float = 0.03
    """Amplitude of the shake along each axis [m], likewise; 0 leaves it out."""
    shake_frequency: float = 2.0
    """Frequency of the shake [Hz]."""
    shake_time: float = 1.5
    """Duration of the shake, a third along each axis [s]."""
    max_drift: float = 0.05
    """The object may move that far in the hand after the squeeze [m]."""
    max_turn: float = math.radians(30)
    """The object may turn that far in the hand after the squeeze [rad]."""
    max_miss: float = 0.05
    """The object may be that far from where the lift is to bring it, at the end of the standstill
    [m]: a heavy one turns the wrist, though the hand may not lose it."""
    max_approach_motion: float = 0.02
    """The approaching open hand may push the object that far [m]."""
    max_pregrasp_penetration: float = 0.01
    """A pregrasp that penetrates object or hand deeper fails without a rollout [m]."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one is none or out of range, or the scene is no `Scene`.
        """
        _check(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class UseProtocol:
    """Closes the hand in the air and takes the object through a deed, under its own weight."""

    deed: Deed
    """What is done with the object, and the loads that it meets."""
    name: str = "use"
    """Name of the protocol."""
    physics: Physics = Physics()
    """Mass, friction, gravity and drives."""
    solver: SolverOptions = SolverOptions()
    """Settings of the simulation."""
    closing_time: float = 0.4
    """From the pregrasp to the grasp, and again from the grasp to the squeeze [s]."""
    max_slip: float = 0.015
    """The middle of the held parts may have moved that far in the hand since the squeeze, at the
    end of any step [m]."""
    max_turn: float = math.radians(15)
    """The object may have turned that far in the hand, likewise [rad]."""
    give: float = 2.0
    """Multiple of both that is allowed in the midst of a step: fingers give under a load and come
    back. With the drives of 5 N m/rad that benchmarks set, 0.15 N m turn a screwdriver's handle by
    20 degrees in a hand that does not slip."""
    max_error: float = 0.05
    """The working end may be that far from its path [m]: about what the greatest turn in the hand
    moves the end of a tool of 20 cm."""
    max_closing_drift: float = 0.05
    """The closing hand may push the object that far [m]."""
    free: float = 0.02
    """An object that is let go has come free when it moved that far [m]."""
    release_time: float = 1.0
    """Time in which it must [s]."""
    max_pregrasp_penetration: float = 0.01
    """A pregrasp that penetrates object or hand deeper fails without a rollout [m]."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one is none or out of range.
        """
        _check(self)


Protocol = HoldProtocol | LiftProtocol | UseProtocol


_AXES: dict[str, Triple] = {
    f"{sign}{axis}": (value * x, value * y, value * z)
    for sign, value in (("-", -1.0), ("+", 1.0))
    for axis, (x, y, z) in (("x", (1, 0, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1)))
}
"""Unit vectors along the axes, backward ones first as the benchmark has them."""

six_directions = HoldProtocol(
    name="six_directions",
    loads=tuple(Load(name=name, force=axis) for name, axis in _AXES.items()),
    physics=BENCHMARK,
)
"""Light object, no gravity, 1 N along -x, -y, -z, x, y and z for 2 s each, 5 cm and 15 degrees."""

carry = HoldProtocol(
    name="carry",
    loads=tuple(Load(name=name, weight=axis) for name, axis in _AXES.items()),
)
"""The object's own mass, its weight along -x, -y, -z, x, y and z for 2 s each, limited motors."""

STANDARD = {protocol.name: protocol for protocol in (six_directions, carry)}
"""The protocols that ask neither for a scene nor for a plan, by name."""


def task_wrench(
    loads: Sequence[Load],
    *,
    name: str = "task_wrench",
    physics: Physics | None = None,
    **settings: Any,
) -> HoldProtocol:
    """Makes a test with the forces and torques that a task will apply.

    Args:
        loads: the wrenches, each applied alone after the squeeze.
        name: name of the protocol.
        physics: mass, friction and drives; the object's own mass and friction by default.
        **settings: any other field of `HoldProtocol`.

    Raises:
        InputError: no load is given.
    """
    check_kind("loads", loads, Sequence, "a list of Load")
    return HoldProtocol(name=name, loads=tuple(loads), physics=physics or Physics(), **settings)
