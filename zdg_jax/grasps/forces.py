"""Contact forces and actuator torques of grasps: the commands of a torque-controlled hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.pytrees import pytree


@pytree
@dataclasses.dataclass(frozen=True, kw_only=True)
class SqueezeForces:
    """The forces that squeezes aim at, with any leading batch shape `*b`.

    Each grasp has k slots for contacts; one that is not used has the link -1 and no force.
    """

    links: Any
    """Link of each contact, (*b, k) int, -1 where the slot is not used."""
    points: Any
    """Points of contact, (*b, k, 3), object frame [m]."""
    forces: Any
    """Forces on the object, (*b, k, 3), object frame [N]."""
    torques: Any
    """Forces of the actuators, (*b, nu), in the order of the hand's MJCF [N m, N for slides]."""

    def __getitem__(self, rows: Any) -> SqueezeForces:
        """Some of the grasps, along the first batch axis."""
        return SqueezeForces(
            **{field.name: getattr(self, field.name)[rows] for field in dataclasses.fields(self)}
        )

    def on_host(self, count: int) -> SqueezeForces:
        """Returns the same in NumPy arrays, checked.

        Args:
            count: number of grasps, the only batch axis.

        Raises:
            InputError: an array's shape does not fit the others or the number of grasps.
        """
        links = np.asarray(self.links, np.int32)
        leaves = {"links": links} | {
            name: np.asarray(getattr(self, name), np.float32)
            for name in ("points", "forces", "torques")
        }
        for name, leaf in leaves.items():
            vectors = name in ("points", "forces")
            fits = leaf.shape == (*links.shape, 3) if vectors else leaf.ndim == 2
            if not fits or len(leaf) != count:
                raise InputError(
                    f"{name} of the squeeze have shape {leaf.shape} for {count} grasps with"
                    f" contacts of shape {links.shape}"
                )
        return SqueezeForces(**leaves)
