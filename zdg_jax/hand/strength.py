"""The strength of a hand's fingertips: what its actuators' torques come to at the tips."""

from __future__ import annotations

import numpy as np

from zdg_jax.hand import Hand
from zdg_jax.hand.topology import joint_frames


def fingertip_forces(hand: Hand, force_limit: np.ndarray) -> np.ndarray:
    """Compute how hard each finger presses with its tip when the hand is half closed.

    The joint that closes the finger with the least torque over its distance from the tip limits
    the force.

    Args:
        hand: the hand.
        force_limit: greatest torque of each actuator, (nu,) [N m, N where it is linear].

    Returns:
        Forces in the order of `hand.fingers`, (f,) [N]; infinite where no joint closes a finger.
    """
    arrays = hand.arrays
    tree = arrays.tree
    frames = np.stack(joint_frames(hand.kinematics.tree, hand.joints(hand.half_closed_dofs)))
    axes = np.einsum("jab,jb->ja", frames[..., :3], np.asarray(tree.axes))
    anchors = np.einsum("jab,jb->ja", frames[..., :3], np.asarray(tree.anchors)) + frames[..., 3]
    torque = np.abs(hand.ctrl_from_joints).T @ np.asarray(force_limit, float)
    closes = np.abs(np.asarray(arrays.coupling)[1]) @ np.abs(hand.closing) > 0
    forces = []
    tips = hand.tip_positions(hand.half_closed_dofs)
    for finger, tip in zip(hand.fingers, tips, strict=True):
        moves = closes & (np.asarray(tree.moves)[finger.tip_link] > 0) & (torque > 0)
        arm = np.asarray(tip) - anchors
        across = np.linalg.norm(np.cross(axes, arm), axis=1)
        lever = np.where(np.asarray(tree.hinge) > 0, across, 1.0)
        forces.append(np.min(torque[moves] / np.maximum(lever[moves], 1e-3), initial=np.inf))
    return np.array(forces)


def fingertip_payload(hand: Hand, force_limit: np.ndarray, friction: float) -> float:
    """Estimate the weight that friction at the tips of a pinch carries [N].

    The thumb, or the first finger of a hand without one, presses against all others: as hard as
    the weaker side.

    Args:
        hand: the hand.
        force_limit: greatest torque of each actuator, (nu,) [N m, N where it is linear].
        friction: sliding friction between tips and object.
    """
    forces = fingertip_forces(hand, force_limit)
    thumb = np.array([finger.is_thumb for finger in hand.fingers])
    if not thumb.any():
        thumb[0] = True
    return 2 * friction * float(min(forces[thumb].sum(), forces[~thumb].sum()))
