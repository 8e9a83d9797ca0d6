"""Fields that plans are made of: numbers, directions and texts within bounds."""

from __future__ import annotations

import math
from typing import Annotated

import pydantic
from pydantic import AfterValidator, ConfigDict, Field

_ROUNDING = 1e-12
_LARGEST = 1e4
"""Greatest coordinate [m], force [N] or torque [N m] that a plan states."""


def unit(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    """Scales a vector to length 1.

    Args:
        vector: any vector.

    Raises:
        ValueError: it has no length, or one that is not finite.
    """
    length = math.hypot(*vector)
    if not math.isfinite(length) or length < 1e-6:
        raise ValueError(f"a direction needs a finite length above 0, got {vector}")
    if abs(length - 1.0) < _ROUNDING:  # what was read and written again stays as it is
        return vector
    return (vector[0] / length, vector[1] / length, vector[2] / length)


Finite = Annotated[float, Field(allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
Vector = tuple[Finite, Finite, Finite]
Direction = Annotated[Vector, AfterValidator(unit)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Mark = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(max_length=2000)]


class PlanModel(pydantic.BaseModel):
    """Base of everything in a plan: immutable, and refusing fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
