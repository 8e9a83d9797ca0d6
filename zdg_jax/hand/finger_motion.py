"""Finger motion: where a finger points when straight, which way it curls, with which joints."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.hand.fingers import Finger
from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.link_geometry import Samples

_PARALLEL = 0.6
"""Cosine above which a joint's axis counts as parallel to the axis that a finger curls about."""
_UPRIGHT = 0.1
"""Turn of a tip's link over the whole range of its joints below which it translates [rad]."""
_FLAT = 0.02
"""Share of a tip's path by which it must leave a line or plane to count as leaving it."""
_EVEN = 0.08
"""Share of a finger's length by which its tip drifts on average if it bends both ways alike."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FingerMotion:
    """The way that one finger moves; hand root frame."""

    link: int
    """Its tip link."""
    dofs: tuple[int, ...]
    """Its dofs."""
    straight: np.ndarray
    """Dofs of the whole hand with this finger straight, (d,)."""
    pointing: np.ndarray
    """Unit, from base to tip when straight, (3,)."""
    inward: np.ndarray
    """Unit, the way the tip goes when the straight finger curls, (3,)."""
    curl: np.ndarray
    """Closing sign of each of its dofs that curls it, else 0, (len(dofs),)."""
    base: np.ndarray
    """Origin of its first link, (3,) [m]."""
    tip: np.ndarray
    """Middle of the tip link's surface, (3,), tip link frame [m]."""
    length: float
    """From base to tip when straight [m]."""
    translates: bool = False
    """True if its tip keeps its direction, as on the slides or parallel bars of a gripper."""


def analyze_finger(
    kinematics: HandKinematics,
    finger: Finger,
    samples: dict[int, Samples],
    center: np.ndarray,
    between: np.ndarray,
    seed: int = 0,
) -> FingerMotion:
    """Find how a finger moves by moving it.

    Args:
        kinematics: the hand's kinematics.
        finger: the finger.
        samples: surface points of each link.
        center: mean of the bases of all fingers, (3,), root frame [m]; a finger that bends both
            ways alike closes towards it.
        between: mean of the tips of all fingers, every dof in the middle of its range, (3,), root
            frame [m]; a finger that translates closes towards it.
        seed: of the random postures that tell which way the finger bends further.

    Returns:
        The finger's straight pose, directions and closing signs.
    """
    rng = np.random.default_rng(seed)
    dofs = kinematics.dofs_of(finger.joints)
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    tip = samples[finger.tip_link].points.mean(0)
    rest = kinematics.rest
    _, translation = kinematics.link_poses(rest)
    base = translation[finger.links[0]]

    def reach(values: np.ndarray) -> np.ndarray:
        return np.linalg.norm(kinematics.point(values, finger.tip_link, tip) - base, axis=-1)

    if _translates(kinematics, finger, dofs):
        return _translation(kinematics, finger, tip, base, dofs, between)
    straight = rest.copy()
    for _ in range(2):
        for dof in reversed(dofs):
            grid = np.repeat(straight[None], 41, axis=0)
            grid[:, dof] = np.linspace(low[dof], high[dof], 41)
            value = reach(grid)
            if value.max() > reach(straight) + 1e-3 * value.max():
                straight = grid[int(value.argmax())]
    # A second look, with the joints that do not curl at rest: spread would bias the direction.
    first, *_ = _curl(kinematics, finger, tip, base, straight, dofs, center, rng)
    aside = [dof for dof, sign in zip(dofs, first, strict=True) if sign == 0]
    straight[aside] = rest[aside]
    curl, pointing, inward, length = _curl(
        kinematics, finger, tip, base, straight, dofs, center, rng
    )
    return FingerMotion(
        link=finger.tip_link,
        dofs=tuple(dofs),
        straight=straight,
        pointing=pointing,
        inward=inward,
        curl=curl,
        base=base,
        tip=tip,
        length=length,
    )


def _ends(kinematics: HandKinematics, dofs: list[int], count: int = 2) -> np.ndarray:
    """Poses in which each of some dofs goes alone from end to end, (len(dofs), count, d)."""
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    poses = np.tile(kinematics.rest, (len(dofs), count, 1))
    for k, dof in enumerate(dofs):
        poses[k, :, dof] = np.linspace(low[dof], high[dof], count)
    return poses


def _translates(kinematics: HandKinematics, finger: Finger, dofs: list[int]) -> bool:
    rotation, _ = kinematics.link_poses(_ends(kinematics, dofs))
    turn = rotation[..., finger.tip_link, :, :]
    change = np.linalg.norm(turn[:, 1] - turn[:, 0], axis=(-2, -1)) / np.sqrt(2)
    return bool(len(dofs)) and bool((change < _UPRIGHT).all())


