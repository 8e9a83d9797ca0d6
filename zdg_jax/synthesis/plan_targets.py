"""From a plan's grip to the arrays that seeds and energies read."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from zdg_jax.energy import (
    ApertureTarget,
    DirectionTarget,
    LinkTargets,
    PartTarget,
    PointingTarget,
    TaskTargets,
    WrenchTargets,
)
from zdg_jax.geometry.frames import upright_axes
from zdg_jax.hand import Hand
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.objects import Object
from zdg_jax.planning import Grip, Opposition, TaskReading
from zdg_jax.planning.geometry.working_end import pointing
from zdg_jax.runtime.arrays import floats, integers

_TASK_WRENCHES = 2
"""Loads of the task that are taken up, the strongest; places without one have weight 0."""
_CLEARANCE = 0.006
"""Distance to keep from the parts to avoid, and of idle links from the object [m]."""
_BORDER = 0.4
"""Share of a held part's reach from the avoided ones within which it is less likely."""


_PLACE = 0.03
"""Distance from the planned place within which a held part is as likely as there [m]."""
_ELSEWHERE = 0.1
"""Likelihood of a held part far from the planned place, beside that at it."""
_PREFERRED = 1 / 3
"""Weight of parts that an indifferent plan names, beside those of a sure one, both as far as it is
sure: a better hold on others is then welcome."""
_LIFT_WEIGHTS = (1.0, 1.0, 3.0, 1.0, 1.0, 0.3)
"""Weights of pulls on an object that stands on something, two of them level, one upwards, and their
opposites: it is lifted, and what carries it is below."""


def targets_from_plan(
    grip: Grip,
    task: TaskReading,
    obj: Object,
    hand: Hand,
    up: np.ndarray | None = None,
    *,
    posed: bool = True,
) -> TaskTargets:
    """Turn a grip into arrays; a grip of confidence 0 binds nothing but its avoided parts.

    Parts that the plan only prefers, see `Grip.binding`, weigh less still.

    Args:
        grip: what to hold and with which fingers, resolved against this object and hand.
        task: gives the loads to bear.
        obj: the object; its parts carry the grip's marks.
        hand: gives the fingers and their links.
        up: where something carries the object, the unit direction that points up, (3,), object
            frame.
        posed: whether the palm is to come from where it is planned, turned as it is planned; left
            open otherwise, unless the task's words ask for a side.

    Returns:
        Targets whose shapes depend on the hand alone.
    """
    confidence = grip.confidence
    direction = confidence if posed else 0.0
    parts = confidence * (_PREFERRED + (1 - _PREFERRED) * grip.binding)
    held, avoided = [part.mark for part in grip.held], [part.mark for part in grip.avoided]
    rest = sorted({part.mark for part in obj.parts} - set(held) - set(avoided))
    everything = not rest and not avoided
    thumb = np.zeros(3) if grip.palm.thumb is None else np.asarray(grip.palm.thumb)
    return TaskTargets(
        held=_part_target(obj, held, 0.0 if everything else parts),
        avoided=_part_target(obj, avoided, 1.0 if avoided else 0.0),
        rest=_part_target(obj, rest, parts if rest else 0.0),
        clearance=floats(_CLEARANCE),
        approach=DirectionTarget(
            direction=floats(grip.palm.approach),
            weight=floats(direction if grip.palm.asked is None else 1.0),
        ),
        thumb=DirectionTarget(
            direction=floats(thumb),
            weight=floats(direction if thumb.any() else 0.0),
        ),
        palm=floats(confidence if grip.palm.contact else 0.0),
        links=_link_targets(grip, hand),
        extended=_extended_target(grip, obj, hand),
        aperture=ApertureTarget(width=floats(grip.aperture), weight=floats(confidence)),
        wrenches=_wrench_targets(task, confidence, up),
        sample_weights=floats(_sample_weights(grip, obj)),
    )


def _part_target(obj: Object, marks: list[int], weight: float) -> PartTarget:
    # Distances to parts that do not count are never looked up.
    grid = obj.region_grid(marks if weight > 0 else [])
    return PartTarget(grid=grid, weight=floats(weight))


