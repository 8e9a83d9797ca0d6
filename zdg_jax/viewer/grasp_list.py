"""The list of a viewer: which grasps of a set it shows, and in which order."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np

from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.hand.fingers import Finger

ANY = "any"
SHOWN = ("all", "kept", "holds", "does not hold", "not tested")
"""Choices of `GraspFilter.show`."""
GRIPS = ("nothing opposes", "precision", "intermediate", "power")
"""Words for the values of the metric `grip_class`."""
_ORDERS = ("rank", "score", "number")
_FALLING = ("score", "payload", "epsilon", "on_part", "aligned", "probability", "in_role")
"""Numbers, by a piece of their name, of which more is better: the greatest come first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspFilter:
    """A choice among the grasps of a set, and their order."""

    show: str = SHOWN[0]
    """One of `SHOWN`."""
    reason: str = ANY
    """The test's verdict, a text of `Reason`."""
    touch: str = ANY
    """Links that touch the object, as `touching` says it."""
    part: str = ANY
    """Name of a part that is touched."""
    grip: str = ANY
    """Type of the grip as it came out, one of `GRIPS`."""
    order: str = _ORDERS[0]
    """`rank`, `score`, `number`, or the name of a metric."""


def orders(grasps: GraspSet) -> tuple[str, ...]:
    """Names the orders that a set can be put in."""
    return (*_ORDERS, *sorted(grasps.metrics))


def reasons(grasps: GraspSet) -> tuple[str, ...]:
    """Names what the test said of the grasps, the most frequent first; `ANY` before them."""
    return (ANY,) if grasps.validation is None else (ANY, *grasps.validation.counts())


def grips(grasps: GraspSet) -> list[str]:
    """Says of which type each grip came out, one of `GRIPS`; nothing where nobody measured it.

    Args:
        grasps: the grasps.
    """
    classes = grasps.metrics.get("grip_class")
    if classes is None:
        return []
    return [GRIPS[int(value)] if value in range(len(GRIPS)) else "unknown" for value in classes]


def touching(grasps: GraspSet, fingers: Sequence[Finger]) -> list[str]:
    """Says what of the hand touches the object in each grasp, such as `ff mf th palm`.

    Args:
        grasps: the grasps.
        fingers: fingers of their hand.
    """
    if grasps.forces is None:
        return ["unknown"] * len(grasps)
    finger_of = {link: finger.name for finger in fingers for link in finger.links}
    names = [finger.name for finger in fingers] + ["palm"]
    said = []
    for links in np.asarray(grasps.forces.links):
        touched = {finger_of.get(int(link), "palm") for link in links if link >= 0}
        said.append(" ".join(name for name in names if name in touched) or "nothing")
    return said


def choices(said: Sequence[str], most: int = 24) -> tuple[str, ...]:
    """Lists what is said, the most frequent first; `ANY` before them."""
    return (ANY, *(text for text, _ in Counter(said).most_common(most)))


def listed(
    grasps: GraspSet,
    chosen: GraspFilter,
    touch: Sequence[str],
    parts: Sequence[frozenset[str]] | None = None,
) -> np.ndarray:
    """Numbers the grasps that a filter lets through, in its order, (k,).

    Args:
        grasps: the grasps.
        chosen: the filter.
        touch: what touches, see `touching`, one text per grasp.
        parts: names of the parts that each grasp touches; without them no part is asked for.
    """
    mask = {
        "all": np.ones(len(grasps), bool),
        "kept": grasps.kept,
        "holds": grasps.held,
        "does not hold": grasps.tested & ~grasps.held,
        "not tested": ~grasps.tested,
    }[chosen.show].copy()
    if chosen.reason != ANY and grasps.validation is not None:
        mask &= np.array([reason == chosen.reason for reason in grasps.validation.reasons], bool)
    if chosen.touch != ANY:
        mask &= np.array([text == chosen.touch for text in touch], bool)
    if chosen.part != ANY and parts is not None:
        mask &= np.array([chosen.part in names for names in parts], bool)
    if chosen.grip != ANY:
        mask &= np.array([grip == chosen.grip for grip in grips(grasps)], bool)
    numbers = np.flatnonzero(mask)
    return numbers[np.argsort(_keys(grasps, chosen.order)[numbers], kind="stable")]


def _keys(grasps: GraspSet, order: str) -> np.ndarray:
    """Keys to sort by, least first; what is not finite comes last, (n,)."""
    if order == "number":
        return np.arange(len(grasps))
    if order == "rank":
        return grasps.rank
    values = np.asarray(grasps.score if order == "score" else grasps.metrics[order], float)
    values = -values if any(piece in order for piece in _FALLING) else values
    return np.where(np.isfinite(values), values, np.inf)
