"""Pages of one thing: an object with its parts, a hand with its joints, a plan in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.rendering.colors import OBJECT, PARTS, Color
from zdg_jax.viewer.nodes import HandNode, ObjectNode, byte_color, creased
from zdg_jax.viewer.object_parts import ObjectParts, fits_parts
from zdg_jax.viewer.plan_page import add_pictures, add_plan_words
from zdg_jax.viewer.text import paragraphs, preformatted

if TYPE_CHECKING:
    import viser

    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan

_LOOKS = ("parts", "plain", "convex pieces")
_PLANNED = "plan"
_HOLD: Color = (0.25, 0.62, 0.34)
_AVOID: Color = (0.82, 0.28, 0.24)
_REST: Color = (0.72, 0.72, 0.74)


def build_object(server: viser.ViserServer, obj: Object, plan: GraspPlan | None) -> None:
    """Fills a page with an object.

    Args:
        server: the page's server.
        obj: the object.
        plan: a plan for it; what it holds is green, what it avoids red.
    """
    gui = server.gui
    node = ObjectNode(server, "/object", obj.vertices, obj.faces, OBJECT)
    parts = ObjectParts.of(obj, plan)
    pieces: list[Any] = []
    gui.add_html(paragraphs([repr(obj).strip("<>")]))
    if plan is not None and not fits_parts(plan, len(parts.names)):
        gui.add_html(
            paragraphs(
                [
                    f"The plan names {len(plan.parts)} parts and the object has {len(parts.names)}:"
                    " it was made with other parts, and its marks are not shown."
                ]
            )
        )
        plan = None
    looks = _LOOKS if plan is None else (_PLANNED, *_LOOKS)
    look = gui.add_dropdown("show", looks, initial_value=looks[0])

    def draw(_: object = None) -> None:
        for piece in pieces:
            piece.remove()
        pieces.clear()
        node.frame.visible = True
        if look.value == "parts":
            node.color_parts(parts)
        elif look.value == _PLANNED and plan is not None:
            node.color_parts(parts, _role_colors(plan, len(parts.names)))
        elif look.value == "plain":
            node.plain()
        else:
            node.frame.visible = False
            pieces.extend(_add_pieces(server, obj))

    look.on_update(draw)
    draw()
    if plan is not None:
        _add_approach(server, obj, plan)
        with gui.add_folder("plan"):
            add_plan_words(server, plan)


def _role_colors(plan: GraspPlan, count: int) -> list[Color]:
    colors = [_REST] * count
    for marks, color in ((plan.grip.held, _HOLD), (plan.grip.avoided, _AVOID)):
        for part in marks:
            if part.mark <= count:
                colors[part.mark - 1] = color
    return colors


def _add_pieces(server: viser.ViserServer, obj: Object) -> list[Any]:
    handles = []
    for i, piece in enumerate(obj.pieces):
        color = PARTS[i % len(PARTS)]
        handles.append(
            server.scene.add_mesh_simple(
                f"/pieces/{i}",
                *creased(piece.vertices, piece.faces),
                color=byte_color(color),
            )
        )
    return handles


def _add_approach(server: viser.ViserServer, obj: Object, plan: GraspPlan) -> None:
    """Adds an arrow along which the palm comes, to the middle of the parts to hold."""
    marks = [part.mark for part in plan.grip.held]
    faces = obj.faces[np.isin(obj.face_parts, marks)]
    if not len(faces):
        return
    middle = obj.vertices[np.unique(faces)].mean(axis=0)
    size = float(np.ptp(obj.vertices, axis=0).max())
    along = np.asarray(plan.grip.palm.approach)
    start, end = middle - 0.9 * size * along, middle - 0.3 * size * along
    server.scene.add_arrows(
        "/approach",
        np.stack([start, end])[None].astype(np.float32),
        (30, 30, 30),
        shaft_radius=0.008 * size,
        head_radius=0.02 * size,
        head_length=0.06 * size,
    )
    server.scene.add_label("/approach/name", "approach of the palm", position=start)


def build_hand(server: viser.ViserServer, hand: Hand) -> tuple[np.ndarray, np.ndarray]:
    """Fills a page with a hand.

    Args:
        server: the page's server.
        hand: the hand.

    Returns:
        Least and greatest corner of what is shown, (3,) each [m].
    """
    from zdg_jax.hand.description import describe

    gui = server.gui
    look = HandAppearance.of(hand)
    node = HandNode(server, "/hand", look)
    server.scene.add_frame("/root", axes_length=0.04, axes_radius=0.001)
    palm = hand.palm
    arrow = np.stack([palm.position, palm.position + 0.05 * palm.normal])[None]
    server.scene.add_arrows(
        "/palm",
        arrow.astype(np.float32),
        (30, 30, 30),
        shaft_radius=0.0015,
        head_radius=0.004,
        head_length=0.01,
    )
    gui.add_html(paragraphs([repr(hand).strip("<>"), "The arrow leaves the palm's face."]))
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    dofs = np.array(hand.half_closed_dofs, float)
    sliders: list[Any] = []

    def move(_: object = None) -> None:
        values = np.array([slider.value for slider in sliders])
        node.pose(np.concatenate([[0, 0, 0, 1, 0, 0, 0], hand.joints(values)]))

    def go_to(target: np.ndarray) -> None:
        for slider, value in zip(sliders, target, strict=True):
            slider.value = float(np.clip(value, slider.min, slider.max))
        move()

    with gui.add_folder("joints"):
        poses = {"open": hand.open_dofs, "half closed": hand.half_closed_dofs}
        group = gui.add_button_group("pose", tuple(poses))
        group.on_click(lambda _: go_to(poses[group.value]))
        for i, name in enumerate(hand.dof_names):
            slider = gui.add_slider(name, float(lower[i]), float(upper[i]), 1e-3, float(dofs[i]))
            slider.on_update(move)
            sliders.append(slider)
    with gui.add_folder("derived from the file", expand_by_default=False):
        gui.add_html(preformatted(describe(hand)))
    move()
    qpos = np.concatenate([[0, 0, 0, 1, 0, 0, 0], hand.joints(dofs)])
    positions, quaternions = (poses[0] for poses in look.link_poses(qpos[None]))
    corners = np.concatenate(
        [
            mesh.vertices @ rotation_matrix(quaternions[mesh.link]).T + positions[mesh.link]
            for mesh in look.meshes
        ]
    )
    return corners.min(axis=0), corners.max(axis=0)


def build_plan(
    server: viser.ViserServer, plan: GraspPlan, pictures: Sequence[str | os.PathLike[str]]
) -> None:
    """Fills a page with a plan.

    Args:
        server: the page's server.
        plan: the plan.
        pictures: PNG files.

    Raises:
        InputError: a picture cannot be read.
    """
    server.gui.add_html(paragraphs([f"task: “{plan.prompt}”"]))
    add_pictures(server, pictures[:1])
    add_plan_words(server, plan)
    add_pictures(server, pictures[1:])
