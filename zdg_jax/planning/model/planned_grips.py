"""From a model's answers to the grips of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zdg_jax.planning.geometry.candidates import Wanted, likeliest
from zdg_jax.planning.geometry.grasp_type import choose_type, fingers, palm, vector
from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.grip import AvoidedPart, FingerPlan, Grip, HeldPart
from zdg_jax.planning.model.case import Case
from zdg_jax.planning.model.replies import ApproachReply, FingerReply, GraspReply, PartsReply


def planned_grips(
    case: Case,
    parts: PartsReply,
    grasp: GraspReply,
    approach: ApproachReply,
    chosen: int,
    candidates: Sequence[Candidate],
) -> list[Grip]:
    """Makes the grips of a plan, the chosen one first.

    Args:
        case: the case.
        parts: the answer to stage 2.
        grasp: the answer to stage 3.
        approach: the answer to stage 4.
        chosen: index of the candidate that is taken.
        candidates: the candidates.
    """
    sure = parts.confidence / 100 * approach.confidence / 100
    if candidates[chosen].faults:
        sure *= 0.5
    first = _grip(case, parts, grasp, candidates, chosen, approach, sure)
    grips = [first]
    other = approach.second - 1
    if other != chosen and not candidates[other].faults:
        grips.append(_grip(case, parts, grasp, candidates, other, approach, 0.7 * sure))
    spare = [m for m in parts.second_choice if m not in {part.mark for part in parts.hold}]
    avoided = [part for part in parts.avoid if part.mark not in spare]
    if spare:
        marks = [part.mark for part in avoided]
        instead = Wanted(held=spare, avoided=marks, works=parts.works)
        best = likeliest(instead, case.shape, case.hand, case.around)
        kind = choose_type(case.shape, spare, best, case.hand)
        grips.append(
            Grip(
                rationale="the second choice of parts, where the first cannot be reached",
                held=[HeldPart(mark=mark, weight=1.0) for mark in spare],
                avoided=[AvoidedPart(mark=p.mark, reason=p.reason) for p in avoided],
                grasp_type=kind,
                fingers=fingers(case.hand, kind, spare[0]),
                palm=palm(best, kind, open_roll=not approach.turn_matters),
                aperture=_aperture(best.width, case),
                force=grasp.force,
                confidence=round(0.5 * sure, 3),
            )
        )
    return grips[:3]


def with_spots(grip: Grip, spots: Mapping[str, tuple[int, np.ndarray] | None]) -> Grip:
    """Puts the spots at which the model pointed into a grip.

    Args:
        grip: the grip.
        spots: mark and point (3,) of the spot of each finger that has one, object frame [m].
    """
    pointed = [
        finger.model_copy(update={"point": vector(spot[1])})
        if (spot := spots.get(finger.finger)) is not None
        else finger
        for finger in grip.fingers
    ]
    return grip.model_copy(update={"fingers": pointed})


def finger_plan(finger: FingerReply) -> FingerPlan:
    """A finger's role as a plan states it."""
    mark = None if finger.role == "idle" else finger.mark
    return FingerPlan(finger=finger.finger, role=finger.role, link=finger.link, mark=mark)


def _grip(
    case: Case,
    parts: PartsReply,
    grasp: GraspReply,
    candidates: Sequence[Candidate],
    index: int,
    approach: ApproachReply,
    confidence: float,
) -> Grip:
    heaviest = max(part.weight for part in parts.hold)
    planned = palm(
        candidates[index].approach, grasp.grasp_type, open_roll=not approach.turn_matters
    )
    return Grip(
        rationale=f"{grasp.evidence} {approach.evidence}"[:2000],
        held=[
            HeldPart(mark=p.mark, reason=p.reason, role=p.role, weight=p.weight / heaviest)
            for p in sorted(parts.hold, key=lambda part: -part.weight)
        ],
        avoided=[AvoidedPart(mark=part.mark, reason=part.reason) for part in parts.avoid],
        grasp_type=grasp.grasp_type,
        fingers=[finger_plan(finger) for finger in grasp.fingers],
        palm=planned.model_copy(
            update={
                "contact": grasp.palm_touches,
                "place": vector(candidates[index].approach.place),
                "arrow": index + 1,
            }
        ),
        aperture=_aperture(grasp.aperture_mm / 1e3, case),
        force=grasp.force,
        confidence=round(confidence, 3),
    )


def _aperture(width: float, case: Case) -> float:
    return round(float(np.clip(width, 0.002, case.hand.preshapes.max_aperture)), 4)
