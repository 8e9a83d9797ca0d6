"""Programs: deeds before they know the object, in words of the plan, from JSON.

A program names directions and points by what they mean, so that one pours with any jug:

- directions: `up`; `axis`, the plan's axis of motion; `work`, from the held parts to the working
  end; `forward`, its level part; `side`, to the left of that; `swing`, about which the end moves
  along `axis`. Each is a unit vector of the object as it lies at the start.
- points: `end`, the working end; `held`, the middle of the held parts; `control`, where a finger of
  the plan presses a part that is not held.

`programs.json` beside this file has the library's.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Literal, Protocol

import numpy as np
import pydantic
from pydantic import Field

from zdg_jax.errors import InputError
from zdg_jax.geometry.surface_sampling import scatter
from zdg_jax.planning import FingerPlan, GraspPlan, Intent, Motion
from zdg_jax.planning.geometry.working_end import Parted, working_end
from zdg_jax.runtime.files import read_given
from zdg_jax.runtime.kinds import check_path
from zdg_jax.validation.deeds import Deed, Step, Triple

Name = Literal["up", "axis", "work", "forward", "side", "swing"]
Place = Literal["end", "held", "control"]
Vector = dict[Name, Annotated[float, Field(allow_inf_nan=False)]]
_POINTS = 800
"""Points that stand for the surface of an object when it is asked which part is touched."""
_MAX_BYTES = 1_000_000


class ProgramStep(pydantic.BaseModel):
    """One step of a program; see `Step` for what the fields do."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=40)]
    """Participle that completes "slips when ...", such as "tilted"."""
    time: Annotated[float, Field(gt=0, le=60)]
    """Duration [s]."""
    shift: Vector = {}
    """Way by direction [m]; with `swings`, the reach to one side."""
    round: Vector = {}
    """Second reach, which makes circles of swings [m]."""
    swings: Annotated[int, Field(ge=0, le=100)] = 0
    """Times to and fro, or round."""
    turn: Annotated[float, Field(ge=-720, le=720)] = 0.0
    """Turn [degrees]."""
    about: Name = "axis"
    """Direction of the axis of the turn."""
    through: Place = "held"
    """Point on that axis."""
    at: Place = "end"
    """Point at which loads act."""
    force: Vector = {}
    """Force on the object by direction [N]."""
    torque: Vector = {}
    """Torque on the object by direction [N m]."""
    drag: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Force against the motion of that point [N]."""
    momentum: Vector = {}
    """Blow, as a velocity that the object's whole mass would change by [m/s]."""
    press: Annotated[float, Field(ge=0, le=1000)] = 0.0
    """Force with which that finger must press the point `at` [N]."""
    abrupt: bool = False
    """The motion ends at its greatest speed."""
    level: bool = False
    """The object is to stay level."""
    release: bool = False
    """The hand opens at the end."""


class Program(pydantic.BaseModel):
    """A deed in words of the plan, and the plans that it is for."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=40)]
    """Name of the deed."""
    verbs: tuple[str, ...] = ()
    """Verbs that it is for; empty means any."""
    intents: tuple[Intent, ...] = ()
    """Intents that it is for; empty means any."""
    motions: tuple[Motion, ...] = ()
    """Motions that it is for; empty means any."""
    supported: bool = False
    """Something else bears the object's weight, and holds on to all of it that the hand does not:
    the hand must not touch that."""
    steps: Annotated[tuple[ProgramStep, ...], Field(min_length=1, max_length=100)]
    """The steps."""

    def suits(self, plan: GraspPlan) -> bool:
        """Tells whether the program is for a plan."""
        task = plan.task
        pressing = any(step.press for step in self.steps)
        return (
            (not pressing or _pressing_finger(plan) is not None)
            and (not self.verbs or task.verb in self.verbs)
            and (not self.intents or task.intent in self.intents)
            and (not self.motions or task.motion in self.motions)
        )

    def bind(self, plan: GraspPlan, obj: PartedObject) -> Deed:
        """Makes the deed that this program is with an object held as planned.

        Args:
            plan: what is held, avoided and done; its marks are those of the object's parts.
            obj: the object.

        Raises:
            InputError: a step needs the axis of a motion, or a finger that presses, and the plan
                has none.
        """
        frame = _Frame.of(plan, obj)
        on_avoided, elsewhere = _regions(plan, obj, alone=self.supported)
        return Deed(
            name=self.name,
            steps=tuple(frame.step(step, self.name) for step in self.steps),
            up=_triple(frame.directions["up"]),
            held=_triple(frame.points["held"]),
            end=_triple(frame.points["end"]),
            supported=self.supported,
            on_avoided=on_avoided,
            elsewhere=elsewhere,
        )


class PartedObject(Parted, Protocol):
    """An object as programs need it."""

    @property
    def mass(self) -> float:
        """Its mass [kg]."""


@functools.cache
def library_programs() -> tuple[Program, ...]:
    """Returns the library's programs, those for fewer plans first."""
    text = resources.files(__package__).joinpath("programs.json").read_text(encoding="utf-8")
    return pydantic.TypeAdapter(tuple[Program, ...]).validate_json(text)


def load_program(path: str | os.PathLike[str]) -> Program:
    """Reads a program of one's own.

    Args:
        path: JSON file of the form of one entry of `programs.json`.

    Raises:
        InputError: there is no such file, or it is no program; the message names the field.
    """
    check_path("path", path)
    text = read_given(path, _MAX_BYTES)
    try:
        return Program.model_validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{path} is no program of a deed: {where}: {first['msg']}") from None


