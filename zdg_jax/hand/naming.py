"""Names of hands: a shipped name or a path, and what is done with the file, written after it.

`robot.xml:root=palm:scale=0.001:drive=5:mirrored` is the mirror image of what hangs on the body
`palm` of robot.xml, a file in millimetres, every joint driven. Sets of grasps record hands by such
names, so that they load again.
"""

from __future__ import annotations

import dataclasses
import math
import re

from zdg_jax.errors import InputError

_OPTION = re.compile(r":(mirrored|root=[^:]+|scale=[^:]+|drive=[^:]+)$")
_MIRRORED = ":mirrored"


@dataclasses.dataclass(frozen=True, kw_only=True)
class HandName:
    """A name taken apart."""

    path: str
    """Shipped name or path of a file."""
    root: str | None = None
    """Body that carries the hand, where the file holds more."""
    scale: float | None = None
    """From the file's unit of length to metres."""
    drive: float | None = None
    """Gain of the position actuators that replace the file's [N m/rad]."""
    mirrored: bool = False
    """True where the mirror image is meant."""

    @classmethod
    def parse(cls, text: str) -> HandName:
        """Takes a name apart.

        Args:
            text: the name.

        Raises:
            InputError: scale or gain are no numbers, or something is said twice.
        """
        options: dict[str, str] = {}
        while match := _OPTION.search(text):
            key, _, value = match[1].partition("=")
            if key in options:
                raise InputError(f"'{key}' stands twice after '{text}'; write it once")
            options[key] = value
            text = text[: match.start()]
        scale, drive = options.get("scale"), options.get("drive")
        return cls(
            path=text,
            root=options.get("root"),
            scale=None if scale is None else check_scale(scale),
            drive=None if drive is None else check_drive(drive),
            mirrored="mirrored" in options,
        )

    def __str__(self) -> str:
        """The name without ":mirrored"."""
        root = "" if self.root is None else f":root={self.root}"
        scale = "" if self.scale is None else f":scale={self.scale:g}"
        drive = "" if self.drive is None else f":drive={self.drive:g}"
        return f"{self.path}{root}{scale}{drive}"


def check_scale(factor: float | str) -> float:
    """Checks the factor from a file's unit of length to metres.

    Args:
        factor: the factor, or its text.

    Raises:
        InputError: it is no positive number.
    """
    value = _positive(factor)
    if value is None:
        raise InputError(
            f"scale={factor} is no factor; give a positive number, 0.001 for a file in millimetres"
        )
    return value


def check_drive(gain: float | str) -> float:
    """Checks the gain of drives.

    Args:
        gain: the gain, or its text.

    Raises:
        InputError: it is no positive number.
    """
    value = _positive(gain)
    if value is None:
        raise InputError(f"drive={gain} is no gain; give a positive number [N m/rad]")
    return value


def _positive(number: float | str) -> float | None:
    if isinstance(number, bool):
        return None
    try:
        value = float(number)
    except (TypeError, ValueError):
        return None
    return value if 0 < value < math.inf else None


def toggle_mirrored(text: str, mark: str = _MIRRORED) -> str:
    """`text` with the mark that says "mirrored", or without it if it has it; empty stays empty."""
    if not text:
        return text
    return text.removesuffix(mark) if text.endswith(mark) else text + mark
