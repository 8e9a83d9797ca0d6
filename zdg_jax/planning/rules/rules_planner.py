"""The offline planner: a reading of the words meets a reading of the shape.

Deterministic, without a network or a key. What the words ask (hold the grip, keep off the
working end) is looked for among the parts' shapes; the plan says how sure it is of both.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.geometry.frames import square_to
from zdg_jax.planning.check import resolve, with_mass
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.grasp_type import (
    choose_type,
    fingers,
    palm,
    raise_force_level,
    turned,
    vector,
)
from zdg_jax.planning.geometry.parts import ObjectShape, PartShape
from zdg_jax.planning.geometry.wrenches import motion_axis, task_wrenches
from zdg_jax.planning.grasp_plan import (
    GraspPlan,
    Intent,
    Motion,
    ObjectReading,
    PartReading,
    TaskReading,
)
from zdg_jax.planning.grip import INDIFFERENT, AvoidedPart, Force, Grip, HeldPart, Side
from zdg_jax.planning.planner import Ranking, checked_task
from zdg_jax.planning.rules.affordances import Affordances
from zdg_jax.planning.rules.granularity import read_shape
from zdg_jax.planning.rules.language.lexicon import is_own
from zdg_jax.planning.rules.language.task_parsing import ParsedTask, parse_task
from zdg_jax.planning.rules.part_choice import PartChoice, choose_parts
from zdg_jax.planning.rules.part_requests import is_steadied
from zdg_jax.planning.transcript import write_transcript
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.scenes import Scene

_FUNCTION_NAMES = {
    "handle": "handle",
    "tool": "working end",
    "tip": "tip",
    "knob": "knob",
    "vessel": "body",
    "closure": "lid",
    "outlet": "opening",
    "rim": "rim",
    "stem": "stem",
    "neck": "neck",
    "base": "base",
    "control": "control",
    "mount": "fitting",
    "face": "front",
    "body": "body",
}
_POINTING = frozenset(["cut", "bore"])
_LIFTED_OFF = ("closure", "knob")
_UPPER, _CENTRAL = 0.45, 0.35
"""Height from which a part lies above, and offset up to which it is central (`PartShape`)."""
_ROUND = 0.8
"""Least width over the greatest across a part that can be turned to any side."""
_LONG, _IN_LINE = 1.5, 0.7
"""Length over width of a part that has a direction, and cosine from which two lie in line."""


class RulesPlanner:
    """Plans from the task's words and the object's geometry alone: no model, no network."""

    reviews = False

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
        """Plans, see `Planner.plan`. The same task, object and hand give the same plan."""
        task = checked_task(task)
        plan = resolve(plan_by_rules(task, obj, hand, scene), obj, hand)
        if transcript is not None:
            # Imported here: drawing costs time that a plan alone need not spend.
            from zdg_jax.planning.model.pictures import marked_views

            pictures = marked_views(obj, hand)
            write_transcript(pathlib.Path(transcript), task, plan, pictures=pictures)
        progress("plan", 1, 1)
        return plan

    def review(
        self,
        plan: GraspPlan,
        images: Sequence[bytes],
        measures: Sequence[str],
        *,
        transcript: str | pathlib.Path | None = None,
    ) -> Ranking | None:
        """Gives None: the rules see no pictures."""
        return None


def plan_by_rules(task: str, obj: Object, hand: Hand, scene: Scene | None = None) -> GraspPlan:
    """Plans a grasp from the task's words and the object's geometry alone.

    Args:
        task: what is to be done, in words.
        obj: the object, with its marked parts.
        hand: the hand.
        scene: what the object stands on and what is around it, if anything.

    Returns:
        A plan in the object frame, still to be checked with `zdg_jax.planning.resolve`.

    Raises:
        InputError: the object has no part to hold, or does not fit the scene.
    """
    parsed = parse_task(task, obj.name or "", list(obj.part_names.values()))
    reading = read_shape(obj, parsed)
    shape, affordances, around = reading.shape, reading.affordances, None
    if scene is not None:
        around = Surroundings.of(scene, obj)
        shape = dataclasses.replace(shape, upright=around.up)
    choices = choose_parts(parsed, shape, affordances)
    grips = [_grip(choice, parsed, shape, hand, around) for choice in choices]
    first = choices[0]
    motion = _motion(parsed, first)
    worked = sorted(first.worked)
    axis = motion_axis(motion, shape, [mark for mark, _ in first.held], worked)
    described = ObjectReading(
        evidence="measured from the mesh; "
        + ("+z is taken to point up" if around is None else "the scene says what points up"),
        category=(obj.name or "unknown object").replace("_", " "),
        largest_size=float(shape.size.max()),
        upright=vector(shape.upright),
    )
    described = with_mass(described, obj, task)
    return GraspPlan(
        prompt=task,
        object=described,
        parts=_part_readings(shape, affordances, first),
        task=TaskReading(
            evidence="; ".join(parsed.evidence) or "no word of the task is in the lexicon",
            verb=parsed.verb or "hold",
            intent=parsed.action.intent if parsed.action else Intent.HOLD,
            motion=motion,
            motion_axis=None if axis is None else vector(axis),
            wrenches=task_wrenches(motion, axis, shape, obj, worked, described.mass or obj.mass),
        ),
        grip=grips[0],
        alternatives=grips[1:3],
        notes=_notes(parsed, shape, choices),
        planner="rules",
        mesh_hash=obj.mesh_hash,
        hand=hand.name,
    )


def _motion(parsed: ParsedTask, choice: PartChoice) -> Motion:
    action = parsed.action
    if action is None or is_steadied(parsed):
        return Motion.STILL
    if action.name == "open" and "lift" in parsed.verb:
        return Motion.LIFT
    return action.motion


def _grip(
    choice: PartChoice,
    parsed: ParsedTask,
    shape: ObjectShape,
    hand: Hand,
    around: Surroundings | None,
) -> Grip:
    marks = [mark for mark, _ in choice.held]
    spared = [mark for mark, _ in choice.avoided]
    action = parsed.action
    towards = None
    if choice.function == "handle" and choice.worked:
        worked = np.mean([shape.part(mark).center for mark in choice.worked], axis=0)
        towards = worked - np.mean([shape.part(mark).center for mark in marks], axis=0)
        towards = towards / max(float(np.linalg.norm(towards)), 1e-6)
    on_top = choice.function in _LIFTED_OFF and _is_on_top(shape, marks)
    approach = propose(
        shape,
        marks,
        spared,
        strain=hand.preshapes.strain,
        thumb_towards=towards,
        around=around,
        side=parsed.side or (Side.ABOVE if on_top else None),
        faces=choice.function != "closure" and choice.confidence > INDIFFERENT,
    )[0]
    pointing = action is not None and action.name in _POINTING and not is_steadied(parsed)
    force = action.force if action else Force.MODERATE
    force = raise_force_level(force, parsed.strong, parsed.delicate)
    kind = choose_type(
        shape,
        marks,
        approach,
        hand,
        closure=choice.function == "closure",
        fine=action is not None and action.fine,
        firm=force is Force.FIRM,
        pointing=pointing and _in_line(choice, shape),
    )
    outward = approach.place - shape.center
    approach = turned(approach, kind, hand, work=towards, outward=outward)
    control = next(iter(sorted(choice.pressed)), None)
    return Grip(
        rationale=choice.rationale,
        held=[
            HeldPart(mark=piece, reason=choice.reasons[mark], role="grip", weight=round(weight, 3))
            for mark, weight in choice.held
            for piece in shape.part(mark).marks
        ],
        avoided=[
            AvoidedPart(mark=piece, reason=choice.reasons[mark])
            for mark, _ in choice.avoided
            for piece in shape.part(mark).marks
        ],
        grasp_type=kind,
        fingers=fingers(hand, kind, marks[0], control=control),
        palm=palm(
            approach,
            kind,
            open_roll=approach.wrap < 0.5 or (on_top and _is_round(shape, marks)),
            asked=parsed.side,
        ).model_copy(update={"place": vector(approach.place) if approach.shifted else None}),
        aperture=min(round(max(approach.width, 0.002), 4), hand.preshapes.max_aperture),
        force=force,
        confidence=round(choice.confidence, 3),
    )


def _is_on_top(shape: ObjectShape, marks: Sequence[int]) -> bool:
    """Tells whether parts lie in the upper half, about the upright axis: a lid, a cap, a knob."""
    parts = [shape.part(mark) for mark in marks]
    return all(part.height[0] > _UPPER and part.offset < _CENTRAL for part in parts)


def _is_round(shape: ObjectShape, marks: Sequence[int]) -> bool:
    """Tells whether parts are about as wide in every direction across the upright axis."""
    points = np.concatenate([shape.part(mark).points for mark in marks])
    across = points @ square_to(shape.upright).T
    angle = np.arange(6) * (np.pi / 6)
    widths = np.ptp(across @ np.stack([np.cos(angle), np.sin(angle)]), axis=0)
    return bool(widths.min() > _ROUND * widths.max())


def _in_line(choice: PartChoice, shape: ObjectShape) -> bool:
    """Tells whether the long parts that work lie along what is held: not so on a pistol grip."""
    held = max((shape.part(mark) for mark, _ in choice.held), key=lambda part: part.share)
    working = [shape.part(mark) for mark in choice.worked]
    axes = [part.axes[0] for part in working if part.elongation > _LONG]
    if not all(abs(float(axis @ held.axes[0])) > _IN_LINE for axis in axes):
        return False
    return all(_reaches_ahead(part, held) for part in working)


def _reaches_ahead(part: PartShape, held: PartShape) -> bool:
    """Tells whether a part that works is longer along what is held than across: no axe's head."""
    axis = held.axes[0]
    along = part.points @ axis
    across = part.points - np.outer(along, axis)
    size = max(float(np.ptp(across @ side)) for side in held.axes[1:])
    return bool(np.ptp(along) > size)


