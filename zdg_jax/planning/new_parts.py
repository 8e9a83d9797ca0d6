"""Parts that a plan adds to its object: where a planner pointed at what no mark showed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.grasp_plan import GraspPlan, NewPart

if TYPE_CHECKING:
    from zdg_jax.objects import Object


def object_of(plan: GraspPlan, obj: Object) -> Object:
    """Gives an object the parts that a plan adds; an object that has them stays as it is.

    Args:
        plan: the plan.
        obj: the object that it was made for.

    Returns:
        The object whose marks the plan speaks of.

    Raises:
        InputError: the plan's new parts are not of this object and its parts.
    """
    if not plan.new_parts:
        return obj
    from zdg_jax.objects.face_ranges import in_ranges
    from zdg_jax.objects.named_parts import carve

    numbers = np.arange(len(obj.faces))
    for part in plan.new_parts:
        members = in_ranges(numbers, part.faces)
        known = [p for p in obj.parts if p.mark == part.mark and p.name == part.name]
        if known and np.array_equal(np.flatnonzero(members), known[0].faces):
            continue
        obj = carve(obj, part.name, members)
    marks = {part.name: part.mark for part in obj.parts}
    for part in plan.new_parts:
        if marks.get(part.name) != part.mark:
            raise InputError(
                f"the plan's new part '{part.name}' has the mark {part.mark} in the plan, but not "
                f"on this {obj.name}: its parts are others than when it was planned; plan again"
            )
    return obj


def added_parts(obj: Object, names: Iterable[str]) -> list[NewPart]:
    """Describes named parts of an object as a plan keeps them, in the order of their marks.

    Args:
        obj: the object, with the parts.
        names: their names.
    """
    from zdg_jax.objects.face_ranges import to_ranges

    wanted = set(names)
    return [
        NewPart(mark=part.mark, name=part.name, faces=to_ranges(part.faces))
        for part in obj.parts
        if part.name in wanted
    ]
