"""One call from a task in words to a checked plan, whoever plans."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import logging
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.check import resolve
from zdg_jax.planning.model.backend import Backend
from zdg_jax.planning.model.cache import AnswerCache, Mode
from zdg_jax.planning.model.gemini import KEYS, Gemini
from zdg_jax.planning.model.limits import Ledger, Limits
from zdg_jax.planning.model.manual import Manual
from zdg_jax.planning.model.openai_compatible import KEY, OpenAICompatible
from zdg_jax.planning.model.ranking import Ranking, rank_by_model
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.plan import GraspPlan
from zdg_jax.planning.rules.planner import plan_by_rules
from zdg_jax.planning.transcript import write_transcript
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_log = logging.getLogger(__name__)
_MAX_TASK = 2000
_MANUAL_WAIT = 86_400.0
_PLANNERS = (
    "auto, rules, gemini[:MODEL], openai[:MODEL], manual[:FOLDER], or a path of a plan .json"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannerOptions:
    """How a model is asked. None of it matters to the rules."""

    limits: Limits = dataclasses.field(default_factory=Limits)
    """Bounds of calls, tokens, time and pace."""
    cache: Mode = "use"
    """"use" answers that are known and keep new ones; "off"; "replay" known ones only."""
    cache_folder: pathlib.Path | None = None
    """Where answers are kept; the user's cache folder if not given."""
    base_url: str | None = None
    """Another address of the model's server."""
    manual_folder: pathlib.Path = pathlib.Path("zdg-manual")
    """Where the planner "manual" puts its questions, unless its name says so."""


def plan(
    task: str,
    obj: Object,
    hand: Hand,
    *,
    planner: str | pathlib.Path = "auto",
    options: PlannerOptions | None = None,
    transcript: str | pathlib.Path | None = None,
    progress: Progress = silent,
) -> GraspPlan:
    """Plans how to hold an object for a task.

    Args:
        task: what is to be done, in words.
        obj: the object, with its marked parts.
        hand: the hand that will hold it.
        planner: "rules" (offline), "gemini[:MODEL]", "openai[:MODEL]", "manual[:FOLDER]", the
            path of a `plan.json`, or "auto": the model whose key is set, else the rules.
        options: how a model is asked.
        transcript: path of an HTML page to write, with the views beside it; none if not given.
        progress: told of the stage `plan`.

    Returns:
        A plan that fits the object and the hand.

    Raises:
        InputError: the task is empty or too long, the planner is unknown, or a plan that was
            given does not fit.
        PlannerError: the model gave no usable answer within its limits.
    """
    options = options or PlannerOptions()
    ledger = Ledger(options.limits)
    return _plan(task, obj, hand, planner, options, ledger, transcript, progress)


def plan_many(
    cases: Sequence[tuple[str, Object, Hand]],
    *,
    planner: str = "auto",
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
    options = options or PlannerOptions()
    ledger = Ledger(options.limits)

    def one(case: tuple[str, Object, Hand]) -> GraspPlan | PlannerError:
        try:
            return _plan(*case, planner, options, ledger, None, silent)
        except PlannerError as error:
            return error

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(one, cases))


def rank(
    plan: GraspPlan,
    images: Sequence[bytes],
    measures: Sequence[str],
    *,
    planner: str = "auto",
    options: PlannerOptions | None = None,
    transcript: str | pathlib.Path | None = None,
) -> Ranking | None:
    """Shows refined grasps to the model, which ranks them and names those that do not serve.

    Args:
        plan: what the grasps were refined for.
        images: one PNG file a grasp.
        measures: one line a grasp: what was measured of it.
        planner: as for `plan`.
        options: as for `plan`.
        transcript: path of an HTML page to write; none if not given.

    Returns:
        The ranking; None where no model stands behind the planner.

    Raises:
        InputError: the numbers of images and measures do not fit.
        PlannerError: the model gave no usable answer within its limits.
    """
    options = options or PlannerOptions()
    backend = _backend(str(planner), options)
    if backend is None:
        return None
    session = _session(backend, options, Ledger(options.limits))
    try:
        return rank_by_model(plan, images, measures, session)
    finally:
        if transcript is not None:
            write_transcript(pathlib.Path(transcript), plan.prompt, plan, session.exchanges)


def _plan(
    task: str,
    obj: Object,
    hand: Hand,
    planner: str | pathlib.Path,
    options: PlannerOptions,
    ledger: Ledger,
    transcript: str | pathlib.Path | None,
    progress: Progress,
) -> GraspPlan:
    task, name = _checked(task), str(planner)
    progress("plan", 0, 1)
    page = pathlib.Path(transcript) if transcript is not None else None
    session: Session | None = None
    try:
        if isinstance(planner, pathlib.Path) or name.endswith(".json"):
            made = resolve(GraspPlan.load(name), obj, hand)
        elif (backend := _backend(name, options)) is None:
            made = resolve(plan_by_rules(task, obj, hand), obj, hand)
        else:
            from zdg_jax.planning.model.model_planner import plan_by_model

            session = _session(backend, options, ledger)
            try:
                made = plan_by_model(task, obj, hand, session, progress=progress)
                made = resolve(made, obj, hand)
            except PlannerError as error:
                if name != "auto":
                    raise
                # Nobody asked for this model by name: a modest plan is better than none.
                _log.warning("%s; planning by rules instead", error)
                made = resolve(plan_by_rules(task, obj, hand), obj, hand)
                note = f"{backend.name} failed ({error}): planned by rules"
                made = made.model_copy(
                    update={"notes": [*made.notes, note], "usage": session.usage}
                )
    except PlannerError as error:
        if page is not None and session is not None:
            write_transcript(page, task, None, session.exchanges, error=str(error))
        raise
    if page is not None:
        write_transcript(page, task, made, session.exchanges if session else ())
    progress("plan", 1, 1)
    return made


def _checked(task: str) -> str:
    """The task without surrounding space."""
    task = task.strip()
    if not task:
        raise InputError('the task is empty; say what is to be done, such as "pour water"')
    if len(task) > _MAX_TASK:
        raise InputError(f"the task has {len(task)} characters, more than {_MAX_TASK}; shorten it")
    return task


def _backend(planner: str, options: PlannerOptions) -> Backend | None:
    """The model behind a planner's name; None for the rules."""
    kind, _, detail = planner.partition(":")
    replay = options.cache == "replay"
    if kind == "auto":
        if any(os.environ.get(key) for key in KEYS):
            kind = "gemini"
        elif os.environ.get(KEY):
            kind = "openai"
        else:
            kind = "rules"
    if kind == "rules":
        return None
    if kind == "gemini":
        return Gemini(detail or None, base_url=options.base_url, replay=replay)
    if kind == "openai":
        return OpenAICompatible(detail or None, base_url=options.base_url, replay=replay)
    if kind == "manual":
        return Manual(pathlib.Path(detail) if detail else options.manual_folder)
    raise InputError(f"no planner {planner!r}; there are {_PLANNERS}")


def _session(backend: Backend, options: PlannerOptions, ledger: Ledger) -> Session:
    if isinstance(backend, Manual):
        # A person takes longer than a server, and answers are worth keeping all the same.
        patient = dataclasses.replace(
            ledger.limits, call_timeout=_MANUAL_WAIT, total_time=_MANUAL_WAIT, per_minute=6000.0
        )
        ledger = Ledger(patient)
    return Session(backend, AnswerCache(options.cache_folder, options.cache), ledger)
