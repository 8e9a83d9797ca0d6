"""Which test in physics: the protocols that the command line names, and their settings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import Protocol

PROTOCOLS = ("six_directions", "lift", "task_wrench")
_AXES = {"x": (1, 0, 0), "y": (0, 1, 0), "z": (0, 0, 1)}


def protocol_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Which test, and what of it can be set."""
    for option in (
        click.option(
            "--up", metavar="AXIS", help="lift: the object's upward axis, such as z or -y."
        ),
        click.option(
            "--noise", type=float, help="Factor on the disturbances of --repeats.  [default: 1]"
        ),
        click.option(
            "--repeats",
            type=int,
            help="Repeat under noise in pose, joints, mass and friction: the probability to hold.",
        ),
        click.option("--friction", type=float, help="Sliding friction of every surface."),
        click.option("--mass", type=float, help="Mass of the object [kg]."),
        click.option(
            "--protocol", default=PROTOCOLS[0], show_default=True, help=", ".join(PROTOCOLS)
        ),
    ):
        command = option(command)
    return command


def chosen_protocol(
    name: str, grasps: GraspSet, *, mass: float | None, friction: float | None, up: str | None
) -> Protocol:
    """The test with its settings, which its name tells where they are not the usual ones.

    Raises:
        InputError: there is no such test, or a setting cannot be.
    """
    test = _protocol(name, grasps)
    changed = {"mass": mass, "friction": friction}
    changed = {key: value for key, value in changed.items() if value is not None}
    for key, value in changed.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"--{key} is {value}; it must be positive")
    physics: Any = dataclasses.replace(test.physics, **changed)  # type: ignore[arg-type]
    told = [f"{key} {value:g}" for key, value in changed.items()]
    test = dataclasses.replace(test, physics=physics)
    if up is not None:
        test = _standing(test, up)
        told.append(f"up {up}")
    return dataclasses.replace(test, name=f"{name} ({', '.join(told)})") if told else test


def _standing(test: Protocol, up: str) -> Protocol:
    from zdg_jax.validation import Lift

    axis = _AXES.get(up.lower().lstrip("+-"))
    if axis is None or len(up) > 2:
        raise InputError(f"--up is '{up}'; it must be x, y, z, -x, -y or -z")
    if not isinstance(test, Lift):
        raise InputError(f"--up is for the lift; {test.name} has no gravity")
    x, y, z = (-value if up.startswith("-") else value for value in axis)
    return dataclasses.replace(test, up=(x, y, z))


def _protocol(name: str, grasps: GraspSet) -> Protocol:
    from zdg_jax import validation

    if name == "six_directions":
        return validation.six_directions
    if name == "lift":
        return validation.Lift()
    if name == "task_wrench":
        plan = grasps.plan
        loads = [] if plan is None else plan.task.wrenches
        if not loads:
            raise InputError("these grasps record no plan with loads; task_wrench needs one")
        return validation.task_wrench(
            [
                validation.Load(
                    name=f"load{i}",
                    force=(load.force[0], load.force[1], load.force[2]),
                    torque=(load.torque[0], load.torque[1], load.torque[2]),
                )
                for i, load in enumerate(loads)
            ]
        )
    raise InputError(f"no protocol '{name}'; there are: {', '.join(PROTOCOLS)}")
