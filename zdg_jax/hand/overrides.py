"""Overrides: statements about a hand where derivation would be wrong, in a JSON file beside it."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.naming import check_drive, check_scale
from zdg_jax.runtime.files import read_limited
from zdg_jax.runtime.kinds import check_kind

Source: TypeAlias = str | pathlib.Path | Mapping[str, Any]
"""A JSON file of overrides, or a mapping with the same keys."""

_KEYS = ("palm", "thumb", "exclude", "root", "scale", "drive")
_LARGEST = 1_000_000
"""Bytes of the largest file that is read."""
_PALM_KEYS = ("link", "normal", "direction")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overrides:
    """Statements about a hand; what is not stated is derived."""

    palm_link: str | None = None
    """Link that carries the palm."""
    palm_normal: tuple[float, ...] | None = None
    """Out of the palm's face, root frame, trunk joints at rest."""
    palm_direction: tuple[float, ...] | None = None
    """Along the fingers, root frame."""
    thumb: str | None = None
    """A link of the thumb, or the name of its finger."""
    no_thumb: bool = False
    """Whether the hand is said to have no thumb."""
    exclude: tuple[str, ...] = ()
    """Links without contact candidates, surface points and proxies; physics still sees them."""
    root: str | None = None
    """Body that carries the hand, where the file holds more."""
    scale: float | None = None
    """From the file's unit of length to metres."""
    drive: float | None = None
    """Gain of the position actuators that replace the file's [N m/rad]."""
    where: str = ""
    """File or argument that states them, for messages."""

    def mirrored(self) -> Overrides:
        """The same of the hand's mirror image in the plane y = 0."""

        def flip(vector: tuple[float, ...] | None) -> tuple[float, ...] | None:
            return None if vector is None else (vector[0], -vector[1], vector[2])

        return dataclasses.replace(
            self, palm_normal=flip(self.palm_normal), palm_direction=flip(self.palm_direction)
        )

    def check_links(self, links: tuple[str, ...]) -> None:
        """Raises InputError if a named link does not exist; `links` are the hand's."""
        named = [self.palm_link, *self.exclude]
        for link in named:
            if link is not None and link not in links:
                raise InputError(f"{self.where}: no link '{link}'; links: {', '.join(links)}")

    def thumb_index(
        self, fingers: Mapping[str, tuple[str, ...]], *, derived: int | None
    ) -> int | None:
        """Return the index of the thumb, or None.

        Args:
            fingers: names of the links of each finger, by its name.
            derived: the thumb that was found from how the fingers move.

        Raises:
            InputError: no finger and no finger's link is called so.
        """
        if self.no_thumb:
            return None
        if self.thumb is None:
            return derived
        for index, (name, links) in enumerate(fingers.items()):
            if self.thumb == name or self.thumb in links:
                return index
        every = "; ".join(f"{name} ({', '.join(links)})" for name, links in fingers.items())
        raise InputError(f"{self.where}: the thumb '{self.thumb}' is no finger; fingers: {every}")


def beside(path: pathlib.Path) -> pathlib.Path:
    """The override file of a hand's file: `hand.zdg.json` of `hand.xml`."""
    return path.with_name(f"{path.stem}.zdg.json")


def read(source: Source) -> Overrides:
    """Reads statements from a JSON file, or from a mapping with the same keys.

    Raises:
        InputError: the file cannot be read, or says something that is not understood.
    """
    if isinstance(source, Mapping):
        return _parse(source, "overrides")
    check_kind("overrides", source, (str, pathlib.Path), "the path of a JSON file, or a mapping")
    try:
        statements = json.loads(read_limited(source, _LARGEST))
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"cannot read the overrides '{source}': {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"the overrides '{source}' are not valid JSON: {error}") from error
    return _parse(statements, str(source))


def _parse(statements: Any, where: str) -> Overrides:
    _check_keys(statements, _KEYS, where)
    palm = statements.get("palm", {})
    _check_keys(palm, _PALM_KEYS, f"{where}: palm")
    exclude = statements.get("exclude", [])
    if not isinstance(exclude, list | tuple) or not all(isinstance(e, str) for e in exclude):
        raise InputError(f"{where}: exclude must be a list of names of links, not {exclude!r}")
    names = {key: statements.get(key) for key in ("thumb", "root")}
    for key, value in (*names.items(), ("palm: link", palm.get("link"))):
        if value is not None and not isinstance(value, str):
            raise InputError(f"{where}: {key} must be a name, not {value!r}")
    return Overrides(
        palm_link=palm.get("link"),
        palm_normal=_vector(palm.get("normal"), f"{where}: palm: normal"),
        palm_direction=_vector(palm.get("direction"), f"{where}: palm: direction"),
        thumb=statements.get("thumb"),
        no_thumb="thumb" in statements and statements["thumb"] is None,
        exclude=tuple(exclude),
        root=statements.get("root"),
        scale=None if statements.get("scale") is None else check_scale(statements["scale"]),
        drive=None if statements.get("drive") is None else check_drive(statements["drive"]),
        where=where,
    )


def _check_keys(statements: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(statements, Mapping):
        raise InputError(f"{where}: must be an object with the keys {', '.join(known)}")
    for key in statements:
        if key not in known:
            raise InputError(f"{where}: unknown key '{key}'; known: {', '.join(known)}")


def _vector(value: Any, where: str) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        vector = np.asarray(value, float)
    except (TypeError, ValueError):
        vector = np.zeros(0)
    if vector.shape != (3,) or not np.isfinite(vector).all() or not np.linalg.norm(vector) > 1e-6:
        raise InputError(f"{where} must be three numbers that are not all 0, not {value!r}")
    return tuple((vector / np.linalg.norm(vector)).tolist())
