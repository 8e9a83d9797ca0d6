"""Pages of a viewer: for a set of grasps or two, an object, a hand, or a plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.viewer.address import HOST, PORT
from zdg_jax.viewer.server import Viewer

if TYPE_CHECKING:
    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan
    from zdg_jax.validation import Protocol
    from zdg_jax.viewer.grasp_panel import GraspPanel

_UP = (0.0, 0.0, 1.0)
_ACROSS = (0.15, 0.9, 0.4)
"""Where the camera stands before a row of sets, see `Viewer.look_at`."""
_HAND_SIZE = 0.25
"""Room about an object for the hand at it [m]."""


def view_grasps(
    grasps: GraspSet | Sequence[GraspSet],
    *,
    hand: Hand | str | os.PathLike[str] | None = None,
    protocol: Protocol | None = None,
    names: Sequence[str] = (),
    host: str = HOST,
    port: int = PORT,
) -> Viewer:
    """Shows a set of grasps in the browser, or several side by side.

    Args:
        grasps: the set, or a few sets to compare.
        hand: the hand, name or path, where it is not to be loaded from where the grasps say.
        protocol: test to play back, beside those of the library.
        names: titles of the sets; of their objects and hands if not given.
        host: address to listen at.
        port: port; the next free one is taken where it is in use.

    Raises:
        InputError: viser is not installed, the address cannot be served, a set has no grasps, or
            a hand cannot be loaded.
    """
    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.viewer.grasp_panel import GraspPanel

    sets = [grasps] if isinstance(grasps, GraspSet) else list(grasps)
    for one in sets:
        _check("grasps", one, GraspSet, "GraspSet.load(PATH)")
    looks = [HandAppearance.of_record(one.hand, hand) for one in sets]
    titles = list(names) or [f"{one.object.name}, {one.hand.name}" for one in sets]
    viewer = Viewer("zdg", host=host, port=port)
    low = np.min([one.object.vertices.min(0) for one in sets], axis=0)
    high = np.max([one.object.vertices.max(0) for one in sets], axis=0)
    up = up_of(sets[0])
    aside = np.cross(up, [1.0, 0.0, 0.0] if abs(up[0]) < 0.9 else [0.0, 1.0, 0.0])
    step = aside / np.linalg.norm(aside) * (np.abs((high - low) @ aside) + 2 * _HAND_SIZE)
    tabs = viewer.server.gui.add_tab_group() if len(sets) > 1 else None
    panels = []
    for i, (one, look, title) in enumerate(zip(sets, looks, titles, strict=True)):
        panel = GraspPanel(
            viewer.server, one, look, root=f"/set{i}", place=i * step, hand=hand, protocol=protocol
        )
        panels.append(panel)
        if tabs is None:
            panel.build(title)
        else:
            viewer.server.scene.add_label(f"/set{i}/title", title, position=high + 0.05 * up)
            with tabs.add_tab(title):
                panel.build(title)
    _add_keys(viewer, panels)
    last = (len(sets) - 1) * step
    margin = 0.4 * _HAND_SIZE
    low, high = np.minimum(low, low + last) - margin, np.maximum(high, high + last) + margin
    if len(sets) > 1:
        viewer.look_at(low, high, up, towards=_ACROSS)
    else:
        viewer.look_at(low, high, up)
    return viewer


def _add_keys(viewer: Viewer, panels: Sequence[GraspPanel]) -> None:
    """Lets keys browse all sets at once, so that those side by side are compared row by row."""

    def browse(steps: int) -> None:
        for panel in panels:
            panel.browse(steps)

    gui = viewer.server.gui
    gui.add_command("next grasp", hotkey="J").on_trigger(lambda _: browse(1))
    gui.add_command("previous grasp", hotkey="K").on_trigger(lambda _: browse(-1))


def up_of(grasps: GraspSet) -> np.ndarray:
    """Tells which direction points up, (3,), object frame: by its scene, else by its plan.

    Args:
        grasps: the grasps.
    """
    upright = _UP if grasps.plan is None else grasps.plan.object.upright
    return np.array(upright) if grasps.scene is None else grasps.scene.object_up(upright)


def view_object(
    obj: Object, *, plan: GraspPlan | None = None, host: str = HOST, port: int = PORT
) -> Viewer:
    """Shows an object in the browser: its parts in colour and by name, and its convex pieces.

    Args:
        obj: the object.
        plan: a plan for it, to be read beside it.
        host: address to listen at.
        port: port; the next free one is taken where it is in use.

    Raises:
        InputError: viser is not installed, the address cannot be served, or it is no such thing.
    """
    from zdg_jax.objects import Object
    from zdg_jax.viewer.thing_panels import build_object

    _check("obj", obj, Object, "Object.from_mesh(PATH)")
    viewer = Viewer("zdg", host=host, port=port)
    build_object(viewer.server, obj, plan)
    up = np.array(_UP if plan is None else plan.object.upright)
    viewer.look_at(obj.vertices.min(0), obj.vertices.max(0), up)
    return viewer


def view_hand(hand: Hand, *, host: str = HOST, port: int = PORT) -> Viewer:
    """Shows a hand in the browser, with a slider for each joint and what was derived from it.

    Args:
        hand: the hand.
        host: address to listen at.
        port: port; the next free one is taken where it is in use.

    Raises:
        InputError: viser is not installed, the address cannot be served, or it is no such thing.
    """
    from zdg_jax.hand import Hand
    from zdg_jax.viewer.thing_panels import build_hand

    _check("hand", hand, Hand, "Hand.load(NAME_OR_PATH)")
    viewer = Viewer("zdg", host=host, port=port)
    low, high = build_hand(viewer.server, hand)
    viewer.look_at(low, high, np.array(_UP))
    return viewer


def view_plan(
    plan: GraspPlan,
    *,
    pictures: Sequence[str | os.PathLike[str]] = (),
    host: str = HOST,
    port: int = PORT,
) -> Viewer:
    """Shows a plan in words and pictures; with its object at hand, `view_object` shows more.

    Args:
        plan: the plan.
        pictures: PNG files that the planner saw, such as those beside its transcript.
        host: address to listen at.
        port: port; the next free one is taken where it is in use.

    Raises:
        InputError: viser is not installed, the address cannot be served, or it is no such thing.
    """
    from zdg_jax.planning import GraspPlan
    from zdg_jax.viewer.thing_panels import build_plan

    _check("plan", plan, GraspPlan, "GraspPlan.load(PATH)")
    viewer = Viewer("zdg", host=host, port=port)
    build_plan(viewer.server, plan, pictures)
    return viewer


def _check(name: str, value: object, kind: type, call: str) -> None:
    """Refuses an argument of another kind before anything is served."""
    if not isinstance(value, kind):
        raise InputError(f"{name} is of the type {type(value).__name__}; give {call}")
