"""Hands on an object for the eyes of a model: two sides each, parts coloured by their roles.

All pictures of a set share their cameras as far as these show each hand, the part that is held and
where along it the hand sits; none looks along a long object.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import trimesh
from PIL import Image, ImageDraw

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.hand.forearm import forearm_axis
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.colors import ARM, AVOIDED, HELD_PART, IDLE, OTHER_PART, PALM, THUMB, WORKING
from zdg_jax.rendering.hand_shapes import distal_shapes, posed_hand_shapes
from zdg_jax.rendering.marked_object import MarkedObject, draw_frame
from zdg_jax.rendering.picture import PreparedShapes, render
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.text import font
from zdg_jax.rendering.viewpoint import shared_views, view_scores
from zdg_jax.runtime.parallel import parallel_map

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object

_ARM_RADIUS, _ARM_LENGTH = 0.026, 0.11  # of the forearm that is drawn [m]
_SHEER = 0.5
"""Opacity of the forearm."""
_MARGIN = 1.12
"""Room around object and hand."""
_EXTRA = 1000
"""Labels from here on are not parts of the object."""


class GraspViews:
    """Draws hands on one object."""

    def __init__(
        self,
        obj: Object,
        hand: Hand,
        held: Collection[int],
        avoided: Collection[int],
        *,
        idle: Collection[str] = (),
        around: Sequence[Shape] = (),
        framed: Sequence[Shape] = (),
    ) -> None:
        """Prepares the scene.

        Args:
            obj: the object.
            hand: the hand.
            held: marks of the parts to hold, drawn green.
            avoided: marks of the parts to keep off, drawn red.
            idle: names of fingers that are to stay clear, drawn white.
            around: other shapes to draw, of labels from 1000 on.
            framed: other shapes, which are to be in the picture as a whole.
        """
        self._hand, self._marked, self._around = hand, MarkedObject(obj), list(around)
        self._framed = [shape.vertices for shape in framed]
        self._around += framed
        middle = np.asarray(obj.vertices, np.float64).mean(axis=0)
        ways = [vertices.mean(axis=0) - middle for vertices in self._framed]
        self._screens = [way / max(float(np.linalg.norm(way)), 1e-9) for way in ways]
        colors = {part.mark: OTHER_PART for part in obj.parts}
        colors |= dict.fromkeys(held, HELD_PART) | dict.fromkeys(avoided, AVOIDED)
        self._thing = self._marked.shape(colors=colors)
        self._held = np.isin(np.asarray(obj.face_parts), list(held))
        self._fingers = [
            IDLE if finger.name in idle else THUMB if finger.is_thumb else WORKING
            for finger in hand.fingers
        ]
        self._working = [i for i, f in enumerate(hand.fingers) if f.name not in idle]

    def pairs(
        self, poses: Sequence[np.ndarray], width: int, height: int, letters: int = 40
    ) -> list[tuple[Image.Image, Image.Image]]:
        """Draws hands from two sides each, numbered from 1.

        Args:
            poses: poses of the hand, (7 + j,) each: position, quaternion, joints, object frame.
            width: of a picture [px].
            height: of a picture [px].
            letters: height of the numbers [px].
        """
        scenes = [self._shapes(pose) for pose in poses]
        stages = [PreparedShapes([*shapes, *self._around]) for shapes in scenes]
        fingers = distal_shapes(self._hand)
        groups = [[1 + i for i in fingers[j]] for j in self._working or range(len(fingers))]
        arms = [self._forearm(pose)[1] for pose in poses]
        scores = parallel_map(
            lambda job: view_scores(job[0], self._held, groups, [job[1], *self._screens]),
            list(zip(stages, arms, strict=True)),
        )
        sides = shared_views(np.array(scores))

        def draw(job: tuple[int, int]) -> Image.Image:
            index, side = job
            return self._picture(
                index + 1, scenes[index], stages[index], sides[index][side], width, height, letters
            )

        jobs = [(index, side) for index in range(len(poses)) for side in (0, 1)]
        images = parallel_map(draw, jobs)
        return list(zip(images[::2], images[1::2], strict=True))

    def _shapes(self, pose: np.ndarray) -> list[Shape]:
        """The object, the links of the hand, and a forearm."""
        links = posed_hand_shapes(
            self._hand, pose, color=PALM, finger_colors=self._fingers, label=_EXTRA
        )
        wrist, away = self._forearm(pose)
        rod = trimesh.creation.cylinder(_ARM_RADIUS, segment=[wrist, wrist + _ARM_LENGTH * away])
        arm = Shape(
            vertices=rod.vertices, faces=rod.faces, color=ARM, opacity=_SHEER, label=_EXTRA + 1
        )
        return [self._thing, *links, arm]

    def _forearm(self, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the forearm leaves the hand and which way, object frame."""
        turn = rotation_matrix(pose[3:7] / np.linalg.norm(pose[3:7]))
        wrist, away = forearm_axis(self._hand)
        return turn @ wrist + pose[:3], turn @ away

    def _picture(
        self,
        number: int,
        shapes: list[Shape],
        stage: PreparedShapes,
        towards: np.ndarray,
        width: int,
        height: int,
        letters: int,
    ) -> Image.Image:
        points = np.concatenate([*(shape.vertices for shape in shapes), *self._framed])
        camera = Camera.around(points, towards, aspect=width / height, margin=_MARGIN)
        picture = render(stage, camera, width, height)
        image = picture.image()
        self._marked.number(image, picture, 15)
        draw_frame(image, camera, float(np.mean((points - camera.eye) @ camera.axes[2])))
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 1.6 * letters, 1.3 * letters), fill=(20, 20, 20))
        draw.text(
            (0.8 * letters, 0.65 * letters), str(number), font=font(letters),
            fill=(255, 255, 255), anchor="mm",
        )  # fmt: skip
        return image


def beside(pair: tuple[Image.Image, Image.Image]) -> Image.Image:
    """Puts two pictures of one size side by side."""
    width, height = pair[0].size
    both = Image.new("RGB", (2 * width, height))
    both.paste(pair[0], (0, 0))
    both.paste(pair[1], (width, 0))
    return both
