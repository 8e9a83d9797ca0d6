"""Small slips of the pen, and words that are not English.

Only slips that leave little doubt are corrected: two neighbours exchanged, one letter of the middle
lost or doubled, a silent first one lost. A letter exchanged for another makes too many other words
of household things: a plate is not a place.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from itertools import pairwise

from zdg_jax.planning.rules.language.lexicon import Lexicon

_SHORTEST = 4
_LONG = 6
"""Length of the longer of both words from which a lost or added letter is corrected."""
_FOREIGN = 0.35
"""Share of known words below which a sentence is taken to be in another language."""
_TELEGRAM = 4
"""Words up to which a sentence may be English without any of its small words."""


def correct_spelling(
    tokens: Sequence[str], lex: Lexicon, object_words: frozenset[str] = frozenset()
) -> tuple[list[str], list[str]]:
    """Corrects slips of the pen.

    Args:
        tokens: the sentence.
        lex: the lexicon.
        object_words: words of the object's name, which are no slips.

    Returns:
        Tokens with slips corrected, and notes that say which word is read as which.
    """
    corrected, notes = [], []
    known = lex.vocabulary
    for token in tokens:
        meant = token
        if len(token) >= _SHORTEST and token.isascii() and token not in known | object_words:
            exchanged = _exchanged(token) if len(token) > _SHORTEST else ()
            for slips in (_silent(token), exchanged, _doubled(token), _misplaced(token)):
                possible = sorted(known.intersection(slips) - lex.words["spelled"])
                if len(possible) == 1:
                    meant = possible[0]
                    notes.append(f'"{token}" is read as "{meant}"')
                if possible:
                    break
        corrected.append(meant)
    return corrected, notes


def is_not_english(tokens: Sequence[str], lex: Lexicon, object_words: frozenset[str]) -> bool:
    """Tells whether so few words are known that those few are chance, as "pour" is in French.

    Args:
        tokens: the sentence.
        lex: the lexicon.
        object_words: words of the object's name.
    """
    words = [token for token in tokens if token[0].isalpha()]
    if len(words) < 3 or (len(words) <= _TELEGRAM and (words[0],) in lex.verbs):
        return False
    known = sum(word in lex.vocabulary or word in object_words for word in words)
    return known < _FOREIGN * len(words)


def _silent(word: str) -> Iterator[str]:
    """Words whose first letter is not heard, and was left out."""
    if word.startswith(("n", "r")):
        yield ("k" if word[0] == "n" else "w") + word


def _exchanged(word: str) -> Iterator[str]:
    """Words of which two neighbouring letters were exchanged."""
    for i, (a, b) in enumerate(pairwise(word)):
        yield word[:i] + b + a + word[i + 2 :]


def _doubled(word: str) -> Iterator[str]:
    """Words of which a doubled letter was lost."""
    if not word.endswith(("ing", "ed")):  # "hoping" is no slip for "hopping"
        for i in range(1, len(word)):
            yield word[:i] + word[i - 1] + word[i:]


def _misplaced(word: str) -> Iterator[str]:
    """Words of which a letter of the middle was lost, or that gained one there."""
    if word.endswith(("ing", "ed", "s")):
        return  # "pieces" is no slip for "pierces"
    for i in range(1, len(word)):
        if len(word) >= _LONG and i < len(word) - 1:
            yield word[:i] + word[i + 1 :]
        if len(word) + 1 >= _LONG:
            for letter in string.ascii_lowercase:
                yield word[:i] + letter + word[i:]
