"""Passive motions: how fingers whose joints share a tendon give way when they are pressed.

The tendon holds the sum of its joints alone. A force on the fingertip therefore moves inner joints
back and outer ones on, whatever the finger's strength, until a joint is at its stop; from there the
finger holds (Birglen, Laliberte and Gosselin, Underactuated Robotic Hands, 2008).
"""

from __future__ import annotations

import numpy as np

from zdg_jax.hand.fingertips import Fingertips
from zdg_jax.hand.host_kinematics import HandKinematics

_STEP = 1e-3


def towards_yielding(kinematics: HandKinematics, tips: Fingertips, dofs: np.ndarray) -> np.ndarray:
    """Passive motions with the sign with which a pressed fingertip gives way, (m, j).

    Args:
        kinematics: the hand's kinematics.
        tips: its fingertip pads.
        dofs: a half closed posture, (d,).
    """
    motions = kinematics.coupling.passive_motions
    moved = dofs + _STEP * in_dofs(kinematics, motions)
    before, pads = tips.posed(kinematics, dofs)
    after, _ = tips.posed(kinematics, moved)
    pressed = ((after - before) * pads).sum(axis=(1, 2))
    return motions * np.where(pressed > 0, -1.0, 1.0)[:, None]


def in_dofs(kinematics: HandKinematics, motions: np.ndarray) -> np.ndarray:
    """Motions of the joints, (m, j), as motions of the independent coordinates, (m, d)."""
    return np.linalg.lstsq(kinematics.coupling.matrices[1], motions.T, rcond=None)[0].T


def given_way(kinematics: HandKinematics, motions: np.ndarray, dofs: np.ndarray) -> np.ndarray:
    """Postures (n, d) whose fingers have given way as far as their stops, (n, d).

    Args:
        kinematics: the hand's kinematics.
        motions: its passive motions as `towards_yielding` signs them, (m, j).
        dofs: the postures.
    """
    lower, upper = kinematics.coupling.lower, kinematics.coupling.upper
    for motion in in_dofs(kinematics, motions):
        moves = np.abs(motion) > 1e-6
        end = np.where(motion > 0, upper, lower)[moves]
        room = ((end - dofs[:, moves]) / motion[moves]).min(axis=1)
        dofs = dofs + np.maximum(room, 0.0)[:, None] * motion
    return dofs
