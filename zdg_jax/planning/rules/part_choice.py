"""Choosing parts: what the words ask for meets what the shapes can be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from zdg_jax.planning.geometry.parts import ObjectShape, PartShape
from zdg_jax.planning.grip import INDIFFERENT
from zdg_jax.planning.rules.affordances import Roles
from zdg_jax.planning.rules.language.actions import PREPARING
from zdg_jax.planning.rules.language.reading import Reading, Wish

_FAIR = 0.15  # a score below this means that the object has no such part
_ALIKE = 0.85  # parts this close to the best serve as well
_ONE_END = 0.6  # a working end may be cut into several parts: all of them will do
_CONTROL = 0.3  # score from which a part is taken for what a finger works
_SPARE = 0.35  # score from which a part is one to keep off
_WORKING = ("tool", "outlet", "mount")
_INSTEAD = 0.8  # what is left of the confidence where a named part is not found
_HEAT_SAFE = ("grip", "stem")
_HEAT = "it may be hot or cold, or must not be warmed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
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
    confidence: float
    notes: tuple[str, ...]
    lacking: str = ""
    """What the words name, where no part looks like it and the likeliest was taken."""


def select(reading: Reading, shape: ObjectShape, meaning: Roles) -> list[Choice]:
    """The best choice and up to two others that hold something else."""
    wishes = _hold_wishes(reading)
    made = [choice for wish in wishes if (choice := _choose(wish, reading, shape, meaning))]
    # The order of the wishes counts, unless the shape has no such part.
    made.sort(key=lambda choice: bool(choice.lacking))
    choices: list[Choice] = []
    for choice in made:
        if all({m for m, _ in choice.held} != {m for m, _ in c.held} for c in choices):
            choices.append(choice)
    if not choices or choices[0].confidence == 0.0:
        choices.append(_general(reading, shape, meaning))
    if made and made[-1].lacking and not choices[0].lacking:
        note = f'no part looks like "{made[-1].lacking}": a {choices[0].function} is held instead'
        choices[0] = dataclasses.replace(
            choices[0],
            notes=(*choices[0].notes, note),
            confidence=_INSTEAD * choices[0].confidence,
        )
    return choices[:3]


def _hold_wishes(reading: Reading) -> list[Wish]:
    action = reading.action
    if reading.hold:
        wishes = list(reading.hold)
        if action and wishes[0].function == "control":
            # Controls are often too small to be parts: then what holds beside them is held.
            wishes += [
                Wish(function=name, name=name, weight=0.7, named=False, reason=action.because)
                for name in ("grip", "body")
            ]
        return wishes
    functions = list(action.hold) if action else ["body", "grip"]
    because = action.because if action else "a general hold sits near the middle"
    if _steadied(reading):
        functions = ["body", "grip"]
        because = "the deed is done to the object: it is steadied around its middle"
    if reading.hot:
        safe = [name for name in ("stem", "grip") if name in functions]
        safe += [name for name in ("grip", "stem") if name not in safe]
        functions = safe + [name for name in functions if name not in safe and name != "vessel"]
    spared = {wish.function for wish in reading.avoid if wish.weight >= 0.9}
    functions = [name for name in functions if name not in spared] or ["other"]
    return [
        Wish(function=name, name=name, weight=1.0, named=False, reason=because)
        for name in functions
    ]


def _steadied(reading: Reading) -> bool:
    """Whether a tool's deed is done to the object: "slice the loaf" with the loaf in hand."""
    action = reading.action
    return reading.worked_on and action is not None and action.hold == ("grip",)


def _avoid_wishes(reading: Reading, held: str) -> list[Wish]:
    wishes = list(reading.avoid)
    named = {wish.function for wish in reading.hold}
    action = reading.action
    spared = {wish.function for wish in wishes}
    if action and not _steadied(reading):
        wishes += [
            Wish(function=name, name=name, weight=0.7, named=False, reason=action.because)
            for name in action.avoid
            if name not in named | spared and name != held
        ]
    if reading.hot and held in (*_HEAT_SAFE, "other"):
        wishes += [
            Wish(
                function=name,
                name=name,
                weight=0.8,
                named=False,
                reason="it may be hot or must not be warmed",
            )
            for name in ("vessel", "outlet", "tool")
            if name not in named and name != held
        ]
    return wishes


def _scores(wish: Wish, shape: ObjectShape, meaning: Roles) -> dict[int, float]:
    """How well each part fits a wish, by mark."""
    if wish.place:
        scores = _place(wish.place, shape.parts)
        if not wish.function:
            return scores
        known = meaning.scores[wish.function]
        return {mark: max(scores[mark] * 0.9, known[mark]) for mark in scores}
    if wish.function == "other":
        return {part.mark: 0.3 + 0.7 * part.share for part in shape.parts}
    return dict(meaning.scores[wish.function])


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


