"""The text of MJCF and URDF files, looked at before MuJoCo reads them."""

from __future__ import annotations

import math
import pathlib
import re

from zdg_jax.errors import InputError
from zdg_jax.runtime.files import read_limited

LARGEST = 50_000_000
"""Bytes of the largest model file that is read."""
_NOT_FINITE = re.compile(
    r"(\w+)\s*=\s*[\"']((?:[-+\d.e\s]*\s)?[-+]?(?:nan|inf)(?:\s[^\"']*)?)[\"']", re.I
)
"""Attributes that hold NaN or infinity."""
_COPIES = re.compile(r"</replicate\b|<(replicate|composite|flexcomp)\b[^>]*>")
"""Elements that stand for many, and where they end."""
_MOST_COPIES = 10_000
"""Copies that one element may stand for: MuJoCo writes out each before anything counts them."""


def check_numbers(text: str, path: pathlib.Path) -> None:
    """Refuses numbers that are not finite, of which MuJoCo only warns.

    Args:
        text: the file's text.
        path: the file, for messages.

    Raises:
        InputError: an attribute holds NaN or infinity.
    """
    for attribute, number in _NOT_FINITE.findall(text):
        if attribute not in ("name", "class", "childclass"):
            raise InputError(f"'{path}' has {attribute}=\"{number}\"; give finite numbers")


def check_copies(text: str, path: pathlib.Path) -> None:
    """Refuses elements that stand for so many that reading them takes hours, or all memory.

    Args:
        text: the text of an MJCF file.
        path: the file, for messages.

    Raises:
        InputError: an element stands for too many.
    """
    outer = [1.0]
    for found in _COPIES.finditer(text):
        element, kind = found[0], found[1]
        if kind is None:
            outer = outer[:-1] or [1.0]
            continue
        counts = re.search(r"\bcount\s*=\s*[\"']([\d\s]*)", element)
        copies = outer[-1] * math.prod(float(n) for n in counts[1].split()) if counts else outer[-1]
        if copies > _MOST_COPIES:
            raise InputError(
                f"'{path}' has a <{kind}> that stands for {copies:,.0f} elements; at most "
                f"{_MOST_COPIES:,} are read"
            )
        if kind == "replicate" and not element.endswith("/>"):
            outer.append(copies)


def check_model_file(path: pathlib.Path) -> None:
    """Refuses a model that names a pipe or a device, which MuJoCo would wait for.

    Args:
        path: an MJCF file; those that it includes are looked at as well.

    Raises:
        InputError: it names a pipe or device, cannot be read, is far too large, holds a number
            that is not finite, or an element that stands for far too many.
    """
    waiting, seen = [path], {path}
    while waiting:
        file = waiting.pop()
        try:
            text = read_limited(file, LARGEST).decode(errors="replace")
        except OSError as error:
            raise InputError(f"cannot read '{file}': {error.strerror or error}") from None
        check_numbers(text, file)
        check_copies(text, file)
        folders = {"", *re.findall(r"\w+dir\s*=\s*[\"']([^\"']*)", text)}
        for named in dict.fromkeys(re.findall(r"\bfile\s*=\s*[\"']([^\"']+)", text)):
            for folder in folders:
                for base in {file.parent, path.parent}:
                    candidate = base / folder / named
                    if candidate in seen or not candidate.exists():
                        continue
                    seen.add(candidate)
                    if not candidate.is_file():
                        raise InputError(
                            f"'{file}' names {candidate}, which is no file but a folder, a device "
                            "or a pipe"
                        )
                    if candidate.suffix.lower() in (".xml", ".mjcf"):
                        waiting.append(candidate)
