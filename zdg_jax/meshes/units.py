"""Units that mesh files state of themselves."""

from __future__ import annotations

import math
import pathlib
import re
import zipfile

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
    """
    suffix = path.suffix.lower()
    if suffix == ".dae":
        with path.open("rb") as file:
            head = file.read(_HEAD).decode(errors="replace")
        match = re.search(r"<unit\b[^>]*\bmeter\s*=\s*[\"']([^\"']+)[\"']", head)
        try:
            metres = float(match[1]) if match else math.nan
        except ValueError:
            return None
        return metres if 0 < metres < math.inf else None
    if suffix == ".3mf":
        with zipfile.ZipFile(path) as archive:
            models = [name for name in archive.namelist() if name.endswith(".model")]
            if not models:
                return None
            with archive.open(min(models, key=len)) as file:
                head = file.read(_HEAD).decode(errors="replace")
        match = re.search(r"<model\b[^>]*\bunit\s*=\s*[\"']([^\"']+)[\"']", head)
        return _3MF.get(match[1].lower() if match else "millimeter")
    return None
