"""One call from a task in words to a checked plan, whoever plans."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from zdg_jax.errors import InputError
from zdg_jax.planning.check import resolve
from zdg_jax.planning.plan import GraspPlan
from zdg_jax.planning.rules import plan_by_rules

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_MAX_TASK = 2000


def plan(
    task: str,
    obj: Object,
    hand: Hand,
    *,
    planner: str | pathlib.Path = "auto",
) -> GraspPlan:
    """Plans how to hold an object for a task.

    Args:
        task: what is to be done, in words.
        obj: the object, with its marked parts.
        hand: the hand that will hold it.
        planner: "rules" (offline), "auto", or the path of a `plan.json`.

    Returns:
        A plan that fits the object and the hand.

    Raises:
        InputError: the task is empty or too long, the planner is unknown, or a plan that was
            given does not fit.
    """
    task = check_task(task)
    name = str(planner)
    if isinstance(planner, pathlib.Path) or name.endswith(".json"):
        return resolve(GraspPlan.load(planner), obj, hand)
    if name in ("rules", "auto"):
        return resolve(plan_by_rules(task, obj, hand), obj, hand)
    raise InputError(f"no planner {name!r}; there are auto, rules, or the path of a plan .json")


def check_task(task: str) -> str:
    """The task without surrounding space.

    Raises:
        InputError: it is empty, or longer than 2000 characters.
    """
    task = task.strip()
    if not task:
        raise InputError('the task is empty; say what is to be done, such as "pour water"')
    if len(task) > _MAX_TASK:
        raise InputError(f"the task has {len(task)} characters, more than {_MAX_TASK}; shorten it")
    return task
