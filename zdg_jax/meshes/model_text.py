"""The text of MJCF and URDF files, looked at before MuJoCo reads them."""

from __future__ import annotations

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


def check_model_file(path: pathlib.Path) -> None:
    """Refuses a model that names a pipe or a device, which MuJoCo would wait for.

    Args:
        path: an MJCF file; those that it includes are looked at as well.

    Raises:
        InputError: it names a pipe or device, cannot be read, is far too large, or holds a number
            that is not finite.
    """
    waiting, seen = [path], {path}
    while waiting:
        file = waiting.pop()
        try:
            text = read_limited(file, LARGEST).decode(errors="replace")
        except OSError as error:
            raise InputError(f"cannot read '{file}': {error.strerror or error}") from None
        check_numbers(text, file)
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
