"""Pictures for a model: the object with its numbered parts, and hands in candidate places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import trimesh
from PIL import Image, ImageDraw
from scipy.spatial.transform import Rotation

from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.rendering import Camera, Shape, arrows, posed_hand_shapes, render
from zdg_jax.rendering.marked_object import MarkedObject, MarkedView, draw_frame, tiled
from zdg_jax.rendering.picture import png
from zdg_jax.rendering.scene_shapes import scene_shapes
from zdg_jax.rendering.text import font
from zdg_jax.runtime.parallel import parallel_map
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_COLUMNS = 3  # of candidate hands on a sheet
_HAND, _ARROW = (0.80, 0.80, 0.84), (0.10, 0.10, 0.10)
_PALE = (0.72, 0.72, 0.78)
_ARM, _ARM_LENGTH = 0.026, 0.11  # radius and length of the forearm that is drawn [m]
_LONG = 2.5  # length over width from which an object is not looked at lengthwise
_MARGIN = 1.15  # room around object and hand
_SHEER = 0.5
"""Opacity of what surrounds the object: views from below see through the table."""
_PAGE_SIDE = 1600  # largest side of a page's pictures [px]
_PAGE_SIZE = PictureSize(width=400, height=325)  # a third of the pixels that a model gets
_EXTRA = 1000  # labels from here on are not parts


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
        self._obj, self._hand, self._max_side = obj, hand, max_side
        self._shrink = min(1.0, max_side / (_COLUMNS * self._px.tile_width))
        vertices = np.asarray(obj.vertices, np.float64)[np.unique(obj.faces)]
        spread = vertices - vertices.mean(axis=0)
        axes = np.linalg.eigh(spread.T @ spread)[1]
        spans = np.ptp(spread @ axes, axis=0)
        self._axis = axes[:, 2]
        self._lengthwise = 0.8 if spans[2] > _LONG * spans[1] else 0.0
        self._marked = MarkedObject(obj)
        self.seen: list[MarkedView] = []
        """The views of `parts`, once they are drawn."""
        self.surround(around)

    def of(self, obj: Object) -> Picturing:
        """Pictures of the same object with other parts, and of the same surroundings."""
        return Picturing(obj, self._hand, self._max_side, self._px, self._around)

    def surround(self, around: Surroundings | None) -> None:
        """Shows what surrounds the object in all pictures from now on."""
        self._around = around
        vertices = np.asarray(self._obj.vertices, np.float64)
        box = np.stack([vertices.min(0), vertices.max(0)])
        self._scene = scene_shapes(around, box, label=_EXTRA, opacity=_SHEER)

    def parts(self) -> list[tuple[str, bytes]]:
        """Draws the object from several sides, parts numbered: captions and PNG files."""
        self.seen = self._marked.views((self._px.width, self._px.height), self._scene)
        return [(f"The object {view.name}.", png(view.image)) for view in self.seen]

    def locate(self, view: int, x: float, y: float) -> tuple[int, np.ndarray] | None:
        """Finds what lies at a spot of one of the views of `parts`.

        Args:
            view: number of the view, from 1.
            x: place from the left edge, in [0, 1].
            y: place from the upper edge, in [0, 1].

        Returns:
            Mark of the part and a point on it, (3,), object frame [m]; None beside the object.
        """
        if not 1 <= view <= len(self.seen):
            return None
        faces = self.seen[view - 1].faces
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
        thing = self._marked.shape(pale=0.5)

        def sheet(side: float) -> bytes:
            numbered = enumerate(candidates, 1)
            tiles = parallel_map(lambda row: self._tile(row[0], row[1], thing, side), numbered)
            return png(self._fit(tiled(tiles, _COLUMNS)))

        return [
            (f"Candidate hands 1 to {len(candidates)}, each seen from {name}.", sheet(side))
            for side, name in ((1.0, "one side"), (-1.0, "the other side"))
        ]

    def _tile(self, number: int, candidate: Candidate, thing: Shape, side: float) -> Image.Image:
        approach = candidate.approach
        across = np.cross(approach.direction, approach.thumb)
        x, y, z, w = Rotation.from_matrix(candidate.rotation).as_quat()
        pose = np.concatenate([candidate.position, [w, x, y, z], candidate.joints])
        hand = posed_hand_shapes(self._hand, pose, color=_HAND, label=_EXTRA)
        # From the side, where the opening between thumb and fingers shows, a little from above.
        look = (
            side * approach.thumb
            + 0.45 * across
            - 0.25 * approach.direction
            + np.array([0, 0, 0.35])
        )
        # Along a long tool nothing is seen of where on it the hand sits.
        look -= self._lengthwise * self._axis * (look @ self._axis)
        tail = candidate.position - 0.10 * approach.direction
        arrow = arrows(tail, tail + 0.07 * approach.direction, 0.004, _ARROW, label=_EXTRA + 1)
        rod = trimesh.creation.cylinder(
            _ARM, segment=[candidate.wrist, candidate.wrist + _ARM_LENGTH * candidate.forearm]
        )
        arm = Shape(
            vertices=rod.vertices, faces=rod.faces, color=_PALE, opacity=_SHEER, label=_EXTRA + 2
        )
        shapes = [thing, *hand, arrow, arm]
        points = np.concatenate([shape.vertices for shape in shapes])
        width, height = self._px.tile_width, self._px.tile_height
        camera = Camera.around(points, look, aspect=width / height, margin=_MARGIN)
        picture = render([*shapes, *self._scene], camera, width, height)
        image = picture.image()
        self._marked.number(image, picture, 15)
        draw_frame(image, camera, float(np.mean((points - camera.eye) @ camera.axes[2])))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 64, 52), fill=(20, 20, 20))
        draw.text((32, 26), str(number), font=font(40), fill=(255, 255, 255), anchor="mm")
        return image

    def _fit(self, image: Image.Image) -> Image.Image:
        if self._shrink == 1.0:
            return image
        width, height = image.size
        return image.resize((int(width * self._shrink), int(height * self._shrink)))


def marked_views(obj: Object, hand: Hand) -> list[tuple[str, bytes]]:
    """Draws an object from several sides, its parts numbered, for a page: captions and PNG files.

    Args:
        obj: the object.
        hand: the hand that a plan is for.
    """
    return Picturing(obj, hand, _PAGE_SIDE, _PAGE_SIZE).parts()
