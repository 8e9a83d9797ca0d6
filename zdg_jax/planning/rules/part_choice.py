"""Choosing parts: what the words ask for meets what the shapes can be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial import KDTree, distance

from zdg_jax.planning.geometry.parts import ObjectShape, PartShape
from zdg_jax.planning.grip import INDIFFERENT
from zdg_jax.planning.rules.affordances import Affordances
from zdg_jax.planning.rules.language.task_parsing import ParsedTask, PartRequest
from zdg_jax.planning.rules.part_requests import (
    any_part_will_do,
    hands_over,
    requests_to_avoid,
    requests_to_hold,
)

_FAIR = 0.15  # a score below this means that the object has no such part
_ALIKE = 0.85  # parts this close to the best serve as well
_ONE_END = 0.6  # a working end may be cut into several parts: all of them will do
_CONTROL = 0.3  # score from which a part is taken for what a finger works
_SPARE = 0.35  # score from which a part is one to keep off
_OFFERED = 0.25  # score from which a poor handle is left to whom the object is handed
_WORKING = ("tool", "tip", "outlet", "mount")
_GAP = 0.05  # widest gap between parts that one hand holds together [m]: a shaft in a head
_FEW = 100  # points of a part by which such gaps are looked for first
_POOR, _CLEARLY = (
    0.45,
    0.3,
)  # an implied part that fits worse gives way to one that fits so much better
_INSTEAD = 0.8  # what is left of the confidence where a named part is not found


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartChoice:
    """Parts to hold and to spare, with reasons."""

    function: str
    """Function for which the parts are held."""
    held: tuple[tuple[int, float], ...]
    """Marks and weights, the best first."""
    avoided: tuple[tuple[int, float], ...]
    """Marks and how surely they are to be avoided."""
    worked: frozenset[int]
    """Parts that do the task's work."""
    pressed: frozenset[int]
    """Parts that a finger works."""
    functions: Mapping[int, str]
    """Function that the choice takes a part to have, by mark."""
    reasons: Mapping[int, str]
    """Why each held or avoided part is so, by mark."""
    rationale: str
    """Reason for the choice as a whole."""
    confidence: float
    """Certainty of the choice, in [0, 1]."""
    notes: tuple[str, ...]
    """Remarks for the user: parts that were not found, and their stand-ins."""
    fit: float = 1.0
    """Score of the best held part for that function, in [0, 1]."""
    lacking: str = ""
    """Name in the task for which no part was found, so that the likeliest was taken; "" else."""


def choose_parts(
    parsed: ParsedTask, shape: ObjectShape, affordances: Affordances
) -> list[PartChoice]:
    """Chooses parts to hold and to spare.

    Args:
        parsed: the task.
        shape: the measured object.
        affordances: scores of its parts.

    Returns:
        The best choice and up to two others that hold something else, the better first.
    """
    requests = requests_to_hold(parsed)
    if hands_over(parsed) and max(affordances.scores["handle"].values()) < _OFFERED:
        # There is no handle to leave free, so that the end that works need not be taken.
        requests.sort(key=lambda request: request.function == "tool" and not request.named)
    possible = [
        choice for request in requests if (choice := _choose(request, parsed, shape, affordances))
    ]
    # The order of the requests counts, unless the shape has no such part.
    fits = [choice.fit for choice in possible if not choice.lacking]
    best = max(fits, default=0.0)
    named = bool(parsed.hold)
    possible.sort(
        key=lambda choice: (
            bool(choice.lacking),
            not named and choice.fit < _POOR and best > choice.fit + _CLEARLY,
        )
    )
    choices: list[PartChoice] = []
    for choice in possible:
        if all({m for m, _ in choice.held} != {m for m, _ in c.held} for c in choices):
            choices.append(choice)
    if not choices or choices[0].confidence == 0.0:
        choices.append(_general(parsed, shape, affordances))
    if possible and possible[-1].lacking and not choices[0].lacking:
        note = (
            f'no part looks like "{possible[-1].lacking}": a {choices[0].function} is held instead'
        )
        choices[0] = dataclasses.replace(
            choices[0],
            notes=(*choices[0].notes, note),
            confidence=_INSTEAD * choices[0].confidence,
        )
    return choices[:3]


def _scores(request: PartRequest, shape: ObjectShape, affordances: Affordances) -> dict[int, float]:
    """Scores how well each part fits a request, by mark."""
    if request.place:
        scores = _place(request.place, shape.parts)
        if not request.function:
            return scores
        known = affordances.scores[request.function]
        return {mark: max(scores[mark] * 0.9, known[mark]) for mark in scores}
    if request.function == "other":
        return {part.mark: 0.3 + 0.7 * part.share for part in shape.parts}
    return dict(affordances.scores[request.function])


