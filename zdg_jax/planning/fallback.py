"""A model as long as it answers, and another planner where it fails."""

from __future__ import annotations

import logging
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.errors import PlannerError
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.planning.model.model_planner import ModelPlanner
from zdg_jax.planning.planner import Planner, Ranking
from zdg_jax.planning.transcript import write_transcript
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_log = logging.getLogger(__name__)


class FallbackPlanner:
    """Asks a model that nobody named: where it fails, a modest plan is better than none."""

    reviews = True

    def __init__(self, model: ModelPlanner, fallback: Planner) -> None:
        """Takes both planners.

        Args:
            model: the planner that is asked first.
            fallback: the planner that plans where the model gives no usable answer.
        """
        self._model, self._fallback = model, fallback

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
        """Plans, see `Planner.plan`. A plan of the fallback notes why the model gave none."""
        session = self._model.session()
        try:
            plan = self._model.plan_in(session, task, obj, hand, progress, scene)
        except PlannerError as error:
            _log.warning("%s; planning without the model", error)
            plan = self._fallback.plan(task, obj, hand, scene=scene, progress=progress)
            note = f"{session.backend.name} failed ({error}): planned by {plan.planner}"
            plan = plan.model_copy(update={"notes": [*plan.notes, note], "usage": session.usage})
        if transcript is not None:
            write_transcript(pathlib.Path(transcript), task, plan, session.exchanges)
        return plan

    def review(
        self,
        plan: GraspPlan,
        images: Sequence[bytes],
        measures: Sequence[str],
        *,
        transcript: str | pathlib.Path | None = None,
    ) -> Ranking | None:
        """Lets the model judge, see `Planner.review`."""
        return self._model.review(plan, images, measures, transcript=transcript)
