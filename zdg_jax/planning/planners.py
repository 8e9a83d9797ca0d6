"""Planners by name, and one call from a task in words to a checked plan."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.fallback import FallbackPlanner
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.planning.model.backend import Backend
from zdg_jax.planning.model.gemini import KEYS, Gemini
from zdg_jax.planning.model.manual import Manual
from zdg_jax.planning.model.model_planner import ModelPlanner
from zdg_jax.planning.model.openai_compatible import KEY, OpenAICompatible
from zdg_jax.planning.model.options import PlannerOptions
from zdg_jax.planning.planner import Planner, checked_task
from zdg_jax.planning.rules.rules_planner import RulesPlanner
from zdg_jax.planning.saved_plan import SavedPlan
from zdg_jax.runtime.forks import check_not_forked
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_NAMES = "auto, rules, gemini[:MODEL], openai[:MODEL], manual[:FOLDER], or a path of a plan .json"


def planner_from_name(name: str, options: PlannerOptions | None = None) -> Planner:
    """Makes the planner that a name stands for.

    Args:
        name: "rules" (offline), "gemini[:MODEL]", "openai[:MODEL]", "manual[:FOLDER]", the path
            of a `plan.json`, or "auto": the model whose key is set, which gives way to the rules
            where it fails, else the rules.
        options: how a model is asked.

    Raises:
        InputError: the name stands for no planner, a model's key is missing, or the file holds no
            plan.
    """
    options = options or PlannerOptions()
    if name.endswith(".json"):
        return SavedPlan(name)
    kind, _, detail = name.partition(":")
    if name == "auto":
        model = _model_with_key()
        if not model:
            return RulesPlanner()
        return FallbackPlanner(
            ModelPlanner(_backend(model, "", options), options), fallback=RulesPlanner()
        )
    if name == "rules":
        return RulesPlanner()
    if kind in ("gemini", "openai", "manual"):
        return ModelPlanner(_backend(kind, detail, options), options)
    raise InputError(f"no planner {name!r}; there are {_NAMES}")


def as_planner(
    planner: str | pathlib.Path | GraspPlan | Planner, options: PlannerOptions | None = None
) -> Planner:
    """Makes a planner of whatever stands for one.

    Args:
        planner: a name (see `planner_from_name`), the path of a plan, a plan, or a planner.
        options: how a model is asked, where `planner` is a name.

    Raises:
        InputError: as `planner_from_name`.
    """
    if isinstance(planner, str):
        return planner_from_name(planner, options)
    if isinstance(planner, GraspPlan | pathlib.Path):
        return SavedPlan(planner)
    if not hasattr(planner, "plan"):
        raise InputError(
            f"planner is of the type {type(planner).__name__}; give a planner, its name, a plan or "
            "the path of one"
        )
    return planner


def plan(
    task: str,
    obj: Object,
    hand: Hand,
    *,
    planner: str | pathlib.Path | GraspPlan | Planner = "auto",
    options: PlannerOptions | None = None,
    scene: Scene | None = None,
    transcript: str | pathlib.Path | None = None,
    progress: Progress = silent,
) -> GraspPlan:
    """Plans how to hold an object for a task.

    Args:
        task: what is to be done, in words.
        obj: the object, with its marked parts.
        hand: the hand that will hold it.
        planner: who plans: anything that `as_planner` takes.
        options: how a model is asked, where `planner` is a name.
        scene: what the object stands on and what is around it; nothing if not given.
        transcript: path of an HTML page to write, with the views beside it; none if not given.
        progress: told of the stage `plan`.

    Returns:
        A plan that fits the object and the hand.

    Raises:
        InputError: the task is empty or too long, the planner is unknown, or a plan that was
            given does not fit.
        PlannerError: the model gave no usable answer within its limits.
    """
    check_not_forked()
    checked_task(task)
    for name, value, mark, call in (
        ("obj", obj, "mesh_hash", "Object.from_mesh(PATH)"),
        ("hand", hand, "fingers", "Hand.load(NAME_OR_PATH)"),
    ):
        if not hasattr(value, mark):  # stand-ins serve
            raise InputError(f"{name} is of the type {type(value).__name__}; give {call}")
    chosen = as_planner(planner, options)
    progress("plan", 0, 1)
    # Planners that know of no scenes still serve where there is none.
    where = {} if scene is None else {"scene": scene}
    return chosen.plan(task, obj, hand, transcript=transcript, progress=progress, **where)


def plan_many(
    cases: Sequence[tuple[str, Object, Hand]],
    *,
    planner: str | Planner = "auto",
    options: PlannerOptions | None = None,
    workers: int = 4,
) -> list[GraspPlan | PlannerError]:
    """Plans for several objects at once, under one budget and one pace.

    Args:
        cases: tasks, objects and hands.
        planner: as for `plan`.
        options: as for `plan`; the limits on calls, tokens and pace hold for all cases together.
        workers: most questions that wait for an answer at once.

    Returns:
        A plan for each case, or the error that it ended with; one failure spares the others.

    Raises:
        InputError: a case cannot be planned at all.
    """
    chosen = as_planner(planner, options)

    def plan_case(case: tuple[str, Object, Hand]) -> GraspPlan | PlannerError:
        try:
            return chosen.plan(*case)
        except PlannerError as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(plan_case, cases))


def _model_with_key() -> str:
    """Names the kind of model whose key is set; "" where none is."""
    if any(os.environ.get(key) for key in KEYS):
        return "gemini"
    return "openai" if os.environ.get(KEY) else ""


def _backend(kind: str, detail: str, options: PlannerOptions) -> Backend:
    if kind == "manual":
        return Manual(pathlib.Path(detail or options.manual_folder))
    maker = Gemini if kind == "gemini" else OpenAICompatible
    return maker(detail or None, base_url=options.base_url, replay=options.cache == "replay")
