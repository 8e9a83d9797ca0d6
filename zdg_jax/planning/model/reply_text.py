"""Text of a model's answer, as servers wrap it: the JSON object in it, and never a key."""

from __future__ import annotations

import json
import re
from typing import Any

_THOUGHT_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>|\[/THINK\]")
"""The end of a thought; its beginning some servers keep to themselves."""


def json_object(text: str) -> str:
    """Finds the JSON object in an answer: after thoughts, in a fence, before a remark.

    Args:
        text: the answer.

    Returns:
        The longest object in it, as it is written; the whole text where there is none.
    """
    text = _THOUGHT_ENDS.split(text)[-1]
    decoder, best, start = json.JSONDecoder(), "", text.find("{")
    failures = 0
    while start >= 0 and failures < _MOST_FAILURES:
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end, failures = start + 1, failures + 1
        else:
            if end - start > len(best):
                best = text[start:end]
        start = text.find("{", end)
    return best or text


_MOST_FAILURES = 1000
"""Braces that begin no object after which no more are tried."""


def without_key(text: str, key: str) -> str:
    """Takes a key out of what a server wrote.

    Args:
        text: the answer.
        key: the key; "" where none is used.
    """
    return text.replace(key, "[key]") if key else text


def joined(content: Any) -> str | None:
    """Joins the text of an answer, which some servers send in parts.

    Args:
        content: a text, or a list of parts.

    Returns:
        The text; None where it is something else.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        return None
    parts = [part.get("text", "") if isinstance(part, dict) else part for part in content]
    return "".join(parts) if all(isinstance(part, str) for part in parts) else None


def count(number: Any) -> int:
    """Reads a number of tokens; 0 where a server sends something else.

    Args:
        number: what the server sent.
    """
    plain = isinstance(number, int | float) and not isinstance(number, bool)
    return int(number) if plain and 0 <= number < 1e12 else 0
