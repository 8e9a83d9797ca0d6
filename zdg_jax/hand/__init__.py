"""Robot hands, from their MJCF alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.hand.appearance import HandAppearance
    from zdg_jax.hand.description import describe
    from zdg_jax.hand.extended_finger import extended
    from zdg_jax.hand.fingers import Finger
    from zdg_jax.hand.fingertips import Fingertips
    from zdg_jax.hand.hand import Hand
    from zdg_jax.hand.hand_arrays import (
        ContactCandidates,
        HandArrays,
        Spheres,
        SurfacePoints,
        joints_from_dofs,
    )
    from zdg_jax.hand.host_kinematics import HandKinematics
    from zdg_jax.hand.index_side import side_contacts
    from zdg_jax.hand.link_geometry import LinkMesh
    from zdg_jax.hand.palm import Palm
    from zdg_jax.hand.preshapes import Preshapes
    from zdg_jax.hand.source import shipped_hands
    from zdg_jax.hand.spheres import Coverage

__all__ = [
    "ContactCandidates",
    "Coverage",
    "Finger",
    "Fingertips",
    "Hand",
    "HandAppearance",
    "HandArrays",
    "HandKinematics",
    "LinkMesh",
    "Palm",
    "Preshapes",
    "Spheres",
    "SurfacePoints",
    "describe",
    "extended",
    "joints_from_dofs",
    "shipped_hands",
    "side_contacts",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "ContactCandidates": "hand_arrays",
        "Coverage": "spheres",
        "Finger": "fingers",
        "Fingertips": "fingertips",
        "Hand": "hand",
        "HandAppearance": "appearance",
        "HandArrays": "hand_arrays",
        "HandKinematics": "host_kinematics",
        "LinkMesh": "link_geometry",
        "Palm": "palm",
        "Preshapes": "preshapes",
        "Spheres": "hand_arrays",
        "SurfacePoints": "hand_arrays",
        "describe": "description",
        "extended": "extended_finger",
        "joints_from_dofs": "hand_arrays",
        "shipped_hands": "source",
        "side_contacts": "index_side",
    },
)
