"""Schemas of the stages' answers. Every field is required, evidence before conclusions.

Models pick among numbers that they see on the images; only where a finger needs a certain spot,
such as a trigger, do they point at it, in the order of axes that their backend writes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from zdg_jax.planning.grasp_plan import Intent, Motion
from zdg_jax.planning.grip import Force
from zdg_jax.planning.materials import Material
from zdg_jax.planning.taxonomy import GraspType
from zdg_jax.rendering.figures import FigureKind

Words = Annotated[str, Field(max_length=1200)]
Name = Annotated[str, Field(max_length=80)]
Percent = Annotated[int, Field(ge=0, le=100)]
Thousandth = Annotated[int, Field(ge=0, le=1000)]
Spot = Annotated[list[Thousandth], Field(min_length=2, max_length=2)]
Wish = Literal["any", "+x", "-x", "+y", "-y", "+z", "-z"]
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
    """Evidence in the views."""
    name: Name
    """Usual name of the part."""
    function: Words
    """Purpose of the part."""


class PointedView(_Reply):
    """A part pointed at on one view."""

    view: Annotated[int, Field(ge=1)]
    """Number of the image, from 1."""
    box: Annotated[list[Thousandth], Field(min_length=4, max_length=4)]
    """Box around what is seen of the part."""
    inside: Annotated[list[Spot], Field(min_length=1, max_length=6)]
    """Spots on the part."""
    outside: Annotated[list[Spot], Field(max_length=6)]
    """Spots on what else of the object lies in the box."""


class PointedPart(_Reply):
    """A part on which the task turns, and that no number shows alone."""

    name: Name
    """Usual name of the part."""
    evidence: Words
    """Where it begins and ends, and why the task turns on it."""
    views: Annotated[list[PointedView], Field(min_length=1, max_length=6)]
    """The views on which it is seen best."""


class CheckedPart(_Reply):
    """A part that was pointed at, as it is marked now."""

    mark: int
    """Its number on the images."""
    evidence: Words
    """What is marked, against what was meant."""
    right: bool
    """True where it is the part that was meant."""
    views: Annotated[list[PointedView], Field(max_length=6)]
    """A better aim where it is not; none where it is right, or is to be dropped."""


class ConfirmReply(_Reply):
    """Stage 1, second question: parts that were pointed at."""

    parts: Annotated[list[CheckedPart], Field(min_length=1, max_length=8)]
    """Every part that was pointed at, once."""


class Nearby(_Reply):
    """Another person, a table or the work, beside the object while the task is done."""

    kind: FigureKind
    """person: who takes it or is worked on; table: what it lies on; work: what the tool acts on."""
    side: Side
    """Axis, as drawn, that points from the object to it."""


class ObjectReply(_Reply):
    """Stage 1: object, parts and task."""

    evidence: Words
    """Evidence in the views."""
    category: Name
    """Name of the kind of object."""
    up: Side
    """Axis, as drawn, that points up while the object is used."""
    # Answers to earlier questions are taken all the same.
    lies: Side | SkipJsonSchema[None] = None
    """Axis, as drawn, that points up as the object lies or stands before it is taken."""
    nearby: Annotated[list[Nearby], Field(max_length=4)] = []
    """What the task has around the object: another person, a table, the work; may be empty."""
    parts: Annotated[list[SeenPart], Field(min_length=1, max_length=64)]
    """Every numbered part."""
    # An answer that points at nothing is taken all the same.
    pointed: Annotated[list[PointedPart], Field(max_length=8)] = []
    """Parts on which the task turns and that no number shows alone; mostly none."""
    mass_evidence: Words = ""
    """Size, material, walls and contents, as far as they tell the weight."""
    # An answer without a mass is taken all the same: the rules guess it then.
    mass_g: Annotated[float, Field(gt=0, le=100_000)] | SkipJsonSchema[None] = None
    """Mass of the whole object as it is handled [g]."""
    material: Material = Material.UNKNOWN
    """Material of the surface where a hand would hold it."""
    task_evidence: Words
    """Demands of the task's words on the hand."""
    verb: Name
    """Action that the task asks for."""
    intent: Intent
    """Purpose of the grasp."""
    motion: Motion
    """Motion of the held object in the task."""


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
    """Reasons that decide, weighed part by part."""
    hold: Annotated[list[HoldPart], Field(min_length=1, max_length=16)]
    """The fewest parts that serve."""
    avoid: Annotated[list[SparePart], Field(max_length=32)]
    """Parts that the hand must not touch."""
    works: Annotated[list[int], Field(max_length=16)]
    """Parts that do the task's work, such as a blade or an outlet; may be empty."""
    second_choice: Annotated[list[int], Field(max_length=16)]
    """Parts to hold if the first choice cannot be reached; may be empty."""
    confidence: Percent
    """Certainty of all this [%]."""


class FingerReply(_Reply):
    """Role of one finger."""

    finger: Name
    """Name of the finger, as listed."""
    reason: Words
    role: Literal["oppose", "press", "wrap", "support", "steer", "idle"]
    link: Literal["tip", "middle", "base"]
    """Link that touches."""
    mark: int
    """The part that it touches; 0 if it is idle."""
    view: Annotated[int, Field(ge=0)]
    """Number of the image on which a certain spot is pointed at; 0 where any will do."""
    spot: Spot
    """Spot on that image, each from 0 to 1000; zeros where any will do."""


class GraspReply(_Reply):
    """Stage 3: grasp type, fingers and contacts."""

    evidence: Words
    """Demands of the held part's size and shape and of the task's forces."""
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
    """Effect of each candidate on the task, by number."""
    best: Annotated[int, Field(ge=0)]
    """Number of the hand that serves the task best; 0 where none of them would do."""
    palm_wish: Wish = "any"
    """Where none would do: side towards which the palm should move instead."""
    thumb_wish: Wish = "any"
    """Where none would do: side to which the thumb's side should point instead."""
    second: int
    """Number of the next best; the same number where no other serves."""
    turn_matters: bool
    """True where the direction of the thumb matters to the task."""
    confidence: Percent
    """Certainty of all this [%]."""


class JudgedGrasp(_Reply):
    """One refined grasp, looked at."""

    number: int
    """The number on the picture."""
    evidence: Words
    """Parts that the hand touches, and the effect on the task."""
    serves: bool
    """True where the task can be done so."""


class RankingReply(_Reply):
    """Stage 6: refined grasps, ranked."""

    grasps: Annotated[list[JudgedGrasp], Field(min_length=1, max_length=64)]
    """Every picture once."""
    order: Annotated[list[int], Field(min_length=1, max_length=64)]
    """All numbers, the best grasp first."""
