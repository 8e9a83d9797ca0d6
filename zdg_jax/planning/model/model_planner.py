"""The planner that asks a multimodal model."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.errors import PlannerError
from zdg_jax.planning.check import resolve
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.planning.model.answer_cache import AnswerCache
from zdg_jax.planning.model.backend import Backend
from zdg_jax.planning.model.budget import CallBudget
from zdg_jax.planning.model.options import PlannerOptions
from zdg_jax.planning.model.ranking import rank_by_model
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.planner import Ranking, checked_task
from zdg_jax.planning.transcript import write_transcript
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene


class ModelPlanner:
    """Plans and judges grasps by asking a model; may be shared between threads.

    All that one planner asks counts against one budget: a second planner has its own.
    """

    reviews = True

    def __init__(self, backend: Backend, options: PlannerOptions | None = None) -> None:
        """Prepares the planner; nothing is asked yet.

        Args:
            backend: the way to the model.
            options: how it is asked.
        """
        self._backend, self._options = backend, options or PlannerOptions()
        limits = self._options.limits
        self._budget = CallBudget(limits.patient() if backend.answered_by_hand else limits)

    def session(self) -> Session:
        """Opens a session under this planner's budget, for `plan_in`."""
        cache = AnswerCache(self._options.cache_folder, self._options.cache)
        return Session(self._backend, cache, self._budget)

    def plan(
        self,
        task: str,
        obj: Object,
        hand: Hand,
        *,
        scene: Scene | None = None,
        transcript: str | pathlib.Path | None = None,
        progress: Progress = silent,
    ) -> GraspPlan:
        """Plans, see `Planner.plan`. The transcript is written where planning fails too."""
        session = self.session()
        plan, error = None, ""
        try:
            plan = self.plan_in(session, task, obj, hand, progress, scene)
        except PlannerError as failure:
            error = str(failure)
            raise
        finally:
            if transcript is not None and (plan or error):
                page = pathlib.Path(transcript)
                write_transcript(page, task, plan, session.exchanges, error=error)
        return plan

    def plan_in(
        self,
        session: Session,
        task: str,
        obj: Object,
        hand: Hand,
        progress: Progress = silent,
        scene: Scene | None = None,
    ) -> GraspPlan:
        """Plans in a session that the caller keeps, and that tells afterwards what was asked.

        Args:
            session: where the model is asked.
            task: what is to be done, in words.
            obj: the object.
            hand: the hand.
            progress: told of the stage `plan`.
            scene: what the object stands on and what is around it; nothing if not given.

        Raises:
            InputError: the task is empty or too long, or the object does not fit the scene.
            PlannerError: the model gave no usable answer within its limits.
        """
        # Imported here: drawing costs time that other planners need not spend.
        from zdg_jax.planning.model.staged_plan import plan_by_model

        task = checked_task(task)
        plan = plan_by_model(
            task,
            obj,
            hand,
            session,
            pictures=self._options.pictures,
            progress=progress,
            scene=scene,
        )
        progress("plan", 10, 10)
        return resolve(plan, obj, hand)

    def review(
        self,
        plan: GraspPlan,
        images: Sequence[bytes],
        measures: Sequence[str],
        *,
        transcript: str | pathlib.Path | None = None,
    ) -> Ranking | None:
        """Ranks grasps, see `Planner.review`."""
        session = self.session()
        try:
            return rank_by_model(plan, images, measures, session)
        finally:
            if transcript is not None:
                write_transcript(pathlib.Path(transcript), plan.prompt, plan, session.exchanges)
