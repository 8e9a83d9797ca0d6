"""Viewer: grasps, objects, hands and plans in the browser, on `viser` (extra `viewer`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.viewer.server import Viewer
    from zdg_jax.viewer.show import view_grasps, view_hand, view_object, view_plan

__all__ = ["Viewer", "view_grasps", "view_hand", "view_object", "view_plan"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Viewer": "server",
        "view_grasps": "show",
        "view_hand": "show",
        "view_object": "show",
        "view_plan": "show",
    },
)
