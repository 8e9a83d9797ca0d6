"""Yield: how many grasps hold in physics, how fast they come, and how much they differ.

Every grasp that is made is tested: none is chosen by score, and refinement never sees the test.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import jax
import numpy as np

from benchmarks.metrics import Direction, Metric
from benchmarks.settings import Settings, load_objects
from zdg_jax import planning
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.synthesis import selection
from zdg_jax.synthesis.synthesize import synthesize
from zdg_jax.validation import rollout

TASK = "pick it up"
STAGES = ("plan", "make", "test")
_UNITS: Mapping[str, tuple[str, Direction]] = {
    "yield": ("share", "higher"),
    "distinct": ("grasps", "higher"),
    "held_rate": ("held grasps/s", "higher"),
    "best": ("share", "higher"),
    "penetration": ("mm", "lower"),
    "self_penetration": ("mm", "lower"),
    "contact": ("mm", "lower"),
    "first_component": ("share", "lower"),
    "prepare": ("s", "lower"),
    "plan": ("s", "lower"),
    "make": ("s", "lower"),
    "test": ("s", "lower"),
}


def measure_yield(settings: Settings) -> dict[str, Metric]:
    """Per hand and object, and per hand over all objects:

    - `yield`: share of the grasps that hold in the six-direction test.
    - `distinct`: held grasps that differ from each other by 2 cm, 20 degrees or 0.5 rad.
    - `held_rate`: held grasps a second over plan, seeds to squeeze, and test; programs compiled.
    - `best`: share that holds of the sixteenth that the library ranks best, before any test.
    - `penetration`: mean depth of the hand in the object's convex pieces at the grasp.
    - `self_penetration`: mean depth of the hand in itself.
    - `contact`: mean gap of the contacts.
    - `first_component`: share of the held grasps' joint variance along one direction, where at
      least three hold; low means diverse.
    - `prepare`, `plan`, `make`, `test`: seconds of each stage. Preparation counts once an object
      and is not in the rate; it is short where the cache on disk knows the object.
    """
    num = settings.num or (16 if settings.quick else 64)
    metrics: dict[str, Metric] = {}
    for name in settings.hands:
        hand, rows = Hand.load(name), {}
        start = time.perf_counter()
        for obj in load_objects(settings):
            prepare = time.perf_counter() - start
            if not rows:  # the programs compile outside the times
                all_tested(hand, obj, num, settings.key)
            rows[obj.name] = {"prepare": prepare, **_measure(hand, obj, num, settings.key)}
            start = time.perf_counter()
        rows["all"] = _total(list(rows.values()), num)
        metrics |= {
            f"{hand.name} {case}/{quantity}": Metric.of([row[quantity]], *_UNITS[quantity])
            for case, row in rows.items()
            for quantity in _UNITS
            if np.isfinite(row[quantity])
        }
    return metrics


def all_tested(hand: Hand, obj: Object, num: int, key: int) -> tuple[GraspSet, dict[str, float]]:
    """Grasps of an object, every one tested, and the seconds of each of `STAGES`."""
    times = [time.perf_counter()]
    plan = planning.plan(TASK, obj, hand, planner="rules")
    times.append(time.perf_counter())
    grasps = synthesize(
        TASK, obj, hand, num=num, key=jax.random.key(key), planner=plan, validate=False
    )
    times.append(time.perf_counter())
    grasps = grasps.with_validation(rollout(hand, obj, grasps.poses))
    times.append(time.perf_counter())
    return grasps, dict(zip(STAGES, np.diff(times).tolist(), strict=True))


def _measure(hand: Hand, obj: Object, num: int, key: int) -> dict[str, float]:
    grasps, seconds = all_tested(hand, obj, num, key)
    held = np.flatnonzero(grasps.held)
    best = grasps.ranking[: max(num // 16, 1)]
    return seconds | {
        "yield": float(grasps.held.mean()),
        "distinct": float(len(selection.distinct(grasps, held, num))),
        "held_rate": len(held) / sum(seconds.values()),
        "best": float(grasps.held[best].mean()),
        "penetration": 1e3 * float(np.mean(grasps.metrics["penetration"])),
        "self_penetration": 1e3 * float(np.mean(grasps.metrics["self_penetration"])),
        "contact": 1e3 * float(np.mean(grasps.metrics["contact_distance"])),
        "first_component": first_component(np.asarray(grasps.grasp.joints)[held]),
    }


def _total(rows: list[dict[str, float]], num: int) -> dict[str, float]:
    """Means over the objects; the rate is that of all grasps over all seconds."""
    total = {
        name: float(np.mean([row[name] for row in rows if np.isfinite(row[name])] or [np.nan]))
        for name in _UNITS
    }
    held = sum(row["yield"] * num for row in rows)
    total["held_rate"] = held / sum(row[s] for row in rows for s in STAGES)
    return total


def first_component(joints: np.ndarray) -> float:
    """Share of the variance of joints (n, j) along their first principal component.

    Not a number with fewer than three grasps or without variance.
    """
    if len(joints) < 3:
        return float("nan")
    variance = np.linalg.svd(joints - joints.mean(axis=0), compute_uv=False) ** 2
    return float(variance[0] / variance.sum()) if variance.sum() > 0 else float("nan")
