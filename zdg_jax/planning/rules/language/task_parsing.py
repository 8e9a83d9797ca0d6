"""ParsedTask a task: which asked its words name, which parts they ask for and which they spare."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Sequence

from zdg_jax.planning.grip import Side
from zdg_jax.planning.rules.language.actions import action_of, done_with, main_action
from zdg_jax.planning.rules.language.clauses import Clause, Kind, split, tokenize
from zdg_jax.planning.rules.language.lexicon import Action, Lexicon, lexicon
from zdg_jax.planning.rules.language.mentions import (
    Verdict,
    classify_mention,
    enumeration_spans,
    mentions,
)
from zdg_jax.planning.rules.language.object_name import (
    is_object,
    names_object,
    object_noun,
    object_words,
)
from zdg_jax.planning.rules.language.spelling import correct_spelling, is_not_english
from zdg_jax.planning.rules.language.verb_meaning import is_of_another

_NAMED_CERTAINTY = 0.8
_VERB = 0.9
"""Certainty from which a word is a verb beyond doubt."""
_OFFERED_CERTAINTY = 0.7
_HEAT_CERTAINTY = 0.6
_OCCASION = 0.6
_GUESSED = 0.4
"""Certainty up to which a verb gives way to a word that stands for what is done: "a cuppa"."""
_SIDES = {Side.ABOVE: "above", Side.SIDE: "the side", Side.BELOW: "below"}
_COMES_FROM = re.compile(
    r"(?P<above>\bfrom (?:the )?(?:right )?(?:above|overhead|top)\b(?! (?:part|half|of))"
    r"|\btop[- ]down\b|\bpalm down\b)"
    r"|(?P<side>\bfrom (?:the|one|a|either) sides?\b(?! of)|\bsideways\b)"
    r"|(?P<below>\bfrom (?:the )?(?:below|underneath|beneath)\b)"
)
"""Words that say where the hand comes from, by the names of `Side`."""
_LEAVING = frozenset(["from", "off", "out"])
_MISSING = 0.5
"""Factor on the certainty where the part that is asked for is not known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PartRequest:
    """A part to hold or to spare, as the words name it or the action implies it."""

    function: str
    """Function of the part, as the lexicon has it; "" where only a place is named."""
    name: str
    """The words, or the function where the action implies it."""
    place: str = ""
    """Place on the object: "top", "bottom", "middle", "thin end", "thick end" or ""."""
    weight: float
    """Strength of the request, in (0, 1]."""
    named: bool
    """True where the words name it, rather than the action implying it."""
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ParsedTask:
    """A task in words, understood as far as the lexicon goes."""

    verb: str
    """The verb as it was found; "" where none was."""
    action: Action | None
    hold: tuple[PartRequest, ...]
    """Parts that the words name to be held, the surest first."""
    avoid: tuple[PartRequest, ...]
    """Parts that the words name to be spared, the surest first."""
    hot: bool
    """True where something is too hot or cold to touch, or must not be warmed."""
    delicate: bool
    strong: bool
    worked_on: bool
    """True where the action is done to the object, not with it."""
    with_another: bool
    """True where it is done to the object with another thing."""
    evidence: tuple[str, ...]
    """Words that decided, and for what."""
    unknown: tuple[str, ...]
    """Words of content that the lexicon does not have."""
    side: Side | None = None
    """Side that the words ask the hand to come from."""
    missing: tuple[str, ...] = ()
    """Parts that the words ask for by names that the lexicon does not have."""
    certainty: float
    """Certainty of all this, in [0, 1]; 0 where the words mean nothing."""


_NOTHING = ParsedTask(
    verb="",
    action=None,
    hold=(),
    avoid=(),
    hot=False,
    delicate=False,
    strong=False,
    worked_on=False,
    with_another=False,
    evidence=(),
    unknown=(),
    certainty=0.0,
)