def _choose(wish: Wish, reading: Reading, shape: ObjectShape, meaning: Roles) -> Choice | None:
    scores = _scores(wish, shape, meaning)
    # What the words say to spare is settled first: the rest is what can be held.
    spared: dict[int, tuple[float, Wish]] = {}
    for avoid in _avoid_wishes(reading, wish.function):
        fits = _scores(avoid, shape, meaning)
        best = max(fits.values())
        bar = min(max(_SPARE, _ALIKE * best), best) if avoid.named else max(_SPARE, 0.5 * best)
        for mark, fit in fits.items():
            strength = avoid.weight * (0.6 + 0.4 * fit if avoid.named else fit)
            if fit >= bar and strength > spared.get(mark, (0.0, avoid))[0]:
                spared[mark] = (strength, avoid)
    if not wish.named:
        firm = {mark for mark, (_, avoid) in spared.items() if avoid.named}
        if len(firm) == len(scores):  # all are alike: only the likeliest is spared
            firm = {max(firm, key=lambda mark: spared[mark][0])}
            spared = {mark: pair for mark, pair in spared.items() if mark in firm}
        free = {mark: score for mark, score in scores.items() if mark not in firm}
    else:
        free = scores
    if not free:
        return None
    top = max(free, key=lambda mark: free[mark])
    notes: list[str] = []
    if free[top] < _FAIR:
        if not wish.named:
            return None
        notes.append(f'no part looks like "{wish.name}"; the likeliest is taken')
    held = {top: max(free[top], 0.01)}
    alike = _ONE_END if wish.function == "tool" else _ALIKE
    for mark, score in free.items():
        close = score >= alike * free[top] and score >= _FAIR
        named_away = mark in spared and spared[mark][1].named
        if mark != top and close and not named_away:
            held[mark] = score
    for mark in list(held):
        if mark in spared and mark != top and spared[mark][0] > held[mark]:
            del held[mark]
    avoided = {
        mark: (strength, avoid)
        for mark, (strength, avoid) in spared.items()
        if mark not in held and not _second_best(mark, avoid, held, shape, meaning)
    }
    pressed = _pressed(reading, wish, meaning, avoided)
    avoided = {mark: pair for mark, pair in avoided.items() if mark not in pressed}
    peak = max(held.values())
    rival = max((s for m, s in free.items() if m not in held and m not in avoided), default=0.0)
    margin = 1.0 - 0.5 * min(1.0, rival / max(peak, 1e-6))
    confidence = reading.certainty * (0.35 + 0.65 * min(peak, 1.0)) * margin
    if not wish.named and not avoided and _any_part_will_do(reading):
        confidence *= INDIFFERENT
    function = wish.function or "body"
    reasons = {
        mark: f"{wish.reason}; {meaning.reasons.get((function, mark), wish.place or 'it is free')}"
        for mark in held
    }
    reasons |= {mark: avoid.reason for mark, (_, avoid) in avoided.items()}
    functions = {mark: function for mark in held if function in meaning.scores}
    functions |= {m: w.function for m, (_, w) in avoided.items() if w.function in meaning.scores}
    worked = frozenset(m for m, (_, w) in avoided.items() if w.function in _WORKING)
    what = f'the words name "{wish.name}"' if wish.named else f"the deed asks for a {wish.name}"
    return Choice(
        function=function,
        held=tuple(sorted(((m, s / peak) for m, s in held.items()), key=lambda pair: -pair[1])),
        avoided=tuple((mark, strength) for mark, (strength, _) in sorted(avoided.items())),
        worked=worked,
        pressed=pressed,
        functions=functions,
        reasons=reasons,
        rationale=f"{what}: part {top} fits best ({free[top]:.2f}); {wish.reason}",
        confidence=float(np.clip(confidence, 0.0, 1.0)),
        notes=tuple(notes),
        lacking=wish.name if notes else "",
    )


def _second_best(
    mark: int, avoid: Wish, held: Mapping[int, float], shape: ObjectShape, meaning: Roles
) -> bool:
    """Whether a deed spares this part only because the part it means is held itself."""
    if avoid.named:
        return False
    fits = _scores(avoid, shape, meaning)
    first = max(fits, key=lambda other: fits[other])
    return first in held and fits[mark] < _ALIKE * fits[first]


def _pressed(
    reading: Reading, wish: Wish, meaning: Roles, avoided: Mapping[int, tuple[float, Wish]]
) -> frozenset[int]:
    """The part that a finger works, unless the words forbid it."""
    if not reading.action or "control" not in (*reading.action.press, wish.function):
        return frozenset()
    marks = frozenset(meaning.scores["control"])
    mark, score = meaning.best("control", marks)
    forbidden = mark in avoided and avoided[mark][1].named
    return frozenset([mark] if score > _CONTROL and not forbidden else [])


def _any_part_will_do(reading: Reading) -> bool:
    """Whether the deed is only to get hold of the object, with no danger in it."""
    return reading.action is not None and reading.action.name in PREPARING and not reading.hot


def _general(reading: Reading, shape: ObjectShape, meaning: Roles) -> Choice:
    """A stable hold of whatever is large, central and fits the hand."""
    scores = {
        part.mark: 0.6 * meaning.scores["body"][part.mark] + 0.4 * meaning.scores["grip"][part.mark]
        for part in shape.parts
    }
    top = max(scores, key=lambda mark: scores[mark])
    return Choice(
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
