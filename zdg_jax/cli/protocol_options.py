"""Options that choose a test in physics: the protocols that the command line names."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.physics_options import PhysicsChoice, physics_options
from zdg_jax.cli.scene_options import direction
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import Protocol, UseProtocol

PROTOCOLS = ("six_directions", "carry", "lift", "task_wrench", "use")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProtocolChoice:
    """A protocol by name, with the settings in which it is not the usual one."""

    name: str
    """One of `PROTOCOLS`."""
    physics: PhysicsChoice
    """Mass, friction and drives."""
    up: str | None
    """Direction of the object that is up in the lift, such as `z` or `-y`."""
    deed: pathlib.Path | None
    """Program of the deed in `use`; that of the plan where none is given."""

    def build(self, grasps: GraspSet) -> Protocol:
        """Returns the test; its name says in which settings it is not the usual one.

        Args:
            grasps: grasps to test; `task_wrench` reads their plan.

        Raises:
            InputError: there is no such test, or a setting cannot be.
        """
        from zdg_jax.validation import UseProtocol

        if self.deed is not None and self.name != "use":
            raise InputError(f"--deed is for use; {self.name} does nothing with the object")
        protocol = _protocol(self.name, grasps, self.deed)
        words = self.physics.words
        if isinstance(protocol, UseProtocol):
            words = [protocol.deed.name, *words]
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
        *args: Any,
        protocol: str,
        up: str | None,
        deed: pathlib.Path | None,
        physics: PhysicsChoice,
        **others: Any,
    ) -> Any:
        choice = ProtocolChoice(name=protocol, physics=physics, up=up, deed=deed)
        return command(*args, choice=choice, **others)

    up = click.option(
        "--up",
        metavar="DIRECTION",
        help="lift: on a bare table with this direction of the object up, such as z or -y; else "
        "in the scene that the grasps were made for, or with z up.",
    )
    deed = click.option(
        "--deed", type=FOLDER, help="use: program of the deed (JSON); the plan's if not given."
    )
    name = click.option(
        "--protocol", default=PROTOCOLS[0], show_default=True, help=", ".join(PROTOCOLS)
    )
    return name(physics_options(up(deed(packed))))


def _use(grasps: GraspSet, program: pathlib.Path | None) -> UseProtocol:
    from zdg_jax import validation

    plan, obj = grasps.plan, grasps.object
    if plan is None:
        raise InputError("these grasps record no plan; use needs one, with parts and a motion")
    if not obj.face_parts.any():
        raise InputError(
            "these grasps do not say which part of the object is which; make them again to use them"
        )
    if program is not None:
        return validation.UseProtocol(deed=validation.load_program(program).bind(plan, obj))
    deed = validation.deed_of(plan, obj)
    if deed is None:
        raise InputError(
            f"no deed suits the plan (intent {plan.task.intent}, motion {plan.task.motion}, or its"
            " axis is missing); name a program with --deed"
        )
    return validation.UseProtocol(deed=deed)


def _standing(protocol: Protocol, up: str) -> Protocol:
    from zdg_jax.scenes import Scene
    from zdg_jax.validation import LiftProtocol

    scene = Scene(up=direction(up))
    if not isinstance(protocol, LiftProtocol):
        raise InputError(f"--up is for the lift; {protocol.name} has no table")
    return dataclasses.replace(protocol, scene=scene)


def _protocol(name: str, grasps: GraspSet, deed: pathlib.Path | None) -> Protocol:
    from zdg_jax import validation
    from zdg_jax.scenes import Scene
    from zdg_jax.validation.protocols import STANDARD

    if name == "use":
        return _use(grasps, deed)

    if name in STANDARD:
        return STANDARD[name]
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