def parse_task(task: str, name: str = "", parts: Collection[str] = ()) -> ParsedTask:
    """Parses a task as far as the lexicon goes.

    Args:
        task: the task in words.
        name: name of the object, a weak hint; "" where unknown.
        parts: names that its parts bear.
    """
    lex = lexicon().with_parts(parts) if parts else lexicon()
    own_words = object_words(name, lex)
    tokens, slips = correct_spelling(tokenize(task, lex), lex, own_words)
    if is_not_english(tokens, lex, own_words):
        tokens_of_words = dict.fromkeys(token for token in tokens if token[0].isalpha())
        unknown = [word for word in tokens_of_words if word not in lex.vocabulary | own_words]
        return dataclasses.replace(_NOTHING, unknown=tuple(unknown))
    clauses = split(tokens, lex)
    asked = main_action(clauses, lex, name)
    action = asked.action if asked else None
    taken_off = asked is None or asked.certainty < _VERB
    taken_off &= any(_taken_off(clause, lex) for clause in clauses)
    if taken_off:
        asked, action = None, lex.actions["open"]
    meant = ""
    if asked is None or asked.certainty < _GUESSED:
        spoken = (word for clause in clauses if clause.kind is Kind.MAIN for word in clause.words)
        meant = next((lex.occasions[word] for word in spoken if word in lex.occasions), "")
        action = lex.actions.get(meant, action)
    with_it, with_another = done_with(clauses, lex, name), _with_another(clauses, lex, name)
    hot, evidence = _heat(clauses, lex)
    evidence += slips
    hold: list[PartRequest] = []
    avoid: list[PartRequest] = []
    offered = action is not None and action.name == "hand_over"
    if action is None:
        offered = any(_wished_for(clause, lex, name) for clause in clauses)
        if any(_for_someone(clause, lex) for clause in clauses):
            # "The red one for her", but not "frobnicate the nail for me".
            offered |= any(names_object(clause.words, name, lex) for clause in clauses)
            offered |= not _unknown(clauses, own_words, lex)
    for number, clause in enumerate(clauses):
        here = asked if asked is not None and asked.clause == number else None
        by_itself = None if here or taken_off else action_of(clause, number, lex, name, with_it)
        if by_itself is not None and by_itself.action.name != "hand_over":
            here = by_itself
        doing = here.action.name if here else action.name if action else ""
        target, passive = (here.target, here.passive) if here else ((), False)
        worked = here is not None and here.action.name in ("lever", "turn")
        if worked and is_of_another(clause.words, lex, name):
            continue  # "pry the lid off a tin": the object has no part in it
        named = list(mentions(clause.words, lex))
        for mention, span in zip(named, enumeration_spans(clause.words, named, lex), strict=True):
            verdict = classify_mention(mention, span, clause, doing, target, passive, lex)
            if mention.name == object_noun(name, lex) and "by" not in clause.words[: mention.start]:
                continue  # the action is done to the whole object, not to a part of it
            offered |= verdict.offered
            if taken_off and mention.function == "closure":
                verdict = Verdict(value=1.0, reason="it is to come off")
            if verdict.value == 0 or (with_it and mention.name.split()[-1] in target):
                continue
            meant = mention.function
            if verdict.value > 0:
                meant = lex.held_as.get(mention.name, meant)
            request = PartRequest(
                function=meant,
                name=mention.name,
                place=mention.place,
                weight=abs(verdict.value),
                named=True,
                reason=verdict.reason,
            )
            (hold if verdict.value > 0 else avoid).append(request)
            evidence.append(f'"{mention.name}": {verdict.reason}')
    certainty = asked.certainty if asked else 0.0
    if offered:
        action = lex.actions["hand_over"]
        certainty = max(certainty, _OFFERED_CERTAINTY)
    if hold or avoid:
        certainty = max(certainty, _NAMED_CERTAINTY)
    named_words = {word for request in (*hold, *avoid) for word in request.name.split()}
    if meant:
        certainty = max(certainty, _OCCASION)
    if hot and asked is None:
        certainty = max(certainty, _HEAT_CERTAINTY)
    missing = () if hold else _missing(clauses, own_words, lex)
    if missing:
        certainty *= _MISSING
        evidence += [f'"{word}": no part that this planner knows' for word in missing]
    if action is not None:
        evidence.insert(0, f'"{asked.phrase if asked else "offered"}": {action.because}')
    side, phrase = _side(clauses)
    if side is not None:
        evidence.append(f'"{phrase}": the hand comes from {_SIDES[side]}')
    words = {
        word for clause in clauses if clause.kind is not Kind.NEGATIVE for word in clause.words
    }
    return ParsedTask(
        verb=asked.phrase if asked else "hand over" if offered else "",
        action=action,
        hold=_unique(hold),
        avoid=_unique(avoid),
        hot=hot,
        delicate=bool(words & lex.words["delicate"]),
        strong=bool(words & lex.words["strong"]),
        worked_on=asked is not None
        and (("it" not in asked.target and is_object(asked.target, name, lex)) or with_another),
        side=side,
        evidence=tuple(dict.fromkeys(evidence)),
        missing=missing,
        with_another=with_another,
        unknown=_unknown(clauses, own_words | named_words, lex),
        certainty=certainty,
    )


