"""The fineness of an object's parts: coarse ones, and smaller ones where the task asks for them.

A lid, a rim, a neck or a chuck is a piece of a coarse part. The rules choose among coarse parts,
and take such a piece out of its part only where the task turns on it and no coarse part will do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from zdg_jax.planning.geometry.parts import ObjectLike, ObjectShape, coarse_parts, measure
from zdg_jax.planning.rules.affordances import Affordances, score_affordances
from zdg_jax.planning.rules.language.task_parsing import ParsedTask

_FINE = frozenset(
    (
        *("closure", "rim", "outlet", "stem", "neck", "control", "knob"),
        *("mount", "face", "base", "tool", "tip"),
    )
)
"""Functions that a piece of a coarse part may have."""
_CLEAR = 0.45
"""Score from which a piece is what the task asks for."""
_BETTER = 0.15
"""The piece has to score so much more than the best coarse part."""

_Parts = Sequence[tuple[int, ...]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """An object as the rules look at it."""

    shape: ObjectShape
    """Its parts, each of one or more marks."""
    affordances: Affordances
    """Their scores."""

    @classmethod
    def of(cls, obj: ObjectLike, parts: _Parts) -> Reading:
        """Measures and scores the parts with these marks."""
        shape = measure(obj, parts)
        return cls(shape=shape, affordances=score_affordances(shape))


def read_shape(obj: ObjectLike, parsed: ParsedTask) -> Reading:
    """Reads an object as finely as a task asks for.

    Args:
        obj: the object.
        parsed: the task.
    """
    reading = Reading.of(obj, _with_named(obj, coarse_parts(obj)))
    for function in _asked(parsed):
        scores = reading.affordances.scores[function]
        bar = max(_CLEAR, max(scores.values()) + _BETTER)
        for parts, piece in _carved(obj, [part.marks for part in reading.shape.parts]):
            finer = Reading.of(obj, parts)
            score = finer.affordances.scores[function].get(piece[0], 0.0)
            if score > bar:
                bar, reading = score, finer
    return reading


def _with_named(obj: ObjectLike, parts: _Parts) -> _Parts:
    """The parts, out of which every piece that bears a name of its own is taken."""
    named = [int(part.mark) for part in obj.parts if part.name]
    rest = [tuple(mark for mark in marks if mark not in named) for marks in parts]
    return sorted([*(marks for marks in rest if marks), *((mark,) for mark in named)])


def _asked(parsed: ParsedTask) -> list[str]:
    """Functions that words or action want held or spared, of those that pieces may have."""
    named = [request.function for request in (*parsed.hold, *parsed.avoid)]
    implied = [*parsed.action.hold, *parsed.action.avoid] if parsed.action is not None else []
    implied = [name for name in implied if name in _FINE]
    return [name for name in dict.fromkeys(named + implied) if name in (*_FINE, "handle")]


def _carved(obj: ObjectLike, parts: _Parts) -> Iterator[tuple[_Parts, tuple[int, ...]]]:
    """All ways to take one piece, or a union of pieces, out of one part; and the piece.

    What is left stays together, or falls into its pieces where one lies between two others.
    """
    pieces = [(int(part.mark),) for part in obj.parts] + [tuple(group) for group in obj.groups]
    for piece in pieces:
        for part in parts:
            if set(piece) < set(part):
                rest = tuple(mark for mark in part if mark not in piece)
                others = [other for other in parts if other != part]
                yield sorted([*others, piece, rest]), piece
                if len(rest) > 1:
                    yield sorted([*others, piece, *((mark,) for mark in rest)]), piece
