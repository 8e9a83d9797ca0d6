"""The grasp plan: what a task asks of a grasp, with the evidence before the conclusions.

Fields stand in the order in which they are reasoned: the object, its parts, the task, and only
then what to hold and how. Lengths are in metres; points and directions are in the object frame,
the frame of the mesh after its scale.
"""

from __future__ import annotations

import math
import pathlib
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, ConfigDict, Field

from zdg_jax.errors import InputError
from zdg_jax.planning.taxonomy import STYLES as _STYLES
from zdg_jax.planning.taxonomy import GraspType, Style

_MAX_BYTES = 4_000_000
_ROLL_TOLERANCE = math.radians(5.0)


def _unit(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    length = math.hypot(*vector)
    if not math.isfinite(length) or length < 1e-6:
        raise ValueError(f"a direction needs a finite length above 0, got {vector}")
    return (vector[0] / length, vector[1] / length, vector[2] / length)


Finite = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Finite, Finite, Finite]
Direction = Annotated[Vector, AfterValidator(_unit)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Mark = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(max_length=2000)]


class _Model(pydantic.BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Intent(StrEnum):
    """What the grasp is for."""

    USE = "use"
    HAND_OVER = "hand_over"
    LIFT = "lift"
    OPEN = "open"
    PRESS = "press"
    HOLD = "hold"


class Motion(StrEnum):
    """How the hand moves the object once it holds it."""

    STILL = "still"
    LIFT = "lift"
    TILT = "tilt"
    SWING = "swing"
    STROKE = "stroke"
    TWIST = "twist"
    PUSH = "push"
    PULL = "pull"
    SHAKE = "shake"


class Force(StrEnum):
    """How hard the hand squeezes."""

    LIGHT = "light"
    MODERATE = "moderate"
    FIRM = "firm"

    @property
    def newtons(self) -> float:
        """Sum of the contact forces that the level stands for [N]."""
        return {Force.LIGHT: 5.0, Force.MODERATE: 10.0, Force.FIRM: 20.0}[self]


class ObjectReading(_Model):
    """What the object is taken to be."""

    evidence: Text = ""
    """What was seen that says so."""
    category: Text
    """What it is, such as "jug"; "unknown object" where nothing says."""
    largest_size: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Largest side of the bounding box [m]."""
    upright: Direction = (0.0, 0.0, 1.0)
    """Direction that points up when the object stands as it is used or stored, object frame."""


class PartReading(_Model):
    """What one marked part is taken to be."""

    mark: Mark
    """Number of the part on the object."""
    evidence: Text = ""
    """What was seen that says so."""
    name: Text
    """Name of the part, such as "handle"."""
    function: Text = ""
    """What the part is for."""


class Wrench(_Model):
    """A load that the task puts on the held object, about its centre of mass."""

    force: Vector = (0.0, 0.0, 0.0)
    """Force on the object, object frame [N]."""
    torque: Vector = (0.0, 0.0, 0.0)
    """Torque on the object, object frame [N m]."""
    reason: Text = ""
    """Where the load comes from."""


class TaskReading(_Model):
    """What the task is taken to ask."""

    evidence: Text = ""
    """The words that say so."""
    verb: Text
    """What is done, such as "pour"."""
    intent: Intent
    """What the grasp is for."""
    motion: Motion = Motion.LIFT
    """How the held object moves."""
    motion_axis: Direction | None = None
    """Direction of the motion, or axis of the turn, object frame; none where it is open."""
    wrenches: list[Wrench] = Field(default_factory=list, max_length=24)
    """Loads that the grasp must bear besides the general ones."""


class HeldPart(_Model):
    """A part that the hand touches."""

    mark: Mark
    """Number of the part on the object."""
    reason: Text = ""
    """Why it is held."""
    role: Text = "grip"
    """What the part does in the grasp, such as "grip", "support" or "steady"."""
    weight: Share = 1.0
    """How much of the contact belongs here, relative to the other held parts."""


class AvoidedPart(_Model):
    """A part that no link may touch."""

    mark: Mark
    """Number of the part on the object."""
    reason: Text = ""
    """Why the hand keeps off."""


class FingerPlan(_Model):
    """What one finger does."""

    finger: Text
    """Name of the finger on the hand."""
    role: Literal["oppose", "press", "wrap", "support", "steer", "idle"]
    """What the finger does; idle fingers keep clear of the object."""
    link: Text = "tip"
    """Link that touches: "tip", "middle", "base", or a name of the hand's own links."""
    mark: Mark | None = None
    """Part that it touches."""
    point: Vector | None = None
    """Point that it touches, object frame [m], where it is known that well."""


class PalmPlan(_Model):
    """How the palm comes to the object."""

    contact: bool
    """Whether the palm touches the object."""
    approach: Direction
    """Direction along which the palm moves towards the object, object frame: the way that the
    palm's contact face looks."""
    thumb: Direction | None = None
    """Direction from the middle of the palm to the thumb's side, across the fingers, object
    frame; made square to the approach. None leaves the roll open."""
    roll: Finite | None = None
    """The thumb's direction as an angle about the approach [rad], counted right-handed from the
    part of +z square to the approach (+x where the approach is within 10 degrees of z)."""
    arrow: Annotated[int, Field(ge=1)] | None = None
    """Number of the approach arrow in the views, where one was chosen."""

    @pydantic.model_validator(mode="after")
    def _agree(self) -> Self:
        first, second = roll_frame(self.approach)
        if self.thumb is not None:
            x, y = _dot(self.thumb, first), _dot(self.thumb, second)
            if math.hypot(x, y) < 0.05:
                raise ValueError("the thumb's direction lies along the approach")
            angle = math.atan2(y, x)
            if self.roll is not None:
                gap = math.remainder(self.roll - angle, 2 * math.pi)
                if abs(gap) > _ROLL_TOLERANCE:
                    raise ValueError(
                        f"roll {self.roll:.3f} rad and the thumb's direction "
                        f"({angle:.3f} rad) disagree; give one of them"
                    )
        elif self.roll is not None:
            angle = self.roll
        else:
            return self
        thumb = tuple(
            math.cos(angle) * a + math.sin(angle) * b for a, b in zip(first, second, strict=True)
        )
        object.__setattr__(self, "thumb", thumb)
        object.__setattr__(self, "roll", angle)
        return self


class Grip(_Model):
    """One way to hold the object for the task."""

    rationale: Text = ""
    """Why this grip serves the task."""
    held: list[HeldPart] = Field(min_length=1, max_length=64)
    """Parts to touch, the most important first."""
    avoided: list[AvoidedPart] = Field(default_factory=list, max_length=64)
    """Parts to keep off."""
    grasp_type: GraspType
    """How the hand closes."""
    fingers: list[FingerPlan] = Field(default_factory=list, max_length=16)
    """What each finger does; fingers that are not named follow the grasp type."""
    palm: PalmPlan
    """How the palm comes to the object."""
    aperture: Annotated[float, Field(gt=0, le=1.0)]
    """Width of the held part across which thumb and fingers close [m]."""
    force: Force = Force.MODERATE
    """How hard to squeeze."""
    confidence: Share
    """How sure the planner is; a less certain grip binds less."""

    @pydantic.model_validator(mode="after")
    def _disjoint(self) -> Self:
        held = [part.mark for part in self.held]
        avoided = [part.mark for part in self.avoided]
        names = [finger.finger for finger in self.fingers]
        for what, values in (("held", held), ("avoided", avoided), ("fingers", names)):
            if len(set(values)) != len(values):
                raise ValueError(f"{what} names one of {values} twice")
        both = sorted(set(held) & set(avoided))
        if both:
            raise ValueError(f"parts {both} are both held and avoided")
        if all(part.weight == 0 for part in self.held):
            raise ValueError("every held part has weight 0")
        return self

    @property
    def style(self) -> Style:
        """What the grasp type asks of a hand."""
        return _STYLES[self.grasp_type]


class Usage(_Model):
    """What a plan cost."""

    calls: int = 0
    """Answers that a model's server was asked for, retries included."""
    cached: int = 0
    """Answers taken from the cache."""
    input_tokens: int = 0
    """Tokens sent, as the servers counted them."""
    output_tokens: int = 0
    """Tokens received, as the servers counted them."""


class GraspPlan(_Model):
    """A task read against an object: what to hold, what to avoid, and how."""

    version: Literal[1] = 1
    """Version of this schema."""
    prompt: Text = ""
    """The task in the user's words."""
    object: ObjectReading
    """What the object is taken to be."""
    parts: list[PartReading] = Field(default_factory=list, max_length=64)
    """What its parts are taken to be."""
    task: TaskReading
    """What the task is taken to ask."""
    grip: Grip
    """The grip that serves it best."""
    alternatives: list[Grip] = Field(default_factory=list, max_length=2)
    """Other grips, the better first."""
    notes: list[Text] = Field(default_factory=list, max_length=64)
    """What the user should know: words that meant nothing, checks that failed, fallbacks."""
    planner: Text = "file"
    """Who planned: "rules", "manual", or the backend and its model."""
    mesh_hash: Text | None = None
    """Fingerprint of the mesh whose parts are numbered; none in a plan for any object."""
    hand: Text | None = None
    """Name of the hand that was planned for; none in a plan for any hand."""
    usage: Usage = Usage()
    """What the plan cost."""

    @property
    def grips(self) -> tuple[Grip, ...]:
        """The grip and its alternatives, the best first."""
        return (self.grip, *self.alternatives)

    @classmethod
    def from_json(cls, text: str | bytes, *, source: str = "the plan") -> GraspPlan:
        """Reads a plan from JSON.

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

        Raises:
            InputError: the file cannot be read, or does not fit the schema.
        """
        path = pathlib.Path(path)
        try:
            size = path.stat().st_size
            if size > _MAX_BYTES:
                raise InputError(f"plan {path} has {size} bytes, more than {_MAX_BYTES}")
            text = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read the plan {path}: {error.strerror or error}") from None
        return cls.from_json(text, source=str(path))

    def save(self, path: str | pathlib.Path) -> pathlib.Path:
        """Writes the plan as indented JSON and returns the path.

        Raises:
            InputError: the file cannot be written.
        """
        path = pathlib.Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot write the plan {path}: {error.strerror or error}") from None
        return path


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a grasp plan, as it is published in `plan.schema.json`."""
    return GraspPlan.model_json_schema()


def explain(error: pydantic.ValidationError, limit: int = 5) -> str:
    """One line that names the fields at fault, without echoing what a stranger wrote in them."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(step) for step in item['loc']) or 'the whole'}: {item['msg']}"
        for item in details[:limit]
    ]
    if len(details) > limit:
        lines.append(f"and {len(details) - limit} more")
    return "; ".join(lines)


def roll_frame(approach: Vector) -> tuple[Vector, Vector]:
    """Unit directions of roll 0 and of roll 90 degrees, square to the unit `approach`."""
    reference = (
        (0.0, 0.0, 1.0) if abs(approach[2]) < math.cos(math.radians(10)) else (1.0, 0.0, 0.0)
    )
    along = _dot(reference, approach)
    first = _unit(
        (
            reference[0] - along * approach[0],
            reference[1] - along * approach[1],
            reference[2] - along * approach[2],
        )
    )
    second = (
        approach[1] * first[2] - approach[2] * first[1],
        approach[2] * first[0] - approach[0] * first[2],
        approach[0] * first[1] - approach[1] * first[0],
    )
    return first, second


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
