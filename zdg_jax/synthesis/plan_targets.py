"""From a plan's grip to the arrays that seeds and energies read."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
from scipy.spatial import cKDTree

from zdg_jax.energy import Guidance
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import Grip, TaskReading

_TORQUE_LENGTH = 0.05
_TASK_WRENCHES = 2
_CLEARANCE = 0.006
_BORDER = 0.4
"""Share of a held part's reach from the avoided ones within which it is less likely."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guided:
    """A grip, ready for seeds and energies."""

    guidance: Guidance
    """What the energies read."""
    sample_weights: np.ndarray
    """How much each surface sample asks to be held, (S,), mean 1."""


def guide(grip: Grip, task: TaskReading, obj: Object, hand: Hand) -> Guided:
    """Turns a grip into arrays; a grip of confidence 0 binds nothing but its avoided parts.

    Args:
        grip: what to hold and how (resolved against this object and hand).
        task: gives the loads to bear.
        obj: the object; its parts carry the grip's marks.
        hand: gives the palm's frame.
    """
    confidence = grip.confidence
    held, avoided = [part.mark for part in grip.held], [part.mark for part in grip.avoided]
    rest = sorted({part.mark for part in obj.parts} - set(held) - set(avoided))
    everything = not rest and not avoided
    approach = np.asarray(grip.palm.approach)
    thumb = np.zeros(3) if grip.palm.thumb is None else np.asarray(grip.palm.thumb)
    targets, weights = _targets(task, confidence)
    points, pointed, idle = _fingers(grip, hand)
    return Guided(
        guidance=Guidance(
            held=obj.region_grid(held),
            held_weight=jnp.float32(0.0 if everything else confidence),
            avoided=obj.region_grid(avoided),
            avoided_weight=jnp.float32(1.0 if avoided else 0.0),
            rest=obj.region_grid(rest),
            rest_weight=jnp.float32(confidence if rest else 0.0),
            clearance=jnp.float32(_CLEARANCE),
            approach=jnp.asarray(approach, jnp.float32),
            approach_weight=jnp.float32(confidence),
            thumb=jnp.asarray(thumb, jnp.float32),
            thumb_weight=jnp.float32(confidence if thumb.any() else 0.0),
            points=jnp.asarray(points, jnp.float32),
            point_weights=jnp.asarray(confidence * pointed, jnp.float32),
            idle=jnp.asarray(confidence * idle, jnp.float32),
            aperture=jnp.float32(grip.aperture),
            aperture_weight=jnp.float32(confidence),
            palm_normal=hand.arrays.palm_normal,
            thumb_side=hand.arrays.thumb_side,
            targets=jnp.asarray(targets, jnp.float32),
            target_weights=jnp.asarray(weights, jnp.float32),
            torque_length=jnp.float32(_TORQUE_LENGTH),
        ),
        sample_weights=_sample_weights(grip, obj),
    )


def _fingers(grip: Grip, hand: Hand) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Planned points of the links (L, 3), which links have one (L,), and which are idle (L,)."""
    points, pointed = np.zeros((hand.num_links, 3)), np.zeros(hand.num_links)
    idle = np.zeros(hand.num_links)
    fingers = {finger.name: finger for finger in hand.fingers}
    for planned in grip.fingers:
        finger = fingers[planned.finger]
        if planned.role == "idle":
            idle[list(finger.links)] = 1.0
        elif planned.point is not None:
            link = list(hand.link_names).index(planned.link)
            points[link], pointed[link] = planned.point, 1.0
    return points, pointed, idle


def _sample_weights(grip: Grip, obj: Object) -> np.ndarray:
    """The held parts together as likely as the plan is sure; avoided ones never.

    Next to an avoided part the held one is less likely: where one ends and the other begins is a
    matter of opinion.
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
    sure = grip.confidence if held.any() else 0.0
    sure = sure if rest.any() else 1.0
    weights = sure * held / max(held.sum(), 1e-9) + (1 - sure) * rest / max(rest.sum(), 1e-9)
    if not weights.any():
        weights[:] = 1.0
    return (weights / weights.mean()).astype(np.float32)


def _targets(task: TaskReading, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit pulls along +-x, +-y, +-z, then the task's strongest loads, (t, 6), and weights."""
    pulls = np.concatenate([np.eye(3), -np.eye(3)])
    targets = np.zeros((6 + _TASK_WRENCHES, 6))
    targets[:6, :3] = pulls
    weights = np.zeros(len(targets))
    weights[:6] = 1.0
    loads = [np.r_[load.force, np.asarray(load.torque) / _TORQUE_LENGTH] for load in task.wrenches]
    loads = sorted((load for load in loads if np.linalg.norm(load) > 0), key=np.linalg.norm)[::-1]
    for i, load in enumerate(loads[:_TASK_WRENCHES]):
        # The hand must produce the opposite of what the task puts on the object.
        targets[6 + i] = -load / np.linalg.norm(load)
        weights[6 + i] = confidence
    return targets, weights
