"""Options that choose a test in physics: the protocols that the command line names."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.cli.physics_options import PhysicsChoice, physics_options
from zdg_jax.cli.scene_options import direction
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import Protocol

PROTOCOLS = ("six_directions", "carry", "lift", "task_wrench")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProtocolChoice:
    """A protocol by name, with the settings in which it is not the usual one."""

    name: str
    """One of `PROTOCOLS`."""
    physics: PhysicsChoice
    """Mass, friction and drives."""
    up: str | None
    """Direction of the object that is up in the lift, such as `z` or `-y`."""

    def build(self, grasps: GraspSet) -> Protocol:
        """Returns the test; its name says in which settings it is not the usual one.

        Args:
            grasps: grasps to test; `task_wrench` reads their plan.

        Raises:
            InputError: there is no such test, or a setting cannot be.
        """
        protocol = _protocol(self.name, grasps)
        words = self.physics.words
        protocol = dataclasses.replace(protocol, physics=self.physics.applied(protocol.physics))
        if self.up is not None:
            protocol = _standing(protocol, self.up)
            words = [*words, f"up {self.up}"]
        if not words:
            return protocol
        return dataclasses.replace(protocol, name=f"{self.name} ({', '.join(words)})")


def protocol_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the command gets them as `choice`, a `ProtocolChoice`."""

    @functools.wraps(command)
    def packed(
        *args: Any, protocol: str, up: str | None, physics: PhysicsChoice, **others: Any
    ) -> Any:
        choice = ProtocolChoice(name=protocol, physics=physics, up=up)
        return command(*args, choice=choice, **others)

    up = click.option(
        "--up",
        metavar="DIRECTION",
        help="lift: on a bare table with this direction of the object up, such as z or -y; else "
        "in the scene that the grasps were made for, or with z up.",
    )
    name = click.option(
        "--protocol", default=PROTOCOLS[0], show_default=True, help=", ".join(PROTOCOLS)
    )
    return name(physics_options(up(packed)))


def _standing(protocol: Protocol, up: str) -> Protocol:
    from zdg_jax.scenes import Scene
    from zdg_jax.validation import LiftProtocol

    scene = Scene(up=direction(up))
    if not isinstance(protocol, LiftProtocol):
        raise InputError(f"--up is for the lift; {protocol.name} has no table")
    return dataclasses.replace(protocol, scene=scene)


def _protocol(name: str, grasps: GraspSet) -> Protocol:
    from zdg_jax import validation
    from zdg_jax.scenes import Scene

    if name == "six_directions":
        return validation.six_directions
    if name == "carry":
        return validation.carry
    if name == "lift":
        return validation.LiftProtocol(scene=grasps.scene or Scene())
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
