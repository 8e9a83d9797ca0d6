"""The grasps of a set that are exported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet


def wanted_numbers(grasps: GraspSet, *, everything: bool, only: Sequence[int] | None) -> np.ndarray:
    """Numbers of the grasps to write, best first, (k,).

    Args:
        grasps: the set.
        everything: all grasps, kept or not; else the kept ones.
        only: numbers of the grasps, kept or not; None leaves it to `everything`.

    Raises:
        InputError: there is no such grasp, or none to write.
    """
    if only is None:
        wanted = np.ones(len(grasps), bool) if everything else grasps.kept
    elif everything:
        raise InputError("either all grasps (--all) or only some (--grasp), not both")
    else:
        for number in only:
            if not 0 <= number < len(grasps):
                count = f"grasps 0 to {len(grasps) - 1}" if len(grasps) else "no grasp"
                raise InputError(f"there is no grasp {number}; the set has {count}")
        wanted = np.isin(np.arange(len(grasps)), only)
    if not wanted.any():
        advice = "make some first" if everything else "export all of them with all=True (--all)"
        raise InputError(f"none of the {len(grasps)} grasps is kept; {advice}")
    return grasps.ranking[wanted[grasps.ranking]]
