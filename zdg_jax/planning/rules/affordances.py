"""Affordances of parts by shape and place: scores in [0, 1], no names.

The functions are those of the lexicon. A score says how well a part would do as that, for a
hand of human size; several parts may score for one function, and one part for several.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from zdg_jax.planning.geometry.parts import LOOP_AREA, ObjectShape, PartShape
from zdg_jax.planning.rules.handles import LEVER, handle_score, is_loop, levers_of, slender_score
from zdg_jax.planning.rules.language.lexicon import bears, lexicon, own_function, own_phrases
from zdg_jax.planning.rules.ramps import ramp

_NAMED, _MISNAMED = 0.95, 0.4  # score of a part for what it is called, factor for the rest
_SPOUT, _VESSEL = 0.5, 0.8  # scores from which a part is taken for a spout, or for a vessel
_BESIDE_VESSEL = 0.4  # factor for a spout as the end that works: a vessel is held as a whole
_MEET = 0.06  # share of the height by which parts one on the other may overlap
_POOR_HANDLE = 0.45  # where no handle scores more, a long thin bar will do
_JAWS = 0.4  # factor for a loop beside two levers


@dataclasses.dataclass(frozen=True, kw_only=True)
class Affordances:
    """Scores of all parts of an object for all functions."""

    scores: Mapping[str, Mapping[int, float]]
    """Score of each part in [0, 1], by function and mark."""
    reasons: Mapping[tuple[str, int], str]
    """Reason of each score, by function and mark."""

    def best(self, function: str, among: frozenset[int]) -> tuple[int, float]:
        """Finds the best part for a function among some marks, and its score.

        Args:
            function: one of the lexicon's functions.
            among: marks of the parts that count.
        """
        scores = {mark: self.scores[function].get(mark, 0.0) for mark in sorted(among)}
        mark = max(scores, key=lambda m: scores[m])
        return mark, scores[mark]


def score_affordances(shape: ObjectShape) -> Affordances:
    """Scores every part for every function.

    Args:
        shape: the measured object.
    """
    scores: dict[str, dict[int, float]] = {}
    reasons: dict[tuple[str, int], str] = {}

    def note(function: str, part: PartShape, score: float, reason: str) -> None:
        known = scores.setdefault(function, {})
        if score > known.get(part.mark, -1.0):
            known[part.mark] = float(np.clip(score, 0.0, 1.0))
            reasons[function, part.mark] = reason

    looped = any(is_loop(part, shape) for part in shape.parts)
    levers = levers_of(shape)
    for part in shape.parts:
        score, reason = handle_score(part, shape)
        if part.mark in levers and score < LEVER:
            score, reason = LEVER, "it is one of two like levers that a hand closes"
        elif levers and is_loop(part, shape):
            score *= _JAWS  # what two levers close is no loop to hold
        # Where there is a loop to hold, a bar is there for something else.
        beside = looped and not levers and not is_loop(part, shape)
        note("handle", part, score * (0.6 if beside else 1.0), reason)
    slender = max(scores["handle"].values()) < _POOR_HANDLE
    for part in shape.parts:
        if slender:  # a spoon's handle is thin, and yet what it is held by
            note("handle", part, *slender_score(part, shape))
        note("vessel", part, *_vessel(part))
        note("closure", part, *_closure(part, shape))
        note("stem", part, *_stem(part, shape))
        note("neck", part, *_stem(part, shape))
        note("neck", part, *_neck(part, shape))
        note("base", part, *_base(part))
        note("control", part, *_control(part, shape))
        note("knob", part, *_knob(part, shape))
        note("body", part, *_body(part, shape))
    grip = max(scores["handle"], key=lambda mark: scores["handle"][mark])
    for part in shape.parts:
        note("rim", part, *_rim(part))
        is_grip = part.mark == grip and scores["handle"][part.mark] > _POOR_HANDLE
        note("outlet", part, *_outlet(part, shape, is_grip))
        note("tool", part, *_tool(part, shape, scores))
        note("tip", part, *_tip(part, shape, shape.part(grip)))
        note("mount", part, *_mount(part, shape))
        note("face", part, *_face(part, shape))
    _heed_names(shape, scores, reasons)
    for phrase in own_phrases([part.name for part in shape.parts]) - lexicon().nouns.keys():
        for part in shape.parts:
            function = own_function(phrase)
            score = _NAMED if bears(part.name, function) else 0.0
            note(function, part, score, f'it is called "{part.name}"')
    return Affordances(scores=scores, reasons=reasons)


def _heed_names(
    shape: ObjectShape,
    scores: Mapping[str, dict[int, float]],
    reasons: dict[tuple[str, int], str],
) -> None:
    """Lets names that the asset gives its parts outweigh their shape."""
    nouns = lexicon().nouns
    functions = {}
    for part in shape.parts:
        words = ((word,) for word in reversed(part.name.split()))
        functions[part.mark] = next((nouns[word] for word in words if word in nouns), "")
    named = set(functions.values()) - {""}
    for part in shape.parts:
        named_function = functions[part.mark]
        for function, known in scores.items():
            if named_function or function in named:
                known[part.mark] *= _MISNAMED
        if named_function:
            scores[named_function][part.mark] = _NAMED
            reasons[named_function, part.mark] = f'the asset calls it "{part.name}"'


def _vessel(part: PartShape) -> tuple[float, str]:
    hollow = ramp(part.hollow, 0.1, 0.3)
    score = (0.45 + 0.55 * hollow) * ramp(part.share, 0.1, 0.5) ** 0.5
    wide = ramp(float(part.extents[1]), 0.03, 0.06)
    words = "it is hollow and wide" if hollow > 0.5 else "it is the bulky part"
    return score * wide, words


def _closure(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    # A kettle's handle stands over its lid.
    below = [other for other in shape.parts if not is_loop(other, shape)]
    top = max((other.height[1] for other in below), default=1.0)
    high = ramp(part.height[0] / top, 0.45, 0.75) * ramp(part.height[1] / top, 0.9, 0.98)
    central = 1.0 - ramp(part.offset, 0.2, 0.5)
    small = 1.0 - ramp(part.share, 0.25, 0.45)
    no_loop = 0.3 if is_loop(part, shape) else 1.0
    return high * central * small * no_loop, "it sits on top, in the middle"


def _stem(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    others = [p.girth for p in shape.parts if p.mark != part.mark and p.share > 0.04]
    thin = 1.0 - ramp(part.girth / max(max(others, default=part.girth), 1e-6), 0.35, 0.8)
    between = 1.0 - ramp(abs(part.along), 0.6, 0.95)
    long = ramp(part.elongation, 1.0, 2.0)
    open_loop = 0.2 if part.hole > LOOP_AREA else 1.0
    # What hangs at the side of a long thing is a lever or a spout.
    away = part.center - shape.center
    away = float(np.linalg.norm(away - (away @ shape.axis) * shape.axis))
    side = ramp(away / max(0.5 * float(np.sort(shape.size)[1]), 1e-6), 0.4, 0.8)
    beside = 1.0 - 0.7 * side * ramp(shape.elongation, 1.6, 2.0)
    return thin * long * (0.5 + 0.5 * between) * open_loop * beside, "it is the slender part"


def _neck(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    others = [other for other in shape.parts if other.mark != part.mark]
    above = any(o.height[0] > part.height[1] - _MEET and o.offset < 0.3 for o in others)
    below = any(o.height[1] < part.height[0] + _MEET and o.girth > part.girth for o in others)
    central = 1.0 - ramp(part.offset, 0.2, 0.5)
    small = 1.0 - ramp(part.share, 0.15, 0.3)
    high = ramp(part.height[0], 0.4, 0.6)
    score = 0.75 * above * below * central * small * high
    return score, "it lies between the wide body and what sits on top"


def _base(part: PartShape) -> tuple[float, str]:
    low = 1.0 - ramp(part.height[0], 0.02, 0.1)
    ends = 1.0 - ramp(part.height[1], 0.3, 0.7)
    return low * (0.1 + 0.9 * ends), "it is what the object stands on"


def _control(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    small = 1.0 - ramp(part.share, 0.03, 0.1)
    # A trigger is a short bar below what it belongs to, and not at the object's end.
    bar = ramp(part.elongation, 1.5, 2.2) * (1.0 - ramp(part.height[1], 0.9, 1.0))
    bar *= (1.0 - ramp(float(part.extents[0] / shape.size.max()), 0.3, 0.45)) * (
        1.0 - ramp(abs(part.along), 0.7, 0.95)
    )
    if bar > 0.7 * ramp(part.offset, 0.1, 0.5):
        return 0.8 * small * bar, "it is a short bar beside the rest"
    return 0.6 * small * ramp(part.offset, 0.1, 0.5), "it is small and stands out at the side"


def _knob(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    small = 1.0 - ramp(part.share, 0.06, 0.2)
    round_ = 1.0 - ramp(part.elongation, 1.3, 2.2)
    out = max(
        ramp(part.height[1], 0.9, 0.98) * ramp(part.height[0], 0.5, 0.8),
        ramp(part.offset, 0.3, 0.7),
    )
    no_loop = 0.3 if part.hole > LOOP_AREA else 1.0
    score = 0.9 * small * (0.4 + 0.6 * round_) * out * no_loop
    return score, "it is small and round, and stands out"


def _body(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    size = float(shape.size.max())
    mass = np.average(
        [p.center for p in shape.parts], axis=0, weights=[p.share for p in shape.parts]
    )
    central = 1.0 - ramp(float(np.linalg.norm(part.center - mass)) / size, 0.1, 0.5)
    return ramp(part.share, 0.05, 0.4) * (0.4 + 0.6 * central), "it is large and near the middle"


def _rim(part: PartShape) -> tuple[float, str]:
    high = ramp(part.height[1], 0.85, 0.98) * ramp(part.height[0], 0.3, 0.8)
    ring = 0.6 + 0.4 * ramp(part.hollow, 0.05, 0.2)
    return high * ring * (1.0 - ramp(part.share, 0.25, 0.4)), "it lies around the top"


def _outlet(part: PartShape, shape: ObjectShape, is_grip: bool) -> tuple[float, str]:
    spout = ramp(part.offset, 0.4, 0.8) * ramp(part.height[1], 0.5, 0.8)
    spout *= (1.0 - ramp(part.share, 0.2, 0.35)) * (0.1 if is_loop(part, shape) else 1.0)
    spout *= 0.4 if is_grip else 1.0  # the one bar of a pan is its handle
    rim, reason = _rim(part)
    if spout > 0.9 * rim:
        return 0.95 * spout, "it stands out at the side and opens upwards"
    return 0.85 * rim, reason


def _tool(
    part: PartShape, shape: ObjectShape, scores: Mapping[str, Mapping[int, float]]
) -> tuple[float, str]:
    handles = scores["handle"]
    holder = max(handles, key=lambda mark: handles[mark])
    if part.mark == holder:
        return 0.2 * (1.0 - handles[holder]), "it is the handle itself"
    handle = shape.part(holder)
    away = float(np.linalg.norm(part.center - handle.center)) / float(shape.size.max())
    unlike = 1.0 - 0.5 * handles[part.mark]
    large = 0.6 + 0.4 * ramp(part.share, 0.03, 0.12)
    end = 0.7 + 0.3 * ramp(max(abs(part.along), part.offset), 0.3, 0.6)
    score = (0.5 + 0.5 * ramp(away, 0.15, 0.5)) * unlike * large * end
    if scores["outlet"][part.mark] > _SPOUT and max(scores["vessel"].values()) > _VESSEL:
        score *= _BESIDE_VESSEL
    return score, "it lies away from the handle"


def _tip(part: PartShape, shape: ObjectShape, grip: PartShape) -> tuple[float, str]:
    """The end of what works: the part whose points lie farthest from where it is held."""
    reach = {
        other.mark: float(np.linalg.norm(other.points - grip.center, axis=1).max())
        for other in shape.parts
        if other.mark != grip.mark
    }
    if part.mark not in reach:
        return 0.1, "it is the handle itself"
    far = ramp(reach[part.mark] / max(reach.values()), 0.7, 1.0)
    small = 1.0 - 0.6 * ramp(part.share, 0.15, 0.4)
    return 0.9 * far * small, "it is the end that lies farthest from the handle"


def _mount(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    end = ramp(abs(part.along), 0.3, 0.7)
    largest = max(shape.parts, key=lambda p: p.share)
    slim = 1.0 - ramp(part.girth / max(largest.girth, 1e-6), 0.5, 1.0)
    small = 1.0 - ramp(part.share, 0.35, 0.55)
    return end * (0.3 + 0.7 * slim) * small, "it is the narrower end"


def _face(part: PartShape, shape: ObjectShape) -> tuple[float, str]:
    small = 1.0 - ramp(part.share, 0.2, 0.4)
    end = ramp(abs(part.along), 0.5, 0.9)
    round_ = 1.0 - ramp(part.elongation, 1.15, 1.5)
    if round_ > end:
        return 0.45 * round_ * small, "it is round and stands out"
    return 0.5 * end * small, "it is the front at one end"
