"""Contact patterns: which links are meant to touch, and how likely a plan makes each choice."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from zdg_jax.energy import Pattern
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import FingerPlan, Grip
from zdg_jax.planning.taxonomy import STYLES

import os
_OPEN = {"tips": (1-float(os.environ.get("POWER",.42)))*.72, "power": float(os.environ.get("POWER",.42))}
SLOTS=int(os.environ.get("SLOTS",0))
"""Shares of all tips and of the power pattern where no plan binds; the rest goes to the others."""


def contact_patterns(hand: Hand, grip: Grip | None = None) -> Pattern:
    """The contact patterns that a hand can choose from, (2 p, k).

    First the tips of every run of neighbouring fingers together with the thumb, longest run
    first; then the power pattern, in which the fingers' innermost links and the palm join where
    they come near. Slots are the tips, then those links, then the palm. Last the same p patterns
    with the links that the grip, if there is one, names in place of the tips.
    """
    present = set(np.asarray(hand.arrays.contacts.link).tolist())
    tips = [finger.tip_link for finger in hand.fingers]
    inner = []
    for finger in hand.fingers:
        others = [link for link in finger.links if link in present and link not in tips]
        if others and not finger.is_thumb:
            inner.append(others[-1])
    palm = [hand.palm.link] if hand.palm.link in present else []
    slots = np.array([*tips, *inner, *palm], np.int32)
    used = len(slots)
    if SLOTS > used:
        slots = np.concatenate([slots, np.repeat(slots[-1:], SLOTS - used)]).astype(np.int32)
    planned = _planned_slots(hand, grip.fingers if grip else [], slots)
    rows = [np.isin(np.arange(len(slots)), run) for run in _runs(hand)]
    rows.append(np.arange(len(slots)) < used)
    optional = np.arange(len(slots)) >= len(tips)
    return Pattern(
        link=jnp.asarray(np.repeat([slots, planned], len(rows), axis=0)),
        active=jnp.asarray(np.stack(2 * rows), jnp.float32),
        optional=jnp.asarray(np.tile(optional, (2 * len(rows), 1)), jnp.float32),
    )


def pattern_probabilities(hand: Hand, grip: Grip, obj: Object) -> np.ndarray:
    """How likely each of `patterns` is to be drawn, (2 p,), sums to 1.

    A part that is too short for all fingers side by side is held by fewer; idle fingers of the
    plan stay idle; types with inner links, and a palm that is to touch, ask for the power
    pattern. The plan binds as far as it is sure.
    """
    runs = _runs(hand)
    fingers = [i for i, finger in enumerate(hand.fingers) if not finger.is_thumb]
    most = len(fingers)
    size = np.array([len(set(run) & set(fingers)) for run in runs])
    free = np.full(len(runs) + 1, 1 - sum(_OPEN.values()))
    free[1:-1] /= max(len(runs) - 1, 1)
    free[0], free[-1] = _OPEN["tips"], _OPEN["power"]

    idle = {plan.finger for plan in grip.fingers if plan.role == "idle"}
    allowed = np.array([not any(hand.fingers[i].name in idle for i in run) for run in runs])
    fitting = min(_fitting(hand, grip, obj), most)
    wanted = np.where(allowed, np.exp(-2.0 * np.abs(size - fitting)), 0.0)
    power = 0.0
    if (STYLES[grip.grasp_type].inner_links or grip.palm.contact) and not idle:
        power = 0.6 if fitting == most else 0.2
    planned = np.append(wanted / max(wanted.sum(), 1e-9) * (1 - power), power)
    planned = planned if planned.any() else free
    return np.concatenate(
        [(1 - grip.confidence) * free / free.sum(), grip.confidence * planned / planned.sum()]
    )


def _planned_slots(hand: Hand, fingers: Sequence[FingerPlan], slots: np.ndarray) -> np.ndarray:
    """The slots with each finger's tip exchanged for the link that the grip names.

    A finger that wraps touches with its tip too, and its inner link where it comes near.
    """
    slots = slots.copy()
    names, present = list(hand.link_names), set(np.asarray(hand.arrays.contacts.link).tolist())
    for finger in fingers:
        if finger.role in ("idle", "wrap"):
            continue
        tip = next(f.tip_link for f in hand.fingers if f.name == finger.finger)
        link = names.index(finger.link)
        if link == tip or link not in present:
            continue
        before, there = slots == tip, slots == link
        slots[before], slots[there] = link, tip
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
    """How many fingers find room side by side along the longest held part."""
    tips = [np.asarray(hand.tip_position(f)) for f in hand.fingers if not f.is_thumb]
    gaps = [np.linalg.norm(b - a) for a, b in itertools.pairwise(tips)]
    held = {part.mark for part in grip.held}
    lengths = [part.extents[0] for part in obj.parts if part.mark in held]
    if not gaps or not lengths:
        return len(tips)
    return 1 + int(max(lengths) / max(float(np.mean(gaps)), 1e-3))
