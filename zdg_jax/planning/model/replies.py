"""Schemas of the stages' answers. Every field is required, evidence before conclusions.

Models pick among numbers that they see on the images; only where a finger needs a certain spot,
such as a trigger, do they point at it, in the order of axes that their backend writes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from zdg_jax.planning.grip import Force
from zdg_jax.planning.materials import Material
from zdg_jax.planning.plan import Intent, Motion
from zdg_jax.planning.taxonomy import GraspType

Words = Annotated[str, Field(max_length=1200)]
Name = Annotated[str, Field(max_length=80)]
Percent = Annotated[int, Field(ge=0, le=100)]
Thousandth = Annotated[int, Field(ge=0, le=1000)]
Side = Literal["+x", "-x", "+y", "-y", "+z", "-z"]


def _require_all(schema: dict[str, Any]) -> None:
    """Requires every property of an answer's schema, those with a default too."""
    schema["required"] = list(schema["properties"])
    for entry in schema["properties"].values():
        entry.pop("default", None)


class _Reply(pydantic.BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra=_require_all,
    )


class SeenPart(_Reply):
    """One numbered part."""

    mark: int
    """The number on the images."""
    evidence: Words
    """What you see there."""
    name: Name
    """What the part is called."""
    function: Words
    """What it is for."""


class ObjectReply(_Reply):
    """Stage 1: object, parts and task."""

    evidence: Words
    """What the views show."""
    category: Name
    """What the object is."""
    up: Side
    """Axis, as drawn, that points up when the object stands as it is used."""
    parts: Annotated[list[SeenPart], Field(min_length=1, max_length=64)]
    """Every numbered part."""
    mass_evidence: Words = ""
    """What size, material, walls and contents say of the weight."""
    # An answer without a mass is taken all the same: the rules guess it then.
    mass_g: Annotated[float, Field(gt=0, le=100_000)] | SkipJsonSchema[None] = None
    """Mass of the whole object as it is handled [g]."""
    material: Material = Material.UNKNOWN
    """Material of the surface where a hand would hold it."""
    task_evidence: Words
    """What the task's words ask of the hand."""
    verb: Name
    """What is done."""
    intent: Intent
    """What the grasp is for."""
    motion: Motion
    """How the held object moves in the task."""


class HoldPart(_Reply):
    """A part to touch."""

    mark: int
    reason: Words
    role: Literal["grip", "support", "steady"]
    weight: Percent
    """Share of the contact that belongs here."""


class SparePart(_Reply):
    """A part to keep off."""

    mark: int
    reason: Words


class PartsReply(_Reply):
    """Stage 2: parts to hold and to avoid."""

    evidence: Words
    """What decides, weighed part by part."""
    hold: Annotated[list[HoldPart], Field(min_length=1, max_length=16)]
    """The fewest parts that serve."""
    avoid: Annotated[list[SparePart], Field(max_length=32)]
    """Parts that the hand must not touch."""
    works: Annotated[list[int], Field(max_length=16)]
    """Parts that do the task's work, such as a blade or an outlet; may be empty."""
    second_choice: Annotated[list[int], Field(max_length=16)]
    """Parts to hold if the first choice cannot be reached; may be empty."""
    confidence: Percent
    """How sure this is."""


class FingerReply(_Reply):
    """What one finger does."""

    finger: Name
    """Name of the finger, as listed."""
    reason: Words
    role: Literal["oppose", "press", "wrap", "support", "steer", "idle"]
    link: Literal["tip", "middle", "base"]
    """Which link touches."""
    mark: int
    """The part that it touches; 0 if it is idle."""
    view: Annotated[int, Field(ge=0)]
    """Number of the image on which a certain spot is pointed at; 0 where any will do."""
    spot: Annotated[list[Thousandth], Field(min_length=2, max_length=2)]
    """Where on that image, each from 0 to 1000; zeros where any will do."""


class GraspReply(_Reply):
    """Stage 3: grasp type, fingers and contacts."""

    evidence: Words
    """What the held part's size and shape and the task's forces ask for."""
    grasp_type: GraspType
    aperture_mm: Annotated[int, Field(ge=2, le=400)]
    """Width of the held part between thumb and fingers [mm]."""
    force: Force
    fingers: Annotated[list[FingerReply], Field(min_length=1, max_length=16)]
    """Every finger of the hand once."""
    palm_touches: bool


class ApproachReply(_Reply):
    """Stage 4: approach and rotation, among the numbered hands."""

    evidence: Words
    """What each candidate would do to the task, by number."""
    best: int
    """Number of the hand that serves the task best."""
    second: int
    """Number of the next best; the same number where no other serves."""
    turn_matters: bool
    """Whether the direction of the thumb matters to the task."""
    confidence: Percent
    """How sure this is."""


class JudgedGrasp(_Reply):
    """One refined grasp, looked at."""

    number: int
    """The number on the picture."""
    evidence: Words
    """What the hand touches, and what that does to the task."""
    serves: bool
    """Whether the task can be done so."""


class RankingReply(_Reply):
    """Stage 6: refined grasps, ranked."""

    grasps: Annotated[list[JudgedGrasp], Field(min_length=1, max_length=64)]
    """Every picture once."""
    order: Annotated[list[int], Field(min_length=1, max_length=64)]
    """All numbers, the best grasp first."""
