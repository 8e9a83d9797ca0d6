"""Options of asking a model: limits, kept answers, address, sizes of pictures."""

from __future__ import annotations

import dataclasses
import pathlib

from zdg_jax.planning.model.answer_cache import Mode
from zdg_jax.planning.model.budget import Limits


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureSize:
    """Sizes of the pictures that a model is shown [px]."""

    width: int = 640
    """Width of a view of the object."""
    height: int = 520
    """Height of a view of the object."""
    tile_width: int = 480
    """Width of the picture of one candidate hand."""
    tile_height: int = 400
    """Height of the picture of one candidate hand."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlannerOptions:
    """Options of asking a model. None of them matters to the rules."""

    limits: Limits = dataclasses.field(default_factory=Limits)
    """Bounds of calls, tokens, time and pace."""
    cache: Mode = "use"
    """"use" answers that are known and keep new ones; "off"; "replay" known ones only."""
    cache_folder: pathlib.Path | None = None
    """Folder of kept answers; the user's cache folder if not given."""
    base_url: str | None = None
    """Another address of the model's server, for planners that are made by name."""
    manual_folder: pathlib.Path = pathlib.Path("zdg-manual")
    """Folder for the questions of the planner "manual", unless its name gives one."""
    pictures: PictureSize = dataclasses.field(default_factory=PictureSize)
    """Sizes of the pictures."""