def _taken_off(clause: Clause, lex: Lexicon) -> bool:
    """Tells whether a clause without a verb says to take off what closes: "lid off, please"."""
    return clause.kind is Kind.MAIN and any(
        mention.function == "closure" and clause.words[mention.end : mention.end + 1] == ("off",)
        for mention in mentions(clause.words, lex)
    )


def _for_someone(clause: Clause, lex: Lexicon) -> bool:
    """Tells whether a clause ends with a person: "for her" begins one, "knife to him" ends one."""
    words = [word for word in clause.words if word not in ("please", "now")]
    persons = lex.words["persons"]
    alone = 0 < len(words) < 3 and set(words) <= persons | lex.words["determiners"]
    return clause.kind is not Kind.NEGATIVE and (
        (alone and words[-1] in persons) or (words[-2:-1] == ["to"] and words[-1] in persons)
    )


def _wished_for(clause: Clause, lex: Lexicon, name: str) -> bool:
    """Tells whether someone else is said to need the object: "she needs the scissors"."""
    wishes = bool(lex.words["wishing"] & set(clause.words))
    return clause.kind is Kind.OTHER and wishes and names_object(clause.words, name, lex)


def _with_another(clauses: Sequence[Clause], lex: Lexicon, name: str) -> bool:
    """Tells whether the work is done to the object with another thing: "stir it with a spoon"."""
    named = [names_object(clause.words, name, lex) for clause in clauses]
    return any(named) and any(
        clause.kind is Kind.WITH and clause.words[0] in lex.words["indefinite"] and not is_named
        for clause, is_named in zip(clauses, named, strict=True)
    )


def _side(clauses: Iterable[Clause]) -> tuple[Side | None, str]:
    """The side that words such as "from above" ask the hand to come from, and those words."""
    for clause in clauses:
        if clause.kind is Kind.NEGATIVE:
            continue
        found = _COMES_FROM.search(" ".join(clause.words))
        if found:
            return next(side for side in Side if found[side.value]), found[0]
    return None, ""


def _heat(clauses: Iterable[Clause], lex: Lexicon) -> tuple[bool, list[str]]:
    """Tells whether something is too hot to touch or must not be warmed, by which words."""
    evidence = []
    for clause in clauses:
        negative = clause.kind is Kind.NEGATIVE
        words = [
            word
            for at, (before, word) in enumerate(
                zip(("", *clause.words), clause.words, strict=False)
            )
            if word in lex.words["heat_verbs" if negative else "hot"]
            or (negative and before in lex.words["determiners"] and word in lex.words["hot"])
            or (word in lex.words["heaters"] and _LEAVING & set(clause.words[max(at - 3, 0) : at]))
        ]
        if words:
            why = "keep the hand off what holds the contents" if negative else "keep off the heat"
            evidence.append(f'"{clause if negative else words[0]}": {why}')
    return bool(evidence), evidence


def _unknown(
    clauses: Sequence[Clause], object_words: frozenset[str], lex: Lexicon
) -> tuple[str, ...]:
    known = (lex.vocabulary - lex.words["spelled"]) | object_words
    words = [word for clause in clauses for word in clause.words]
    return tuple(dict.fromkeys(word for word in words if word not in known))


def _missing(
    clauses: Sequence[Clause], object_words: frozenset[str], lex: Lexicon
) -> tuple[str, ...]:
    """Words after "by the" that name no part that the lexicon has."""
    missing = []
    for clause in clauses:
        words = clause.words
        for index in range(len(words) - 2):
            if words[index] != "by" or words[index + 1] not in lex.words["determiners"]:
                continue
            rest = words[index + 2 : index + 5]
            if not any(mentions(rest, lex)) and rest[0] not in lex.vocabulary | object_words:
                missing.append(rest[0])
    return tuple(missing)


def _unique(requests: Sequence[PartRequest]) -> tuple[PartRequest, ...]:
    kept: dict[tuple[str, str], PartRequest] = {}
    for request in sorted(requests, key=lambda request: -request.weight):
        kept.setdefault((request.function, request.place), request)
    return tuple(kept.values())
