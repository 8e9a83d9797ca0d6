"""Clauses: a task's sentence cut where its meaning turns.

A part that is named means one thing in "hold it by its handle", the opposite in "without
touching the handle" and in "so that she can take it by the handle". The cut is made by a few
words of structure, so that sentences never seen before fall apart at the right places.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import unicodedata
from collections.abc import Sequence

from zdg_jax.planning.rules.language.lexicon import Lexicon

MAX_WORDS = 400

_TOKEN = re.compile(r"\bw/o?(?!\w)|[^\W\d_]+(?:'[^\W\d_]+)?|[.,;:!?()]")
_DASH = re.compile(r"\s[-\u2013]+\s|\s*\u2014\s*")
_PUNCTUATION = frozenset(".,;:!?()")
_HOLDING = frozenset(["hold", "holding", "keep", "keeping", "grip", "gripping"])
_ASKING = frozenset(["check", "see", "know", "ask"])
"""Verbs after which "if" asks, and begins nothing else that happens."""
_GETTING = frozenset(["get", "come", "reach", "undo", "see"])
"""Verbs of what somebody fails to do, and would have done."""
_NOUN_LIST = frozenset(["and", "or", "nor", "is", "are", "must", "should"])
_NOUN_AFTER = frozenset(["first", "towards", "toward", "facing", "forward", "forwards", "pointing"])


class Kind(enum.Enum):
    """Meaning of a clause for the parts that it names."""

    MAIN = "main"
    """Something that this hand is to do."""
    NEGATIVE = "negative"
    """Something that it must not do."""
    OTHER = "other"
    """Something that someone else will do."""
    SIDE = "side"
    """Something else that happens meanwhile."""
    WITH = "with"
    """A state of things: "with its handle towards her"."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clause:
    """Some words of the sentence."""

    kind: Kind
    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.words)


def tokenize(text: str, lex: Lexicon) -> list[str]:
    """Splits a text into words and punctuation in lower case.

    Contractions are opened, possessive endings and accents dropped: "saut\u00e9" is "saute".

    Args:
        text: the text; words beyond `MAX_WORDS` are ignored.
        lex: the lexicon.
    """
    tokens: list[str] = []
    plain = _DASH.sub(" ; ", text.lower().replace("\u2019", "'"))
    for token in _TOKEN.findall("".join(map(_bare, plain))):
        if token in lex.contractions:
            tokens += lex.contractions[token]
        else:
            tokens.append(token.split("'")[0] if "'" in token else token)
        if len(tokens) >= MAX_WORDS:
            break
    return tokens


def _bare(sign: str) -> str:
    """A Latin letter without its accent; any other sign as it is."""
    first = unicodedata.normalize("NFKD", sign)[0]
    return first if first.isascii() and first.isalpha() else sign


def is_verb(words: Sequence[str], index: int, lex: Lexicon) -> bool:
    """Tells whether a word stands in the place of a verb, and can be one.

    Args:
        words: words of a sentence or clause.
        index: place of the word.
        lex: the lexicon.
    """
    word, sets = words[index], lex.words
    if (word,) not in lex.verbs and (word,) not in lex.part_verbs and word not in sets["general"]:
        return False
    after = words[index + 1] if index + 1 < len(words) else ""
    if after == "off" and lex.nouns.get((word,)) == "closure":
        return False  # "cap off"
    if after in _NOUN_AFTER or ((word,) in lex.nouns and after in _NOUN_LIST):
        return False
    while index and words[index - 1] in sets["adverbs"]:
        index -= 1
    before = words[index - 1] if index else ""
    if word in ("hand", "hands"):  # a verb only where something is handed on
        onward = sets["onward"] & set(words[index + 1 : index + 8])
        owned = before in sets["determiners"] or before in ("one", "left", "right", "bare", "by")
        return bool(onward) and not owned
    if not before:
        return not word.endswith("s") or word.endswith("ss")
    return any(
        before in group for group in (sets["modals"], sets["persons"], ("i", "we", "you", "not"))
    )


