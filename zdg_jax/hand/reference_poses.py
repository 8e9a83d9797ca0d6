"""Reference poses: open and half closed, and the sign with which each dof closes the hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from zdg_jax.hand.finger_motion import FingerMotion
from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.palm import Palm

_OPEN_CURL, _HALF_CURL = 0.12, 0.48
"""Shares of a finger's curl, from straight to its limit, in the two poses."""
_GRIPPED = 0.7
"""Share of the way from wide apart to where they meet of a gripper's half-closed fingers."""
_OPEN_GAP, _HALF_GAP = 0.62, 0.3
"""Distance between the tips of thumb and fingers in the two poses, over the fingers' length."""
_TRIED = 100
"""Poses of the thumb, the best by their cost alone, that are looked at together for overlaps."""
_TOUCH = 0.0005
"""Depth at which links count as overlapping [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReferencePoses:
    """Two poses that grasps start from, and how dofs close the hand; d dofs."""

    opened: np.ndarray
    """Fingers straight, thumb opposed and away, (d,)."""
    half_closed: np.ndarray
    """About a small object between thumb and fingers, (d,)."""
    closing: np.ndarray
    """Sign with which each dof closes the hand, 0 = neither, (d,)."""


def find_reference_poses(
    kinematics: HandKinematics,
    motions: Sequence[FingerMotion],
    thumb: int | None,
    palm: Palm,
    overlap: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
) -> ReferencePoses:
    """Find poses that a grasp can start from, in which no link stands inside another.

    Args:
        kinematics: the hand's kinematics.
        motions: how each finger moves.
        thumb: index of the thumb in `motions`, or None.
        palm: the palm; the thumb keeps before it.
        overlap: how deep links stand in one another in poses (n, d), (n,) [m].
        seed: of the random poses of the thumb.

    Returns:
        The poses; those of a hand without a thumb close until its fingers meet.
    """
    shared = all(motion.dofs == motions[0].dofs for motion in motions)
    if shared or all(motion.translates for motion in motions):
        return _gripper(kinematics, motions, overlap)
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    opened, half, closing = kinematics.rest.copy(), kinematics.rest.copy(), np.zeros(len(low))
    for i, motion in enumerate(motions):
        for dof, sign in zip(motion.dofs, motion.curl, strict=True):
            closing[dof] = sign
            if sign == 0 or i == thumb:
                continue
            end = high[dof] if sign > 0 else low[dof]
            start = motion.straight[dof]
            opened[dof] = start + _OPEN_CURL * (end - start)
            half[dof] = start + _HALF_CURL * (end - start)
    if thumb is not None:
        return _oppose(kinematics, motions, thumb, palm, overlap, opened, half, closing, seed)
    return _claw(
        kinematics,
        motions,
        overlap,
        ReferencePoses(opened=opened, half_closed=half, closing=closing),
    )


def _gripper(
    kinematics: HandKinematics,
    motions: Sequence[FingerMotion],
    overlap: Callable[[np.ndarray], np.ndarray],
) -> ReferencePoses:
    """Poses of a gripper, which moves in one way: from wide apart until its fingers meet."""
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    dofs = sorted({dof for motion in motions for dof in motion.dofs})

    def width(pose: np.ndarray) -> float:
        tips = np.stack([_tip(kinematics, motion, pose[None])[0][0] for motion in motions])
        return float(np.linalg.norm(tips - tips.mean(axis=0), axis=1).mean())

    closing = np.zeros(len(low))
    wide, narrow = kinematics.rest.copy(), kinematics.rest.copy()
    for dof in dofs:
        ends = np.stack([kinematics.rest, kinematics.rest])
        ends[:, dof] = low[dof], high[dof]
        closing[dof] = np.sign(width(ends[0]) - width(ends[1]))
        wide[dof], narrow[dof] = ends[:: 1 if closing[dof] >= 0 else -1, dof]
    shares = np.linspace(1.0, 0.0, 41)
    clear = np.flatnonzero(overlap(wide + shares[:, None] * (narrow - wide)) < _TOUCH)
    meeting = float(shares[clear[0]]) if len(clear) else _HALF_CURL
    way = meeting * (narrow - wide)
    return ReferencePoses(
        opened=wide + _OPEN_CURL * way, half_closed=wide + _GRIPPED * way, closing=closing
    )


def _claw(
    kinematics: HandKinematics,
    motions: Sequence[FingerMotion],
    overlap: Callable[[np.ndarray], np.ndarray],
    poses: ReferencePoses,
) -> ReferencePoses:
    """Poses of a hand without a thumb: closed until its fingers meet, opened outward from there."""
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    straight = poses.opened.copy()
    for motion in motions:
        straight[list(motion.dofs)] = motion.straight[list(motion.dofs)]
    inner = np.where(poses.closing > 0, high, np.where(poses.closing < 0, low, straight))
    outer = np.where(poses.closing > 0, low, np.where(poses.closing < 0, high, straight))

    def curled(share: float) -> np.ndarray:
        return straight + abs(share) * ((inner if share > 0 else outer) - straight)

    shares = np.linspace(_HALF_CURL, -_HALF_CURL, 25)
    tried = np.stack([curled(share) for share in shares])
    clear = np.flatnonzero(overlap(tried) < _TOUCH)
    half = float(shares[clear[0]]) if len(clear) else _OPEN_CURL
    opened = min(_OPEN_CURL, half - (_HALF_CURL - _OPEN_CURL))
    return dataclasses.replace(poses, opened=curled(opened), half_closed=curled(half))


def _clear(
    half: np.ndarray, opened: np.ndarray, overlap: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The half-closed pose, opened as far as its links stand in one another."""
    shares = np.linspace(1.0, 0.0, 11)[:, None]
    poses = opened + shares * (half - opened)
    depth = overlap(poses)
    clear = np.flatnonzero(depth < _TOUCH)
    return poses[clear[0] if len(clear) else int(depth.argmin())]


