"""Protocols: the physical tests of a grasp, as data.

`six_directions` is the test that DexGraspBench publishes as `fc` (BODex, arXiv 2412.16490, and
its predecessors use the same pulls): no gravity, a light object, 1 N along each axis in turn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from zdg_jax.errors import InputError
from zdg_jax.physics import BENCHMARK, Physics

Triple = tuple[float, float, float]


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """A constant wrench on the object."""

    name: str
    """What it is called in reports."""
    force: Triple = (0.0, 0.0, 0.0)
    """Force at the object's centre of mass, object frame at the start [N]."""
    torque: Triple = (0.0, 0.0, 0.0)
    """Torque, object frame at the start [N m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settling:
    """When the rest of a rollout is known without running it.

    A pull ends as held once drift and turn slow down and, extrapolated to the pull's end with
    `safety` times their rate, stay within `share` of their limits. A grasp fails without pulls
    if the closing hand moved the object beyond `ejection` times a limit.

    Over 600 crude grasps of three hands and five objects, many of them near the limits, the
    defaults changed one verdict, and 0.45 of the steps of the pulls that held were run. A firm
    grasp needs 0.1. With a share of 0.8 it was two verdicts and 0.25 of the steps.
    """

    interval: float = 0.04
    """Time between looks at the object [s]."""
    window: int = 3
    """Rates are the larger one of the last interval's and of that many intervals'."""
    safety: float = 2.0
    """Factor on those rates."""
    share: float = 0.6
    """Share of the limits that the extrapolation may reach."""
    ejection: float = 1.2
    """Multiple of a limit beyond which the object counts as lost after the squeeze, and twice
    that while the hand closes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hold:
    """Close the hand in the air, squeeze, then pull the object with each load in turn."""

    name: str
    """Name of the protocol."""
    loads: tuple[Load, ...]
    """The pulls; every one starts from the state after the squeeze."""
    physics: Physics = BENCHMARK
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
    """How often during a pull drift and turn are held against their limits."""
    max_drift: float = 0.05
    """The object may move that far from its first position [m]."""
    max_turn: float = math.radians(15)
    """The object may turn that far from its first orientation [rad]."""
    max_pregrasp_penetration: float = 0.01
    """A pregrasp that penetrates object or hand deeper fails without a rollout [m]."""
    settling: Settling | None = Settling()
    """When to cut a rollout short; `None` runs every pull to its end or to its failure."""
    fail_fast: bool = True
    """Stop a grasp at the first pull that it loses."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: there is no load, or a time or count is not positive.
        """
        if not self.loads:
            raise InputError(f"protocol '{self.name}' has no load; give at least one Load")
        for field in ("closing_time", "pull_time", "closing_stages", "checks"):
            if getattr(self, field) <= 0:
                raise InputError(f"{field} is {getattr(self, field)}; it must be positive")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lift:
    """Approach an object on a table, close, lift, hold still and shake."""

    name: str = "lift"
    """Name of the protocol."""
    physics: Physics = dataclasses.field(default_factory=Physics)
    """Mass, friction, gravity and drives."""
    solver: SolverOptions = SolverOptions()
    """Settings of the simulation."""
    up: Triple = (0.0, 0.0, 1.0)
    """Direction that points up, object frame: the pose in which the object stands."""
    settle_time: float = 0.5
    """The object rests on the table before the hand comes [s]."""
    approach_distance: float = 0.1
    """The hand comes from this far behind its pregrasp, against its approach [m]."""
    approach_time: float = 0.6
    """Duration of the approach [s]."""
    closing_time: float = 0.4
    """From the pregrasp to the grasp, and again from the grasp to the squeeze [s]."""
    height: float = 0.2
    """How far the hand lifts [m]."""
    lift_time: float = 1.0
    """Duration of the lift [s]."""
    hold_time: float = 1.0
    """Standstill after it [s]."""
    shake_amplitude: float = 0.03
    """Amplitude of the shake along each axis [m]; 0 leaves it out."""
    shake_frequency: float = 2.0
    """Frequency of the shake [Hz]."""
    shake_time: float = 1.5
    """Duration of the shake, a third along each axis [s]."""
    max_drift: float = 0.05
    """The object may move that far in the hand after the squeeze [m]."""
    max_turn: float = math.radians(30)
    """The object may turn that far in the hand after the squeeze [rad]."""
    max_approach_motion: float = 0.02
    """The approaching open hand may push the object that far [m]."""
    max_pregrasp_penetration: float = 0.01
    """A pregrasp that penetrates object or hand deeper fails without a rollout [m]."""


Protocol = Hold | Lift


def _axis_pulls(force: float) -> tuple[Load, ...]:
    """A pull along each axis, backward ones first as the benchmark has them."""
    return tuple(
        Load(name=f"{sign}{axis}", force=(value * x, value * y, value * z))
        for sign, value in (("-", -force), ("+", force))
        for axis, (x, y, z) in (("x", (1, 0, 0)), ("y", (0, 1, 0)), ("z", (0, 0, 1)))
    )


six_directions = Hold(name="six_directions", loads=_axis_pulls(1.0))
"""Light object, no gravity, 1 N along -x, -y, -z, x, y and z for 2 s each, 5 cm and 15 degrees."""


def task_wrench(
    loads: Sequence[Load],
    *,
    name: str = "task_wrench",
    physics: Physics | None = None,
    **settings: float | bool | Settling | SolverOptions | None,
) -> Hold:
    """A test with the forces and torques that a task will apply.

    Args:
        loads: the wrenches, each applied alone after the squeeze.
        name: name of the protocol.
        physics: mass, friction and drives; the object's own mass and friction by default.
        **settings: any other field of `Hold`.

    Raises:
        InputError: no load is given.
    """
    physics = physics or Physics()
    return Hold(name=name, loads=tuple(loads), physics=physics, **settings)  # type: ignore[arg-type]
