"""Parts that a task names, and whether its words want them held or spared."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from zdg_jax.planning.rules.language.clauses import Clause, Kind, is_verb
from zdg_jax.planning.rules.language.lexicon import Lexicon

_GRASPING = frozenset(["hold", "lift", "pull", "hand_over", "place", "throw", "shake", "eat"])
_WORKING = frozenset(["tool", "tip", "outlet", "rim", "face", "mount", "base", "closure"])
_USING = frozenset(
    ["pour", "cut", "bore", "spray", "write", "brush", "strike", "handle_food", "stir", "lever"]
)
_WORLDLY = frozenset(["face", "mount", "base"])
_AIMING = frozenset(["pointing", "aiming", "turning", "directing", "point", "aim", "turn"])
_TAKING = frozenset(["take", "grab", "grasp", "get", "grip", "reach", "seize"])
_HOLD = frozenset(["hold", "grip", "grasp", "grab", "pinch", "clutch", "clasp", "seize"])
_RELEASING = frozenset(["go", "release", "drop", "lose", "releasing", "dropping", "losing"])
_ONTO = frozenset(["against", "into", "onto", "inside"])
_PARTICLES = frozenset(["", "off", "up", "down", "out", "over"])
_MADE_TO_HOLD = frozenset(["stem", "neck", "body", "vessel"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mention:
    """A part or place named in a clause."""

    name: str
    """The words."""
    function: str
    """Function of the part, as the lexicon has it; "" where only a place is named."""
    place: str
    """Place on the object; "" where no place is named."""
    start: int
    end: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """Judgement of the words on a named part."""

    value: float
    """Above 0: to be held; below 0: to be spared; the size says how surely."""
    reason: str
    offered: bool = False
    """True where the part is offered to another person."""


def mentions(words: Sequence[str], lex: Lexicon) -> Iterator[Mention]:
    """Finds parts and places that are named, the longest phrase first, none twice.

    Args:
        words: words of a clause.
        lex: the lexicon.
    """
    index, last = 0, -1
    while index < len(words):
        if index == last and words[index] in lex.words["towards"]:
            index += 1  # "the spout points down"
        for length in (3, 2, 1):
            phrase = tuple(words[index : index + length])
            function = lex.nouns.get(phrase) or _compound(words, index, length, lex)
            if len(phrase) < length or (not function and phrase not in lex.places):
                continue
            if length == 1 and len(words) > 1 and is_verb(words, index, lex):
                continue
            if index and words[index - 1] in lex.words["indefinite"] and "by" not in words[:index]:
                continue  # "a point", "some top": not a part of this object
            if phrase in lex.ambiguous and not (
                index and words[index - 1] in lex.words["determiners"]
            ):
                continue  # "put it back", of a chair with a back
            whose = index > 0 and words[index - 1] in lex.words["whose"]
            if whose and phrase[0] in lex.words["bodily"]:
                continue  # "on my head", "your teeth"
            if index and words[index - 1] in lex.words["furnishings"]:
                continue  # "the door handle"
            if _specifies(words[index + length :], lex):
                continue  # "the wheel nuts"
            if words[max(index - 1, 0) : index + 2] == ("on", "top", "of"):
                continue  # "on top of the others"
            yield Mention(
                name=" ".join(phrase),
                function=function,
                place=lex.places.get(phrase, ""),
                start=index,
                end=index + length,
            )
            index += length - 1
            last = index + 1
            break
        index += 1


def _specifies(after: Sequence[str], lex: Lexicon) -> bool:
    """Tells whether a part's name only says of which kind the things after it are."""
    plural = (
        bool(after) and after[0].endswith("s") and not after[0].endswith(("ss", "wards", "ways"))
    )
    return plural and after[0] not in lex.vocabulary


def _compound(words: Sequence[str], index: int, length: int, lex: Lexicon) -> str:
    """Function of an unknown word after "by" that ends with a part's name: "by the headband"."""
    word = words[index] if length == 1 and index < len(words) else ""
    if word in lex.vocabulary or "by" not in words[max(index - 3, 0) : index]:
        return ""
    ends = (word[start:] for start in range(3, len(word) - 3))
    return next((lex.nouns[(end,)] for end in ends if (end,) in lex.nouns), "")


def enumeration_spans(
    words: Sequence[str], named: Sequence[Mention], lex: Lexicon
) -> list[tuple[int, int]]:
    """Finds the enumeration that each mention stands in: "the rim or the spout".

    Args:
        words: words of a clause.
        named: the parts that it names, in order.
        lex: the lexicon.

    Returns:
        First word and word after the last of each mention's enumeration.
    """
    spans = [(mention.start, mention.end) for mention in named]
    for index in range(1, len(named)):
        between = words[named[index - 1].end : named[index].start]
        joins = [word for word in between if word not in lex.words["determiners"]]
        if joins in (["and"], ["or"], ["nor"]):
            spans[index] = (spans[index - 1][0], named[index].end)
    for index in range(len(named) - 1, 0, -1):
        # "The rim and the handle is hot" speaks of the handle alone.
        single = words[named[index].end : named[index].end + 1] in (("is",), ("gets",), ("stays",))
        if spans[index][0] <= spans[index - 1][0] and not single:
            spans[index - 1] = (spans[index - 1][0], spans[index][1])
    return spans


