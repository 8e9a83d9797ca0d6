"""Files of schema version 1, which zdg-jax 0.1 wrote, in the words of the present one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_RENAMED = {
    "metric/hold_chance": "metric/predicted_hold_probability",
    "term/closure": "term/force_closure",
    "term/facing": "term/normal_alignment",
    "term/skeleton_penetration": "term/inscribed_penetration",
    "validation/directions": "validation/survived_loads",
}
"""Arrays of version 1 that have another name now."""


def from_version_1(
    meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Rewrites what a file of version 1 holds.

    There the task, the plan and the weight of the alignment lay in the provenance, and the order
    of the grasps was that of their scores.

    Args:
        meta: the file's JSON part.
        arrays: its arrays by name.

    Returns:
        Both as version 2 has them.
    """
    provenance = dict(meta["provenance"])
    config = provenance.get("config", {})
    now = dict(meta) | {
        "version": 2,
        "task": provenance.pop("task", ""),
        "plan": provenance.pop("plan", None),
        "alignment_weight": config.get("alignment", 2.0),
        "provenance": provenance,
    }
    score = arrays["score"]
    order = np.argsort(-np.where(np.isfinite(score), score, -np.inf), kind="stable")
    rank = np.empty(len(score), np.int64)
    rank[order] = np.arange(len(score))
    return now, {_RENAMED.get(name, name): value for name, value in arrays.items()} | {"rank": rank}
