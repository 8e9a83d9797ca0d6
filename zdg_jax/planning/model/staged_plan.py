"""From a model's answers to a plan: the stages in order, with our own checks between them."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.planning.check import with_mass
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.grasp_type import choose_type, fingers, palm, vector
from zdg_jax.planning.geometry.parts import coarse_parts, measure
from zdg_jax.planning.geometry.verify import Candidate, place
from zdg_jax.planning.geometry.wrenches import motion_axis, task_wrenches
from zdg_jax.planning.grasp_plan import GraspPlan, ObjectReading, PartReading, TaskReading
from zdg_jax.planning.grip import AvoidedPart, FingerPlan, Grip, HeldPart
from zdg_jax.planning.model.backend import spot_xy
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.planning.model.pictures import Picturing
from zdg_jax.planning.model.pointed_parts import Pointed, add_pointed, renamed
from zdg_jax.planning.model.questions import Case, ask_approach, ask_grasp, ask_object, ask_parts
from zdg_jax.planning.model.replies import (
    ApproachReply,
    FingerReply,
    GraspReply,
    ObjectReply,
    PartsReply,
)
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.new_parts import added_parts
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_log = logging.getLogger(__name__)
_CANDIDATES = 6
_WISHES = 2  # times that other hands are made to a wish
_WISHED = 10.0  # weight of a wish for the thumb, against what geometry says alone
_AXES = {
    sign + name: (1.0 if sign == "+" else -1.0) * np.eye(3)[i]
    for i, name in enumerate("xyz")
    for sign in "+-"
}


def plan_by_model(
    task: str,
    obj: Object,
    hand: Hand,
    session: Session,
    *,
    pictures: PictureSize,
    progress: Progress = silent,
    scene: Scene | None = None,
) -> GraspPlan:
    """Plans a grasp with a multimodal model, stage by stage.

    Args:
        task: what is to be done, in words.
        obj: the object, with its marked parts.
        hand: the hand.
        session: where the model is asked.
        pictures: sizes of the pictures that it is shown.
        progress: told of the stage `plan`.
        scene: what the object stands on and what is around it: the pictures show it, and hands
            for which it leaves no room are not offered. Where it says how the object stands, the
            model's word for that does not count.

    Returns:
        A plan that is still to be checked with `zdg_jax.planning.resolve`.

    Raises:
        PlannerError: the model gave no usable answer within the session's limits.
    """
    case = Case(task=task, shape=measure(obj), hand=hand, session=session)
    around = None if scene is None or scene.leaves_up_open else Surroundings.of(scene, obj)
    picturing = Picturing(obj, hand, session.backend.max_side, pictures, around)
    progress("plan", 0, 10)
    views = picturing.parts()
    progress("plan", 1, 10)
    seen = ask_object(case, views, coarse_parts(obj))
    pointed = Pointed(obj=obj, names=(), notes=())
    if seen.pointed:
        shown = [view.faces for view in picturing.seen]
        pointed = add_pointed(obj, seen, session, shown, lambda o: picturing.of(o).parts())
        seen, obj = renamed(seen, obj, pointed), pointed.obj
        case = dataclasses.replace(case, shape=measure(obj))
        picturing = picturing.of(obj)
        views = picturing.parts()
    if scene is not None and around is None:
        x, y, z = _AXES[seen.up].tolist()
        around = Surroundings.of(scene, obj, (x, y, z))
        picturing.surround(around)
    upright = _AXES[seen.up] if around is None else around.up
    shape = dataclasses.replace(case.shape, upright=upright)
    case = dataclasses.replace(case, shape=shape, around=around)
    known: dict[str, Any] = {"object": seen.model_dump(mode="json", exclude={"pointed"})}
    progress("plan", 3, 10)
    parts = ask_parts(case, views, known)
    known = _brief(seen) | {"parts": parts.model_dump(mode="json")}
    held = [part.mark for part in parts.hold]
    avoided = [part.mark for part in parts.avoid]
    candidates = _candidates(case, obj, held, avoided, parts)
    progress("plan", 5, 10)
    widths = [candidate.approach.width for candidate in candidates]
    span = (min(widths), max(widths))

    def locate(finger: FingerReply) -> tuple[int, np.ndarray] | None:
        return picturing.locate(finger.view, *spot_xy(session.backend, finger.spot))

    grasp = ask_grasp(case, views, known, held, span, locate)
    spots = {f.finger: locate(f) for f in grasp.fingers if f.view and f.role != "idle"}
    known |= {"grasp": grasp.model_dump(mode="json")}
    progress("plan", 7, 10)

    def others(wish: ApproachReply) -> list[Candidate]:
        return _candidates(case, obj, held, avoided, parts, wish)

    approach, chosen, candidates, notes = _approach(case, picturing, known, candidates, others)
    grips = _grips(case, obj, parts, grasp, approach, chosen, candidates)
    grips[0] = _point(grips[0], spots)
    return _plan(case, pointed, seen, parts, grips, [*pointed.notes, *notes])


def _candidates(
    case: Case,
    obj: Object,
    held: Sequence[int],
    avoided: Sequence[int],
    parts: PartsReply,
    wish: ApproachReply | None = None,
) -> list[Candidate]:
    """Hands to choose from; those that come nearest to a wish for others, where there is one."""
    towards = None
    works = [case.shape.part(mark).center for mark in parts.works if mark not in held]
    if works:
        towards = np.mean(works, axis=0) - np.mean(
            [case.shape.part(mark).center for mark in held], axis=0
        )
        towards = towards / max(float(np.linalg.norm(towards)), 1e-6)
    if wish is not None:
        towards = _WISHED * _AXES[wish.thumb_wish] if wish.thumb_wish in _AXES else towards
    proposed = propose(
        case.shape,
        held,
        avoided,
        strain=case.hand.preshapes.strain,
        thumb_towards=towards,
        around=case.around,
        number=_CANDIDATES,
        palm_towards=None if wish is None else _AXES.get(wish.palm_wish),
    )
    return [place(a, held, avoided, case.shape, obj, case.hand) for a in proposed]


def _approach(
    case: Case,
    picturing: Picturing,
    known: dict[str, Any],
    candidates: list[Candidate],
    others: Callable[[ApproachReply], list[Candidate]],
) -> tuple[ApproachReply, int, list[Candidate], list[str]]:
    """Stages 4 and 5: asks, checks the choice, and asks again with the failure named.

    Where none of the hands pleases, others are made to the model's wish, a few times.
    """
    images = picturing.candidates(candidates)
    failures: dict[int, str] = {}
    reply = ask_approach(case, images, known, candidates, [])
    notes = []
    for _ in range(_WISHES):
        if reply.best:
            break
        candidates = others(reply)
        images = picturing.candidates(candidates)
        reply = ask_approach(case, images, known, candidates, [])
    if not reply.best:
        notes.append("none of the hands pleased the model: the likeliest is taken")
        reply = reply.model_copy(update={"best": 1, "second": min(2, len(candidates))})
    for _ in range(case.session.reasks):
        if not candidates[reply.best - 1].faults or len(failures) == len(candidates):
            break
        for number in {reply.best, reply.second}:
            if candidates[number - 1].faults:
                failures[number] = f"hand {number}: " + "; ".join(candidates[number - 1].faults)
        again = ask_approach(case, images, known, candidates, list(failures.values()))
        if not again.best:
            break
        reply = again
    usable = [i for i, candidate in enumerate(candidates) if not candidate.faults]
    for index in (reply.best - 1, reply.second - 1, *usable):
        if index in usable:
            against = failures.get(reply.best, "")
            notes += [f"not taken: {against}"] if index != reply.best - 1 else []
            return reply, index, candidates, notes
    against = "; ".join(candidates[reply.best - 1].faults)
    _log.warning("no approach passes the geometric check: %s", against)
    notes.append(f"no approach passes the geometric check: {against}")
    return reply, reply.best - 1, candidates, notes


def _grips(
    case: Case,
    obj: Object,
    parts: PartsReply,
    grasp: GraspReply,
    approach: ApproachReply,
    chosen: int,
    candidates: Sequence[Candidate],
) -> list[Grip]:
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
        best = _candidates(case, obj, spare, marks, parts)[0].approach
        kind = choose_type(case.shape, spare, best)
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


def _point(grip: Grip, spots: Mapping[str, tuple[int, np.ndarray] | None]) -> Grip:
    """Puts the spots at which the model pointed into a grip."""
    pointed = [
        finger.model_copy(update={"point": vector(spot[1])})
        if (spot := spots.get(finger.finger)) is not None
        else finger
        for finger in grip.fingers
    ]
    return grip.model_copy(update={"fingers": pointed})


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
        fingers=[
            FingerPlan(
                finger=f.finger, role=f.role, link=f.link, mark=None if f.role == "idle" else f.mark
            )
            for f in grasp.fingers
        ],
        palm=planned.model_copy(update={"contact": grasp.palm_touches, "arrow": index + 1}),
        aperture=_aperture(grasp.aperture_mm / 1e3, case),
        force=grasp.force,
        confidence=round(confidence, 3),
    )


def _plan(
    case: Case,
    pointed: Pointed,
    seen: ObjectReply,
    parts: PartsReply,
    grips: Sequence[Grip],
    notes: Sequence[str],
) -> GraspPlan:
    obj = pointed.obj
    held = [part.mark for part in parts.hold]
    worked = [mark for mark in parts.works if mark not in held]
    axis = motion_axis(seen.motion, case.shape, held, worked)
    described = ObjectReading(
        evidence=seen.evidence,
        category=seen.category,
        largest_size=float(case.shape.size.max()),
        upright=vector(case.shape.upright),
        mass_evidence=seen.mass_evidence,
        mass=None if seen.mass_g is None else seen.mass_g / 1e3,
        mass_source=None if seen.mass_g is None else "model",
        material=seen.material,
    )
    described = with_mass(described, obj, case.task)
    return GraspPlan(
        prompt=case.task,
        object=described,
        parts=[
            PartReading(mark=p.mark, evidence=p.evidence, name=p.name, function=p.function)
            for p in seen.parts
        ],
        new_parts=added_parts(obj, pointed.names),
        task=TaskReading(
            evidence=seen.task_evidence,
            verb=seen.verb,
            intent=seen.intent,
            motion=seen.motion,
            motion_axis=None if axis is None else vector(axis),
            wrenches=task_wrenches(
                seen.motion, axis, case.shape, obj, worked, described.mass or obj.mass
            ),
        ),
        grip=grips[0],
        alternatives=list(grips[1:]),
        notes=list(notes),
        planner=case.session.backend.name,
        mesh_hash=obj.mesh_hash,
        hand=case.hand.name,
        usage=case.session.usage,
    )


def _brief(seen: ObjectReply) -> dict[str, Any]:
    """Reduces the first stage's answer to what later ones need: names, not evidence."""
    return {
        "object": seen.category,
        "up": seen.up,
        "part_names": {part.mark: part.name for part in seen.parts},
        "verb": seen.verb,
        "intent": seen.intent.value,
        "motion": seen.motion.value,
    }


def _aperture(width: float, case: Case) -> float:
    return round(float(np.clip(width, 0.002, case.hand.preshapes.max_aperture)), 4)
