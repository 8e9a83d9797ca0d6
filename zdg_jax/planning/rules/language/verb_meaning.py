"""The action that a verb means with one object, by what it is done to.

"Lift the lid" opens a pot, "open a tin" turns an opener, "toss the pancake" works with a pan.
"""

from __future__ import annotations

from collections.abc import Sequence

from zdg_jax.planning.rules.language.lexicon import Lexicon
from zdg_jax.planning.rules.language.mentions import mentions
from zdg_jax.planning.rules.language.object_name import is_object, names_object, object_noun

_OTHERWISE = {
    "remo": "lift",
    "take": "lift",
    "taki": "lift",
    "cove": "place",
    "repl": "place",
    "pop": "place",
    "popp": "place",
}
"""Meaning of verbs of lids when they are done to something else, by their first letters."""
_PRESSING = frozenset(["press", "presses", "pressing", "pressed", "push", "pushes", "pushing"])
_PRYING = frozenset(["pry", "prie", "pris", "leve", "jimm", "pryi"])
"""Beginnings of verbs that lift something with a tool's end."""
_PARTING = frozenset(["unsc", "undo", "twis", "remo", "deta", "take", "taki", "pull", "loos"])
"""Beginnings of verbs that part an object's piece from the rest."""


def is_of_another(words: Sequence[str], lex: Lexicon, name: str) -> bool:
    """Tells whether a part is said to be of a thing that is not the object: "off a tin".

    Of one that is pried, "off the tin" says the same; else the object may be what is meant.

    Args:
        words: words of the clause.
        lex: the lexicon.
        name: name of the object; "" where unknown.
    """
    prying = any(word[:4] in _PRYING for word in words)
    for index, word in enumerate(words[:-1]):
        if word in ("off", "of") and (prying or words[index + 1] in lex.words["indefinite"]):
            return bool(name) and not names_object(words[index + 2 :], name, lex)
    return False


def meaning(
    phrase: tuple[str, ...],
    action: str,
    target: tuple[str, ...],
    words: Sequence[str],
    lex: Lexicon,
    name: str,
    with_it: bool,
) -> str:
    """The action that a verb means with this object; "" where it means none.

    Args:
        phrase: the verb with its particles.
        action: name of the action that the lexicon gives it.
        target: words of its direct object.
        words: words of its clause.
        lex: the lexicon.
        name: name of the object; "" where unknown.
        with_it: whether the clause says that it is done with the object.
    """
    itself = object_noun(name, lex)
    functions = [mention.function for mention in mentions(target, lex) if mention.name != itself]
    if with_it:
        functions = []  # parts of what is worked on
    meant = bool(functions) or is_object(target, name, lex)
    definite = not target or bool(lex.words["definite"] & set(target))
    if action == "open" and (with_it or is_of_another(words, lex, name)):
        return "lever" if phrase[0][:4] in _PRYING else "turn"  # "pry the lid off a tin": with this
    if action == "open" and phrase[0][:4] in _PRYING and target and not meant:
        return "lever"  # "pry open the crate"
    if phrase in lex.part_verbs and action == "open":
        if "closure" in functions:
            return "open"
        if {"control", "knob"} & set(functions):
            return "press"
        if functions and phrase[0][:4] in _PARTING and definite:
            return "open"  # "unscrew the head"
        if phrase[0].startswith("unscrew") and target and meant:
            return "open"  # "unscrew the jar"
        action = lex.verbs.get(phrase, _OTHERWISE.get(phrase[0][:4], ""))
    if action == "squeeze" and "control" in functions:
        return "press"
    if action == "insert" and len(phrase) > 1 and not definite:
        return lex.verbs.get(phrase[:1], "turn")  # "screw a hook into the wall": with a tool
    if action == "open" and target and not definite:
        return "turn"  # "open a tin": with this
    if (
        action == "place"
        and lex.words["body_parts"] & set(target)
        and "control" in [mention.function for mention in mentions(words, lex)]
    ):
        return "press"  # "put a finger on the button"
    if action == "eat" and target and name and "it" not in target:
        aside = words[next((i for i, word in enumerate(words) if word in ("from", "off")), 99) :]
        if is_object(aside, name, lex):
            return "drink"  # "eat soup from the bowl": the lips need its rim
        if not is_object(target, name, lex):
            return "handle_food"  # "eat the salad" with a fork in hand
    other = bool(target and name) and not meant
    if action in ("place", "hang", "lift") and other and lex.words["indefinite"] & set(target):
        return "use"  # "put up a shelf" with a tool in hand
    if action == "press" and phrase[0] in _PRESSING and other:
        return "use"  # "press the dough flat" with a tool in hand
    if action == "insert" and phrase[0].startswith("screw") and other:
        return "turn"  # "screw the hinge to the door"
    if action == "hold" and with_it:
        return "use"  # "hold the nut still with the pliers"
    if action == "look" and with_it:
        return "aim"  # "look into the well" with a light
    if action == "place" and {"hole", "holes"} & set(target):
        return "bore"  # "put a hole into the wall"
    if action == "throw" and other and definite:
        return "handle_food"  # "toss the omelette" with a pan in hand
    if action == "clean" and target and "it" not in target and not functions:
        return "clean" if is_object(target, name, lex) else "brush"
    return action
