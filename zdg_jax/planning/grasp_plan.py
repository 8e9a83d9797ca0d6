"""The grasp plan: what a task asks of a grasp, with the evidence before the conclusions.

Fields stand in the order in which they are reasoned: the object, its parts, the task, and only
then what to hold and how. Lengths are in metres; points and directions are in the object frame,
the frame of the mesh after its scale.
"""

from __future__ import annotations

import pathlib
from enum import StrEnum
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from zdg_jax.errors import InputError
from zdg_jax.physics import HEAVIEST
from zdg_jax.planning.field_types import Direction, Mark, PlanModel, Text, Vector
from zdg_jax.planning.grip import Grip
from zdg_jax.planning.materials import Material
from zdg_jax.runtime.files import atomic_write, read_limited
from zdg_jax.runtime.kinds import check_path

_MAX_BYTES = 4_000_000


class Intent(StrEnum):
    """Purpose of a grasp."""

    USE = "use"
    HAND_OVER = "hand_over"
    LIFT = "lift"
    OPEN = "open"
    PRESS = "press"
    HOLD = "hold"


class Motion(StrEnum):
    """Motion of the object once the hand holds it."""

    STILL = "still"
    LIFT = "lift"
    TILT = "tilt"
    SWING = "swing"
    STROKE = "stroke"
    TWIST = "twist"
    PUSH = "push"
    PULL = "pull"
    SHAKE = "shake"
    STIR = "stir"
    CIRCLE = "circle"
    LEVER = "lever"
    SQUEEZE = "squeeze"


class ObjectReading(PlanModel):
    """Reading of the object."""

    evidence: Text = ""
    """Evidence for the reading."""
    category: Text
    """Kind of object, such as "jug"; "unknown object" where nothing says."""
    largest_size: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Largest side of the bounding box [m]."""
    upright: Direction = (0.0, 0.0, 1.0)
    """Direction that points up while the object is used, object frame."""
    lying: Direction | None = None
    """Direction that points up as it lies before it is taken; none where that is `upright`."""
    mass_evidence: Text = ""
    """Evidence for mass and material."""
    mass: Annotated[float, Field(gt=0, le=HEAVIEST)] | None = None
    """Mass of the object as it is handled, contents included [kg]; none where nobody judged it."""
    mass_source: Literal["given", "model", "rules"] | None = None
    """Source of the mass: the user, the model that planned, or the rules, by kind and size."""
    material: Material = Material.UNKNOWN
    """Material of the surface where the hand holds it."""

    @property
    def resting_up(self) -> Vector:
        """Direction that points up before the object is taken, object frame."""
        return self.upright if self.lying is None else self.lying

    @property
    def friction(self) -> float:
        """Friction coefficient that a fingertip can rely on, with margin; see `Material`."""
        return self.material.friction


class PartReading(PlanModel):
    """Reading of one marked part."""

    mark: Mark
    """Number of the part on the object."""
    evidence: Text = ""
    """Evidence for the reading."""
    name: Text
    """Name of the part, such as "handle"."""
    function: Text = ""
    """Purpose of the part."""


class NewPart(PlanModel):
    """A part that the planner pointed at, which the object had no mark for."""

    mark: Mark
    """Number of the part on the object that has it."""
    name: Text
    """Name of the part."""
    faces: list[tuple[int, int]]
    """Faces of the object that belong to it, as ranges [first, end)."""


class Wrench(PlanModel):
    """A load that the task puts on the held object, about its centre of mass."""

    force: Vector = (0.0, 0.0, 0.0)
    """Force on the object, object frame [N]."""
    torque: Vector = (0.0, 0.0, 0.0)
    """Torque on the object, object frame [N m]."""
    reason: Text = ""
    """Origin of the load."""


class TaskReading(PlanModel):
    """Reading of the task."""

    evidence: Text = ""
    """The words that say so."""
    verb: Text
    """Action, such as "pour"."""
    intent: Intent
    """Purpose of a grasp."""
    motion: Motion = Motion.LIFT
    """Motion of the held object."""
    motion_axis: Direction | None = None
    """Direction of the motion, or axis of the turn, object frame; none where it is open."""
    wrenches: list[Wrench] = Field(default_factory=list, max_length=24)
    """Loads that the grasp must bear besides the general ones."""


class Usage(PlanModel):
    """Cost of a plan."""

    calls: int = 0
    """Answers that a model's server was asked for, retries included."""
    cached: int = 0
    """Answers taken from the cache."""
    input_tokens: int = 0
    """Tokens sent, as the servers counted them."""
    output_tokens: int = 0
    """Tokens received, as the servers counted them."""


