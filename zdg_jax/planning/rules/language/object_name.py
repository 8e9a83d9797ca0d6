"""The object's own name among the words of a task."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from zdg_jax.planning.rules.language.clauses import tokenize
from zdg_jax.planning.rules.language.lexicon import Lexicon

_STEM, _ENDING = 5, 4
"""Letters that two words of one stem share at least, and of their endings at most."""
_LEAST = 3
"""Letters of both halves of a compound: a frypan is a pan."""


def object_words(name: str, lex: Lexicon) -> frozenset[str]:
    """Gives the words by which a task may name the object: those of its name, and other names.

    Args:
        name: name of the object, such as "toy_train"; "" where unknown.
        lex: the lexicon.
    """
    words = tokenize(name.replace("_", " "), lex)
    other = (lex.other_names.get(head, frozenset()) for head in _head(words)[-1:])
    return frozenset(words).union(*other)


def object_noun(name: str, lex: Lexicon) -> str:
    """Gives the part's name that the object itself bears, as a lid does; "" for most objects.

    Args:
        name: name of the object.
        lex: the lexicon.
    """
    words = _head(tokenize(name.replace("_", " "), lex))
    return words[-1] if words and (words[-1],) in lex.nouns else ""


def names_object(words: Sequence[str], name: str, lex: Lexicon) -> bool:
    """Tells whether words name the object: by a word of its name, another name, or its kind.

    Args:
        words: words of the task.
        name: name of the object; "" where unknown.
        lex: the lexicon.
    """
    known = tokenize(name.replace("_", " "), lex)
    # A hair dryer is not hair, and a tin opener no tin.
    meant = {word for word, after in _pairs(known) if len(word) >= _LEAST and not _does(after)}
    meant |= object_words(name, lex) - set(known)
    for word, after in _pairs(words):
        one = word.removesuffix("s")
        if _does(after) and after not in meant:
            continue
        if word in meant or one in meant or any(_akin(one, other) for other in meant):
            return True
        if len(word) >= _LEAST and any(
            long.endswith(word) and len(long) >= len(word) + _LEAST for long in meant
        ):
            return True
    return False


def is_object(target: Sequence[str], name: str, lex: Lexicon) -> bool:
    """Tells whether a direct object is the held object itself, by its name or as "it".

    Args:
        target: words of the direct object.
        name: name of the object; "" where unknown.
        lex: the lexicon.
    """
    definite = bool(lex.words["definite"] & set(target))
    return "it" in target or (definite and names_object(target, name, lex))


def _head(words: Sequence[str]) -> list[str]:
    """The words of a name up to its head: without what it comes with, and without codes."""
    words = list(words)
    if "with" in words:
        words = words[: words.index("with")]
    while words and not set(words[-1]) & set("aeiou"):
        words.pop()  # a code, not a word
    return words


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """Each word and the one after it, "" after the last."""
    return list(itertools.zip_longest(words, words[1:], fillvalue=""))


def _akin(word: str, other: str) -> bool:
    """Tells whether words are of one stem: a magnifier is a magnifying glass."""
    same = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), 0)
    return same >= _STEM and max(len(word), len(other)) <= same + _ENDING


def _does(word: str) -> bool:
    """Tells whether a word names what does something: an opener, a dryer."""
    return word.endswith(("er", "or"))