def _spared_by(
    avoid: PartRequest, shape: ObjectShape, affordances: Affordances
) -> tuple[PartRequest, dict[int, float]]:
    """A part to spare, and how well each part fits it; of what works, what is not the handle.

    "Mind the wires" means those of a whisk, too, though they are no plug's.
    """
    fits = _scores(avoid, shape, affordances)
    if not avoid.named or avoid.function not in _WORKING or avoid.place:
        return avoid, fits
    handles = affordances.scores["handle"]
    grip = max(handles, key=lambda mark: handles[mark])
    likeliest = max(fits, key=lambda mark: fits[mark])
    if fits[likeliest] >= _FAIR and (likeliest != grip or handles[grip] < _POOR):
        return avoid, fits
    avoid = dataclasses.replace(avoid, function="tool")
    return avoid, _scores(avoid, shape, affordances)


def _place(place: str, parts: Sequence[PartShape]) -> dict[int, float]:
    if place in ("thin end", "thick end"):
        ends = [part for part in parts if abs(part.along) > 0.25] or list(parts)
        girth = {part.mark: part.girth for part in ends}
        pick = (
            min(girth, key=lambda m: girth[m])
            if place == "thin end"
            else max(girth, key=lambda m: girth[m])
        )
        return {part.mark: float(part.mark == pick) for part in parts}
    middle = {part.mark: (part.height[0] + part.height[1]) / 2 for part in parts}
    if place == "top":
        return {mark: value**2 for mark, value in middle.items()}
    if place == "bottom":
        return {mark: (1 - value) ** 2 for mark, value in middle.items()}
    return {part.mark: 1.0 - abs(part.along) for part in parts}


def _choose(
    request: PartRequest, parsed: ParsedTask, shape: ObjectShape, affordances: Affordances
) -> PartChoice | None:
    scores = _scores(request, shape, affordances)
    # What the words say to spare is settled first: the rest is what can be held.
    spared: dict[int, tuple[float, PartRequest]] = {}
    notes: list[str] = []
    for avoid in requests_to_avoid(parsed, request.function):
        avoid, fits = _spared_by(avoid, shape, affordances)
        best = max(fits.values())
        if avoid.named and best < _FAIR:
            notes.append(f'no part looks like "{avoid.name}": it may be touched')
            continue
        bar = min(max(_SPARE, _ALIKE * best), best) if avoid.named else max(_SPARE, 0.5 * best)
        if _OFFERED < best < bar and avoid.function == "handle" and hands_over(parsed):
            bar = best
        for mark, fit in fits.items():
            strength = avoid.weight * (0.6 + 0.4 * fit if avoid.named else fit)
            if fit >= bar and strength > spared.get(mark, (0.0, avoid))[0]:
                spared[mark] = (strength, avoid)
    if not request.named:
        firm = {mark for mark, (_, avoid) in spared.items() if avoid.named}
        if len(firm) == len(scores):  # all are alike: only the likeliest is spared
            firm = {max(firm, key=lambda mark: spared[mark][0])}
            spared = {mark: pair for mark, pair in spared.items() if mark in firm}
        free = {mark: score for mark, score in scores.items() if mark not in firm}
    else:
        free = scores
    control = _control_of(parsed, request, affordances)
    if request.function != "control" and len(free) > len(control):
        free = {mark: score for mark, score in free.items() if mark not in control}
    if not free:
        return None
    top = max(free, key=lambda mark: free[mark])
    lacks = free[top] < _FAIR
    if lacks:
        if not request.named:
            return None
        notes.append(f'no part looks like "{request.name}"; the likeliest is taken')
    held = {top: max(free[top], 0.01)}
    alike = _ONE_END if request.function == "tool" else _ALIKE
    # Two handles may be held at once, as of scissors; else one hand holds what hangs together.
    together = set(free) if request.function == "handle" else _joined(top, set(spared), shape)
    for mark, score in free.items():
        close = score >= alike * free[top] and score >= _FAIR
        named_away = mark in spared and spared[mark][1].named
        if mark != top and close and mark in together and not named_away:
            held[mark] = score
    for mark in list(held):
        if mark in spared and mark != top and spared[mark][0] > held[mark]:
            del held[mark]
    avoided = {
        mark: (strength, avoid)
        for mark, (strength, avoid) in spared.items()
        if mark not in held and not _second_best(mark, avoid, held, shape, affordances)
    }
    pressed = frozenset(m for m in control if not (m in avoided and avoided[m][1].named))
    avoided = {mark: pair for mark, pair in avoided.items() if mark not in pressed}
    peak = max(held.values())
    rival = max((s for m, s in free.items() if m not in held and m not in avoided), default=0.0)
    margin = 1.0 - 0.5 * min(1.0, rival / max(peak, 1e-6))
    confidence = parsed.certainty * (0.35 + 0.65 * min(peak, 1.0)) * margin
    if not request.named and not avoided and any_part_will_do(parsed):
        confidence *= INDIFFERENT
    function = request.function or "body"
    else_reason = request.place or "it is free"
    reasons = {
        mark: f"{request.reason}; {affordances.reasons.get((function, mark), else_reason)}"
        for mark in held
    }
    reasons |= {mark: avoid.reason for mark, (_, avoid) in avoided.items()}
    functions = {mark: function for mark in held if function in affordances.scores}
    functions |= {
        m: w.function for m, (_, w) in avoided.items() if w.function in affordances.scores
    }
    worked = frozenset(m for m, (_, w) in avoided.items() if w.function in _WORKING)
    what = (
        f'the words name "{request.name}"'
        if request.named
        else f"the action asks for a {request.name}"
    )
    return PartChoice(
        function=function,
        held=tuple(sorted(((m, s / peak) for m, s in held.items()), key=lambda pair: -pair[1])),
        avoided=tuple((mark, strength) for mark, (strength, _) in sorted(avoided.items())),
        worked=worked,
        pressed=pressed,
        functions=functions,
        reasons=reasons,
        rationale=f"{what}: part {top} fits best ({free[top]:.2f}); {request.reason}",
        confidence=float(np.clip(confidence, 0.0, 1.0)),
        notes=tuple(notes),
        fit=free[top],
        lacking=request.name if lacks else "",
    )


