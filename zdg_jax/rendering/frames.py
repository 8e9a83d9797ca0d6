"""The frames of a film: hand, object and what acts on it, with words above and below."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mujoco
import numpy as np
from PIL import Image, ImageDraw

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.rendering import text
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.colors import FELL, HELD, OBJECT, PALM_BEHIND
from zdg_jax.rendering.hand_shapes import distal_shapes, posed_hand_shapes
from zdg_jax.rendering.picture import PictureStyle, PreparedShapes, render
from zdg_jax.rendering.primitives import arrows
from zdg_jax.rendering.scene_shapes import TABLE, scene_shapes
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.sheet import NamedMesh, object_shape
from zdg_jax.rendering.text import FAINT
from zdg_jax.rendering.viewpoint import best_view
from zdg_jax.runtime.parallel import parallel_map
from zdg_jax.runtime.progress import Progress
from zdg_jax.scenes.scene import Scene
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation.deeds import Deed
from zdg_jax.validation.protocols import LiftProtocol, Protocol, UseProtocol
from zdg_jax.validation.recording import Recording
from zdg_jax.validation.trajectories import motions

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

_STYLE = PictureStyle(shadows=False, outline=0.45)
_FORCE, _TORQUE = (0.80, 0.16, 0.16), (0.45, 0.20, 0.70)
_ARROW = 0.05
"""Length of the arrow of a load [m]."""
_LOST = 0.15
"""The camera follows an object this far from where it started, not farther [m]."""
_BATCH = 16
"""Pictures drawn between two reports of progress."""
_SAME = 5e-4
"""A pose that differs by less from the one drawn last is not drawn again [m, rad]: half a
pixel."""
_HEADER, _FOOTER = 52, 32
"""Heights of the bands with words above and below the picture [px]."""


class FilmFrames:
    """The frames of a film in the making."""

    def __init__(
        self, film: Recording, hand: Hand, obj: NamedMesh, title: str, width: int, height: int
    ) -> None:
        """Finds where to look from; arguments as in `save_film`."""
        self.film, self.hand, self.title = film, hand, title
        self.size = (width + width % 2, height + height % 2)  # H.264 has no odd sizes
        self.view = (self.size[0], max(self.size[1] - _HEADER - _FOOTER, 1))
        lift = film.protocol if isinstance(film.protocol, LiftProtocol) else None
        up = _up(film.protocol)
        self.hands = _upright(film.hand, up)
        self.objects = _upright(film.object_pose, up)
        deed = film.protocol.deed if isinstance(film.protocol, UseProtocol) else None
        self.used = deed is not None
        self.moved = motions(film.object_pose) if deed is None else _slips(film, deed)
        turn = rotation_matrix(_to_z(up))
        self.loads = {
            name: (turn @ wrench[:3], turn @ wrench[3:]) for name, wrench in film.wrenches.items()
        }
        self.object = object_shape(obj)
        self.middle = (self.object.vertices.min(axis=0) + self.object.vertices.max(axis=0)) / 2
        self.radius = float(np.linalg.norm(self.object.vertices - self.middle, axis=1).max())
        self.table = () if lift is None else self._table(lift.scene, up)
        self.camera = self._camera()

    def frames(self, progress: Progress) -> Iterator[Image.Image]:
        """Every frame in order; a few pictures are drawn at a time."""
        drawn = self._drawn()
        ends = [*drawn[1:], len(self.film)]
        for start in range(0, len(drawn), _BATCH):
            pictures = parallel_map(self._picture, drawn[start : start + _BATCH])
            for i, picture in enumerate(pictures, start):
                yield from (self._frame(k, picture) for k in range(drawn[i], ends[i]))
            progress("film", min(start + _BATCH, len(drawn)), len(drawn))

    def _drawn(self) -> list[int]:
        """Lists the frames that need a picture; the others look like the one before them."""
        rows = np.concatenate([self.hands, self.objects], axis=1)
        phase, drawn = self.film.phase, [0]
        for k in range(1, len(rows)):
            last = drawn[-1]
            if phase[k] != phase[last] or np.abs(rows[k] - rows[last]).max() > _SAME:
                drawn.append(k)
        return drawn

    def _picture(self, k: int) -> Image.Image:
        return render(PreparedShapes(self._shapes(k)), self.camera, *self.view, _STYLE).image()

    def _frame(self, k: int, picture: Image.Image) -> Image.Image:
        """Frame `k` from its picture, with words above and below."""
        image = Image.new("RGB", self.size, text.PAPER)
        image.paste(picture, (0, _HEADER))
        self._write(ImageDraw.Draw(image), k)
        return image

    def _shapes(self, k: int) -> list[Shape]:
        links = posed_hand_shapes(
            self.hand, self.hands[k], finger_colors=True, color=PALM_BEHIND, label=1
        )
        return [self._object(k), *links, *self.table, *self._arrows(k)]

    def _object(self, k: int) -> Shape:
        pose = self.objects[k]
        turn = rotation_matrix(pose[3:])
        return Shape(
            vertices=self.object.vertices @ turn.T + pose[:3],
            faces=self.object.faces,
            color=OBJECT,
            label=0,
            normals=self.object.corner_normals @ turn.T.astype(np.float32),
        )

    def _arrows(self, k: int) -> list[Shape]:
        """Draws the load on the object: the direction of its pull, the axis of its moment."""
        pose, shapes = self.objects[k], []
        turn = rotation_matrix(pose[3:])
        center = pose[:3] + turn @ self.middle
        wrench = self.loads.get(self.film.phase[k], ())
        for vector, color, label in zip(wrench, (_FORCE, _TORQUE), (3, 4), strict=False):
            length = np.linalg.norm(vector)
            if length > 0:
                axis = vector / length
                reach = float(((self.object.vertices - self.middle) @ turn.T @ axis).max())
                ends = center + reach * axis, center + (reach + _ARROW) * axis
                shapes.append(arrows(*ends, 0.003, color, label=label))
        return shapes

    def _table(self, scene: Scene, up: np.ndarray) -> tuple[Shape, ...]:
        """The top of the table, a plate somewhat larger than hand and object, and obstacles."""
        turn = rotation_matrix(_to_z(up))
        z = float((self.object.vertices @ turn.T)[:, 2].min())
        x, y = (self.objects[0, :3] + turn @ self.middle)[:2]
        r = self.radius + 0.04
        corners = np.array(
            [[x - r, y - r, z], [x + r, y - r, z], [x + r, y + r, z], [x - r, y + r, z]]
        )
        faces = np.array([[0, 1, 2], [0, 2, 3]])
        top = Shape(vertices=corners, faces=faces, color=TABLE, label=2, gloss=0.0)
        return (top, *self._obstacles(scene, turn))

    def _obstacles(self, scene: Scene, turn: np.ndarray) -> list[Shape]:
        """All else that is around, where the scene says where that is."""
        if not scene.obstacles:
            return []
        around = dataclasses.replace(Surroundings.seen_from(scene), table=None)
        shapes = scene_shapes(around, self.object.vertices, label=2, opacity=0.5)
        return [dataclasses.replace(s, vertices=s.vertices @ turn.T) for s in shapes]

    def _camera(self) -> Camera:
        """A camera that sees all that happens, from where the closed hand shows best."""
        closed = max(
            (k for k, phase in enumerate(self.film.phase) if phase in ("squeeze", "close")),
            default=len(self.film) - 1,
        )
        shapes = self._shapes(closed)
        fingers = [[1 + i for i in finger] for finger in distal_shapes(self.hand)]
        towards = best_view(PreparedShapes(shapes), [0], fingers)
        if (self.table or self.used) and towards[2] < 0:
            towards = towards * [1, 1, -1]  # or the table would hide the rest
        near = np.linalg.norm(self.objects[:, :3] - self.objects[0, :3], axis=1) < _LOST
        if self.table or self.used:
            near[:] = True
        seen = [shape.vertices for shape in shapes]
        stride = max(1, len(self.film) // 12)
        for k in {0, *range(0, len(self.film), stride), len(self.film) - 1}:
            seen += [shape.vertices for shape in self._shapes(k)[0 if near[k] else 1 :]]
        return Camera.around(np.concatenate(seen), towards, aspect=self.view[0] / self.view[1])

    def _write(self, draw: ImageDraw.ImageDraw, k: int) -> None:
        """Writes the phase, how far the object went, and how the test ends."""
        (width, height), result = self.size, self.film.result
        phase = self.film.phase[k]
        if phase in self.loads and not phase.startswith("load"):
            phase = f"load {phase}"
        clock = f"{self.film.time[k]:.2f} s"
        text.write(draw, (12, 8), text.fit(phase, 20, width - 110), 20)
        text.write(draw, (width - 12, 10), clock, 16, FAINT, anchor="ra")
        text.write(draw, (12, 32), text.fit(self.title, 14, width - 24), 14, FAINT)
        distance, turn = self.moved[k]
        verb = "slip" if self.used else "object moved"
        moved = f"{verb} {1e3 * distance:.1f} mm, turned {np.degrees(turn):.1f}°"
        middle = height - _FOOTER // 2
        color, word = HELD, "holds"
        if not result.held[0]:
            color, word = FELL, result.reasons[0]
        room = width - 36 - text.width_of(word, 16)
        text.write(draw, (12, middle), text.fit(moved, 14, room), 14, FAINT, anchor="lm")
        text.write(draw, (width - 12, middle), word, 16, color, anchor="rm")


def _slips(film: Recording, deed: Deed) -> np.ndarray:
    """Motion of the held part in the hand since it closed, distance [m], angle [rad], (f, 2)."""
    closed = max((k for k, phase in enumerate(film.phase) if phase == "close"), default=0)
    turns = rotation_matrix(film.hand[:, 3:7]).transpose(0, 2, 1)
    lies = rotation_matrix(film.object_pose[:, 3:7])
    offsets = film.object_pose[:, :3] + lies @ np.asarray(deed.held) - film.hand[:, :3]
    places, rotations = np.einsum("fij,fj->fi", turns, offsets), turns @ lies
    cosine = (np.einsum("fij,ij->f", rotations, rotations[closed]) - 1) / 2
    distance = np.linalg.norm(places - places[closed], axis=1)
    slips = np.stack([distance, np.arccos(np.clip(cosine, -1.0, 1.0))], axis=1)
    slips[:closed] = 0.0
    return slips


def _up(protocol: Protocol) -> np.ndarray:
    """Unit direction that points up in a test, (3,), object frame."""
    if isinstance(protocol, LiftProtocol):
        return protocol.scene.object_up()
    if isinstance(protocol, UseProtocol):
        return np.array(protocol.deed.up, float)
    return np.array([0.0, 0.0, 1.0])


def _to_z(up: np.ndarray) -> np.ndarray:
    """The rotation that takes `up` to z, quaternion (4,)."""
    quaternion = np.zeros(4)
    mujoco.mju_quatZ2Vec(quaternion, up / np.linalg.norm(up))
    return quaternion * [1, -1, -1, -1]


def _upright(poses: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Poses (f, 7 + j) turned so that `up` is z."""
    turned, quaternion = poses.copy(), _to_z(up)
    turned[:, :3] = poses[:, :3] @ rotation_matrix(quaternion).T
    for row, pose in zip(turned, poses, strict=True):
        product = np.zeros(4)
        mujoco.mju_mulQuat(product, quaternion, pose[3:7])
        row[3:7] = product
    return turned
