"""The stages of a model's plan: the question of each, and the checks of its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.planning.geometry.candidates import Wanted
from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.model.case import Case
from zdg_jax.planning.model.measured_lines import describe, measures
from zdg_jax.planning.model.pointed_parts import how_to_point, view_faults
from zdg_jax.planning.model.replies import (
    ApproachReply,
    FingerReply,
    GraspReply,
    ObjectReply,
    PartsReply,
)
from zdg_jax.planning.model.reply_checks import mass_faults, once_faults, unknown_faults
from zdg_jax.planning.model.templates import render
from zdg_jax.planning.taxonomy import STYLES

if TYPE_CHECKING:
    pass

Images = Sequence[tuple[str, bytes]]

_WIDTH_SLACK = (0.5, 1.5)
_MIN_SLACK = 0.012  # a model reads widths off a scale bar no better than this [m]


def ask_object(case: Case, images: Images, pieces: Sequence[Sequence[int]] = ()) -> ObjectReply:
    """Asks stage 1: the object, its parts and the task.

    Args:
        case: the case.
        pieces: marks of coarse parts that are cut into several pieces.
        images: captions and PNG files of the object, parts numbered.

    Returns:
        An answer that names every part once, with a mass that fits the object's size.

    Raises:
        PlannerError: no usable answer within the session's limits.
    """

    def check(reply: ObjectReply) -> list[str]:
        named = [part.mark for part in reply.parts]
        aimed = [view for part in reply.pointed for view in part.views]
        return (
            once_faults(named, case.marks, "parts")
            + view_faults(aimed, len(images))
            + mass_faults(reply.mass_g, case.shape.size)
        )

    size = " x ".join(f"{side * 1e3:.0f}" for side in case.shape.size)
    listed = [" + ".join(map(str, marks)) for marks in pieces if len(marks) > 1]
    groups = f"Pieces of one shape, in shades of one colour: {', '.join(listed)}." if listed else ""
    return case.session.ask(
        ObjectReply,
        stage="1-object",
        system=render("system"),
        prompt=render(
            "object",
            size=size,
            count=len(case.marks),
            marks=", ".join(map(str, case.marks)),
            measures="\n".join(measures(part) for part in case.shape.parts),
            task=case.quoted,
            groups=groups,
            pointing=how_to_point(case.session.backend),
        ),
        images=images,
        check=check,
    )


def ask_parts(case: Case, images: Images, known: dict[str, Any]) -> PartsReply:
    """Asks stage 2: parts to hold and to avoid.

    Args:
        case: the case.
        images: captions and PNG files of the object, parts numbered.
        known: answers of earlier stages, quoted as data in the question.

    Returns:
        An answer whose parts exist, none both to hold and to avoid.

    Raises:
        PlannerError: no usable answer within the session's limits.
    """

    def check(reply: PartsReply) -> list[str]:
        hold = [part.mark for part in reply.hold]
        avoid = [part.mark for part in reply.avoid]
        faults = unknown_faults(hold + avoid + reply.works + reply.second_choice, case.marks)
        both = sorted(set(hold) & set(avoid))
        if both:
            faults.append(f"parts {both} are both to hold and to avoid")
        for what, listed in (("hold", hold), ("avoid", avoid)):
            if len(set(listed)) < len(listed):
                faults.append(f"{what} lists a part twice: {listed}")
        if not any(part.weight for part in reply.hold):
            faults.append("every part to hold has weight 0")
        return faults

    return case.session.ask(
        PartsReply,
        stage="2-parts",
        system=render("system"),
        prompt=render(
            "parts", known=_data(known), task=case.quoted, hand=case.hand.name, span=case.span_mm
        ),
        images=images,
        check=check,
    )


def ask_grasp(
    case: Case,
    images: Images,
    known: dict[str, Any],
    held: Sequence[int],
    widths: tuple[float, float],
    locate: Callable[[FingerReply], tuple[int, np.ndarray] | None],
) -> GraspReply:
    """Asks stage 3: grasp type, fingers and contacts.

    Args:
        case: the case.
        images: captions and PNG files of the object, parts numbered.
        known: answers of earlier stages, quoted as data in the question.
        held: marks of the parts to hold.
        widths: least and greatest width of the held parts between thumb and fingers, over the
            approaches that will be offered [m].
        locate: finds the part (its mark) and the point under a finger's spot on an image; None
            beside the object.

    Returns:
        An answer that names every finger once, on held parts, with a width that these have.

    Raises:
        PlannerError: no usable answer within the session's limits.
    """
    across = f"{widths[0] * 1e3:.0f} to {widths[1] * 1e3:.0f} mm across, by the side it is taken"
    names = [finger.name for finger in case.hand.fingers]

    def check(reply: GraspReply) -> list[str]:
        faults = once_faults([finger.finger for finger in reply.fingers], names, "fingers")
        working = [finger for finger in reply.fingers if finger.role != "idle"]
        stray = sorted({finger.mark for finger in working} - set(held))
        if stray:
            faults.append(f"fingers touch {stray}; the parts to hold are {sorted(held)}")
        for finger in working:
            spot = locate(finger) if finger.view else (finger.mark, None)
            if spot is None:
                faults.append(f"the spot of finger {finger.finger} lies beside the object")
            elif spot[0] != finger.mark:
                faults.append(
                    f"the spot of finger {finger.finger} lies on part {spot[0]}, not {finger.mark}"
                )
        if len(working) + reply.palm_touches < 2:
            faults.append("fewer than two of fingers and palm touch; nothing opposes")
        aperture = reply.aperture_mm / 1e3
        if aperture > case.hand.preshapes.max_aperture:
            faults.append(
                f"an aperture of {reply.aperture_mm} mm is wider than the hand's {case.span_mm} mm"
            )
        low = widths[0] * _WIDTH_SLACK[0] - _MIN_SLACK
        high = widths[1] * _WIDTH_SLACK[1] + _MIN_SLACK
        if not low <= aperture <= high:
            faults.append(
                f"an aperture of {reply.aperture_mm} mm does not fit the parts to hold, which "
                f"measure {across}"
            )
        return faults

    listed = [
        f"{finger.name} (thumb)" if finger.is_thumb else finger.name for finger in case.hand.fingers
    ]
    return case.session.ask(
        GraspReply,
        stage="3-grasp",
        system=render("system"),
        prompt=render(
            "grasp",
            known=_data(known),
            task=case.quoted,
            hand=case.hand.name,
            fingers=", ".join(listed),
            span=case.span_mm,
            axes="[y, x]" if case.session.backend.axes == "yx" else "[x, y]",
            held_measures=f"{across}; "
            + " ".join(measures(case.shape.part(mark)) for mark in held),
            types="\n".join(f"- {kind}: {style.summary}" for kind, style in STYLES.items()),
        ),
        images=images,
        check=check,
    )


def ask_approach(
    case: Case,
    images: Images,
    known: dict[str, Any],
    candidates: Sequence[Candidate],
    wanted: Wanted,
    failures: Sequence[str],
) -> ApproachReply:
    """Asks stage 4: approach and rotation.

    Args:
        case: the case.
        images: captions and PNG files of the candidate hands, numbered from 1.
        known: answers of earlier stages, quoted as data in the question.
        candidates: the hands that are shown, in the order of their numbers.
        wanted: what they are made to.
        failures: faults that the geometric check (stage 5) found in an earlier answer; they are
            named in the question.

    Returns:
        An answer that names candidates which exist, or none and a wish for others.

    Raises:
        PlannerError: no usable answer within the session's limits.
    """

    def check(reply: ApproachReply) -> list[str]:
        numbers = list(range(1, len(candidates) + 1))
        if not reply.best:
            wishes = {reply.palm_wish, reply.thumb_wish} - {"any"}
            return [] if wishes else ["none of the hands, but no wish for another: name a side"]
        return unknown_faults([reply.best, reply.second], numbers, "hands")

    prompt = render(
        "approach",
        known=_data(known),
        task=case.quoted,
        count=len(candidates),
        candidates="\n\n".join(
            describe(number, candidate, case.shape, wanted, case.nearby)
            for number, candidate in enumerate(candidates, 1)
        ),
    )
    if failures:
        prompt += "\n\n" + render("failed", failures="\n".join(f"- {line}" for line in failures))
    return case.session.ask(
        ApproachReply,
        stage=f"4-approach{'-again' * bool(failures)}",
        system=render("system"),
        prompt=prompt,
        images=images,
        check=check,
    )


def _data(known: dict[str, Any]) -> str:
    """Earlier answers as quoted data."""
    return json.dumps(known, ensure_ascii=False, indent=1)
