"""Robot hands, from their MJCF alone."""

from zdg_jax.hand.description import describe
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
    "HandArrays",
    "HandKinematics",
    "LinkMesh",
    "Palm",
    "Preshapes",
    "Spheres",
    "SurfacePoints",
    "describe",
    "joints_from_dofs",
    "shipped_hands",
]