def _link_targets(grip: Grip, hand: Hand) -> LinkTargets:
    """Planned points of the links, and those of idle fingers and of a palm that is to keep clear,
    as far as the plan is sure."""
    points, pointed = np.zeros((hand.num_links, 3)), np.zeros(hand.num_links)
    idle = np.zeros(hand.num_links)
    if grip.style.opposition is Opposition.PAD and not grip.palm.contact:
        idle[hand.palm_links] = 1.0
    fingers = {finger.name: finger for finger in hand.fingers}
    for planned in grip.fingers:
        finger = fingers[planned.finger]
        if planned.role == "idle":
            idle[list(finger.links)] = 1.0
        elif planned.point is not None:
            link = list(hand.link_names).index(planned.link)
            points[link], pointed[link] = planned.point, 1.0
    return LinkTargets(
        points=floats(points),
        point_weights=floats(grip.confidence * pointed),
        idle=floats(grip.confidence * idle),
    )


def _extended_target(grip: Grip, obj: Object, hand: Hand) -> PointingTarget:
    direction, finger = pointing(grip, obj), hand.index_finger
    return PointingTarget(
        direction=DirectionTarget(
            direction=floats(np.zeros(3) if direction is None else direction),
            weight=floats(0.0 if direction is None else grip.confidence),
        ),
        base=integers(finger.links[0]),
        tip=integers(finger.tip_link),
    )


def _sample_weights(grip: Grip, obj: Object) -> np.ndarray:
    """Weighs how much each surface sample asks to be held, (S,), mean 1.

    The held parts together are as likely as the plan is sure, avoided ones never chosen.
    Next to an avoided part the held one is less likely: where one ends and the other begins is a
    matter of opinion. So is what lies away from a place that the plan names.
    """
    parts, points = np.asarray(obj.arrays.samples.parts), np.asarray(obj.arrays.samples.points)
    held, rest = np.zeros(parts.shape), np.ones(parts.shape)
    for part in grip.held:
        held[parts == part.mark] = part.weight
    rest[held > 0] = 0.0
    avoided = np.isin(parts, [part.mark for part in grip.avoided])
    held[avoided] = rest[avoided] = 0.0
    if avoided.any() and held.any():
        gap = np.asarray(cKDTree(points[avoided]).query(points)[0])
        held *= np.clip(gap / (_BORDER * gap[held > 0].max()), 0.1, 1.0)
    if grip.palm.place is not None:
        away = np.linalg.norm(points - np.asarray(grip.palm.place), axis=1)
        held *= np.maximum(np.exp(-0.5 * (away / _PLACE) ** 2), _ELSEWHERE)
    sure = grip.confidence if held.any() else 0.0
    sure = sure if rest.any() else 1.0
    weights = sure * held / max(held.sum(), 1e-9) + (1 - sure) * rest / max(rest.sum(), 1e-9)
    if not weights.any():
        weights[:] = 1.0
    return (weights / weights.mean()).astype(np.float32)


def _wrench_targets(task: TaskReading, confidence: float, up: np.ndarray | None) -> WrenchTargets:
    """Unit pulls along six axes, one of them `up` if there is one, then the task's loads."""
    wrenches, weights = np.zeros((6 + _TASK_WRENCHES, 6)), np.zeros(6 + _TASK_WRENCHES)
    axes = np.eye(3) if up is None else upright_axes(up).T
    wrenches[:6, :3] = np.concatenate([axes, -axes])
    weights[:6] = 1.0 if up is None else _LIFT_WEIGHTS
    loads = [np.r_[load.force, np.asarray(load.torque) / TORQUE_LENGTH] for load in task.wrenches]
    loads = sorted((load for load in loads if np.linalg.norm(load) > 0), key=np.linalg.norm)[::-1]
    for i, load in enumerate(loads[:_TASK_WRENCHES]):
        # The hand must produce the opposite of what the task puts on the object.
        wrenches[6 + i] = -load / np.linalg.norm(load)
        weights[6 + i] = confidence
    return WrenchTargets(wrenches=floats(wrenches), weights=floats(weights))