def _joined(mark: int, spared: set[int], shape: ObjectShape) -> set[int]:
    """Marks of the parts that one hand can hold with a part: no gap between them is too wide."""
    points = {part.mark: part.points for part in shape.parts if part.mark not in spared}
    points |= {mark: shape.part(mark).points}
    joined, new = {mark}, [mark]
    while new:
        here = points[new.pop()]
        for other in points.keys() - joined:
            if _meet(here, points[other]):
                joined.add(other)
                new.append(other)
    return joined


def _meet(first: np.ndarray, second: np.ndarray) -> bool:
    """Tells whether some of points (k, 3) and of others (m, 3) lie nearer than the widest gap."""
    # A few of them mostly tell, and far sooner than a tree of all.
    few, others = (points[:: 1 + len(points) // _FEW] for points in (first, second))
    if distance.cdist(few, others).min() < _GAP:
        return True
    gaps, _ = KDTree(first).query(second, distance_upper_bound=_GAP)
    return bool(np.min(gaps) < _GAP)


def _second_best(
    mark: int,
    avoid: PartRequest,
    held: Mapping[int, float],
    shape: ObjectShape,
    affordances: Affordances,
) -> bool:
    """Tells whether an action spares this part only because the part it means is held itself."""
    if avoid.named:
        return False
    fits = _scores(avoid, shape, affordances)
    first = max(fits, key=lambda other: fits[other])
    return first in held and fits[mark] < _ALIKE * fits[first]


def _control_of(
    parsed: ParsedTask, request: PartRequest, affordances: Affordances
) -> frozenset[int]:
    """Finds the part that a finger works, if any."""
    asked = [request.function, *(named.function for named in parsed.hold)]
    if not parsed.action or "control" not in (*parsed.action.press, *asked):
        return frozenset()
    mark, score = affordances.best("control", frozenset(affordances.scores["control"]))
    return frozenset([mark] if score > _CONTROL else [])


def _general(parsed: ParsedTask, shape: ObjectShape, affordances: Affordances) -> PartChoice:
    """Chooses a stable hold of whatever is large, central and fits the hand."""
    scores = {
        part.mark: 0.6 * affordances.scores["body"][part.mark]
        + 0.4 * affordances.scores["handle"][part.mark]
        for part in shape.parts
    }
    top = max(scores, key=lambda mark: scores[mark])
    return PartChoice(
        function="body",
        held=((top, 1.0),),
        avoided=(),
        worked=frozenset(),
        pressed=frozenset(),
        functions={top: "body"},
        reasons={top: "it is large, near the middle and within the hand's span"},
        rationale="a general stable grasp: nothing in the words says more",
        confidence=0.1,
        notes=(),
    )
