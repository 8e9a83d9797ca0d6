"""Pictures of an object whose parts are numbered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.colors import PARTS, Color
from zdg_jax.rendering.picture import Picture, render
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.text import font
from zdg_jax.rendering.viewpoint import eye_direction
from zdg_jax.runtime.parallel import parallel_map

if TYPE_CHECKING:
    from zdg_jax.objects import Object
    from zdg_jax.objects.appearance import Appearance

VIEWS = (
    ("from the front right, a little above", 35.0, 25.0),
    ("from the back right, a little above", 125.0, 25.0),
    ("from the back left, a little above", 215.0, 25.0),
    ("from the front left, a little above", 305.0, 25.0),
    ("straight from +x", 0.0, 0.0),
    ("straight from +y", 90.0, 0.0),
    ("straight from -x", 180.0, 0.0),
    ("straight from -y", 270.0, 0.0),
    ("straight from +z, +y upwards", 270.0, 90.0),
    ("straight from -z, +y upwards", 90.0, -90.0),
)
"""Names of the views, azimuths about z from +x and elevations [deg]."""
OWN_VIEWS = 4
"""Views, from the first on, that show an object's own colours."""
_SHADES = (0.0, 0.55, 0.3, 0.75)
"""Share of white in the colours of a coarse part's pieces, in the order of their marks."""
_AXES = (("x", (204, 38, 38)), ("y", (38, 153, 51)), ("z", (51, 77, 217)))
_FOV = 28.0  # vertical field of view [deg]
_BAR = 0.05  # length of the scale bar [m]
_MARGIN = 1.18  # room around the object, for axes and scale
_PAD = 4  # around a number [px]
_UPENDED = 0.85
"""Distance of the camera over that of a picture that lies, from which one that stands is better."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkedView:
    """An object from one side."""

    name: str
    """The side, in words."""
    camera: Camera
    """From where it is seen."""
    image: Image.Image
    """The picture."""
    faces: np.ndarray
    """Face of the object at each pixel, (h, w); -1 beside it."""


class MarkedObject:
    """Draws one object: a hue for each coarse part, shades of it for its pieces."""

    def __init__(self, obj: Object, looks: Appearance | None = None) -> None:
        """Takes the object.

        Args:
            obj: the object.
            looks: its own colours, in which the first `OWN_VIEWS` views are drawn; none if not
                given.
        """
        self._looks = looks
        self._marks = np.asarray(obj.face_parts)
        self._vertices = np.asarray(obj.vertices, np.float64)
        self._faces = np.asarray(obj.faces)
        families = sorted({part.parent for part in obj.parts})
        hues = {mark: np.asarray(PARTS[i % len(PARTS)]) for i, mark in enumerate(families)}
        counted: dict[int, int] = {}
        colors = []
        for part in obj.parts:
            order = counted[part.parent] = counted.get(part.parent, -1) + 1
            white = _SHADES[order % len(_SHADES)]
            colors.append((1 - white) * hues[part.parent] + white)
        self._colors = np.array(colors)
        self._numbers = [part.mark for part in obj.parts]

    def shape(self, colors: Mapping[int, Color] | None = None) -> Shape:
        """The object as a shape of label 0.

        Args:
            colors: colour of each part by its mark; a hue for each coarse part if not given. Parts
                of one colour get shades of it.
        """
        chosen = self._colors
        if colors is not None:
            base = np.array([colors[mark] for mark in self._numbers])
            white = 0.5 * np.array([_SHADES[i % len(_SHADES)] for i in range(len(base))])[:, None]
            chosen = (1 - white) * base + white
        return Shape(
            vertices=self._vertices,
            faces=self._faces,
            color=chosen[np.searchsorted(self._numbers, self._marks)],
            label=0,
        )

    def view(
        self,
        name: str,
        azimuth: float,
        elevation: float,
        size: tuple[int, int],
        around: Sequence[Shape] = (),
        *,
        own: bool = False,
    ) -> MarkedView:
        """Draws the object from one side, as large as it fits, parts numbered.

        Of a tall object the picture stands: width and height change places.

        Args:
            name: the side, in words.
            azimuth: about z from +x [deg].
            elevation: above the xy plane [deg].
            size: width and height [px].
            around: other shapes to draw, of labels above 0.
            own: draws the object in its own colours, if it has some.
        """
        towards = eye_direction(azimuth, elevation)
        up = np.array([0.0, 0.0, 1.0]) if abs(towards[2]) < 0.95 else np.array([0.0, 1.0, 0.0])
        used = self._vertices[np.unique(self._faces)]
        lies, stands = (
            Camera.around(used, towards, up, fov=_FOV, aspect=w / h, margin=_MARGIN)
            for w, h in (size, size[::-1])
        )
        # Of equal angles from bottom to top, the nearer camera shows more.
        middle = used.mean(axis=0)
        near = [
            float(np.linalg.norm(camera.eye - middle)) * tall
            for camera, tall in ((lies, 1 / size[1]), (stands, 1 / size[0]))
        ]
        upended = near[1] < _UPENDED * near[0]
        camera, (width, height) = (stands, size[::-1]) if upended else (lies, size)
        picture = render([self.shape(), *around], camera, width, height)
        image = picture.image()
        if own and self._looks is not None:
            image = render([self._own_shape(), *around], camera, width, height).image()
            name += ", in its own colours"
        self.number(image, picture)
        depth = float(np.mean((used - camera.eye) @ camera.axes[2]))
        draw_frame(image, camera, depth)
        faces = np.where(picture.label == 0, picture.face, -1)
        return MarkedView(name=name, camera=camera, image=image, faces=faces)

    def views(self, size: tuple[int, int], around: Sequence[Shape] = ()) -> list[MarkedView]:
        """Draws the object from all sides of `VIEWS`.

        Args:
            size: width and height of each [px].
            around: other shapes to draw, of labels above 0.
        """
        return parallel_map(
            lambda row: self.view(*row[1], size, around, own=row[0] < OWN_VIEWS), enumerate(VIEWS)
        )

    def _own_shape(self) -> Shape:
        assert self._looks is not None
        looks = self._looks
        return Shape(vertices=looks.vertices, faces=looks.faces, color=looks.colors, label=0)

    def number(self, image: Image.Image, picture: Picture, size: int = 22) -> None:
        """Writes each part's number where most of the part is around it, apart from the others.

        Args:
            image: the picture that is written on.
            picture: what is seen at each of its pixels.
            size: height of the letters [px].
        """
        seen = self._marks[np.clip(picture.face, 0, len(self._marks) - 1)]
        marks = np.where(picture.label == 0, seen, 0)
        draw = ImageDraw.Draw(image)
        free = np.ones(marks.shape, bool)
        numbers, areas = np.unique(marks[marks > 0], return_counts=True)
        for mark in numbers[np.argsort(areas, kind="stable")]:  # the smallest have least choice
            inner = ndimage.distance_transform_edt(np.pad(marks == mark, 1))[1:-1, 1:-1]
            if inner.max() < 2:
                continue
            text = draw.textbbox((0, 0), str(mark), font=font(size), anchor="mm")
            half = np.array([text[3] - text[1], text[2] - text[0]]) / 2 + _PAD
            room = ndimage.binary_erosion(
                free, np.ones(2 * np.ceil(half).astype(int) + 1), border_value=False
            )
            inside = np.where(room, inner, 0.0)
            spot = np.unravel_index(int(inner.argmax()), inner.shape)
            if inside.max() > 0:
                y, x = np.unravel_index(int(inside.argmax()), inner.shape)
            elif room.any():
                # Where a part is too small or crowded, its number stands beside it, on a line.
                rows, columns = np.nonzero(room)
                nearest = int(np.hypot(rows - spot[0], columns - spot[1]).argmin())
                y, x = rows[nearest], columns[nearest]
                draw.line((int(x), int(y), int(spot[1]), int(spot[0])), fill=(20, 20, 20), width=2)
            else:
                y, x = spot
            box = np.array([x - half[1], y - half[0], x + half[1], y + half[0]])
            draw.rounded_rectangle(tuple(box), 5, fill=(20, 20, 20))
            draw.text(
                (int(x), int(y)), str(mark), font=font(size), fill=(255, 255, 255), anchor="mm"
            )
            low, high = np.maximum(box[:2], 0).astype(int), np.ceil(box[2:]).astype(int)
            free[low[1] : high[1] + 1, low[0] : high[0] + 1] = False


def draw_frame(image: Image.Image, camera: Camera, depth: float) -> None:
    """Draws the axes at the lower left and a scale bar at the lower right.

    Args:
        image: the picture that is drawn on.
        camera: from where it was taken.
        depth: distance along the line of sight at which the bar has its length [m].
    """
    draw = ImageDraw.Draw(image)
    width, height = image.size
    x, y = 52.0, height - 52.0
    right, up, forward = camera.axes
    # Axes that point away from the viewer first, so that the nearer ones lie on top.
    for i in np.argsort(-forward):
        name, color = _AXES[i]
        draw.line((x, y, x + 38 * right[i], y - 38 * up[i]), fill=color, width=4)
        word = (x + 47 * right[i], y - 47 * up[i])
        draw.text(
            word, name, font=font(17), fill=color, anchor="mm",
            stroke_width=2, stroke_fill=(255, 255, 255),
        )  # fmt: skip
    pixels = _BAR * height / (2 * np.tan(np.radians(camera.fov) / 2) * depth)
    end = width - 16
    draw.line((end - pixels, height - 14, end, height - 14), fill=(20, 20, 20), width=4)
    middle = (end - pixels / 2, height - 28)
    draw.text(middle, f"{_BAR * 1e3:.0f} mm", font=font(15), fill=(20, 20, 20), anchor="mm")


def tiled(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    """Puts pictures in rows, each in the middle of its place.

    Args:
        tiles: the pictures.
        columns: most pictures in a row.
    """
    width = max(tile.width for tile in tiles)
    height = max(tile.height for tile in tiles)
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), (255, 255, 255))
    for index, tile in enumerate(tiles):
        left = (index % columns) * width + (width - tile.width) // 2
        top = (index // columns) * height + (height - tile.height) // 2
        sheet.paste(tile, (left, top))
    return sheet
