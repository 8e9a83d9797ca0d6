"""`grasps.png`: the best grasps side by side, each from the side that shows it best."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.rendering import text
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.colors import FELL, HELD, OBJECT, PALM_BEHIND, UNKNOWN
from zdg_jax.rendering.hand_shapes import distal_shapes, posed_hand_shapes
from zdg_jax.rendering.picture import PictureStyle, PreparedShapes, render, save
from zdg_jax.rendering.scene_shapes import scene_shapes
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.text import FAINT, INK
from zdg_jax.rendering.viewpoint import best_view
from zdg_jax.runtime.parallel import parallel_map
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand

_TILE, _CAPTION, _HEADER, _GAP = (440, 400), 58, 76, 12
_MOST = 64
_SHEER = 0.6
"""Opacity of what surrounds an object."""
_STYLE = PictureStyle(top=(1.0, 1.0, 1.0), bottom=(0.915, 0.925, 0.94), outline=0.4)


class NamedMesh(Protocol):
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
    grasps: GraspSet,
    numbers: Sequence[int] | np.ndarray,
    hand: Hand,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
) -> pathlib.Path:
    """Draws grasps of a set into one picture, with their numbers, scores and whether they hold.

    Args:
        grasps: the set.
        numbers: numbers of the grasps to draw, in that order, at most 64.
        hand: their hand.
        path: PNG file to write.
        title: line above the grasps; the task if not given.

    Raises:
        InputError: there are no grasps or too many, or the file cannot be written.
    """
    chosen = np.asarray(numbers, int)
    return pose_sheet(
        np.asarray(grasps.grasp.qpos)[chosen],
        hand,
        grasps.object,
        path,
        captions=[f"grasp {i}, score {grasps.score[i]:.3f}" for i in chosen],
        held=[bool(grasps.held[i]) if grasps.tested[i] else None for i in chosen],
        title=title or (f"“{grasps.task}”" if grasps.task else None),
        around=None if grasps.scene is None else Surroundings.seen_from(grasps.scene),
    )


def pose_sheet(
    qpos: ArrayLike,
    hand: Hand,
    obj: NamedMesh,
    path: str | os.PathLike[str],
    *,
    captions: Sequence[str] | None = None,
    held: Sequence[bool | None] | None = None,
    title: str | None = None,
    columns: int | None = None,
    around: Surroundings | None = None,
) -> pathlib.Path:
    """Draws poses of a hand on an object into one picture, in the order given.

    Args:
        qpos: poses of the hand, (n, 7 + j): position, quaternion, joints, object frame.
        hand: the hand.
        obj: the object.
        path: PNG file to write.
        captions: one line per pose; none if not given.
        held: whether each holds in physics, None = not tested; none is tested if not given.
        title: line above the poses; names object and hand if not given.
        columns: tiles in a row; as many as give a picture about twice as wide as high if not given.
        around: what surrounds the object; nothing if not given.

    Raises:
        InputError: there are no poses or too many, something does not fit, or the file cannot be
            written.
    """
    poses = np.atleast_2d(np.asarray(qpos, float))
    count = len(poses)
    if not 0 < count <= _MOST:
        raise InputError(f"{count} grasps to draw; a sheet takes 1 to {_MOST}")
    captions = [""] * count if captions is None else list(captions)
    held = [None] * count if held is None else list(held)
    if len(captions) != count or len(held) != count:
        raise InputError(f"{len(captions)} captions and {len(held)} marks for {count} grasps")
    columns = columns or (min(count, 4) if count != 5 and count != 6 else 3)
    shape = object_shape(obj)
    tiles = parallel_map(lambda row: _tile(row, hand, shape, *_TILE, around), poses)
    rows = -(-count // columns)
    width = columns * (_TILE[0] + _GAP) + _GAP
    height = _HEADER + rows * (_TILE[1] + _CAPTION + _GAP)
    sheet = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    heading = title or f"{obj.name} by {hand.name}"
    text.write(draw, (_GAP + 6, 14), text.fit(heading, 27, width - 40), 27)
    below = f"{obj.name}, {hand.name} hand: {_tally(held)}"
    text.write(draw, (_GAP + 6, 47), text.fit(below, 17, width - 40), 17, FAINT)
    for index, (tile, caption, holds) in enumerate(zip(tiles, captions, held, strict=True)):
        x = _GAP + (index % columns) * (_TILE[0] + _GAP)
        y = _HEADER + (index // columns) * (_TILE[1] + _CAPTION + _GAP)
        sheet.paste(tile, (x, y))
        _caption(draw, x, y, caption, holds)
    return save(sheet, path)


def grasp_picture(
    qpos: ArrayLike,
    hand: Hand,
    obj: NamedMesh,
    width: int,
    height: int,
    around: Surroundings | None = None,
) -> Image.Image:
    """One grasp from the side that shows it best.

    Args:
        qpos: pose of the hand, (7 + j,): position, quaternion, joints, object frame.
        hand: the hand.
        obj: the object.
        width: [px].
        height: [px].
        around: what surrounds the object; nothing if not given.
    """
    return _tile(qpos, hand, object_shape(obj), width, height, around)


def object_shape(obj: NamedMesh) -> Shape:
    """Makes a shape of an object, ready to be drawn by several threads."""
    shape = Shape(vertices=obj.vertices, faces=obj.faces, color=OBJECT, label=0)
    shape.corner_normals  # noqa: B018  computed once, before threads share it
    return shape


def _tile(
    qpos: ArrayLike,
    hand: Hand,
    shape: Shape,
    width: int,
    height: int,
    around: Surroundings | None,
) -> Image.Image:
    links = posed_hand_shapes(hand, qpos, finger_colors=True, color=PALM_BEHIND, label=1)
    shapes = [shape, *links]
    if around is not None:
        points = np.concatenate([shape.vertices for shape in shapes])
        shapes += scene_shapes(around, points, label=2, opacity=_SHEER)
        turn = rotation_matrix(np.array(around.scene.quaternion))  # up is up in the picture
        shapes = [dataclasses.replace(s, vertices=s.vertices @ turn.T) for s in shapes]
    stage = PreparedShapes(shapes)
    fingers = [[1 + i for i in finger] for finger in distal_shapes(hand)]
    towards = best_view(stage, [0], fingers)
    if around is not None:
        towards[2] = abs(towards[2])  # not from under the table
    points = np.concatenate([shape.vertices for shape in shapes[: 1 + len(links)]])
    camera = Camera.around(points, towards, aspect=width / height)
    return render(stage, camera, width, height, _STYLE).image()


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
    text.write(draw, (right, middle), word, 19, color, anchor="rm")
    edge = right - text.width_of(word, 19) - 14
    draw.ellipse((edge - 7, middle - 7, edge + 7, middle + 7), fill=color)
    text.write(draw, (x + 16, middle), text.fit(caption, 20, edge - x - 34), 20, INK, anchor="lm")
