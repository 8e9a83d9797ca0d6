"""The extended index finger: laid straight in a given direction, as along a tool's back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdg_jax.hand.hand import Hand

_DRAWS = 2048
"""Postures of the finger that are tried."""


def extended(hand: Hand, direction: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Lays the index finger of an open hand in a direction.

    Args:
        hand: the hand.
        direction: unit direction from the finger's base to its tip, (3,), hand root frame; the
            finger comes as near to it as it can.

    Returns:
        Dofs of the open hand with that finger straight, (d,), and the dofs that curl it beyond its
        first joint, which keep it so.
    """
    finger, kinematics = hand.index_finger, hand.kinematics
    others = [f for f in hand.fingers if f is not finger]
    shared = {dof for f in others for dof in kinematics.dofs_of(f.joints)}
    dofs = [dof for dof in kinematics.dofs_of(finger.joints) if dof not in shared]
    curls = [dof for dof in dofs if hand.closing[dof]]
    lower, upper = kinematics.coupling.lower, kinematics.coupling.upper
    poses = np.repeat(np.asarray(hand.open_dofs, float)[None], _DRAWS, axis=0)
    rng = np.random.default_rng(0)
    poses[:, dofs] = rng.uniform(lower[dofs], upper[dofs], (_DRAWS, len(dofs)))
    for dof in curls:  # No farther bent than open, nor bent back.
        ends = np.clip(0.0, lower[dof], upper[dof]), hand.open_dofs[dof]
        poses[:, dof] = rng.uniform(min(ends), max(ends), _DRAWS)
    _, places = kinematics.link_poses(poses)
    along = places[:, finger.tip_link] - places[:, finger.links[0]]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return poses[int(np.argmax(along @ direction))], curls[1:]
