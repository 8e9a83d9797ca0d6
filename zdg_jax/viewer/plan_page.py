"""A plan in a page's panel: in words, with pictures of the marked object."""

from __future__ import annotations

import io
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

from zdg_jax.errors import InputError, ZdgError
from zdg_jax.planning.transcript import figure, plan_as_html
from zdg_jax.viewer.object_parts import prepare_again
from zdg_jax.viewer.text import paragraphs

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.planning import GraspPlan

_LARGEST_PICTURE = 20_000_000
_WIDTH = 640
"""Width of pictures in the panel [px]."""


def add_plan_words(server: viser.ViserServer, plan: GraspPlan) -> None:
    """Adds a plan in words.

    Args:
        server: the page's server.
        plan: the plan.
    """
    server.gui.add_html(f"<div style='font-size:12px;margin:.3em .6em'>{plan_as_html(plan)}</div>")


def add_plan_folder(
    server: viser.ViserServer,
    grasps: GraspSet,
    *,
    hand: Hand | str | os.PathLike[str] | None,
) -> None:
    """Adds the plan of a set: words, and pictures of the marked object when they are asked for.

    Args:
        server: the page's server.
        grasps: a set with a plan.
        hand: see `view_grasps`.
    """
    gui, plan = server.gui, grasps.plan
    if plan is None:
        return
    folder = gui.add_folder("plan", expand_by_default=False)
    with folder:
        gui.add_html(paragraphs([f"task: “{grasps.task}”"]))
        add_plan_words(server, plan)
        draw = gui.add_button("draw the marked object")
        said = gui.add_html("")

    @draw.on_click
    def _(_: object) -> None:
        draw.visible = False
        said.content = paragraphs(["drawing ..."])
        try:
            # Imported here: preparation loads JAX, which the page does without until then.
            from zdg_jax.planning.model.pictures import marked_views

            loaded = grasps.load_hand(hand)
            drawn = marked_views(prepare_again(grasps.object), loaded)
        except ZdgError as error:
            said.content = paragraphs([str(error)])
            return
        said.content = ""
        with folder:
            for caption, png in drawn:
                gui.add_html(_picture(caption, png))


def add_pictures(server: viser.ViserServer, pictures: Sequence[str | os.PathLike[str]]) -> None:
    """Adds pictures from files.

    Args:
        server: the page's server.
        pictures: PNG files.

    Raises:
        InputError: one of them cannot be read.
    """
    for picture in map(pathlib.Path, pictures):
        try:
            if picture.stat().st_size > _LARGEST_PICTURE:
                raise InputError(f"{picture} is too large for a picture of a plan")
            with Image.open(picture) as image:
                image.thumbnail((_WIDTH, 4 * _WIDTH))
                png = io.BytesIO()
                image.convert("RGB").save(png, "PNG")
        except OSError as error:
            raise InputError(f"{picture} is no picture: {error}") from None
        server.gui.add_html(_picture(picture.stem, png.getvalue()))


def _picture(caption: str, png: bytes) -> str:
    """A picture as HTML: viser's own images are now and then not found by the browser."""
    return f"<div style='font-size:12px'>{figure(caption, png)}</div>"