def split(tokens: Sequence[str], lex: Lexicon) -> list[Clause]:
    """Cuts a sentence into clauses and says of each whose action it is.

    Args:
        tokens: words and punctuation.
        lex: the lexicon.
    """
    sets = lex.words
    clauses: list[Clause] = []
    kind, fresh, spreads = Kind.MAIN, False, False
    words: list[str] = []

    def close(following: Kind | None) -> None:
        """Ends the clause; with no kind for the next one, that goes on with whose action it is."""
        nonlocal kind, words, fresh
        whose = kind
        if words:
            given = any(_hands_over(clause, lex) for clause in clauses)
            whose = _whose(kind, words, fresh, given, lex)
            clauses.append(Clause(kind=whose, words=tuple(words)))
        kind, words, fresh = following or _after(whose), [], False

    index = 0
    while index < len(tokens):
        word = tokens[index]
        pair = tuple(tokens[index : index + 2])
        if word in _PUNCTUATION:
            # "without touching the rim, the handle": a list goes on; a new verb starts anew.
            # "Not by the blade, by the handle" turns back.
            turns = _verb_next(tokens, index, lex) or list(tokens[index + 1 : index + 2]) == ["by"]
            # "... without hurting him, blade away from him"
            turns |= any(
                sets["towards"] & {w} or w == "away" for w in tokens[index + 2 : index + 4]
            )
            goes_on = word == "," and kind is Kind.NEGATIVE and not turns
            close(Kind.NEGATIVE if goes_on else Kind.MAIN)
        elif word == "not" and _fails(words, tokens, index, lex):
            pass  # "this jar will not open": it is to be opened
        elif word in sets["negative"] and pair != ("not", "only") and _stated(words, lex):
            kind = Kind.NEGATIVE  # "its rim must not be touched": the subject belongs to it
        elif word == "to" and kind is Kind.NEGATIVE and not words:
            pass  # "not to touch"
        elif (
            pair == ("away", "from")
            and words
            and sets["persons"] & {*tokens[index + 2 : index + 4]}
        ):
            words.append(word)  # "blade away from them"
        elif pair in lex.negative_pairs or (word in sets["negative"] and pair != ("not", "only")):
            close(Kind.NEGATIVE)
            spreads = word in ("not", "never", "nor", "neither")
            index += pair in lex.negative_pairs
        elif word == "but":
            close(Kind.MAIN)
        elif (word in sets["side"] and not (word == "if" and _ASKING & set(words[-1:]))) or (
            word == "as" and set(tokens[index + 1 : index + 2]) & sets["determiners"]
        ):
            close(Kind.SIDE)
        elif word in sets["purpose"] or (
            word in sets["letting"] and _person_next(tokens, index, lex)
        ):
            close(Kind.MAIN)
            fresh = True
            index += tokens[index + 1 : index + 2] == ["that"]
        elif word == "with" and tuple(words) != ("handle",):  # "handle with care"
            close(Kind.WITH)
        elif word in ("and", "then", "to") and _verb_next(tokens, index, lex):
            someone = fresh and bool(words) and set(words) <= sets["persons"] - {"you"}
            if word == "to" and someone:
                close(Kind.OTHER)  # "for me to take"
            else:
                # "without touching and tilting it", but "without touching it and lift it"
                goes_on = spreads or tokens[index + 1].endswith("ing")
                negated = kind is Kind.NEGATIVE and word == "and" and goes_on
                close(Kind.NEGATIVE if negated else None)
            fresh = kind is Kind.OTHER
        else:
            words.append(word)
        index += 1
    close(Kind.MAIN)
    return clauses


