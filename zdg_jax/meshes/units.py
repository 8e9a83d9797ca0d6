"""Units that mesh files state of themselves."""

from __future__ import annotations

import math
import pathlib
import re
import zipfile

from zdg_jax.errors import InputError

_3MF = {
    "micron": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "inch": 0.0254,
    "foot": 0.3048,
    "meter": 1.0,
}
"""Units of 3MF in metres (3MF Core Specification, 3.4)."""
_HEAD = 200_000
"""Bytes in which the unit stands."""


def stated_unit(path: pathlib.Path) -> float | None:
    """Reads the unit that a file states.

    Args:
        path: a mesh file.

    Returns:
        Metres per unit; None where its format or the file states none.

    Raises:
        InputError: what it states is no unit.
    """
    suffix = path.suffix.lower()
    if suffix == ".dae":
        with path.open("rb") as file:
            head = file.read(_HEAD).decode(errors="replace")
        match = re.search(r"<unit\b[^>]*\bmeter\s*=\s*[\"']([^\"']*)[\"']", head)
        return None if match is None else _metres(match[1], path)
    if suffix == ".3mf":
        with zipfile.ZipFile(path) as archive:
            models = [name for name in archive.namelist() if name.endswith(".model")]
            if not models:
                return None
            with archive.open(min(models, key=len)) as file:
                head = file.read(_HEAD).decode(errors="replace")
        match = re.search(r"<model\b[^>]*\bunit\s*=\s*[\"']([^\"']+)[\"']", head)
        unit = match[1].lower() if match else "millimeter"
        if unit not in _3MF:
            raise InputError(f"{path} states the unit '{unit}'; 3MF has {', '.join(_3MF)}")
        return _3MF[unit]
    return None


def _metres(text: str, path: pathlib.Path) -> float:
    try:
        metres = float(text)
    except ValueError:
        metres = math.nan
    if not 0 < metres < math.inf:
        raise InputError(f"{path} states a unit of '{text}' metres; correct it in the file")
    return metres
