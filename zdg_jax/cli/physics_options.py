"""Options of the physics that grasps are made for or tested in."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.physics import Physics

OWN = "own"
"""Name of the hand's own gains as a drive."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhysicsChoice:
    """Settings of the command line that differ from some physics."""

    mass: float | None = None
    """Mass of the object [kg]."""
    friction: float | None = None
    """Sliding friction of every surface."""
    torque_limit: float | None = None
    """Limit of every rotary actuator [N m]."""
    drive: str | None = None
    """Gain of the rotary actuators [N m/rad], or `own`."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one is not positive, or a drive is neither a number nor `own`.
        """
        for name, value in self._numbers().items():
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"--{name.replace('_', '-')} is {value}; it must be positive")

    def _numbers(self) -> dict[str, float]:
        numbers = {
            name: getattr(self, name)
            for name in ("mass", "friction", "torque_limit")
            if getattr(self, name) is not None
        }
        if self.drive not in (None, OWN):
            try:
                numbers["drive"] = float(str(self.drive))
            except ValueError:
                raise InputError(
                    f"--drive is '{self.drive}'; it must be a gain in N m/rad, or {OWN}"
                ) from None
        return numbers

    def applied(self, physics: Physics) -> Physics:
        """Returns a physics with these settings in place of its own."""
        changes: dict[str, Any] = self._numbers()
        if self.drive == OWN:
            changes["drive"] = None
        return dataclasses.replace(physics, **changes)

    @property
    def words(self) -> list[str]:
        """The settings in words, such as "mass 0.3"."""
        words = [f"{k.replace('_', ' ')} {value:g}" for k, value in self._numbers().items()]
        return [*words, "own drive"] if self.drive == OWN else words


def physics_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as `physics`, a `PhysicsChoice`."""

    @functools.wraps(command)
    def packed(
        *args: Any,
        mass: float | None,
        friction: float | None,
        torque_limit: float | None,
        drive: str | None,
        **others: Any,
    ) -> Any:
        choice = PhysicsChoice(mass=mass, friction=friction, torque_limit=torque_limit, drive=drive)
        return command(*args, physics=choice, **others)

    for option in (
        click.option(
            "--drive",
            metavar="GAIN",
            help=f"Gain of the hand's hinges [N m/rad], or {OWN} for the hand's own.  [default: 5]",
        ),
        click.option(
            "--torque-limit",
            type=float,
            help="Limit of every hinge's motor [N m]; by default what the hand's file states.",
        ),
        click.option("--friction", type=float, help="Sliding friction of every surface."),
        click.option("--mass", type=float, help="Mass of the object [kg]."),
    ):
        packed = option(packed)
    return packed
