"""The energy terms of a grasp: name, function and default weight of each, in one table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import jax

from zdg_jax.energy import contact, penetration, surroundings, task, wrench
from zdg_jax.energy.state import GraspState, Problem
from zdg_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Term:
    """One energy term. Terms are static in compiled programs: their weights are not."""

    name: str
    """Name under which weights, results and saved grasps know it."""
    function: Callable[[GraspState, Problem], jax.Array]
    """Unweighted value of one grasp, (): a pure, traceable function, differentiable in the state.
    It must be hashable, and equal from call to call if programs are not to be compiled anew: a
    function of a module, or a frozen dataclass with `__call__`."""
    weight: float = dataclasses.field(compare=False)
    """Weight where a configuration names no other."""


TERMS: tuple[Term, ...] = (
    Term("contact", contact.contact_distance, 300.0),
    Term("normal_alignment", contact.normal_alignment, 0.1),
    Term("wrench", wrench.wrench_residual, 20.0),
    Term("force_closure", wrench.force_closure, 0.0),
    Term("surface_penetration", penetration.surface_penetration, 30.0),
    Term("inscribed_penetration", penetration.inscribed_penetration, 100.0),
    Term("self_penetration", penetration.self_penetration, 270.0),
    Term("scene_penetration", surroundings.scene_penetration, 100.0),
    Term("on_top", surroundings.on_top, 4.0),
    Term("held", task.held, 600.0),
    Term("avoided", task.avoided, 300.0),
    Term("rest", task.rest, 300.0),
    Term("fingers", task.fingers, 50.0),
    Term("idle", task.idle, 50.0),
    Term("approach", task.approach, 3.0),
    Term("thumb", task.thumb, 2.0),
    Term("extended", task.extended, 5.0),
)
"""The library's terms. A configuration adds others: `RefineConfig(extra_terms=(...,))`."""


def evaluate(terms: Sequence[Term], state: GraspState, problem: Problem) -> dict[str, jax.Array]:
    """Evaluate energy terms of one grasp.

    Args:
        terms: the terms.
        state: from `grasp_state`, with the contact forces of `with_contact_forces`.
        problem: hand, object and targets.

    Returns:
        Unweighted values by name, each (), in the order of the terms.

    Raises:
        InputError: a term's value is no scalar.
    """
    values = {term.name: term.function(state, problem) for term in terms}
    for name, value in values.items():
        if value.shape:
            raise InputError(
                f"energy term {name!r} has shape {value.shape}; it must be () for one grasp:"
                " sum or average its parts"
            )
    return values
