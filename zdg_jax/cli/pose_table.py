"""The table of the stable poses of an object that each grasp serves."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.scenes import StablePose


def pose_table(sets: Sequence[GraspSet], poses: Sequence[StablePose], hand: Hand) -> str:
    """Tests the kept grasps of each pose in all others; returns a line per pose.

    Args:
        sets: grasps made for each pose.
        poses: the poses.
        hand: the hand.
    """
    from zdg_jax.errors import InputError
    from zdg_jax.validation import LiftProtocol

    lines = []
    for number, (grasps, pose) in enumerate(zip(sets, poses, strict=True), 1):
        kept = grasps.selected()
        up = ", ".join(f"{value:.2f}" for value in np.round(pose.scene.object_up(), 2) + 0.0)
        line = f"pose {number} (up {up}; {pose.probability:.0%}): {len(kept)} kept"
        # Their ways were sought in the scene of their own pose.
        elsewhere = dataclasses.replace(
            kept, poses=dataclasses.replace(kept.poses, approach=None), scene=None
        )
        serves = []
        for other, there in enumerate(poses, 1):
            if other == number or not len(kept):
                continue
            try:
                lifted = elsewhere.validate(LiftProtocol(scene=there.scene), hand=hand).held
            except InputError:  # the object does not come to rest so
                continue
            if lifted.any():
                serves.append(f"{int(lifted.sum())} also lift from pose {other}")
        lines.append("; ".join([line, *serves]))
    return "\n".join(lines)
