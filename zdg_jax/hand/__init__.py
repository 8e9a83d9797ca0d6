"""Robot hands, from their MJCF alone."""

from zdg_jax.hand.anatomy import Finger, Palm
from zdg_jax.hand.arrays import (
    ContactCandidates,
    HandArrays,
    Spheres,
    SurfacePoints,
    dofs_from_joints,
    joints_from_dofs,
)
from zdg_jax.hand.description import describe
from zdg_jax.hand.hand import Hand
from zdg_jax.hand.solids import LinkMesh
from zdg_jax.hand.source import shipped_hands
from zdg_jax.hand.spheres import Coverage

__all__ = [
    "ContactCandidates",
    "Coverage",
    "Finger",
    "Hand",
    "HandArrays",
    "LinkMesh",
    "Palm",
    "Spheres",
    "SurfacePoints",
    "describe",
    "dofs_from_joints",
    "joints_from_dofs",
    "shipped_hands",
]