class GraspPlan(PlanModel):
    """A task read against an object: what to hold, what to avoid, and how."""

    version: Literal[1] = 1
    """Version of this schema."""
    prompt: Text = ""
    """The task in the user's words."""
    object: ObjectReading
    """Reading of the object."""
    parts: list[PartReading] = Field(default_factory=list, max_length=64)
    """Readings of its parts."""
    new_parts: list[NewPart] = Field(default_factory=list, max_length=16)
    """Parts that the object had no marks for, see `zdg_jax.planning.object_of`."""
    task: TaskReading
    """Reading of the task."""
    grip: Grip
    """The grip that serves it best."""
    alternatives: list[Grip] = Field(default_factory=list, max_length=2)
    """Other grips, the better first."""
    notes: list[Text] = Field(default_factory=list, max_length=64)
    """Remarks for the user: words that meant nothing, checks that failed, fallbacks, guesses."""
    planner: Text = "file"
    """Name of the planner: "rules", "manual", or the backend and its model."""
    mesh_hash: Text | None = None
    """Fingerprint of the mesh whose parts are numbered; none in a plan for any object."""
    hand: Text | None = None
    """Name of the hand that was planned for; none in a plan for any hand."""
    usage: Usage = Usage()
    """Cost of the plan."""

    def __repr__(self) -> str:
        """A few lines: the task, and what the best grip holds and avoids."""
        names = {part.mark: part.name for part in self.parts}

        def listed(marks: list[int]) -> str:
            shown = ", ".join(f"{mark} ({names.get(mark, 'unnamed')})" for mark in marks[:6])
            return (shown or "none") + (", ..." if len(marks) > 6 else "")

        return (
            f"<GraspPlan by {self.planner}: {self.prompt[:120]!r}, to {self.task.intent}"
            f" a {self.object.category}\n"
            f"  holds parts {listed([part.mark for part in self.grip.held])}\n"
            f"  avoids parts {listed([part.mark for part in self.grip.avoided])}\n"
            f"  {len(self.alternatives)} alternatives, {len(self.notes)} notes>"
        )

    def _repr_html_(self) -> str:
        """The plan in words and tables, for notebooks."""
        from zdg_jax.planning.transcript import plan_as_html

        return plan_as_html(self)

    @property
    def grips(self) -> tuple[Grip, ...]:
        """The grip and its alternatives, the best first."""
        return (self.grip, *self.alternatives)

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = "the plan") -> GraspPlan:
        """Reads a plan from JSON.

        Args:
            text: the plan.
            source: name of its origin, for messages.

        Raises:
            InputError: the text is no JSON, or does not fit the schema.
        """
        try:
            return cls.model_validate_json(text)
        except pydantic.ValidationError as error:
            raise InputError(f"{source} is no grasp plan: {explain(error)}") from None

    @classmethod
    def load(cls, path: str | pathlib.Path) -> GraspPlan:
        """Reads a `plan.json`.

        Args:
            path: path of the file.

        Raises:
            InputError: the file cannot be read, or does not fit the schema.
        """
        check_path("path", path)
        path = pathlib.Path(path)
        try:
            text = read_limited(path, _MAX_BYTES)
        except OSError as error:
            raise InputError(f"cannot read the plan {path}: {error.strerror or error}") from None
        return cls.from_json(text, source=str(path))

    def save(self, path: str | pathlib.Path) -> pathlib.Path:
        """Writes the plan as indented JSON and returns the path.

        Args:
            path: path of the file.

        Raises:
            InputError: the file cannot be written.
        """
        with atomic_write(path) as file:
            file.write(self.model_dump_json(indent=2).encode() + b"\n")
        return pathlib.Path(path)


def plan_schema() -> dict[str, Any]:
    """Gives the JSON schema of a grasp plan, as it is published in `plan.schema.json`."""
    return GraspPlan.model_json_schema()


def explain(error: pydantic.ValidationError, limit: int = 5) -> str:
    """Names the fields at fault in one line, without echoing what a stranger wrote in them.

    Args:
        error: the error.
        limit: most fields to name.
    """
    details = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(step) for step in item['loc']) or 'the whole'}: {item['msg']}"
        for item in details[:limit]
    ]
    if len(details) > limit:
        lines.append(f"and {len(details) - limit} more")
    return " ".join("; ".join(lines).split())  # names of fields are a stranger's too
