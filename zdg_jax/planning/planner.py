"""The planner protocol: plans grasps for a task, and may judge the grasps made of a plan."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from zdg_jax.errors import InputError
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.runtime.kinds import check_kind, has_controls
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_MAX_TASK = 2000


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspReview:
    """Judgement of one refined grasp."""

    serves: bool
    """True where the task can be done with it."""
    reason: str
    """Evidence for the judgement."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ranking:
    """Judgement of several refined grasps."""

    order: tuple[int, ...]
    """Indices of the grasps from 0, the best first; those that do not serve come last."""
    reviews: tuple[GraspReview, ...]
    """One per grasp, in the order in which they were shown."""


class Planner(Protocol):
    """Plans grasps for tasks. Any object with these methods will do."""

    @property
    def reviews(self) -> bool:
        """True where `review` judges grasps; else no pictures are drawn for it."""

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
        """Plans how to hold an object for a task.

        Args:
            task: what is to be done, in words.
            obj: the object, with its marked parts.
            hand: the hand that will hold it.
            scene: what the object stands on and what is around it; passed only where there is one.
            transcript: path of an HTML page to write, with the views beside it; none if not given.
            progress: told of the stage `plan`.

        Returns:
            A plan that fits the object and the hand, as `zdg_jax.planning.resolve` checks.

        Raises:
            InputError: the task is empty or too long, no plan fits the object and the hand, or the
                object does not fit the scene.
            PlannerError: no plan was found.
        """

    def review(
        self,
        plan: GraspPlan,
        images: Sequence[bytes],
        measures: Sequence[str],
        *,
        transcript: str | pathlib.Path | None = None,
    ) -> Ranking | None:
        """Judges grasps that were refined for a plan, whoever made it.

        Args:
            plan: the plan.
            images: one PNG file per grasp.
            measures: one line per grasp: what was measured of it.
            transcript: path of an HTML page to write; none if not given.

        Returns:
            The ranking; None from a planner that does not judge grasps.

        Raises:
            InputError: the numbers of images and measures do not fit.
            PlannerError: no usable judgement was found.
        """


def checked_task(task: str) -> str:
    """Strips a task of surrounding space.

    Args:
        task: the task in words.

    Raises:
        InputError: the task is no text, empty or too long.
    """
    check_kind("task", task, str, "what is to be done, in words")
    try:
        task.encode()
    except UnicodeEncodeError:
        raise InputError("the task holds bytes that are no UTF-8 text; write it anew") from None
    if has_controls(task, lines=True):
        raise InputError(f"the task holds characters that cannot be printed: {task[:60]!r}")
    task = task.strip()
    if not task:
        raise InputError('the task is empty; say what is to be done, such as "pour water"')
    if len(task) > _MAX_TASK:
        raise InputError(f"the task has {len(task)} characters, more than {_MAX_TASK}; shorten it")
    return task
