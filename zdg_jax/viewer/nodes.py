"""Hands and objects in a page, in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import trimesh

from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import PARTS, Color
from zdg_jax.viewer.object_parts import ObjectParts

if TYPE_CHECKING:
    import viser


_MOST_LINK_FACES = 6000
_MOST_OBJECT_FACES = 100_000
_CREASE = 40.0
"""Edges sharper than this are drawn sharp [deg]."""


class HandNode:
    """A hand in a page: one mesh per link."""

    def __init__(
        self, server: viser.ViserServer, name: str, hand: HandAppearance, opacity: float = 1.0
    ) -> None:
        """Adds the hand, its root at the parent's frame and its joints at zero.

        Args:
            server: the page's server.
            name: name of the node, below that of its parent.
            hand: the hand.
            opacity: 1 hides what lies behind.
        """
        self._hand, self._server = hand, server
        colors = hand.link_colors()
        self._links = [mesh.link for mesh in hand.meshes]
        self.frame = server.scene.add_frame(name, show_axes=False)
        """The node of the whole hand."""
        self._handles = []
        for mesh in hand.meshes:
            vertices, faces = creased(*reduce_faces(mesh.vertices, mesh.faces, _MOST_LINK_FACES))
            self._handles.append(
                server.scene.add_mesh_simple(
                    f"{name}/{mesh.link}_{hand.link_names[mesh.link]}".replace(" ", "_"),
                    vertices,
                    faces,
                    color=byte_color(colors[mesh.link]),
                    opacity=None if opacity == 1.0 else opacity,
                    side="double",
                    receive_shadow=False,  # its own would draw stripes on flat faces
                )
            )

    def pose(self, qpos: np.ndarray) -> None:
        """Moves the hand.

        Args:
            qpos: root position, quaternion (wxyz) and joints, (7 + j,), parent's frame.
        """
        positions, quaternions = self._hand.link_poses(np.asarray(qpos)[None])
        self.place(positions[0], quaternions[0])

    def place(self, positions: np.ndarray, quaternions: np.ndarray) -> None:
        """Moves the links to where they are known to be.

        Args:
            positions: (L, 3) [m].
            quaternions: (L, 4), wxyz.
        """
        with self._server.atomic():
            for handle, link in zip(self._handles, self._links, strict=True):
                handle.position = positions[link]
                handle.wxyz = quaternions[link]


class ObjectNode:
    """An object in a page, in one colour or each part in its own."""

    def __init__(
        self,
        server: viser.ViserServer,
        name: str,
        vertices: np.ndarray,
        faces: np.ndarray,
        color: Color,
    ) -> None:
        """Adds the object.

        Args:
            server: the page's server.
            name: name of the node.
            vertices: (v, 3) [m].
            faces: (f, 3).
            color: its colour.
        """
        self._scene, self._name = server.scene, name
        self.frame = server.scene.add_frame(name, show_axes=False)
        """The node of the object; its pose is the object's."""
        self._plain = self._add("whole", vertices, faces, byte_color(color))
        self._parts: list[Any] = []

    def _add(
        self, name: str, vertices: np.ndarray, faces: np.ndarray, color: tuple[int, int, int]
    ) -> Any:
        shown = creased(*reduce_faces(vertices, faces, _MOST_OBJECT_FACES))
        return self._scene.add_mesh_simple(
            f"{self._name}/{name}", *shown, color=color, side="double"
        )

    def color_parts(self, parts: ObjectParts, colors: Sequence[Color] = PARTS) -> None:
        """Shows each part in a colour of its own, with its name.

        Args:
            parts: the parts.
            colors: their colours, from the first again after the last.
        """
        self.plain()
        for mark, name in enumerate(parts.names, start=1):
            faces = parts.faces[parts.marks == mark]
            if not len(faces):
                continue
            used, own = np.unique(faces, return_inverse=True)
            vertices = parts.vertices[used]
            color = byte_color(colors[(mark - 1) % len(colors)])
            self._parts.append(self._add(f"part{mark}", vertices, own.reshape(-1, 3), color))
            away = np.linalg.norm(vertices - vertices.mean(axis=0), axis=1)
            self._parts.append(
                self._scene.add_label(
                    f"{self._name}/name{mark}",
                    f"{mark} {name}",
                    position=vertices[np.argmin(away)],
                    anchor="center-center",
                )
            )
        self._plain.visible = False

    def plain(self) -> None:
        """Shows the object in one colour again."""
        for handle in self._parts:
            handle.remove()
        self._parts = []
        self._plain.visible = True

    def reset(self) -> None:
        """Puts the object where it was at the start."""
        self.move(np.array([0.0, 0, 0, 1, 0, 0, 0]))

    def move(self, pose: np.ndarray) -> None:
        """Moves the object.

        Args:
            pose: position and quaternion (wxyz), (7,).
        """
        self.frame.position, self.frame.wxyz = pose[:3], pose[3:]


def creased(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Takes apart what meets at a sharp edge, so that a page shades round only what is round.

    Args:
        vertices: (v, 3) [m].
        faces: (f, 3).

    Returns:
        Vertices, float32, and faces.
    """
    mesh = trimesh.Trimesh(np.asarray(vertices), np.asarray(faces), process=False)
    mesh.merge_vertices()
    smooth = trimesh.graph.smooth_shade(mesh, angle=np.radians(_CREASE))
    return np.asarray(smooth.vertices, np.float32), np.asarray(smooth.faces, np.uint32)


def byte_color(color: Color) -> tuple[int, int, int]:
    """Gives a colour as whole numbers from 0 to 255.

    Args:
        color: sRGB in [0, 1].
    """
    return (round(255 * color[0]), round(255 * color[1]), round(255 * color[2]))
