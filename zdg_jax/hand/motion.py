"""How each finger moves: where it points when straight, which way it curls, with which joints."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.hand.anatomy import Finger, Palm
from zdg_jax.hand.coupling import Coupling
from zdg_jax.hand.solids import Samples
from zdg_jax.hand.topology import frames, poses
from zdg_jax.kernels.kinematics import Tree

_PARALLEL = 0.6
"""Cosine above which a joint's axis counts as parallel to the axis that a finger curls about."""
_EVEN = 0.08
"""Share of a finger's length by which its tip drifts on average if it bends both ways alike."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Frame:
    """What the derivation asks of kinematics, in numpy."""

    tree: Tree
    """Kinematic tree."""
    coupling: Coupling
    """Independent coordinates."""

    @property
    def rest(self) -> np.ndarray:
        """The dofs nearest to zero, (d,)."""
        return np.clip(0.0, self.coupling.lower, self.coupling.upper)

    def joints(self, dofs: np.ndarray) -> np.ndarray:
        """Joints (*b, j) of dofs (*b, d)."""
        total = self.coupling.matrices[0].sum(1)
        power = np.ones_like(dofs)
        for mapping in self.coupling.matrices[1:]:
            power = power * dofs
            total = total + power @ mapping.T
        return total

    def poses(self, dofs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rotations (*b, L, 3, 3) and translations (*b, L, 3) of links."""
        return poses(self.tree, self.joints(np.asarray(dofs, float)))

    def point(self, dofs: np.ndarray, link: int, local: np.ndarray) -> np.ndarray:
        """A point of a link, (*b, 3), root frame."""
        rotation, translation = self.poses(dofs)
        return rotation[..., link, :, :] @ local + translation[..., link, :]

    def dofs_of(self, joints: tuple[int, ...]) -> list[int]:
        """Dofs that move any of the joints."""
        moved = np.abs(self.coupling.matrices[1:]).sum((0,))[list(joints)].sum(0) > 0
        return [int(d) for d in np.flatnonzero(moved)]

    def axis(self, dofs: np.ndarray, joint: int) -> np.ndarray:
        """Axis of a joint, (3,), root frame."""
        own = frames(self.tree, self.joints(np.asarray(dofs, float)))[joint]
        return own[:, :3] @ np.asarray(self.tree.axes, float)[joint]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Motion:
    """One finger's way of moving; hand root frame."""

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
    """Where it begins, (3,) [m]."""
    tip: np.ndarray
    """Middle of the tip link's surface, (3,), tip link frame [m]."""
    length: float
    """From base to tip when straight [m]."""


