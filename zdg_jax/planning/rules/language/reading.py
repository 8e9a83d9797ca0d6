"""Reading a task: which deed its words name, which parts they ask for and which they spare."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from zdg_jax.planning.rules.language.actions import is_object, main_deed
from zdg_jax.planning.rules.language.clauses import Clause, Kind, split, tokenize
from zdg_jax.planning.rules.language.lexicon import Action, Lexicon, lexicon
from zdg_jax.planning.rules.language.mentions import judge, mentions, own_noun, together
from zdg_jax.planning.rules.language.spelling import foreign, mend

_NAMED_CERTAINTY = 0.8
_OFFERED_CERTAINTY = 0.7
_MISSING = 0.5
"""What is left of the certainty where the part that is asked for is not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """A part to hold or to spare, as the words name it or the deed implies it."""

    function: str
    """What the part is for, as the lexicon has it; "" where only a place is named."""
    name: str
    """The words, or the function where the deed implies it."""
    place: str = ""
    """Where on the object: "top", "bottom", "middle", "thin end", "thick end" or ""."""
    weight: float
    """How much it is wanted, in (0, 1]."""
    named: bool
    """Whether the words name it, rather than the deed implying it."""
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """A task in words, understood as far as the lexicon goes."""

    verb: str
    """The verb as it was found; "" where none was."""
    action: Action | None
    hold: tuple[Wish, ...]
    """Parts that the words name to be held, the surest first."""
    avoid: tuple[Wish, ...]
    """Parts that the words name to be spared, the surest first."""
    hot: bool
    """Whether something is too hot or cold to touch, or must not be warmed."""
    delicate: bool
    strong: bool
    worked_on: bool
    """Whether the object is what the deed is done to, not what it is done with."""
    evidence: tuple[str, ...]
    """What was found in the words."""
    unknown: tuple[str, ...]
    """Words of content that the lexicon does not have."""
    missing: tuple[str, ...] = ()
    """Parts that the words ask for by names that the lexicon does not have."""
    certainty: float
    """How sure the reading is, in [0, 1]; 0 where the words mean nothing."""


_NOTHING = Reading(
    verb="",
    action=None,
    hold=(),
    avoid=(),
    hot=False,
    delicate=False,
    strong=False,
    worked_on=False,
    evidence=(),
    unknown=(),
    certainty=0.0,
)


def read(task: str, name: str = "") -> Reading:
    """Reads a task. `name` is what the object is called, a weak hint; "" where unknown."""
    lex = lexicon()
    own = frozenset(tokenize(name.replace("_", " "), lex))
    tokens, slips = mend(tokenize(task, lex), lex, own)
    if foreign(tokens, lex, own):
        words = dict.fromkeys(token for token in tokens if token[0].isalpha())
        unknown = [word for word in words if word not in lex.vocabulary | own]
        return dataclasses.replace(_NOTHING, unknown=tuple(unknown))
    clauses = split(tokens, lex)
    deed = main_deed(clauses, lex, name)
    action = deed.action if deed else None
    hot, evidence = _heat(clauses, lex)
    evidence += slips
    hold: list[Wish] = []
    avoid: list[Wish] = []
    offered = action is not None and action.name == "hand_over"
    for number, clause in enumerate(clauses):
        mine = deed is not None and deed.clause == number
        target = deed.target if deed is not None and mine else ()
        passive = deed is not None and mine and deed.passive
        found = list(mentions(clause.words, lex))
        for mention, span in zip(found, together(clause.words, found, lex), strict=True):
            verdict = judge(
                mention, span, clause, action.name if action else "", target, passive, lex
            )
            if mention.name == own_noun(name, lex) and "by" not in clause.words[: mention.start]:
                continue  # the deed is done to the whole object, not to a part of it
            offered |= verdict.offered
            if verdict.value == 0:
                continue
            wish = Wish(
                function=mention.function,
                name=mention.name,
                place=mention.place,
                weight=abs(verdict.value),
                named=True,
                reason=verdict.reason,
            )
            (hold if verdict.value > 0 else avoid).append(wish)
            evidence.append(f'"{mention.name}": {verdict.reason}')
    certainty = deed.certainty if deed else 0.0
    if offered:
        action = lex.actions["hand_over"]
        certainty = max(certainty, _OFFERED_CERTAINTY)
    if hold or avoid:
        certainty = max(certainty, _NAMED_CERTAINTY)
    missing = () if hold else _missing(clauses, own, lex)
    if missing:
        certainty *= _MISSING
        evidence += [f'"{word}": no part that this planner knows' for word in missing]
    if action is not None:
        evidence.insert(0, f'"{deed.phrase if deed else "offered"}": {action.because}')
    said = {word for clause in clauses if clause.kind is not Kind.NEGATIVE for word in clause.words}
    return Reading(
        verb=deed.phrase if deed else "hand over" if offered else "",
        action=action,
        hold=_unique(hold),
        avoid=_unique(avoid),
        hot=hot,
        delicate=bool(said & lex.words["delicate"]),
        strong=bool(said & lex.words["strong"]),
        worked_on=deed is not None
        and "it" not in deed.target
        and is_object(deed.target, name, lex),
        evidence=tuple(dict.fromkeys(evidence)),
        missing=missing,
        unknown=_unknown(clauses, own, lex),
        certainty=certainty,
    )


def _heat(clauses: Iterable[Clause], lex: Lexicon) -> tuple[bool, list[str]]:
    """Whether something is too hot to touch or must not be warmed, and the words that say so."""
    evidence = []
    for clause in clauses:
        negative = clause.kind is Kind.NEGATIVE
        words = [
            word
            for before, word in zip(("", *clause.words), clause.words, strict=False)
            if word in lex.words["heat_verbs" if negative else "hot"]
            or (negative and before in lex.words["determiners"] and word in lex.words["hot"])
        ]
        if words:
            why = "keep the hand off what holds the contents" if negative else "keep off the heat"
            evidence.append(f'"{clause if negative else words[0]}": {why}')
    return bool(evidence), evidence


def _unknown(clauses: Sequence[Clause], own: frozenset[str], lex: Lexicon) -> tuple[str, ...]:
    known = (lex.vocabulary - lex.words["spelled"]) | own
    words = [word for clause in clauses for word in clause.words]
    return tuple(dict.fromkeys(word for word in words if word not in known))


def _missing(clauses: Sequence[Clause], own: frozenset[str], lex: Lexicon) -> tuple[str, ...]:
    """Words after "by the" that name no part that the lexicon has."""
    missing = []
    for clause in clauses:
        words = clause.words
        for index in range(len(words) - 2):
            if words[index] != "by" or words[index + 1] not in lex.words["determiners"]:
                continue
            rest = words[index + 2 : index + 5]
            if not any(mentions(rest, lex)) and rest[0] not in lex.vocabulary | own:
                missing.append(rest[0])
    return tuple(missing)


def _unique(wishes: Sequence[Wish]) -> tuple[Wish, ...]:
    kept: dict[tuple[str, str], Wish] = {}
    for wish in sorted(wishes, key=lambda wish: -wish.weight):
        kept.setdefault((wish.function, wish.place), wish)
    return tuple(kept.values())
