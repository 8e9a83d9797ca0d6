"""Pictures for a model: the object with its numbered parts, and hands in candidate places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.spatial.transform import Rotation

from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.rendering import Camera, Picture, Shape, arrows, posed_hand_shapes, render
from zdg_jax.rendering.colors import PARTS
from zdg_jax.rendering.picture import png
from zdg_jax.rendering.scene_shapes import scene_shapes
from zdg_jax.rendering.text import font
from zdg_jax.rendering.viewpoint import eye_direction
from zdg_jax.runtime.parallel import parallel_map
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_COLUMNS = 3  # of candidate hands on a sheet
_VIEWS = (
    ("from the front right, a little above", 35.0, 25.0),
    ("from the back right, a little above", 125.0, 25.0),
    ("from the back left, a little above", 215.0, 25.0),
    ("from the front left, a little above", 305.0, 25.0),
    ("from above", 35.0, 78.0),
    ("from below", 35.0, -60.0),
)
_PALETTE = np.array(PARTS)
_AXES = (("x", (204, 38, 38)), ("y", (38, 153, 51)), ("z", (51, 77, 217)))
_HAND, _ARROW = (0.80, 0.80, 0.84), (0.10, 0.10, 0.10)
_FOV = 28.0  # vertical field of view [deg]
_BAR = 0.05  # length of the scale bar [m]
_SHEER = 0.5
"""Opacity of what surrounds the object: views from below see through the table."""
_PAGE_SIDE = 1600  # largest side of a page's pictures [px]
_EXTRA = 1000  # labels from here on are not parts


class _Inset:
    """Axes and scale bar of one view, drawn in a corner where nothing hides them."""

    def __init__(self, right: np.ndarray, up: np.ndarray, distance: float) -> None:
        """Takes the view's right and up, unit (3,), and its distance from the middle [m]."""
        self._right, self._up, self._distance = right, up, distance

    def draw(self, image: Image.Image) -> None:
        """Draws the axes at the lower left and the bar at the lower right."""
        draw = ImageDraw.Draw(image)
        width, height = image.size
        x, y = 52.0, height - 52.0
        # Axes that point away from the viewer first, so that the nearer ones lie on top.
        towards = np.cross(self._right, self._up)
        for i in np.argsort(towards):
            name, color = _AXES[i]
            tip = (x + 38 * self._right[i], y - 38 * self._up[i])
            draw.line((x, y, *tip), fill=color, width=4)
            word = (x + 47 * self._right[i], y - 47 * self._up[i])
            draw.text(
                word, name, font=font(17), fill=color, anchor="mm",
                stroke_width=2, stroke_fill=(255, 255, 255),
            )  # fmt: skip
        pixels = _BAR * height / (2 * np.tan(np.radians(_FOV) / 2) * self._distance)
        end = width - 16
        draw.line((end - pixels, height - 14, end, height - 14), fill=(20, 20, 20), width=4)
        middle = (end - pixels / 2, height - 28)
        draw.text(middle, f"{_BAR * 1e3:.0f} mm", font=font(15), fill=(20, 20, 20), anchor="mm")


