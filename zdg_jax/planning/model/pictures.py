"""Pictures for a model: the object with its numbered parts, and hands in candidate places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from zdg_jax.objects.appearance import Appearance
from zdg_jax.planning.geometry.candidates import Wanted
from zdg_jax.planning.geometry.verify import Candidate
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.rendering.figures import Figure, figure_shapes
from zdg_jax.rendering.grasp_views import GraspViews
from zdg_jax.rendering.marked_object import MarkedObject, MarkedView, tiled
from zdg_jax.rendering.picture import png
from zdg_jax.rendering.scene_shapes import scene_shapes
from zdg_jax.scenes.surroundings import Surroundings

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_COLUMNS = 3  # of candidate hands on a sheet
_SHEER = 0.5
"""Opacity of what surrounds the object: views from below see through the table."""
_PAGE_SIDE = 1600  # largest side of a page's pictures [px]
_PAGE_SIZE = PictureSize(width=400, height=325)  # a third of the pixels that a model gets
_EXTRA = 1000  # labels from here on are not parts
_UP = np.array([0.0, 0.0, 1.0])


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
        self._looks = Appearance.of(obj)
        self._marked = MarkedObject(obj, self._looks)
        used = np.asarray(obj.vertices, np.float64)[np.unique(obj.faces)]
        self._box = np.stack([used.min(axis=0), used.max(axis=0)])
        self.seen: list[MarkedView] = []
        """The views of `parts`, once they are drawn."""
        self.surround(around)

    def of(self, obj: Object) -> Picturing:
        """Pictures of the same object with other parts, and of the same surroundings."""
        return Picturing(obj, self._hand, self._max_side, self._px, self._around)

    @property
    def face_colors(self) -> np.ndarray | None:
        """Own colours of the object's faces, (f, 3), sRGB in [0, 1]; None where it has none."""
        if self._looks is None:
            return None
        corners = np.asarray(self._obj.vertices, np.float64)[np.asarray(self._obj.faces)]
        return self._looks.at(corners.mean(axis=1))

    def surround(self, around: Surroundings | None) -> None:
        """Shows what surrounds the object in all pictures from now on."""
        self._around = around
        self._scene = scene_shapes(around, self._box, label=_EXTRA, opacity=_SHEER)

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

    def candidates(
        self,
        candidates: Sequence[Candidate],
        wanted: Wanted,
        nearby: Sequence[Figure] = (),
        up: np.ndarray = _UP,
    ) -> list[tuple[str, bytes]]:
        """Draws candidate hands on two sheets with one tile per candidate.

        Args:
            candidates: the candidates, in the order of their numbers from 1.
            wanted: what they are made to.
            nearby: the other person, the table and the work, drawn as simple figures.
            up: unit direction that points up in use, (3,).

        Returns:
            Captions and PNG files.
        """
        figures = figure_shapes(nearby, self._box, up, label=_EXTRA)
        views = GraspViews(
            self._obj,
            self._hand,
            wanted.held,
            wanted.avoided,
            idle=[finger for finger, role in wanted.roles.items() if role == "idle"],
            around=self._scene,
            framed=figures,
        )
        poses = [candidate.pose(self._hand) for candidate in candidates]
        pairs = views.pairs(poses, self._px.tile_width, self._px.tile_height)
        sheets = [tiled([pair[side] for pair in pairs], _COLUMNS) for side in (0, 1)]
        return [
            (
                f"Candidate hands 1 to {len(candidates)}, each seen from {name}.",
                png(self._fit(sheet)),
            )
            for sheet, name in zip(sheets, ("one side", "another side"), strict=True)
        ]

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
