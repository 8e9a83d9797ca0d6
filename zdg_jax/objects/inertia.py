"""Volume, centre of mass and inertia of any mesh, from the sign of its distance field."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.objects.distance_fields import VoxelGrid


@dataclasses.dataclass(frozen=True, kw_only=True)
class MassProperties:
    """Mass properties of a homogeneous solid of unit density, object frame."""

    volume: float
    """[m^3]."""
    center: np.ndarray
    """Centre of mass, (3,) [m]."""
    inertia: np.ndarray
    """Inertia about the centre of mass of unit density, (3, 3) [m^5]."""


def mass_properties(distance: np.ndarray, voxels: VoxelGrid) -> MassProperties:
    """Integrates over the cells inside; a cell that the surface crosses counts in part.

    Unlike the divergence theorem this needs no closed mesh: the winding number has decided what
    is inside. The share of a crossed cell is linear in its distance.

    Args:
        distance: signed distances at the cells, (n,) [m].
        voxels: the cells.
    """
    share = np.clip(0.5 - distance / voxels.spacing, 0.0, 1.0)
    cells = np.flatnonzero(share > 0)
    weight = share[cells] * voxels.spacing**3
    points = voxels.points(cells)
    volume = float(weight.sum())
    center = weight @ points / max(volume, 1e-30)
    arm = points - center
    second = (arm * weight[:, None]).T @ arm + np.eye(3) * volume * voxels.spacing**2 / 12
    return MassProperties(
        volume=volume, center=center, inertia=np.trace(second) * np.eye(3) - second
    )
