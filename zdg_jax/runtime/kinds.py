"""Arguments of another type than a function takes: told by name, with the call to make."""

from __future__ import annotations

import os
import unicodedata
from typing import Any, cast

from zdg_jax.errors import InputError

_OVERRIDES = "\u202d\u202e"
"""Characters that force a direction on the text after them."""


def check_kind(name: str, value: object, kinds: Any, instead: str) -> None:
    """Refuses an argument of another type.

    Args:
        name: the argument's.
        value: its value.
        kinds: types that it may have, as for `isinstance`.
        instead: what to give, for the message.

    Raises:
        InputError: naming the argument, its type and what to give.
    """
    if not isinstance(value, kinds):
        raise InputError(f"{name} is of the type {type(value).__name__}; give {instead}")


def check_path(name: str, value: object) -> None:
    """Refuses what is no path.

    Args:
        name: the argument's.
        value: its value.

    Raises:
        InputError: it is neither a text nor a path, empty, or holds what no path does.
    """
    check_kind(name, value, (str, os.PathLike), "the path of a file")
    text = os.fsdecode(cast("str | os.PathLike[str]", value))
    if not text:
        raise InputError(f"{name} is empty; give the path of a file")
    if "\0" in text:
        raise InputError(f"{name} is {text!r}: no name of a file holds a null byte")


def has_controls(text: str, *, lines: bool = False) -> bool:
    """Returns whether a text holds what terminals obey instead of print, or halves of characters.

    What turns the text after it round is one of these; spaces that do not break and marks of
    direction, which pasted words hold, are not.

    Args:
        text: the text.
        lines: whether line ends and tabs are fine in it, as they are in a task but not in a name.
    """
    letters = set(text) - set("\n\t" if lines else "")
    kinds = {unicodedata.category(letter) for letter in letters}
    return not kinds.isdisjoint({"Cc", "Cs"}) or not letters.isdisjoint(_OVERRIDES)


def check_whole(name: str, value: Any, least: int, most: int) -> None:
    """Refuses what is no whole number in a range.

    Args:
        name: the argument's.
        value: its value.
        least: least value.
        most: greatest value.

    Raises:
        InputError: naming the argument, its value and the limit.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InputError(f"{name} is {value!r}; a whole number is needed")
    if not least <= int(value) <= most:
        raise InputError(f"{name} is {value}; it must be from {least} to {most}")
