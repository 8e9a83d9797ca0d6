"""`grasps.png`: the best grasps side by side, each from the side that shows it best."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from zdg_jax.errors import InputError
from zdg_jax.rendering import lettering
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.hands import posed_hand_shapes
from zdg_jax.rendering.lettering import FAINT, INK
from zdg_jax.rendering.picture import Stage, Style, render, save
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.viewpoint import best_view
from zdg_jax.runtime.parallel import parallel_map

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

OBJECT = (0.93, 0.62, 0.31)
"""Colour of objects, sRGB."""
HELD, FELL, UNKNOWN = (34, 150, 84), (205, 62, 52), (140, 146, 156)
"""Colours of the dot before a caption."""

_TILE, _CAPTION, _HEADER, _GAP = (440, 400), 58, 76, 12
_MOST = 64
_STYLE = Style(top=(1.0, 1.0, 1.0), bottom=(0.915, 0.925, 0.94), outline=0.4)


class Surface(Protocol):
    """A mesh with a name: an `Object` or its record."""

    @property
    def name(self) -> str:
        """Name."""

    @property
    def vertices(self) -> np.ndarray:
        """(v, 3) [m]."""

    @property
    def faces(self) -> np.ndarray:
        """(f, 3)."""


def grasp_sheet(
    grasps: Any,
    hand: Hand,
    obj: Surface,
    path: str | os.PathLike[str],
    *,
    captions: Sequence[str] | None = None,
    held: Sequence[bool | None] | None = None,
    title: str | None = None,
    columns: int | None = None,
) -> pathlib.Path:
    """Draws grasps into one picture, in the order in which they are given.

    Args:
        grasps: a `GraspSet`, or poses of the hand, (n, 7 + j): position, quaternion, joints,
            object frame.
        hand: the hand.
        obj: the object.
        path: PNG file to write.
        captions: one line a grasp; made from a `GraspSet` if not given.
        held: whether each grasp holds in physics, None = not tested; taken from a `GraspSet` if
            not given.
        title: line above the grasps; names object, hand and task if not given.
        columns: tiles in a row; as many as give a picture about twice as wide as high if not given.

    Raises:
        InputError: there are no grasps or too many, something does not fit, or the file cannot be
            written.
    """
    qpos, own_captions, own_held = _rows(grasps)
    count = len(qpos)
    if not 0 < count <= _MOST:
        raise InputError(f"{count} grasps to draw; a sheet takes 1 to {_MOST}")
    captions = own_captions if captions is None else list(captions)
    held = own_held if held is None else list(held)
    if len(captions) != count or len(held) != count:
        raise InputError(f"{len(captions)} captions and {len(held)} marks for {count} grasps")
    columns = columns or (min(count, 4) if count != 5 and count != 6 else 3)
    thing = _thing(obj)
    tiles = parallel_map(lambda row: _tile(row, hand, thing, *_TILE), qpos)
    rows = -(-count // columns)
    width = columns * (_TILE[0] + _GAP) + _GAP
    height = _HEADER + rows * (_TILE[1] + _CAPTION + _GAP)
    sheet = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    task = str(getattr(grasps, "task", ""))
    heading = title or (f"“{task}”" if task else f"{obj.name} by {hand.name}")
    lettering.write(draw, (_GAP + 6, 14), lettering.fit(heading, 27, width - 40), 27)
    below = f"{obj.name}, {hand.name} hand: {_tally(held)}"
    lettering.write(draw, (_GAP + 6, 47), lettering.fit(below, 17, width - 40), 17, FAINT)
    for index, (tile, caption, holds) in enumerate(zip(tiles, captions, held, strict=True)):
        x = _GAP + (index % columns) * (_TILE[0] + _GAP)
        y = _HEADER + (index // columns) * (_TILE[1] + _CAPTION + _GAP)
        sheet.paste(tile, (x, y))
        _caption(draw, x, y, caption, holds)
    return save(sheet, path)


def grasp_picture(
    qpos: ArrayLike, hand: Hand, obj: Surface, width: int, height: int
) -> Image.Image:
    """One grasp from the side that shows it best.

    Args:
        qpos: pose of the hand, (7 + j,): position, quaternion, joints, object frame.
        hand: the hand.
        obj: the object.
        width: [px].
        height: [px].
    """
    return _tile(qpos, hand, _thing(obj), width, height)


def _thing(obj: Surface) -> Shape:
    thing = Shape(vertices=obj.vertices, faces=obj.faces, color=OBJECT, label=0)
    thing.corner_normals  # noqa: B018  made once, before threads share it
    return thing


def _tile(qpos: ArrayLike, hand: Hand, thing: Shape, width: int, height: int) -> Image.Image:
    links = posed_hand_shapes(hand, qpos, finger_colors=True, color=_PALM, label=1)
    shapes = [thing, *links]
    stage = Stage(shapes)
    drawn = [mesh.link for mesh in hand.link_meshes if len(mesh.faces)]
    fingers = [
        [1 + i for i, link in enumerate(drawn) if link in finger.links[len(finger.links) // 2 :]]
        for finger in hand.fingers
    ]
    towards = best_view(stage, [0], fingers)
    points = np.concatenate([shape.vertices for shape in shapes])
    camera = Camera.around(points, towards, aspect=width / height)
    return render(stage, camera, width, height, _STYLE).image()


_PALM = (0.40, 0.43, 0.48)


def _rows(grasps: Any) -> tuple[np.ndarray, list[str], list[bool | None]]:
    """Poses (n, 7 + j), captions and whether they hold."""
    if not hasattr(grasps, "grasp"):
        qpos = np.atleast_2d(np.asarray(grasps, float))
        return qpos, [""] * len(qpos), [None] * len(qpos)
    pose = grasps.grasp
    qpos = np.concatenate(
        [np.asarray(part, float) for part in (pose.position, pose.quaternion, pose.joints)], axis=1
    )
    captions: list[str] = []
    held: list[bool | None] = []
    for score, tested, holds in zip(grasps.score, grasps.tested, grasps.held, strict=True):
        captions.append(f"score {score:.3f}")
        held.append(bool(holds) if tested else None)
    return qpos, captions, held


def _tally(held: Sequence[bool | None]) -> str:
    count = f"{len(held)} grasp{'s' if len(held) != 1 else ''}"
    tested = [holds for holds in held if holds is not None]
    return f"{count}, {sum(tested)} of {len(tested)} tested hold" if tested else count


def _caption(draw: ImageDraw.ImageDraw, x: int, y: int, caption: str, holds: bool | None) -> None:
    """Rank, words and whether the grasp holds, below a tile at x, y."""
    draw.rectangle((x, y, x + _TILE[0] - 1, y + _TILE[1] + _CAPTION - 1), outline=(222, 226, 232))
    middle = y + _TILE[1] + _CAPTION // 2
    color, word = {
        True: (HELD, "holds"),
        False: (FELL, "does not hold"),
        None: (UNKNOWN, "not tested"),
    }[holds]
    right = x + _TILE[0] - 16
    lettering.write(draw, (right, middle), word, 19, color, anchor="rm")
    edge = right - lettering.width_of(word, 19) - 14
    draw.ellipse((edge - 7, middle - 7, edge + 7, middle + 7), fill=color)
    lettering.write(
        draw, (x + 16, middle), lettering.fit(caption, 20, edge - x - 34), 20, INK, anchor="lm"
    )