def _oppose(
    kinematics: HandKinematics,
    motions: Sequence[FingerMotion],
    thumb: int,
    palm: Palm,
    overlap: Callable[[np.ndarray], np.ndarray],
    opened: np.ndarray,
    half: np.ndarray,
    closing: np.ndarray,
    seed: int,
) -> ReferencePoses:
    """Adds the thumb: of many poses the one whose pad faces the other tips best at a given gap."""
    rng = np.random.default_rng(seed)
    moved, others = motions[thumb], [m for i, m in enumerate(motions) if i != thumb]
    dofs = list(moved.dofs)
    low, high = kinematics.coupling.lower[dofs], kinematics.coupling.upper[dofs]
    draws = low + rng.random((4000, len(dofs))) * (high - low)
    length = float(np.mean([m.length for m in others]))

    def best(pose: np.ndarray, gap: float, near: np.ndarray | None) -> np.ndarray:
        trial = np.repeat(pose[None], len(draws), axis=0)
        trial[:, dofs] = draws
        tip, pad = _tip(kinematics, moved, trial)
        tips = [_tip(kinematics, m, pose[None]) for m in others]
        goal = np.mean([p[0] for p, _ in tips[: max(len(tips) - 1, 1)]], axis=0)
        facing = np.mean([d[0] for _, d in tips], axis=0)
        facing = facing / max(float(np.linalg.norm(facing)), 1e-9)
        toward = goal - tip
        distance = np.linalg.norm(toward, axis=-1)
        toward = toward / np.maximum(distance, 1e-9)[:, None]
        height = (tip - palm.position) @ palm.normal
        cost = -1.5 * (pad * toward).sum(-1) + 0.5 * (toward @ facing)
        cost += 6 * np.abs(distance - gap * length) / length
        cost += 20 * np.maximum(0.25 * length - height, 0) / length
        if near is not None:
            cost += 0.7 * (((draws - near) / (high - low)) ** 2).sum(-1)
        cost += 0.1 * (((draws - (low + high) / 2) / (high - low)) ** 2).sum(-1)
        order = np.argsort(cost)
        depth = np.full(len(order), np.inf)
        for start in range(0, 5 * _TRIED, _TRIED):
            some = order[start : start + _TRIED]
            depth[some] = overlap(trial[some])
            if depth[some].min() < _TOUCH:
                break
        return draws[int((cost + 300 * np.maximum(depth - _TOUCH, 0) / length).argmin())]

    half[dofs] = best(half, _HALF_GAP, None)
    opened[dofs] = best(opened, _OPEN_GAP, half[dofs])
    half = _clear(half, opened, overlap)
    # Beside the joints that curl it, those that bring the thumb against the fingers close it.
    goal = np.mean([_tip(kinematics, m, half[None])[0][0] for m in others], axis=0)
    span = float(np.linalg.norm(_tip(kinematics, moved, half[None])[0][0] - goal))
    for dof, sign in zip(moved.dofs, moved.curl, strict=True):
        if sign == 0:
            step = half.copy()
            step[dof] += 0.05
            change = float(np.linalg.norm(_tip(kinematics, moved, step[None])[0][0] - goal)) - span
            closing[dof] = -np.sign(change) if abs(change) > 0.05 * 0.25 * moved.length else 0.0
    return ReferencePoses(opened=opened, half_closed=half, closing=closing)


def _tip(
    kinematics: HandKinematics, motion: FingerMotion, dofs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Position (b, 3) of a tip and the unit direction (b, 3) that its pad faces."""
    rotation, translation = kinematics.link_poses(dofs)
    straight, _ = kinematics.link_poses(motion.straight)
    link = motion.link
    position = rotation[:, link] @ motion.tip + translation[:, link]
    return position, rotation[:, link] @ (straight[link].T @ motion.inward)
