"""Nodes of a page beside hand and object: contacts, marks, and what stands around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import trimesh

from zdg_jax.rendering.colors import FELL, HELD, UNKNOWN
from zdg_jax.rendering.scene_shapes import surrounding_shapes
from zdg_jax.viewer.nodes import byte_color, creased

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.scenes import Scene

_LONGEST = 0.05
"""Length of the arrow of a grasp's greatest force [m]."""
_MARK = 0.003
"""Radius of the mark of a grasp [m]."""


class ContactsNode:
    """Contacts of a grasp and the forces on the object there."""

    def __init__(self, server: viser.ViserServer, name: str) -> None:
        """Prepares a node without contacts.

        Args:
            server: the page's server.
            name: name of the node, below the object's.
        """
        self._scene, self._name = server.scene, name
        self._points: Any = None
        self._forces: Any = None

    def show(self, points: np.ndarray, forces: np.ndarray) -> None:
        """Shows contacts in place of those before.

        The nodes stay and only their numbers change: a browser takes three times as long to make
        new ones, for every grasp that is passed by.

        Args:
            points: (k, 3), object frame [m].
            forces: on the object, (k, 3), object frame [N].
        """
        if not len(points):
            self.clear()
            return
        places = np.asarray(points, np.float32)
        # The arrow ends at the contact: it is what the hand does to the object.
        scale = _LONGEST / max(float(np.linalg.norm(forces, axis=1).max()), 1e-9)
        arrows = np.stack([points - scale * forces, points], axis=1).astype(np.float32)
        if self._points is None:
            self._add(places, arrows)
            return
        self._points.points, self._forces.points = places, arrows
        self._points.visible = self._forces.visible = True

    def _add(self, places: np.ndarray, arrows: np.ndarray) -> None:
        self._points = self._scene.add_point_cloud(
            f"{self._name}/points",
            places,
            (20, 20, 20),
            point_size=0.004,
            point_shape="circle",
            precision="float32",
        )
        self._forces = self._scene.add_arrows(
            f"{self._name}/forces",
            arrows,
            (190, 30, 45),
            shaft_radius=0.0015,
            head_radius=0.004,
            head_length=0.01,
        )

    def clear(self) -> None:
        """Shows none."""
        if self._points is not None:
            self._points.visible = self._forces.visible = False


class MarksNode:
    """A ball at the palm of each grasp of a set, coloured by its verdict."""

    def __init__(
        self,
        server: viser.ViserServer,
        name: str,
        palms: np.ndarray,
        colors: np.ndarray,
        *,
        place: np.ndarray,
        clicked: Callable[[int], None],
    ) -> None:
        """Adds the balls.

        Args:
            server: the page's server.
            name: name of the node.
            palms: where the palms are, (n, 3), parent's frame [m].
            colors: (n, 3), 0 to 255.
            place: position of the parent's frame in the page, (3,) [m].
            clicked: called with the number of the grasp whose ball is clicked.
        """
        ball = trimesh.creation.icosphere(subdivisions=1, radius=_MARK)
        self._shown = np.ones(len(palms), bool)
        self.handle = server.scene.add_batched_meshes_simple(
            name,
            np.asarray(ball.vertices, np.float32),
            np.asarray(ball.faces, np.uint32),
            np.tile(np.array([1.0, 0, 0, 0], np.float32), (len(palms), 1)),
            palms.astype(np.float32),
            batched_colors=batch_color(colors),
            lod="off",
            cast_shadow=False,
        )
        """All balls together."""

        @self.handle.on_click
        def _(event: Any) -> None:
            origin, along = np.array(event.ray_origin) - place, np.array(event.ray_direction)
            beside = np.linalg.norm(np.cross(palms - origin, along), axis=1)
            clicked(int(np.argmin(np.where(self._shown, beside, np.inf))))

    def show(self, numbers: np.ndarray) -> None:
        """Shows the balls of some grasps alone.

        Args:
            numbers: their numbers.
        """
        self._shown = np.isin(np.arange(len(self._shown)), numbers)
        self.handle.batched_scales = self._shown.astype(np.float32)


class SurroundingsNode:
    """Table and obstacles around the object of a set: those of the set, or of a test."""

    def __init__(self, server: viser.ViserServer, name: str, grasps: GraspSet) -> None:
        """Shows the surroundings of the set, where it has any.

        Args:
            server: the page's server.
            name: name of the node, in whose frame the object stands.
            grasps: the grasps.
        """
        self._scene, self._name, self._grasps = server.scene, name, grasps
        self._handles: list[Any] = []
        self._shown: Scene | None = None
        self.show(grasps.scene)

    def show(self, scene: Scene | None) -> None:
        """Shows a scene in place of the one before.

        Args:
            scene: the scene, with the object's place in it; None shows nothing.
        """
        if scene is self._shown:
            return
        for handle in self._handles:
            handle.remove()
        self._shown = scene
        self._handles = [
            self._scene.add_mesh_simple(
                f"{self._name}/{i}",
                *creased(shape.vertices, shape.faces),
                color=byte_color(shape.single_color),
                side="double",
                cast_shadow=False,
            )
            for i, shape in enumerate(surrounding_shapes(self._grasps, scene))
        ]

    def reset(self) -> None:
        """Shows the surroundings of the set again."""
        self.show(self._grasps.scene)


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
