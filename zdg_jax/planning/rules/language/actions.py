"""The action that a task asks for: its verb, what it is done to, and how surely it was read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from zdg_jax.planning.rules.language.clauses import Clause, Kind, is_verb
from zdg_jax.planning.rules.language.lexicon import Action, Lexicon
from zdg_jax.planning.rules.language.object_name import is_object, names_object
from zdg_jax.planning.rules.language.verb_meaning import meaning

_PHRASE_GAP = 5
_TOLERANCE = 0.15
_GUESS = 0.3
"""Certainty that a word which is not known is a verb where one may stand."""
_PASSIVE = 0.8
"""Certainty that a participle after "be" is a verb."""
_SURE = 0.8
"""Certainty from which a clause's own verb says what is done to the parts that it names."""
_PASSIVE_BE = frozenset(["be", "is", "are", "being", "been", "was", "were", "gets", "get", "got"])
_NEEDS = frozenset(["need", "needs", "wants", "requires", "require"])
_STATES = (_PASSIVE_BE - {"get", "gets", "got"}) | {"stay", "stays", "remain", "remains", "keep"}
PREPARING = frozenset(["lift", "hold", "place", "use"])
"""Actions that only get hold of the object, or say nothing of what is done with it."""
_GIVING = frozenset(["give", "gives", "giving", "gave"])
_CLAUSES = frozenset(["whether", "if", "how", "what", "why"])
"""Words that begin what is asked or said, where they follow a verb."""
_PARTICLES = frozenset(["up", "down", "off", "over"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class ActionMention:
    """A verb in a clause."""

    phrase: str
    """The verb with its particles."""
    action: Action
    clause: int
    """Number of its clause."""
    target: tuple[str, ...]
    """Words of its direct object."""
    certainty: float
    """Certainty that the word is a verb here, in (0, 1]."""
    passive: bool
    """True where the object stands before the verb: "the lid must be lifted"."""


def main_action(clauses: Sequence[Clause], lex: Lexicon, name: str) -> ActionMention | None:
    """Finds the action that this hand is to do; None where the lexicon knows no verb of the task.

    Args:
        clauses: the task.
        lex: the lexicon.
        name: name of the object; "" where unknown.
    """
    with_it = done_with(clauses, lex, name)
    candidates = [
        mention
        for number, clause in enumerate(clauses)
        if clause.kind not in (Kind.NEGATIVE, Kind.OTHER)
        for mention in _action_mentions(clause, number, lex, name, with_it)
    ]
    if not candidates:  # "let me read the label"
        others = [(n, clause) for n, clause in enumerate(clauses) if clause.kind is Kind.OTHER]
        seen = [m for n, clause in others for m in _action_mentions(clause, n, lex, name, with_it)]
        candidates = [mention for mention in seen if mention.action.name == "look"]
    if name:
        candidates += [
            mention
            for number, clause in enumerate(clauses)
            if clause.kind is Kind.MAIN
            for mention in _unknown_verb(clause, number, lex, name)
        ]
    # A clause about something else counts only where no other has a verb.
    in_main = [mention for mention in candidates if clauses[mention.clause].kind is Kind.MAIN]
    candidates = in_main or candidates
    best = max((mention.certainty for mention in candidates), default=0.0)
    sure = [mention for mention in candidates if mention.certainty >= best - _TOLERANCE]
    # "Pick it up and pour", "hold it to write": getting hold of it only prepares the rest.
    weighty = [mention for mention in sure if mention.action.name not in PREPARING]
    return next(iter(weighty or sure), None)


def action_of(
    clause: Clause, number: int, lex: Lexicon, name: str, with_it: bool
) -> ActionMention | None:
    """Finds the action that a clause by itself asks for, where its verb leaves no doubt.

    Args:
        clause: the clause.
        number: its place in the task.
        lex: the lexicon.
        name: name of the object; "" where unknown.
        with_it: whether something else is worked on with the object, see `done_with`.
    """
    if clause.kind is not Kind.MAIN:
        return None
    mentions = _action_mentions(clause, number, lex, name, with_it)
    return next((mention for mention in mentions if mention.certainty >= _SURE), None)


def done_with(clauses: Sequence[Clause], lex: Lexicon, name: str) -> bool:
    """Tells whether something else is worked on with the object: "twist the wire with the pliers".

    Args:
        clauses: the task.
        lex: the lexicon.
        name: name of the object; "" where unknown.
    """
    named = {clause.kind for clause in clauses if names_object(clause.words, name, lex)}
    return named == {Kind.WITH}


def _action_mentions(
    clause: Clause, number: int, lex: Lexicon, name: str, with_it: bool
) -> Iterator[ActionMention]:
    for index in range(len(clause.words)):
        certainty = _certainty(clause.words, index, lex)
        if certainty == 0.0:
            continue
        subject = _subject(clause.words, index, lex) or _fails_of(clause.words, index, lex)
        for phrase, action, length in _phrases(clause.words, index, lex):
            target = subject or _target(clause.words, index, length, lex)
            meant = meaning(phrase, action, target, clause.words, lex, name, with_it)
            if meant:
                yield ActionMention(
                    phrase=" ".join(phrase),
                    action=lex.actions[meant],
                    clause=number,
                    target=target,
                    certainty=max(certainty, _PASSIVE) if subject else certainty,
                    passive=bool(subject),
                )
                break


def _unknown_verb(clause: Clause, number: int, lex: Lexicon, name: str) -> Iterator[ActionMention]:
    """A word that is not known where a verb stands: what it is done to tells what is held.

    "Frobnicate the nails" is done with the object, unless it is a nail, and so is "blorp the fat
    off the pan" with a pan; "blick your hands round it" is a hold.
    """
    before = lex.words["modals"] | lex.words["persons"] | lex.words["adverbs"] | {"i", "we"}
    words = clause.words
    index = next((i for i, word in enumerate(words) if word not in before), len(words))
    if index + 1 >= len(words) or words[index] in lex.vocabulary:
        return
    if words[index + 1] not in lex.words["determiners"] | lex.words["indefinite"]:
        return
    target = _target(words, index, 1, lex)
    if lex.words["body_parts"] & set(target):
        action = "hold"
    elif is_object(target, name, lex):
        return
    else:
        action = "use"
    yield ActionMention(
        phrase=words[index],
        action=lex.actions[action],
        clause=number,
        target=target,
        certainty=_GUESS,
        passive=False,
    )


def _certainty(words: Sequence[str], index: int, lex: Lexicon) -> float:
    """Gives the certainty that the word at `index` is used as a verb; 0 where it cannot be."""
    if words[index] in _GIVING and _deed_given(words[index + 1 :], lex):
        return 0.1  # "give the pan a stir"
    if _CLAUSES & set(words[index + 1 : index + 2]):
        return 0.3  # "check whether it is full"
    if is_verb(words, index, lex):
        return 0.9
    before, sets = words[index - 1] if index else "", lex.words
    if before in _STATES and words[index + 1 : index + 2] in (("in",), ("with",)):
        return 0.0  # "is covered in mud"
    unfit = words[index] in sets["unfit"]
    if before in _STATES and (unfit or not _participle(words[index], lex)):
        return 0.0  # "is clean", "stays open", "is broken"
    if sets["indefinite"] & set(words[max(index - 2, 0) : index]) and (
        sets["light_verbs"] & set(words[:index])
    ):
        return 0.85  # "take a sip", "give it a good shake"
    if before in sets["indefinite"]:
        return 0.1  # "some paint", "a drink"
    if words[index].endswith("ing") and before in ("for", "of", "by", ""):
        return 0.75
    owned = before in sets["determiners"] - sets["indefinite"]
    if owned or before in sets["prepositions"] or words[index] in ("hand", "hands"):
        return 0.0
    return 0.5


def _deed_given(words: Sequence[str], lex: Lexicon) -> bool:
    """Tells whether what is given is a deed, and to no person: "it a good shake"."""
    for index, word in enumerate(words):
        if word in lex.words["persons"] or word in lex.words["prepositions"]:
            return False
        if word in lex.words["indefinite"]:
            if lex.words["attempts"] & set(words[index + 1 : index + 2]):
                return True
            return any((deed,) in lex.verbs and deed != "hand" for deed in words[index + 1 :][:2])
    return False


def _participle(word: str, lex: Lexicon) -> bool:
    return word.endswith(("ed", "ing")) or word in lex.words["irregular"]


def _subject(words: Sequence[str], index: int, lex: Lexicon) -> tuple[str, ...]:
    """Finds a passive verb's subject: "the lid" of "the lid has to be lifted"; () elsewhere."""
    if not _participle(words[index], lex):
        return ()
    first = index
    while first and (words[first - 1] in lex.words["adverbs"] or words[first - 1].endswith("ly")):
        first -= 1
    before = words[first - 1] if first else ""
    if not (before in _PASSIVE_BE or (words[index].endswith("ing") and before in _NEEDS)):
        return ()
    between = _PASSIVE_BE | _NEEDS | lex.words["modals"] | {"has", "have"}
    while first and words[first - 1] in between:
        first -= 1
    return tuple(words[:first])


def _fails_of(words: Sequence[str], index: int, lex: Lexicon) -> tuple[str, ...]:
    """Words for a part that opens, or does not: "the lid" of "the lid will come off"; else ()."""
    opens = "open" in (
        lex.verbs.get((words[index],)),
        *(lex.verbs.get((words[index], particle)) for particle in words[index + 1 : index + 2]),
    )
    ends = not set(words[index + 1 :]) - _PARTICLES - {"loose", "open"}
    if not opens or not ends or words[max(index - 1, 0)] not in ("will", "can"):
        return ()
    return tuple(words[: index - 1])


def _phrases(
    words: Sequence[str], index: int, lex: Lexicon
) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Verbs that begin at `index`, with their particles near by, the longest first."""
    beginning = [
        (phrase, action)
        for table in (lex.part_verbs, lex.verbs)
        for phrase, action in table.items()
        if phrase[0] == words[index]
    ]
    for length in (3, 2, 1):
        for phrase, action in beginning:
            if len(phrase) != length:
                continue
            if length == 1:
                yield phrase, action, 1
                continue
            for start in range(index + 1, min(index + 2 + _PHRASE_GAP, len(words))):
                end = start + length - 1
                if phrase[-1] == "out" and tuple(words[end : end + 1]) == ("of",):
                    continue  # "throw it out of the window"
                if tuple(words[start:end]) == phrase[1:]:
                    yield phrase, action, length if start == index + 1 else 1
                    break


def _target(words: Sequence[str], index: int, length: int, lex: Lexicon) -> tuple[str, ...]:
    """Words of the direct object that follows a verb."""
    target: list[str] = []
    for word in words[index + length :]:
        if word == "using" or (
            word in lex.words["prepositions"] and (target or word not in _PARTICLES)
        ):
            break
        target.append(word)
    return tuple(target)
