"""Grasp types: a dozen of the field's taxonomy, with what each asks of a hand.

Names and classes follow T. Feix et al., "The GRASP Taxonomy of Human Grasp Types", IEEE
Transactions on Human-Machine Systems 46(1), 2016.
"""

from __future__ import annotations

import dataclasses
import enum


class GraspType(enum.StrEnum):
    """Type of grasp: a manner of closing on the object."""

    LARGE_DIAMETER = "large_diameter"
    MEDIUM_WRAP = "medium_wrap"
    SMALL_DIAMETER = "small_diameter"
    POWER_SPHERE = "power_sphere"
    PRECISION_DISK = "precision_disk"
    PRECISION_SPHERE = "precision_sphere"
    PRISMATIC = "prismatic"
    TRIPOD = "tripod"
    PALMAR_PINCH = "palmar_pinch"
    LATERAL_PINCH = "lateral_pinch"
    INDEX_EXTENDED = "index_extended"
    PARALLEL_EXTENSION = "parallel_extension"
    HOOK = "hook"


class Opposition(enum.StrEnum):
    """Between which surfaces of the hand the object is held."""

    PALM = "palm"
    """Fingers press towards the palm."""
    PAD = "pad"
    """The pads of thumb and fingers press towards each other."""
    SIDE = "side"
    """The thumb presses against the side of a finger."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Style:
    """Demands of a grasp type on a hand, whichever hand it is."""

    opposition: Opposition
    """Between which surfaces the object is held."""
    fingers: int
    """Fingers opposite the thumb; more than the hand has means all of them."""
    palm: bool
    """True where the palm touches the object."""
    thumb: bool
    """True where the thumb presses."""
    inner_links: bool
    """True where links nearer the palm than the tips touch too."""
    summary: str
    """One line for people and models."""


_PALM, _PAD, _SIDE = Opposition.PALM, Opposition.PAD, Opposition.SIDE
_ALL = 4


def _style(
    opposition: Opposition,
    fingers: int,
    summary: str,
    *,
    palm: bool = False,
    thumb: bool = True,
    inner_links: bool = False,
) -> Style:
    return Style(
        opposition=opposition,
        fingers=fingers,
        palm=palm,
        thumb=thumb,
        inner_links=inner_links,
        summary=summary,
    )


STYLES: dict[GraspType, Style] = {
    GraspType.LARGE_DIAMETER: _style(
        _PALM,
        _ALL,
        "power grip around a wide cylinder or box",
        palm=True,
        inner_links=True,
    ),
    GraspType.MEDIUM_WRAP: _style(
        _PALM,
        _ALL,
        "power grip around a handle, thumb over the fingers",
        palm=True,
        inner_links=True,
    ),
    GraspType.SMALL_DIAMETER: _style(
        _PALM,
        _ALL,
        "power grip around a thin rod, fingers fully curled",
        palm=True,
        inner_links=True,
    ),
    GraspType.POWER_SPHERE: _style(
        _PALM,
        _ALL,
        "power grip on a ball, fingers spread around it",
        palm=True,
        inner_links=True,
    ),
    GraspType.PRECISION_DISK: _style(
        _PAD,
        _ALL,
        "fingertips around the edge of a disk, lid or knob",
    ),
    GraspType.PRECISION_SPHERE: _style(
        _PAD,
        _ALL,
        "fingertips around a ball, palm clear of it",
    ),
    GraspType.PRISMATIC: _style(
        _PAD,
        _ALL,
        "thumb opposite a row of fingertips along an edge or rod",
    ),
    GraspType.TRIPOD: _style(
        _PAD,
        2,
        "thumb, index and middle fingertips",
    ),
    GraspType.PALMAR_PINCH: _style(
        _PAD,
        1,
        "thumb and index fingertips",
    ),
    GraspType.LATERAL_PINCH: _style(
        _SIDE,
        1,
        "thumb against the side of the index finger, as for a key",
    ),
    GraspType.INDEX_EXTENDED: _style(
        _PALM,
        _ALL,
        "power grip with the index finger laid along the tool",
        palm=True,
        inner_links=True,
    ),
    GraspType.PARALLEL_EXTENSION: _style(
        _PAD,
        _ALL,
        "straight fingers and thumb on the two faces of a plate",
    ),
    GraspType.HOOK: _style(
        _PALM,
        _ALL,
        "bent fingers carry a bail or bar, the thumb idle",
        thumb=False,
        inner_links=True,
    ),
}