def _part_readings(
    shape: ObjectShape, affordances: Affordances, choice: PartChoice
) -> list[PartReading]:
    readings = []
    for part in shape.parts:
        scores = {name: marks[part.mark] for name, marks in affordances.scores.items()}
        function = choice.functions.get(part.mark) or max(scores, key=lambda name: scores[name])
        readings += [
            PartReading(
                mark=piece,
                evidence=affordances.reasons[function, part.mark],
                name=part.name if is_own(function) else _FUNCTION_NAMES[function],
                function=f"{function} (score {scores[function]:.2f})",
            )
            for piece in part.marks
        ]
    return readings


def _notes(parsed: ParsedTask, shape: ObjectShape, choices: Sequence[PartChoice]) -> list[str]:
    notes = []
    if parsed.certainty == 0.0:
        words = _quoted(parsed.unknown[:8]) or "none of content"
        notes.append(
            f"the task's words mean nothing to this planner ({words}): it plans a general stable "
            "grasp; say what is done with the object, or name the part to hold"
        )
    elif parsed.missing:
        words = _quoted(parsed.missing[:12])
        notes.append(f"the words ask for a part that this planner does not know: {words}")
    elif parsed.unknown:
        notes.append(f"words that were not used: {_quoted(parsed.unknown[:12])}")
    if len(shape.parts) == 1:
        notes.append("the object has one part only: there is nothing to choose between")
    return notes + list(choices[0].notes)


def _quoted(words: Sequence[str]) -> str:
    """Words of the user in a note; a word may be as long as the whole task."""
    return ", ".join(repr(word if len(word) <= 40 else f"{word[:40]}...") for word in words)