class Picturing:
    """Renders one object and one hand for a model."""

    def __init__(
        self,
        obj: Object,
        hand: Hand,
        max_side: int,
        size: PictureSize | None = None,
        around: Surroundings | None = None,
    ) -> None:
        """Prepares the scene.

        Args:
            obj: the object.
            hand: the hand.
            max_side: largest width or height of an image that the model takes [px].
            size: sizes of the pictures.
            around: what surrounds the object, if anything.
        """
        self._px = size or PictureSize()
        self._obj, self._hand = obj, hand
        self._shrink = min(1.0, max_side / (_COLUMNS * self._px.tile_width))
        vertices = np.asarray(obj.vertices, np.float64)
        self._low, self._high = vertices.min(0), vertices.max(0)
        self._middle = (self._low + self._high) / 2
        self._size = float(np.linalg.norm(self._high - self._low))
        self._seen: list[np.ndarray] = []
        self.surround(around)

    def surround(self, around: Surroundings | None) -> None:
        """Shows what surrounds the object in all pictures from now on."""
        box = np.stack([self._low, self._high])
        self._scene = scene_shapes(around, box, label=_EXTRA, opacity=_SHEER)

    def parts(self) -> list[tuple[str, bytes]]:
        """Draws the object from several sides, parts numbered: captions and PNG files."""
        colors = _PALETTE[(np.asarray(self._obj.face_parts) - 1) % len(_PALETTE)]
        shapes = [self._object(colors), *self._scene]

        def view(azimuth: float, elevation: float) -> tuple[bytes, np.ndarray]:
            camera, inset = self._camera(eye_direction(azimuth, elevation), 0.9 * self._size)
            picture = render(shapes, camera, self._px.width, self._px.height)
            image = picture.image()
            self._write_marks(image, np.where(picture.label == 0, self._part_of(picture), 0))
            inset.draw(image)
            return png(image), np.where(picture.label == 0, picture.face, -1)

        drawn = parallel_map(lambda side: view(*side[1:]), _VIEWS)
        self._seen = [seen for _, seen in drawn]
        return [
            (f"The object {name}.", image)
            for (name, *_), (image, _) in zip(_VIEWS, drawn, strict=True)
        ]

    def locate(self, view: int, x: float, y: float) -> tuple[int, np.ndarray] | None:
        """Finds what lies at a spot of one of the views of `parts`.

        Args:
            view: number of the view, from 1.
            x: place from the left edge, in [0, 1].
            y: place from the upper edge, in [0, 1].

        Returns:
            Mark of the part and a point on it, (3,), object frame [m]; None beside the object.
        """
        if not 1 <= view <= len(self._seen):
            return None
        faces = self._seen[view - 1]
        height, width = faces.shape
        face = int(faces[min(int(y * height), height - 1), min(int(x * width), width - 1)])
        if face < 0:
            return None
        corners = np.asarray(self._obj.vertices)[np.asarray(self._obj.faces)[face]]
        return int(np.asarray(self._obj.face_parts)[face]), corners.mean(0)

    def candidates(self, candidates: Sequence[Candidate]) -> list[tuple[str, bytes]]:
        """Draws candidate hands on sheets with one tile per candidate, from two sides each.

        Args:
            candidates: the candidates, in the order of their numbers from 1.

        Returns:
            Captions and PNG files.
        """
        colors = 0.5 + 0.5 * _PALETTE[(np.asarray(self._obj.face_parts) - 1) % len(_PALETTE)]

        def sheet(side: float) -> bytes:
            numbered = enumerate(candidates, 1)
            tiles = parallel_map(lambda row: self._tile(row[0], row[1], colors, side), numbered)
            return png(self._fit(_sheet(tiles)))

        return [
            (f"Candidate hands 1 to {len(candidates)}, each seen from {name}.", sheet(side))
            for side, name in ((1.0, "one side"), (-1.0, "the other side"))
        ]

    def _tile(
        self, number: int, candidate: Candidate, colors: np.ndarray, side: float
    ) -> Image.Image:
        approach = candidate.approach
        across = np.cross(approach.direction, approach.thumb)
        x, y, z, w = Rotation.from_matrix(candidate.rotation).as_quat()
        pose = np.concatenate([candidate.position, [w, x, y, z], candidate.joints])
        hand = posed_hand_shapes(self._hand, pose, color=_HAND, label=_EXTRA)
        points = np.concatenate([shape.vertices for shape in (self._object(colors), *hand)])
        low, high = points.min(0), points.max(0)
        # From the side, where the opening between thumb and fingers shows, a little from above.
        look = (
            side * approach.thumb
            + 0.45 * across
            - 0.25 * approach.direction
            + np.array([0, 0, 0.35])
        )
        eye = look / np.linalg.norm(look)
        camera, inset = self._camera(
            eye, 0.85 * float(np.linalg.norm(high - low)), (low + high) / 2
        )
        tail = candidate.position - 0.10 * approach.direction
        arrow = arrows(tail, tail + 0.07 * approach.direction, 0.004, _ARROW, label=_EXTRA + 1)
        shapes = [self._object(colors), *hand, arrow, *self._scene]
        picture = render(shapes, camera, self._px.tile_width, self._px.tile_height)
        image = picture.image()
        self._write_marks(image, np.where(picture.label == 0, self._part_of(picture), 0), 15)
        inset.draw(image)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 64, 52), fill=(20, 20, 20))
        draw.text((32, 26), str(number), font=font(40), fill=(255, 255, 255), anchor="mm")
        return image

    def _object(self, colors: np.ndarray) -> Shape:
        return Shape(
            vertices=np.asarray(self._obj.vertices), faces=np.asarray(self._obj.faces),
            color=colors, label=0,
        )  # fmt: skip

    def _camera(
        self, direction: np.ndarray, span: float, target: np.ndarray | None = None
    ) -> tuple[Camera, _Inset]:
        middle = self._middle if target is None else target
        up = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.95 else np.array([0.0, 1.0, 0.0])
        distance = span / 2 / np.tan(np.radians(_FOV) / 2) * 1.12
        camera = Camera.look_at(eye=middle + distance * direction, target=middle, up=up, fov=_FOV)
        right = np.cross(up, direction)
        right = right / np.linalg.norm(right)
        return camera, _Inset(right, np.cross(direction, right), distance)

    def _part_of(self, picture: Picture) -> np.ndarray:
        """Mark of the part seen at each pixel; what lies where the object is not means nothing."""
        faces = np.clip(picture.face, 0, len(self._obj.face_parts) - 1)
        return np.asarray(self._obj.face_parts)[faces]

    def _write_marks(self, image: Image.Image, marks: np.ndarray, size: int = 22) -> None:
        """Writes each part's number where most of the part is around it."""
        draw = ImageDraw.Draw(image)
        for mark in np.unique(marks[marks > 0]):
            inner = ndimage.distance_transform_edt(np.pad(marks == mark, 1))[1:-1, 1:-1]
            y, x = np.unravel_index(int(inner.argmax()), inner.shape)
            if inner[y, x] < 2:
                continue
            box = draw.textbbox((int(x), int(y)), str(mark), font=font(size), anchor="mm")
            pad = 4
            draw.rounded_rectangle(
                (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad), 5, fill=(20, 20, 20)
            )
            draw.text(
                (int(x), int(y)), str(mark), font=font(size), fill=(255, 255, 255), anchor="mm"
            )

    def _fit(self, image: Image.Image) -> Image.Image:
        if self._shrink == 1.0:
            return image
        width, height = image.size
        return image.resize((int(width * self._shrink), int(height * self._shrink)))


def _sheet(tiles: Sequence[Image.Image]) -> Image.Image:
    """Puts tiles of one size in rows."""
    width, height = tiles[0].size
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), (255, 255, 255))
    for index, tile in enumerate(tiles):
        sheet.paste(tile, ((index % columns) * width, (index // columns) * height))
    return sheet


def marked_views(obj: Object, hand: Hand) -> list[tuple[str, bytes]]:
    """Draws an object from several sides, its parts numbered, for a page: captions and PNG files.

    Args:
        obj: the object.
        hand: the hand that a plan is for.
    """
    return Picturing(obj, hand, _PAGE_SIDE).parts()
