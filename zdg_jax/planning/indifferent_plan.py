"""A plan that binds nothing: what is made for it has the shapes of what is made for any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.grasp_plan import GraspPlan, Intent, ObjectReading, TaskReading
from zdg_jax.planning.grip import Grip, HeldPart, PalmPlan
from zdg_jax.planning.taxonomy import GraspType

if TYPE_CHECKING:
    from zdg_jax.objects import Object


def indifferent_plan(obj: Object) -> GraspPlan:
    """Returns a plan that binds nothing.

    Args:
        obj: the object.
    """
    size = float(np.ptp(obj.vertices, axis=0).max())
    return GraspPlan(
        object=ObjectReading(category=obj.name or "object", largest_size=size),
        task=TaskReading(verb="hold", intent=Intent.HOLD),
        grip=Grip(
            held=[HeldPart(mark=part.mark) for part in obj.parts[:1]],
            grasp_type=GraspType.PALMAR_PINCH,
            palm=PalmPlan(contact=False, approach=(0.0, 0.0, -1.0)),
            aperture=0.05,
            confidence=0.0,
        ),
    )
