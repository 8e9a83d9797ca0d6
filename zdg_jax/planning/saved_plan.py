"""A planner that gives a plan which exists already."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.planning.check import resolve
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.planning.planner import Ranking, checked_task
from zdg_jax.planning.transcript import write_transcript
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene


class SavedPlan:
    """Gives one plan for every task, and checks it against each object and hand."""

    reviews = False

    def __init__(self, plan: GraspPlan | str | pathlib.Path) -> None:
        """Takes a plan, or reads one.

        Args:
            plan: the plan, or the path of a `plan.json`.

        Raises:
            InputError: the file cannot be read, or is no plan.
        """
        self._plan = plan if isinstance(plan, GraspPlan) else GraspPlan.load(plan)

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
        """Gives the plan, see `Planner.plan`; of the task only the transcript speaks."""
        task = checked_task(task)
        resolved = resolve(self._plan, obj, hand)
        if transcript is not None:
            # Imported here: drawing costs time that a plan alone need not spend.
            from zdg_jax.planning.model.pictures import marked_views

            pictures = marked_views(obj, hand)
            write_transcript(pathlib.Path(transcript), task, resolved, pictures=pictures)
        progress("plan", 1, 1)
        return resolved

    def review(
        self,
        plan: GraspPlan,
        images: Sequence[bytes],
        measures: Sequence[str],
        *,
        transcript: str | pathlib.Path | None = None,
    ) -> Ranking | None:
        """Gives None: a file judges no grasps."""
        return None
