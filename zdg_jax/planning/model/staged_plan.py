"""From a model's answers to a plan: the stages in order, with our own checks between them."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.planning.check import with_mass
from zdg_jax.planning.field_types import Vector
from zdg_jax.planning.geometry.candidates import Wanted, offer, widths
from zdg_jax.planning.geometry.grasp_type import vector
from zdg_jax.planning.geometry.parts import coarse_parts, measure
from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.geometry.wrenches import motion_axis, task_wrenches
from zdg_jax.planning.grasp_plan import GraspPlan, ObjectReading, PartReading, TaskReading
from zdg_jax.planning.grip import Grip
from zdg_jax.planning.model.backend import spot_xy
from zdg_jax.planning.model.case import Case
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.planning.model.pictures import Picturing
from zdg_jax.planning.model.planned_grips import finger_plan, planned_grips, with_spots
from zdg_jax.planning.model.pointed_parts import Pointed, add_pointed, renamed
from zdg_jax.planning.model.questions import (
    Images,
    ask_approach,
    ask_grasp,
    ask_object,
    ask_parts,
)
from zdg_jax.planning.model.replies import (
    ApproachReply,
    FingerReply,
    ObjectReply,
    PartsReply,
)
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.new_parts import added_parts
from zdg_jax.rendering.figures import Figure
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_log = logging.getLogger(__name__)
_WISHES = 2  # times that other hands are made to a wish
_WISHED = 10.0  # weight of a wish for the thumb, against what geometry says alone
_SAME = 0.999
"""Cosine from which two directions are one."""
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
        pointed = add_pointed(
            obj, seen, session, shown, lambda o: picturing.of(o).parts(), picturing.face_colors
        )
        seen, obj = renamed(seen, obj, pointed), pointed.obj
        case = dataclasses.replace(case, shape=measure(obj))
        picturing = picturing.of(obj)
        views = picturing.parts()
    if scene is not None and around is None:
        x, y, z = _AXES[seen.lies or seen.up].tolist()
        around = Surroundings.of(scene, obj, (x, y, z))
        picturing.surround(around)
    shape = dataclasses.replace(case.shape, upright=_AXES[seen.up])
    nearby = _nearby(seen, around)
    case = dataclasses.replace(case, shape=shape, around=around, nearby=nearby)
    known: dict[str, Any] = {"object": seen.model_dump(mode="json", exclude={"pointed"})}
    progress("plan", 3, 10)
    parts = ask_parts(case, views, known)
    known = _brief(seen) | {"parts": parts.model_dump(mode="json")}
    held = [part.mark for part in parts.hold]
    avoided = [part.mark for part in parts.avoid]
    wanted = Wanted(held=held, avoided=avoided, works=parts.works)
    span = widths(wanted, case.shape, hand, around)
    progress("plan", 5, 10)

    def locate(finger: FingerReply) -> tuple[int, np.ndarray] | None:
        return picturing.locate(finger.view, *spot_xy(session.backend, finger.spot))

    grasp = ask_grasp(case, views, known, held, span, locate)
    spots = {f.finger: locate(f) for f in grasp.fingers if f.view and f.role != "idle"}
    known |= {"grasp": grasp.model_dump(mode="json")}
    progress("plan", 7, 10)

    wanted = dataclasses.replace(
        wanted,
        kind=grasp.grasp_type,
        palm=grasp.palm_touches,
        width=grasp.aperture_mm / 1e3,
        occupied=[figure.direction for figure in nearby],
        fingers=[finger_plan(finger) for finger in grasp.fingers],
    )
    approach, chosen, candidates, notes = _approach(case, obj, picturing, known, wanted)
    grips = planned_grips(case, parts, grasp, approach, chosen, candidates)
    grips[0] = with_spots(grips[0], spots)
    return _plan(case, pointed, seen, parts, grips, [*pointed.notes, *notes])


def _nearby(seen: ObjectReply, around: Surroundings | None) -> tuple[Figure, ...]:
    """Figures of what is near in the task; a table that the scene has is drawn with that."""
    return tuple(
        Figure(kind=thing.kind, direction=_AXES[thing.side])
        for thing in seen.nearby
        if around is None or thing.kind != "table"
    )


def _wished(wanted: Wanted, wish: ApproachReply) -> Wanted:
    """Demands on other hands, of a model that none of the first pleased."""
    thumb = _AXES.get(wish.thumb_wish)
    return dataclasses.replace(
        wanted,
        thumb_towards=None if thumb is None else _WISHED * thumb,
        palm_towards=_AXES.get(wish.palm_wish),
    )


def _approach(
    case: Case,
    obj: Object,
    picturing: Picturing,
    known: dict[str, Any],
    wanted: Wanted,
) -> tuple[ApproachReply, int, list[Candidate], list[str]]:
    """Stages 4 and 5: asks, checks the choice, and asks again with the failure named.

    Where none of the hands pleases, others are made to the model's wish, a few times.
    """

    def ask(wish: Wanted) -> tuple[list[Candidate], Images, ApproachReply]:
        hands = offer(wish, case.shape, obj, case.hand, around=case.around)
        images = picturing.candidates(hands, wish, case.nearby, case.shape.upright)
        return hands, images, ask_approach(case, images, known, hands, wish, [])

    candidates, images, reply = ask(wanted)
    failures: dict[int, str] = {}
    notes = []
    for _ in range(_WISHES):
        if reply.best:
            break
        candidates, images, reply = ask(_wished(wanted, reply))
    if not reply.best:
        notes.append("none of the hands pleased the model: the likeliest is taken")
        reply = reply.model_copy(update={"best": 1, "second": min(2, len(candidates))})
    for _ in range(case.session.reasks):
        if not candidates[reply.best - 1].faults or len(failures) == len(candidates):
            break
        for number in {reply.best, reply.second}:
            if candidates[number - 1].faults:
                failures[number] = f"hand {number}: " + "; ".join(candidates[number - 1].faults)
        again = ask_approach(case, images, known, candidates, wanted, list(failures.values()))
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
        lying=_lying(case, seen),
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


def _lying(case: Case, seen: ObjectReply) -> Vector | None:
    """Direction that points up before the object is taken; None where that is the one of use."""
    up = case.around.up if case.around is not None else _AXES[seen.lies or seen.up]
    return None if float(up @ case.shape.upright) > _SAME else vector(up)


def _brief(seen: ObjectReply) -> dict[str, Any]:
    """Reduces the first stage's answer to what later ones need: names, not evidence."""
    return {
        "object": seen.category,
        "up": seen.up,
        "nearby": [{"kind": thing.kind, "side": thing.side} for thing in seen.nearby],
        "part_names": {part.mark: part.name for part in seen.parts},
        "verb": seen.verb,
        "intent": seen.intent.value,
        "motion": seen.motion.value,
    }
