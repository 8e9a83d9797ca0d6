"""The household lexicon: actions, parts and states in the forms in which sentences use them."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import itertools
import json
import re
from collections.abc import Collection, Mapping, Sequence

from zdg_jax.planning.grasp_plan import Intent, Motion
from zdg_jax.planning.grip import Force

_VOWELS = "aeiou"
_OWN = "part named "
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST_NAME = 3
"""Letters of a word of a part's name that stands for the part."""
_WORD_CLASSES = (
    *("hot", "sharp", "delicate", "strong", "persons", "ignored", "side", "purpose", "negative"),
    *("letting", "modals", "determiners", "definite", "indefinite", "prepositions", "towards"),
    *("body_parts", "spared", "keeping", "be", "at", "light_verbs", "unfit", "onward"),
    *("adverbs", "neutral", "spelled", "wishing", "gripping", "bodily", "whose"),
    *("heaters", "attempts", "furnishings"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Action:
    """A kind of action, and what it asks of a grasp."""

    name: str
    intent: Intent
    motion: Motion
    force: Force
    hold: tuple[str, ...]
    """Functions of the parts that serve it, the best first."""
    avoid: tuple[str, ...]
    """Functions of the parts to keep off."""
    press: tuple[str, ...]
    """Functions of the parts that one finger works."""
    fine: bool
    """True where fingertips rather than the whole hand do it."""
    because: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Words by their forms. Phrases are tuples of words."""

    actions: Mapping[str, Action]
    verbs: Mapping[tuple[str, ...], str]
    """Name of the action of each verb or verb with particles, in every form."""
    part_verbs: Mapping[tuple[str, ...], str]
    """Verbs that mean the action only when done to a part of the kind that it holds."""
    nouns: Mapping[tuple[str, ...], str]
    """Function of each part's name."""
    places: Mapping[tuple[str, ...], str]
    """Named place on the object of each phrase, such as "thin end"."""
    words: Mapping[str, frozenset[str]]
    """Single words by what they do in a sentence: "hot", "persons", "prepositions", ..."""
    negative_pairs: frozenset[tuple[str, ...]]
    vocabulary: frozenset[str]
    """Every single word that means something here."""
    contractions: Mapping[str, tuple[str, ...]]
    occasions: Mapping[str, str]
    """Action that a word stands for where no verb is said: "coffee!" is drunk."""
    held_as: Mapping[str, str]
    """Function of a part of some names where it is to be held: a bowl's edge is its rim."""
    other_names: Mapping[str, frozenset[str]]
    """Other names of a thing: a wrench is a spanner."""
    ambiguous: frozenset[tuple[str, ...]] = frozenset()
    """Names of the object's own parts that mean something else too: they need an article."""

    def with_parts(self, names: Collection[str]) -> Lexicon:
        """The lexicon with the names that the parts of one object bear.

        Args:
            names: names of parts; their function is that of `own_function`.
        """
        functions = {
            (*phrase[:-1], form): own_function(phrase)
            for phrase in own_phrases(names)
            for form in noun_forms(phrase[-1], {})
            if phrase not in self.nouns and phrase not in self.places
        }
        words = {word for phrase in functions for word in phrase}
        return dataclasses.replace(
            self,
            nouns={**self.nouns, **functions},
            vocabulary=self.vocabulary | words,
            ambiguous=frozenset(phrase for phrase in functions if set(phrase) <= self.vocabulary),
        )


def own_phrases(names: Collection[str]) -> set[tuple[str, ...]]:
    """Phrases that name parts by names of their own: "leg 2" is called so, or a leg.

    Args:
        names: names of parts.
    """
    words = [tuple(_WORD.findall(name.lower())) for name in names]
    single = {(word,) for phrase in words for word in phrase if len(word) >= _SHORTEST_NAME}
    return single | {phrase for phrase in words if phrase}


def own_function(phrase: tuple[str, ...]) -> str:
    """Function of a part that bears a name of its own."""
    return _OWN + " ".join(phrase)


def is_own(function: str) -> bool:
    """Tells whether a function is that of a part with a name of its own."""
    return function.startswith(_OWN)


def bears(name: str, function: str) -> bool:
    """Tells whether a part's name has all words of a function that is a name."""
    return set(function.removeprefix(_OWN).split()) <= set(_WORD.findall(name.lower()))


def verb_forms(verb: str, irregular: Mapping[str, str]) -> list[str]:
    """Lists the forms of a regular verb, with its irregular ones.

    Args:
        verb: the verb.
        irregular: verbs by their irregular forms.

    >>> verb_forms("carry", {})
    ['carry', 'carries', 'carrying', 'carried']
    """
    forms = [verb]
    closed = len(verb) > 2 and verb[-1] not in _VOWELS + "wxy" and verb[-2] in _VOWELS
    short = closed and verb[-3] not in _VOWELS and sum(c in _VOWELS for c in verb) == 1
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        forms += [verb[:-1] + "ies", verb + "ing", verb[:-1] + "ied"]
    elif verb.endswith("e") and not verb.endswith("ee"):
        forms += [verb + "s", verb[:-1] + "ing", verb + "d"]
    elif short:
        forms += [verb + "s", verb + verb[-1] + "ing", verb + verb[-1] + "ed"]
    elif verb.endswith(("s", "x", "sh", "ch", "z", "o")):
        forms += [verb + "es", verb + "ing", verb + "ed"]
    else:
        forms += [verb + "s", verb + "ing", verb + "ed"]
    return forms + [form for form, base in irregular.items() if base == verb]


def noun_forms(noun: str, irregular: Mapping[str, str]) -> list[str]:
    """Lists the singular and plural of a noun.

    Args:
        noun: the noun.
        irregular: nouns by their irregular plurals.
    """
    forms = [noun]
    if noun.endswith("y") and noun[-2] not in _VOWELS:
        forms.append(noun[:-1] + "ies")
    elif noun.endswith(("s", "x", "sh", "ch", "z")):
        forms.append(noun + "es")
    else:
        forms.append(noun + "s")
    return forms + [form for form, base in irregular.items() if base == noun]


@functools.cache
def lexicon() -> Lexicon:
    """Reads the lexicon that the library ships."""
    file = importlib.resources.files("zdg_jax.planning.rules.language") / "lexicon.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    irregular = data["irregular_verbs"]
    actions, verbs, part_verbs = {}, {}, {}
    for name, entry in data["actions"].items():
        actions[name] = Action(
            name=name,
            intent=Intent(entry["intent"]),
            motion=Motion(entry["motion"]),
            force=Force(entry["force"]),
            hold=tuple(entry["hold"]),
            avoid=tuple(entry["avoid"]),
            press=tuple(entry.get("press", ())),
            fine=bool(entry.get("fine", False)),
            because=entry["because"],
        )
        verbs.update(dict.fromkeys(_verb_phrases(entry["verbs"], irregular), name))
        listed = entry.get("part_verbs", [])
        part_verbs.update(dict.fromkeys(_verb_phrases(listed, irregular), name))
    nouns = {
        phrase: function
        for function, names in data["parts"].items()
        for phrase in _noun_phrases(names, data["irregular_nouns"])
    }
    places = {
        phrase: place
        for place, names in data["places"].items()
        for phrase in _noun_phrases(_alternatives(names), {})
    }
    words = {key: frozenset(data[key]) for key in _WORD_CLASSES}
    words["irregular"] = frozenset(irregular)
    for key in ("heat_verbs", "general"):
        words[key] = frozenset(form for verb in data[key] for form in verb_forms(verb, {}))
    pairs = frozenset(tuple(pair.split()) for pair in data["negative_pairs"])
    tables = (verbs, part_verbs, nouns, places, pairs)
    return Lexicon(
        actions=actions,
        verbs=verbs,
        part_verbs=part_verbs,
        nouns=nouns,
        places=places,
        words=words,
        negative_pairs=pairs,
        vocabulary=frozenset().union(
            *words.values(),
            data["occasions"],
            (word for table in tables for phrase in table for word in phrase),
        ),
        contractions={key: tuple(text.split()) for key, text in data["contractions"].items()},
        occasions=data["occasions"],
        held_as=data["held_as"],
        other_names={name: frozenset(names) for names in data["same_things"] for name in names},
    )


def _verb_phrases(verbs: Sequence[str], irregular: Mapping[str, str]) -> list[tuple[str, ...]]:
    phrases = []
    for verb in verbs:
        head, *particles = verb.split()
        phrases += [(form, *particles) for form in verb_forms(head, irregular)]
    return phrases


def _alternatives(phrases: Sequence[str]) -> list[str]:
    """Phrases with every choice of the words between their strokes: "thin/slim end/part"."""
    return [
        " ".join(choice)
        for phrase in phrases
        for choice in itertools.product(*(word.split("/") for word in phrase.split()))
    ]


def _noun_phrases(nouns: Sequence[str], irregular: Mapping[str, str]) -> list[tuple[str, ...]]:
    phrases = []
    for noun in nouns:
        *first, head = noun.split()
        phrases += [(*first, form) for form in noun_forms(head, irregular)]
    return phrases
