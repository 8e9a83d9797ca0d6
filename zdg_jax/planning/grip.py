"""Grips: which parts to hold, with which fingers, from where and how hard."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from zdg_jax.planning.field_types import (
    Direction,
    Finite,
    Mark,
    PlanModel,
    Share,
    Text,
    Vector,
    unit,
)
from zdg_jax.planning.taxonomy import STYLES, GraspType, Style

INDIFFERENT = 0.3
"""Confidence up to which a grip's parts are a preference: any part would do."""
_ROLL_TOLERANCE = math.radians(5.0)


class Force(StrEnum):
    """Level of force with which the hand squeezes."""

    LIGHT = "light"
    MODERATE = "moderate"
    FIRM = "firm"

    @property
    def factor(self) -> float:
        """Factor on the force that the squeeze is set to."""
        return {Force.LIGHT: 0.8, Force.MODERATE: 1.0, Force.FIRM: 1.25}[self]


class Side(StrEnum):
    """Side of the object that the palm comes from."""

    ABOVE = "above"
    SIDE = "side"
    BELOW = "below"


class HeldPart(PlanModel):
    """A part that the hand touches."""

    mark: Mark
    """Number of the part on the object."""
    reason: Text = ""
    """Reason to hold it."""
    role: Text = "grip"
    """Role of the part in the grasp, such as "grip", "support" or "steady"."""
    weight: Share = 1.0
    """Share of the contact that belongs here, relative to the other held parts."""


class AvoidedPart(PlanModel):
    """A part that no link may touch."""

    mark: Mark
    """Number of the part on the object."""
    reason: Text = ""
    """Reason to keep off."""


class FingerPlan(PlanModel):
    """Role of one finger."""

    finger: Text
    """Name of the finger on the hand."""
    role: Literal["oppose", "press", "wrap", "support", "steer", "idle"]
    """Role of the finger; idle fingers keep clear of the object."""
    link: Text = "tip"
    """Link that touches: "tip", "middle", "base", or a name of the hand's own links."""
    mark: Mark | None = None
    """Part that it touches."""
    point: Vector | None = None
    """Point that it touches, object frame [m], where it is known that well."""


class PalmPlan(PlanModel):
    """Pose of the palm as it comes to the object."""

    contact: bool
    """True where the palm touches the object."""
    approach: Direction
    """Direction along which the palm moves towards the object, object frame: the way that the
    palm's contact face looks."""
    thumb: Direction | None = None
    """Direction from the middle of the palm to the thumb's side, across the fingers, object
    frame; made square to the approach. None leaves the roll open."""
    roll: Finite | None = None
    """The thumb's direction as an angle about the approach [rad], counted right-handed from the
    part of +z square to the approach (+x where the approach is within 10 degrees of z)."""
    asked: Side | None = None
    """Side that the task's words ask the palm to come from: the approach then binds whether or not
    the grip does."""
    place: Vector | None = None
    """Middle of what the hand closes on, object frame [m], where one place along the held parts is
    wanted."""
    arrow: Annotated[int, Field(ge=1)] | None = None
    """Number of the hand in the pictures from which a model chose this approach."""

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


class Grip(PlanModel):
    """One way to hold the object for the task."""

    rationale: Text = ""
    """Reason why this grip serves the task."""
    held: list[HeldPart] = Field(min_length=1, max_length=64)
    """Parts to touch, the most important first."""
    avoided: list[AvoidedPart] = Field(default_factory=list, max_length=64)
    """Parts to keep off."""
    grasp_type: GraspType
    """Type of grasp by which the hand closes."""
    fingers: list[FingerPlan] = Field(default_factory=list, max_length=16)
    """Roles of the fingers; those that are not named follow the grasp type."""
    palm: PalmPlan
    """Pose of the palm as it comes to the object."""
    aperture: Annotated[float, Field(gt=0, le=1.0)]
    """Width of the held part across which thumb and fingers close [m]."""
    force: Force = Force.MODERATE
    """Force of the squeeze."""
    confidence: Share
    """Certainty of the planner; a less certain grip binds less."""

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
    def binding(self) -> float:
        """Weight of the grip in the choice among grasps, in [0, 1].

        Up to `INDIFFERENT`, as for "pick it up", seeds and refinement follow it, and of what comes
        of them those that promise to hold are taken.
        """
        return max(0.0, self.confidence - INDIFFERENT) / (1 - INDIFFERENT)

    @property
    def style(self) -> Style:
        """Demands of the grasp type on a hand."""
        return STYLES[self.grasp_type]


def roll_frame(approach: Vector) -> tuple[Vector, Vector]:
    """Gives the directions from which the roll about an approach is counted.

    Args:
        approach: unit direction of the approach, object frame.

    Returns:
        Unit directions of roll 0 and of roll 90 degrees, square to the approach.
    """
    reference = (
        (0.0, 0.0, 1.0) if abs(approach[2]) < math.cos(math.radians(10)) else (1.0, 0.0, 0.0)
    )
    along = _dot(reference, approach)
    first = unit(
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
