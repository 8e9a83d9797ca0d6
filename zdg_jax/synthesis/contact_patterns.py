"""Contact patterns: links that are meant to touch, and the probability that a plan gives each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from zdg_jax.energy import Pattern
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import FingerPlan, Grip
from zdg_jax.planning.taxonomy import STYLES
from zdg_jax.runtime.arrays import floats, integers

_POWER, _LOADED_POWER = 0.42, 0.95
"""Probability of the power pattern where no plan binds, for a light object and for a heavy one."""
_LIGHT, _HEAVY = 0.1, 0.4
"""Loads up to which an object is light, and from which it is heavy, see `pattern_probabilities`."""
_ALL_TIPS = 0.72
"""Probability of all tips among the patterns of tips where no plan binds; the other runs of fingers
share the rest."""
_SLOTS = 9
"""Most links that a pattern can close on the object: each costs in every step."""
_FINGER_COST = 2.0
"""Log-likelihood that each finger more or less than find room on the held part costs."""
_PLANNED_POWER, _CRAMPED_POWER = 1.0, 0.7
"""Probability of the power pattern where the plan asks for it and all fingers find room, and where
they do not."""


def contact_patterns(hand: Hand, grip: Grip | None = None) -> Pattern:
    """List the contact patterns that a hand can choose from.

    First the tips of every run of neighbouring fingers together with the thumb, longest run
    first; then the power pattern, in which the fingers' innermost links and the palm join where
    they come near. Slots are the tips, then those links, then the palm, then other links as far as
    there is room. Last the same p patterns with the links that the grip names in place of the tips.
    Seeds of the power pattern give its slots to the links that they enclose the object with.

    Args:
        hand: the hand.
        grip: names the links that the fingers touch with; None leaves the tips.

    Returns:
        Patterns, (2 p, k).
    """
    candidates = set(np.asarray(hand.arrays.contacts.link).tolist())
    tips = [finger.tip_link for finger in hand.fingers]
    inner = []
    for finger in hand.fingers:
        others = [link for link in finger.links if link in candidates and link not in tips]
        if others and not finger.is_thumb:
            inner.append(others[-1])
    palm = [hand.palm.link] if hand.palm.link in candidates else []
    used = [*tips, *inner, *palm]
    others = [link for link in sorted(candidates) if link not in used]
    slots = np.array([*used, *others[: max(_SLOTS - len(used), 0)]], np.int32)
    planned = _planned_slots(hand, grip.fingers if grip else [], slots)
    rows = [np.isin(np.arange(len(slots)), run) for run in _runs(hand)]
    rows.append(np.ones(len(slots), bool))
    optional = np.arange(len(slots)) >= len(tips)
    return Pattern(
        link=integers(np.repeat([slots, planned], len(rows), axis=0)),
        active=floats(np.stack(2 * rows)),
        optional=floats(np.tile(optional, (2 * len(rows), 1))),
    )


def pattern_probabilities(hand: Hand, grip: Grip, obj: Object, load: float) -> np.ndarray:
    """Compute the probability that each of `contact_patterns` is drawn.

    A part that is too short for all fingers side by side is held by fewer; patterns of tips leave
    idle fingers of the plan out, and enclosing hands leave them open; types with inner links, and a
    palm that is to touch, ask for the power pattern. The plan binds as far as it is sure; as far as
    it is not, the load decides: what is light is held by tips and by the whole hand, what is heavy
    for the tips by the whole hand.

    Args:
        hand: the hand.
        grip: what to hold and with which fingers.
        obj: gives the lengths of the held parts.
        load: the object's weight, over what a pinch of the tips carries.

    Returns:
        Probabilities, (2 p,), whose sum is 1.
    """
    runs = _runs(hand)
    fingers = [i for i, finger in enumerate(hand.fingers) if not finger.is_thumb]
    most = len(fingers)
    size = np.array([len(set(run) & set(fingers)) for run in runs])
    loaded = float(np.interp(load, (_LIGHT, _HEAVY), (_POWER, _LOADED_POWER)))
    free = np.full(len(runs) + 1, (1 - _ALL_TIPS) * (1 - loaded) / max(len(runs) - 1, 1))
    free[0], free[-1] = _ALL_TIPS * (1 - loaded), loaded

    idle = idle_fingers(grip)
    allowed = np.array([not any(hand.fingers[i].name in idle for i in run) for run in runs])
    fitting = min(_fitting(hand, grip, obj), most)
    wanted = np.where(allowed, np.exp(-_FINGER_COST * np.abs(size - fitting)), 0.0)
    power = 0.0
    if STYLES[grip.grasp_type].inner_links or grip.palm.contact:
        power = _PLANNED_POWER if fitting == most else _CRAMPED_POWER
    planned = np.append(wanted / max(wanted.sum(), 1e-9) * (1 - power), power)
    planned = planned if planned.any() else free
    return np.concatenate(
        [(1 - grip.confidence) * free / free.sum(), grip.confidence * planned / planned.sum()]
    )


def idle_fingers(grip: Grip) -> set[str]:
    """Return the names of the fingers that a grip leaves idle."""
    return {plan.finger for plan in grip.fingers if plan.role == "idle"}


def _planned_slots(hand: Hand, fingers: Sequence[FingerPlan], slots: np.ndarray) -> np.ndarray:
    """The slots with each finger's tip exchanged for the link that the grip names.

    A finger that wraps touches with its tip too, and its inner link where it comes near.
    """
    slots = slots.copy()
    names = list(hand.link_names)
    candidates = set(np.asarray(hand.arrays.contacts.link).tolist())
    for finger in fingers:
        if finger.role in ("idle", "wrap"):
            continue
        tip = next(f.tip_link for f in hand.fingers if f.name == finger.finger)
        link = names.index(finger.link)
        if link == tip or link not in candidates:
            continue
        of_tip, of_link = slots == tip, slots == link
        slots[of_tip], slots[of_link] = link, tip
    return slots


def _runs(hand: Hand) -> list[list[int]]:
    """Fingers of each run of neighbours, with the thumb, longest runs first."""
    thumbs = [i for i, finger in enumerate(hand.fingers) if finger.is_thumb]
    others = [i for i, finger in enumerate(hand.fingers) if not finger.is_thumb]
    least = 1 if thumbs else min(2, len(others))
    return [
        thumbs + others[start : start + count]
        for count in range(len(others), least - 1, -1)
        for start in range(len(others) - count + 1)
    ]


def _fitting(hand: Hand, grip: Grip, obj: Object) -> int:
    """Number of fingers that find room side by side along the longest held part."""
    positions = hand.tip_positions(hand.half_closed_dofs)
    tips = [p for p, f in zip(positions, hand.fingers, strict=True) if not f.is_thumb]
    gaps = [np.linalg.norm(b - a) for a, b in itertools.pairwise(tips)]
    held = {part.mark for part in grip.held}
    lengths = [part.extents[0] for part in obj.parts if part.mark in held]
    if not gaps or not lengths:
        return len(tips)
    return 1 + int(max(lengths) / max(float(np.mean(gaps)), 1e-3))