def _translation(
    kinematics: HandKinematics,
    finger: Finger,
    tip: np.ndarray,
    base: np.ndarray,
    dofs: list[int],
    between: np.ndarray,
) -> FingerMotion:
    """The motion of a finger whose tip keeps its direction: inward is what its path has of the
    way to the other tips."""
    paths = kinematics.point(_ends(kinematics, dofs, 21), finger.tip_link, tip)
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    middle = kinematics.point((low + high) / 2, finger.tip_link, tip)
    _, sizes, axes = np.linalg.svd((paths - paths.mean(axis=1, keepdims=True)).reshape(-1, 3))
    axes = axes[: len(sizes)][sizes > _FLAT * sizes[0]]
    inward = axes.T @ (axes @ (between - middle))
    inward = inward / max(float(np.linalg.norm(inward)), 1e-9)
    gain = (paths[:, -1] - paths[:, 0]) @ inward
    curl = np.sign(np.where(np.abs(gain) > _PARALLEL * np.ptp(paths, axis=1).max(-1), gain, 0.0))
    straight = kinematics.rest.copy()
    for dof, sign in zip(dofs, curl, strict=True):
        straight[dof] = {1.0: low[dof], -1.0: high[dof]}.get(float(sign), straight[dof])
    pointing = middle - base
    pointing = pointing - (pointing @ inward) * inward
    length = float(np.linalg.norm(pointing))
    return FingerMotion(
        link=finger.tip_link,
        dofs=tuple(dofs),
        straight=straight,
        pointing=pointing / max(length, 1e-9),
        inward=inward,
        curl=curl,
        base=base,
        tip=tip,
        length=length,
        translates=True,
    )


def _curl(
    kinematics: HandKinematics,
    finger: Finger,
    tip: np.ndarray,
    base: np.ndarray,
    straight: np.ndarray,
    dofs: list[int],
    center: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Curl signs, pointing and inward directions and length of a finger in its straight pose."""
    low, high = kinematics.coupling.lower, kinematics.coupling.upper
    tip_at = kinematics.point(straight, finger.tip_link, tip)
    length = float(np.linalg.norm(tip_at - base))
    pointing = (tip_at - base) / max(length, 1e-9)
    trial = np.repeat(straight[None], 400, axis=0)
    trial[:, dofs] = low[dofs] + rng.random((400, len(dofs))) * (high - low)[dofs]
    drift = kinematics.point(trial, finger.tip_link, tip).mean(0) - tip_at
    hinge = np.asarray(kinematics.tree.hinge)
    hinges = [j for j in finger.joints if hinge[j] and _moved(kinematics, j)]
    if hinges:
        around = kinematics.axis(straight, hinges[-1])
        # A finger's base may stand aside of the plane that it curls in.
        pointing = pointing - (pointing @ around) * around
        pointing = pointing / max(float(np.linalg.norm(pointing)), 1e-9)
        side = np.cross(around, pointing)
        drifts = float(side @ drift)
        # A finger that bends both ways alike closes towards the others.
        if abs(drifts) < _EVEN * length:
            drifts = float(side @ (center - base))
        if drifts < 0:
            around = -around
        inward = np.cross(around, pointing)
    else:
        around, inward = np.zeros(3), drift - (drift @ pointing) * pointing
    inward = inward / max(float(np.linalg.norm(inward)), 1e-9)
    curl = np.zeros(len(dofs))
    for k, dof in enumerate(dofs):
        joint = kinematics.coupling.leaders[dof]
        # The axis of another finger's joint tells nothing of this one, which follows it.
        if hinge[joint] and joint in finger.joints:
            along = float(kinematics.axis(straight, joint) @ around)
            curl[k] = np.sign(along) if abs(along) > _PARALLEL else 0.0
        else:
            step = straight.copy()
            step[dof] += 1e-3
            curl[k] = np.sign((kinematics.point(step, finger.tip_link, tip) - tip_at) @ inward)
    return curl, pointing, inward, length


def _moved(kinematics: HandKinematics, joint: int) -> bool:
    return bool(np.abs(kinematics.coupling.matrices[1:, joint]).sum() > 0)


def find_thumb(motions: Sequence[FingerMotion]) -> int | None:
    """Return the index of the finger that points and curls unlike all others, or None.

    Args:
        motions: how each finger moves; of two the second is taken.
    """
    if len(motions) == 2:
        return 1
    pointing = np.stack([m.pointing for m in motions])
    inward = np.stack([m.inward for m in motions])
    base = np.stack([m.base for m in motions]) / np.mean([m.length for m in motions])
    apart = np.linalg.norm(base[:, None] - base[None], axis=-1)
    unlike = 2 - pointing @ pointing.T - inward @ inward.T + 0.5 * apart
    score = unlike.sum(1) / (len(motions) - 1)
    order = np.argsort(-score)
    if score[order[0]] > 0.4 and score[order[0]] > 1.25 * score[order[1]]:
        return int(order[0])
    return None