def deed_of(plan: GraspPlan, obj: PartedObject) -> Deed | None:
    """Chooses the deed of a plan.

    Args:
        plan: the plan.
        obj: the object, with the parts that it was planned for.

    Returns:
        The deed of the first of the library's programs that suits the plan, None where none does,
        or where it turns about an axis that the plan does not know.
    """
    for program in library_programs():
        if program.suits(plan):
            try:
                return program.bind(plan, obj)
            except InputError:
                return None
    return None


@dataclasses.dataclass(frozen=True)
class _Frame:
    """Directions and points of a planned object by their names, and its mass."""

    directions: Mapping[str, np.ndarray]
    points: Mapping[str, np.ndarray]
    mass: float
    finger: str

    @classmethod
    def of(cls, plan: GraspPlan, obj: PartedObject) -> _Frame:
        inside = np.isin(obj.face_parts, [part.mark for part in plan.grip.held])
        faces = obj.faces[inside] if inside.any() else obj.faces
        held = obj.vertices[faces].reshape(-1, 3).mean(axis=0)
        end = working_end(plan.grip, obj)
        up, work = _unit(np.asarray(plan.object.upright, float)), _unit(end - held)
        level = work - (work @ up) * up
        if np.linalg.norm(level) < 0.1:
            level = np.cross(up, [1.0, 0.0, 0.0] if abs(up[0]) < 0.9 else [0.0, 1.0, 0.0])
        forward = _unit(level)
        directions = {
            "up": up, "work": work, "forward": forward, "side": np.cross(up, forward)
        }  # fmt: skip
        if plan.task.motion_axis is not None:
            axis = np.asarray(plan.task.motion_axis, float)
            directions |= {"axis": axis, "swing": _unit(np.cross(work, axis))}
        points, finger = {"end": end, "held": held}, _pressing_finger(plan)
        if finger is None:
            return cls(directions, points, obj.mass, "")
        of_part = obj.faces[obj.face_parts == finger.mark]
        middle = obj.vertices[of_part].reshape(-1, 3).mean(axis=0)
        points["control"] = middle if finger.point is None else np.asarray(finger.point)
        return cls(directions, points, obj.mass, finger.link)

    def vector(self, named: Mapping[Name, float], deed: str) -> Triple:
        """Sum of named directions."""
        total = np.zeros(3)
        for name, size in named.items():
            total += size * self.direction(name, deed)
        return _triple(total)

    def direction(self, name: str, deed: str) -> np.ndarray:
        if name not in self.directions:
            raise InputError(
                f"the deed '{deed}' goes along or about the axis of the motion, and the plan has"
                " none; give its task a motion_axis"
            )
        return self.directions[name]

    def point(self, name: str, deed: str) -> np.ndarray:
        if name not in self.points:
            raise InputError(
                f"the deed '{deed}' presses a control, and no finger of the plan has the role"
                " press on a part that is not held"
            )
        return self.points[name]

    def step(self, step: ProgramStep, deed: str) -> Step:
        """The step with this object."""
        turned = {} if not step.turn else {"axis": _triple(self.direction(step.about, deed))}
        blow: Vector = {name: self.mass * speed for name, speed in step.momentum.items()}
        return Step(
            name=step.name,
            time=step.time,
            shift=self.vector(step.shift, deed),
            across=self.vector(step.round, deed),
            swings=step.swings,
            turn=math.radians(step.turn),
            center=_triple(self.point(step.through, deed)),
            point=_triple(self.point(step.at, deed)),
            force=self.vector(step.force, deed),
            torque=self.vector(step.torque, deed),
            drag=step.drag,
            impulse=self.vector(blow, deed),
            press=step.press,
            finger=self.finger if step.press else "",
            abrupt=step.abrupt,
            level=step.level,
            release=step.release,
            **turned,
        )


def _pressing_finger(plan: GraspPlan) -> FingerPlan | None:
    """The finger that presses a part which is not held; None without one."""
    held = {part.mark for part in plan.grip.held}
    for finger in plan.grip.fingers:
        if finger.role == "press" and finger.mark is not None and finger.mark not in held:
            return finger
    return None


def _regions(
    plan: GraspPlan, obj: PartedObject, *, alone: bool
) -> tuple[tuple[Triple, ...], tuple[Triple, ...]]:
    """Points on the avoided parts and on the others; none where nothing is avoided.

    Args:
        plan: says what is held and avoided.
        obj: the object.
        alone: whether all that is not held is avoided: who holds on to the bottle does not turn its
            cap.
    """
    marks = [part.mark for part in plan.grip.avoided]
    if alone and plan.grip.held:
        marks = np.setdiff1d(obj.face_parts, [part.mark for part in plan.grip.held]).tolist()
    if not np.isin(obj.face_parts, marks).any():
        return (), ()
    points, face = scatter(obj.vertices, obj.faces, _POINTS, np.random.default_rng(0))
    avoided = np.isin(obj.face_parts[face], marks)
    return tuple(map(_triple, points[avoided])), tuple(map(_triple, points[~avoided]))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _triple(vector: np.ndarray) -> Triple:
    x, y, z = (round(float(value), 6) + 0.0 for value in vector)
    return (x, y, z)