def _fails(words: Sequence[str], tokens: Sequence[str], index: int, lex: Lexicon) -> bool:
    """Tells whether words before "not" say that something cannot be done, which is then asked for.

    "It will not open", "I can not get the lid off", but "he can not hold it", "you can not press".
    """
    if words[-1:] not in (["will"], ["can"]) or "you" in words:
        return False
    verb = next((w for w in tokens[index + 1 :] if w not in lex.words["adverbs"]), "")
    done = {lex.verbs.get((verb,)), lex.part_verbs.get((verb,))} & {"open", "turn", "press", "pull"}
    of_another = lex.words["persons"] & set(words) - {"me", "us"}
    return not of_another and (bool(done) or verb in _GETTING)


def _after(kind: Kind) -> Kind:
    """Kind of a clause that goes on from another with "to" or "and"."""
    return kind if kind in (Kind.OTHER, Kind.SIDE) else Kind.MAIN


def _stated(words: Sequence[str], lex: Lexicon) -> bool:
    """Tells whether words so far are a subject and a modal or "is", with no verb before "not"."""
    if not words or words[-1] not in lex.words["be"] | lex.words["modals"]:
        return False
    return not any(is_verb(words, index, lex) for index in range(len(words)))


def _hands_over(clause: Clause, lex: Lexicon) -> bool:
    """Tells whether a clause asks to hand the object to someone."""
    return clause.kind is not Kind.NEGATIVE and any(
        lex.verbs.get((word,)) == "hand_over" and is_verb(clause.words, index, lex)
        for index, word in enumerate(clause.words)
    )


def _whose(kind: Kind, words: Sequence[str], fresh: bool, given: bool, lex: Lexicon) -> Kind:
    """Corrects a clause's kind where its subject is another person.

    Args:
        kind: what the words of structure make of it.
        words: the clause.
        fresh: whether it says what something is for.
        given: whether a clause before it hands the object over.
        lex: the lexicon.
    """
    if kind not in (Kind.MAIN, Kind.SIDE):
        return kind
    if (fresh or given) and words[0] in ("i", "we", "my", "our"):
        return Kind.OTHER  # "so that I can take it": who speaks is not the hand
    if words[0] == "i" and _HOLDING & set(words[1:3]):
        return Kind.OTHER  # "I am holding the handle"
    if words[0] in ("i", "we") and _wants_a_part(words[1:], lex):
        return Kind.OTHER  # "I need the handle"
    starts = is_verb(words, 0, lex) and not fresh
    for index, word in enumerate(words[:6]):
        if word == "you" and not fresh:
            continue  # "could you pass it": the hand is spoken to
        if index and is_verb(words, index, lex) and not fresh:
            return kind  # who comes after the verb is not its subject
        if word in lex.words["persons"] and not starts:
            rest = set(words[index + 1 :]) - lex.words["body_parts"]  # "one hand on the rim"
            says = lex.words["modals"] | lex.words["wishing"]  # "she likes", "he will"
            verbs = [w for w in rest if w in says or (w,) in lex.verbs]
            return Kind.OTHER if verbs else kind
    return kind


def _verb_next(tokens: Sequence[str], index: int, lex: Lexicon) -> bool:
    rest = list(tokens[index + 1 : index + 9])
    while rest and rest[0] in lex.words["adverbs"]:
        del rest[0]
    return bool(rest) and is_verb(rest, 0, lex)


def _person_next(tokens: Sequence[str], index: int, lex: Lexicon) -> bool:
    return any(word in lex.words["persons"] for word in tokens[index + 1 : index + 4])


def _wants_a_part(words: Sequence[str], lex: Lexicon) -> bool:
    """Tells whether words after "I" wish for a part to take: "need the handle"."""
    words = [word for word in words if word not in lex.words["adverbs"] | lex.words["modals"]]
    rest = [word for word in words[1:] if word not in lex.words["determiners"]]
    wishes = words[:1] and words[0] in lex.words["wishing"] | {"take", "have"}
    return bool(wishes) and len(rest) < 3 and bool(rest) and (rest[-1],) in lex.nouns
