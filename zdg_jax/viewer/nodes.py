"""What a page shows in three dimensions: hands, objects, contacts and the marks of grasps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import trimesh

from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import FELL, HELD, PARTS, UNKNOWN, Color
from zdg_jax.viewer.object_parts import ObjectParts

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.rendering.shape import Shape

_MOST_LINK_FACES = 6000
_MOST_OBJECT_FACES = 100_000
_LONGEST = 0.05
"""Length of the arrow of a grasp's greatest force [m]."""
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


class ContactsNode:
    """Contacts of a grasp and the forces on the object there."""

    def __init__(self, server: viser.ViserServer, name: str) -> None:
        """Prepares a node without contacts.

        Args:
            server: the page's server.
            name: name of the node, below the object's.
        """
        self._scene, self._name = server.scene, name
        self._handles: list[Any] = []

    def show(self, points: np.ndarray, forces: np.ndarray) -> None:
        """Shows contacts in place of those before.

        Args:
            points: (k, 3), object frame [m].
            forces: on the object, (k, 3), object frame [N].
        """
        self.clear()
        if not len(points):
            return
        self._handles.append(
            self._scene.add_point_cloud(
                f"{self._name}/points",
                np.asarray(points, np.float32),
                (20, 20, 20),
                point_size=0.004,
                point_shape="circle",
                precision="float32",
            )
        )
        # The arrow ends at the contact: it is what the hand does to the object.
        scale = _LONGEST / max(float(np.linalg.norm(forces, axis=1).max()), 1e-9)
        arrows = np.stack([points - scale * forces, points], axis=1).astype(np.float32)
        self._handles.append(
            self._scene.add_arrows(
                f"{self._name}/forces",
                arrows,
                (190, 30, 45),
                shaft_radius=0.0015,
                head_radius=0.004,
                head_length=0.01,
            )
        )

    def clear(self) -> None:
        """Shows none."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def add_surroundings(server: viser.ViserServer, name: str, grasps: GraspSet) -> None:
    """Adds the table and the obstacles around the object of a set, where it has them.

    Args:
        server: the page's server.
        name: name of the node, in whose frame the object stands.
        grasps: the grasps.
    """
    for i, shape in enumerate(surrounding_shapes(grasps)):
        server.scene.add_mesh_simple(
            f"{name}/{i}",
            *creased(shape.vertices, shape.faces),
            color=byte_color(shape_color(shape)),
            side="double",
            cast_shadow=False,
        )


def surrounding_shapes(grasps: GraspSet) -> list[Shape]:
    """Lists the table and the obstacles of a set, object frame; none where nothing is around.

    Args:
        grasps: the grasps.
    """
    if grasps.scene is None or not grasps.scene.placed:
        return []
    from zdg_jax.rendering.scene_shapes import scene_shapes
    from zdg_jax.scenes.surroundings import Surroundings

    reached = [np.asarray(pose.position, float) for pose in (grasps.pregrasp, grasps.grasp)]
    points = np.concatenate([grasps.object.vertices, *reached])
    return scene_shapes(Surroundings.seen_from(grasps.scene), points, label=0)


def shape_color(shape: Shape) -> Color:
    """Gives the colour of a shape that has one colour.

    Args:
        shape: the shape.
    """
    red, green, blue = np.asarray(shape.color, float)
    return (float(red), float(green), float(blue))


def batch_color(colors: np.ndarray | Sequence[int]) -> np.ndarray:
    """Gives colours as viser 1.1 takes those of batches: it reads them as linear light, not sRGB.

    Args:
        colors: sRGB, (..., 3), 0 to 255.
    """
    linear = (np.asarray(colors, float) / 255) ** 2.2
    return np.round(255 * linear).astype(np.uint8)


def verdict_colors(held: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Colours of grasps by what physics says, (n, 3), 0 to 255.

    Args:
        held: marks those that hold, (n,).
        tested: marks those that were tested, (n,).
    """
    colors = np.tile(np.array(UNKNOWN, np.uint8), (len(held), 1))
    colors[tested], colors[held] = FELL, HELD
    return colors


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