def study(
    frame: Frame,
    finger: Finger,
    samples: dict[int, Samples],
    center: np.ndarray,
    seed: int = 0,
) -> Motion:
    """Finds how a finger moves by moving it; `center` is where the fingers' bases lie about."""
    rng = np.random.default_rng(seed)
    dofs = frame.dofs_of(finger.joints)
    low, high = frame.coupling.lower, frame.coupling.upper
    tip = samples[finger.tip_link].points.mean(0)
    rest = frame.rest
    _, translation = frame.poses(rest)
    base = translation[finger.links[0]]

    def reach(values: np.ndarray) -> np.ndarray:
        return np.linalg.norm(frame.point(values, finger.tip_link, tip) - base, axis=-1)

    straight = rest.copy()
    for _ in range(2):
        for dof in reversed(dofs):
            grid = np.repeat(straight[None], 41, axis=0)
            grid[:, dof] = np.linspace(low[dof], high[dof], 41)
            value = reach(grid)
            if value.max() > reach(straight) + 1e-3 * value.max():
                straight = grid[int(value.argmax())]
    # A second look, with the joints that do not curl at rest: spread would bias the direction.
    first, *_ = _curl(frame, finger, tip, base, straight, dofs, center, rng)
    aside = [dof for dof, sign in zip(dofs, first, strict=True) if sign == 0]
    straight[aside] = rest[aside]
    curl, pointing, inward, length = _curl(frame, finger, tip, base, straight, dofs, center, rng)
    return Motion(
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


def _curl(
    frame: Frame,
    finger: Finger,
    tip: np.ndarray,
    base: np.ndarray,
    straight: np.ndarray,
    dofs: list[int],
    center: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Curl signs, pointing and inward directions and length of a finger in its straight pose."""
    low, high = frame.coupling.lower, frame.coupling.upper
    place = frame.point(straight, finger.tip_link, tip)
    length = float(np.linalg.norm(place - base))
    pointing = (place - base) / max(length, 1e-9)
    trial = np.repeat(straight[None], 400, axis=0)
    trial[:, dofs] = low[dofs] + rng.random((400, len(dofs))) * (high - low)[dofs]
    drift = frame.point(trial, finger.tip_link, tip).mean(0) - place
    hinges = [j for j in finger.joints if float(frame.tree.hinge[j]) and _moved(frame, j)]
    if hinges:
        around = frame.axis(straight, hinges[-1])
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
        joint = frame.coupling.leaders[dof]
        if float(frame.tree.hinge[joint]):
            along = float(frame.axis(straight, joint) @ around)
            curl[k] = np.sign(along) if abs(along) > _PARALLEL else 0.0
        else:
            step = straight.copy()
            step[dof] += 1e-3
            curl[k] = np.sign((frame.point(step, finger.tip_link, tip) - place) @ inward)
    return curl, pointing, inward, length


def _moved(frame: Frame, joint: int) -> bool:
    return bool(np.abs(frame.coupling.matrices[1:, joint]).sum() > 0)


def find_thumb(motions: list[Motion]) -> int | None:
    """The finger that points and curls unlike all others; of two fingers the second; else None."""
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


def find_palm(
    motions: list[Motion],
    thumb: int | None,
    links: list[int],
    samples: dict[int, Samples],
    frame: Frame,
    said_normal: tuple[float, ...] | None = None,
    said_direction: tuple[float, ...] | None = None,
) -> Palm:
    """The palm's frame: normal as the fingers curl, direction as they point, unless said.

    Fingers that curl towards one another (a gripper's, or two fingers and a thumb in one plane)
    have no common inward side; the palm then faces the way that they point. Of `links`, fixed to
    one another, the palm is the one with the largest surface on that side.
    """
    others = [m for i, m in enumerate(motions) if i != thumb]
    pointing = np.mean([m.pointing for m in others], axis=0)
    inward = np.mean([m.inward for m in others], axis=0)
    if len(motions) == 2:
        pointing = np.mean([m.pointing for m in motions], axis=0)
        inward = np.mean([m.inward for m in motions], axis=0)
    if thumb is not None and len(motions) == 3 and _opposed(motions[thumb], pointing, inward):
        normal, pointing = pointing / np.linalg.norm(pointing) + motions[thumb].pointing, inward
    elif np.linalg.norm(inward) > 0.5:
        if np.linalg.norm(pointing) < 0.3:
            pointing = others[0].pointing
            normal = inward / np.linalg.norm(inward)
        else:
            direction = pointing / np.linalg.norm(pointing)
            normal = inward - (inward @ direction) * direction
    else:
        normal, pointing = pointing, others[0].inward
    if said_normal is not None:
        normal = np.asarray(said_normal)
    if said_direction is not None:
        pointing = np.asarray(said_direction)
    normal = normal / np.linalg.norm(normal)
    direction = pointing - (pointing @ normal) * normal
    if np.linalg.norm(direction) < 1e-3:
        direction = np.cross(normal, [1.0, 0, 0] if abs(normal[0]) < 0.9 else [0, 1.0, 0])
    direction = direction / np.linalg.norm(direction)
    rotation, _ = frame.poses(frame.rest)

    def facing(link: int) -> float:
        if link not in samples:
            return 0.0
        own = samples[link]
        return own.area * float((own.normals @ rotation[link].T @ normal > 0.7).mean())

    link = max(links, key=facing)
    position = _face(link, normal, samples, frame)
    thumb_side = np.cross(direction, normal)
    opposing = motions[0 if thumb is None else thumb]
    if (opposing.base + opposing.length * opposing.pointing - position) @ thumb_side < 0:
        thumb_side = -thumb_side
    return Palm(
        link=link, position=position, normal=normal, direction=direction, thumb_side=thumb_side
    )


def _opposed(thumb: Motion, pointing: np.ndarray, inward: np.ndarray) -> bool:
    """Whether a thumb moves in the plane that the other fingers curl in."""
    plane = np.stack([pointing / np.linalg.norm(pointing), inward / np.linalg.norm(inward)])
    return bool(
        np.linalg.norm(plane @ thumb.pointing) > 0.9
        and np.linalg.norm(plane @ thumb.inward) > 0.9
        and np.linalg.norm(plane[0] + thumb.pointing) > 0.3
    )


def _face(link: int, normal: np.ndarray, samples: dict[int, Samples], frame: Frame) -> np.ndarray:
    """Middle of the surface of a link that faces `normal`, (3,) root frame."""
    rotation, translation = frame.poses(frame.rest)
    if link not in samples:
        return translation[link]
    points = samples[link].points @ rotation[link].T + translation[link]
    facing = samples[link].normals @ rotation[link].T @ normal > 0.7
    if not facing.any():
        return translation[link]
    points = points[facing]
    height = points @ normal
    middle = points.mean(0)
    return middle + (np.percentile(height, 80) - middle @ normal) * normal