def classify_mention(
    mention: Mention,
    span: tuple[int, int],
    clause: Clause,
    action: str,
    target: Sequence[str],
    passive: bool,
    lex: Lexicon,
) -> Verdict:
    """Decides whether a named part is to be held or spared, and why.

    Args:
        mention: the part.
        span: first word and word after the last of the enumeration that it stands in.
        clause: the clause that names it.
        action: name of the task's action; "" where none was named.
        target: words of the action's direct object, if this is its clause; else none.
        passive: whether that object is the subject of a passive verb.
        lex: the lexicon.
    """
    sets, words = lex.words, clause.words
    direct = mention.name.split()[-1] in target
    after = words[span[1] : span[1] + 5]
    before = words[max(span[0] - 4, 0) : span[0]]
    owned = len(before) > 1 and before[-1] in sets["determiners"] and before[-2] == "of"
    if owned and "by" in words[max(span[0] - 6, 0) : span[0]]:
        before = ("by",)  # "by the spine of the blade"
    preposition = next((word for word in reversed(before) if word in sets["prepositions"]), "")
    adjective = before[-1] if before else ""
    if sets["towards"] & set(after[:2]) or after[:2] == ("away", "from"):
        return _towards(words[span[1] :], after, action, lex)
    if (
        preposition in _ONTO
        and mention.function != "handle"
        and not sets["body_parts"] & set(before)
    ):
        return Verdict(value=0.0, reason="")  # "against the bowl": another's
    if clause.kind is Kind.NEGATIVE and _AIMING & set(before) and sets["persons"] & set(after):
        return Verdict(value=0.0, reason="")  # "without pointing the blade at me"
    if clause.kind is Kind.NEGATIVE and _RELEASING & set(before):
        return Verdict(value=1.0, reason="the words say not to let go of it")
    if clause.kind is Kind.NEGATIVE:
        return Verdict(value=-1.0, reason="the words say to keep off it")
    if clause.kind is Kind.OTHER:
        offered = mention.function == "handle" and bool(_TAKING & set(before))
        offered &= action in ("", "lift", "hold", "place")
        return Verdict(value=-1.0, reason="someone else takes it there", offered=offered)
    if _held_there(mention, before, after, lex):
        return Verdict(value=1.0, reason="the words say to hold it there")
    if sets["spared"] & set(after) and (sets["be"] & set(after) or sets["keeping"] & set(before)):
        return Verdict(value=-1.0, reason="it must stay free")
    if preposition == "by":
        return Verdict(value=1.0, reason="the words say to hold it there")
    if passive and direct:
        agent = words[words.index("by") + 1 :] if "by" in words else ()
        if sets["persons"] & set(agent[:2]):
            return Verdict(value=-1.0, reason="someone else takes it there")
        return _by_action(mention, action, True, "", lex)
    if len(after) > 1 and after[0] in sets["be"] and after[1] not in sets["neutral"]:
        return Verdict(value=-1.0, reason=f'it is not to be touched: it "{" ".join(after[:2])}"')
    if action in _USING and direct and preposition in _PARTICLES and mention.function in _WORLDLY:
        return Verdict(value=0.0, reason="")  # "spray the windows": not this object's
    if adjective in sets["hot"] | sets["sharp"] | sets["unfit"]:
        return Verdict(value=-1.0, reason=f"it is {adjective}")
    if sets["body_parts"] & set(before) and preposition in sets["at"] | {"over"}:
        return Verdict(value=1.0, reason="a finger or the hand goes there")
    if clause.kind is Kind.SIDE:
        return Verdict(value=-0.7, reason="something else happens there")
    return _by_action(mention, action, direct, preposition, lex)


def _held_there(
    mention: Mention, before: Sequence[str], after: Sequence[str], lex: Lexicon
) -> bool:
    """Tells whether a part is held in passing: "holding the jaws", "blades in your palm"."""
    last = [word for word in before if word not in lex.words["determiners"] | {"only", "just"}][-1:]
    within = after[:1] in (("in",), ("inside",)) and set(after[1:3]) & lex.words["body_parts"]
    if last == ["using"] and mention.function in _WORKING:
        return False  # "using the claw"
    told = len(last) == len(before) - 1 and _HOLD & set(last)  # "hold the chuck"
    return bool(lex.words["gripping"] & set(last)) or bool(within) or bool(told)


def _towards(rest: Sequence[str], after: Sequence[str], action: str, lex: Lexicon) -> Verdict:
    """A part that points somewhere: at a person it is offered, at the work it is in use."""
    if "away" in after:
        return Verdict(value=0.0, reason="")
    first = after[0] == "first" and action in ("", "hand_over")
    if first or lex.words["persons"] & set(rest):
        return Verdict(value=-1.0, reason="it is offered to the other person", offered=True)
    return Verdict(value=-0.7, reason="it points at the work")


def _by_action(
    mention: Mention, action: str, direct: bool, preposition: str, lex: Lexicon
) -> Verdict:
    """Judges a part by the action that is named beside it."""
    if action == "clean" and direct:
        return Verdict(value=-1.0, reason="it is what is worked on")
    if action in ("open", "press", "squeeze") and (direct or preposition == "on"):
        return Verdict(value=1.0, reason="the action is done to it")
    if action == "place" and preposition:
        return Verdict(value=-0.7, reason="it rests on it")
    if action == "hand_over" and direct and mention.function == "handle":
        return Verdict(value=-1.0, reason="it is offered to the other person", offered=True)
    if action in _GRASPING and (direct or preposition in lex.words["at"]):
        return Verdict(value=1.0, reason="the words name it as what to take")
    used = not action or (action == "use" and direct)
    if mention.function == "handle" or (used and mention.function in _MADE_TO_HOLD):
        return Verdict(value=0.8, reason="it is named, and made to be held")
    if mention.function in _WORKING:
        return Verdict(value=-0.8, reason="it does the work")
    return Verdict(value=0.0, reason="")
