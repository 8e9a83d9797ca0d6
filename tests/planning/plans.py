"""A made-up plan, as a model would answer it."""

from __future__ import annotations

from typing import Any


def content(**changes: Any) -> dict[str, Any]:
    """A plan of medium wrap for a jug with one part, with `changes` to its grip."""
    grip = {
        "held": [{"mark": 1}],
        "grasp_type": "medium_wrap",
        "palm": {"contact": True, "approach": [0, 0, -2], "thumb": [1, 0, 0]},
        "aperture": 0.03,
        "confidence": 0.8,
    }
    return {
        "object": {"category": "jug", "largest_size": 0.2},
        "task": {"verb": "pour", "intent": "use"},
        "grip": grip | changes,
    }
