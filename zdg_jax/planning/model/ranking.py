"""Stage 6, review: refined grasps are shown to the model, which ranks them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from zdg_jax.errors import InputError
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.planning.model.replies import RankingReply
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.model.templates import render
from zdg_jax.planning.planner import GraspReview, Ranking


def rank_by_model(
    plan: GraspPlan, images: Sequence[bytes], measures: Sequence[str], session: Session
) -> Ranking:
    """Ranks rendered grasps.

    Args:
        plan: the plan that they were refined for.
        images: one PNG file per grasp.
        measures: one text per grasp: what was measured, in lines that follow a dash.
        session: where the model is asked.

    Raises:
        InputError: there are no grasps, or not one text per grasp, or more than the model takes.
        PlannerError: the model gave no usable answer.
    """
    count = len(images)
    if not 0 < count <= session.backend.max_images or len(measures) != count:
        raise InputError(
            f"{count} pictures and {len(measures)} measures to rank; there must be one each, and "
            f"1 to {session.backend.max_images} for {session.backend.name}"
        )
    numbers = list(range(1, count + 1))

    def check(reply: RankingReply) -> list[str]:
        faults = []
        for what, given in (
            ("grasps", [grasp.number for grasp in reply.grasps]),
            ("order", reply.order),
        ):
            if sorted(given) != numbers:
                faults.append(f"{what} must name each of {numbers} once, not {given}")
        return faults

    reply = session.ask(
        RankingReply,
        stage="6-ranking",
        system=render("system"),
        prompt=render(
            "ranking",
            known=json.dumps(_known(plan), ensure_ascii=False, indent=1),
            task=json.dumps({"task": plan.prompt}, ensure_ascii=False),
            count=count,
            measures="\n\n".join(
                f"Grasp {i}\n- {lines}" for i, lines in zip(numbers, measures, strict=True)
            ),
        ),
        images=[(f"Grasp {i}.", image) for i, image in zip(numbers, images, strict=True)],
        check=check,
    )
    reviews = {g.number: GraspReview(serves=g.serves, reason=g.evidence) for g in reply.grasps}
    # The model's order, except that a grasp which it calls useless never precedes a useful one.
    order = sorted(reply.order, key=lambda number: not reviews[number].serves)
    return Ranking(
        order=tuple(number - 1 for number in order),
        reviews=tuple(reviews[number] for number in numbers),
    )


def _known(plan: GraspPlan) -> dict[str, Any]:
    names = {part.mark: part.name for part in plan.parts}
    grip = plan.grip
    return {
        "object": plan.object.category,
        "verb": plan.task.verb,
        "intent": plan.task.intent.value,
        "hold": [f"{part.mark} {names.get(part.mark, '')}".strip() for part in grip.held],
        "avoid": [f"{part.mark} {names.get(part.mark, '')}".strip() for part in grip.avoided],
        "grasp_type": grip.grasp_type.value,
    }
