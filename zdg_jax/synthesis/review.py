"""The last look: the planner's model sees the best grasps and says which serve the task."""

from __future__ import annotations

import dataclasses
import logging
import pathlib

import numpy as np

from zdg_jax import planning
from zdg_jax.errors import PlannerError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import Look, PlannerOptions
from zdg_jax.rendering import grasp_picture
from zdg_jax.rendering.picture import png

_SHOWN = 6
_SIZE = (560, 480)
_log = logging.getLogger(__name__)


def last_look(
    grasps: GraspSet,
    hand: Hand,
    obj: Object,
    planner: str = "auto",
    options: PlannerOptions | None = None,
    transcript: str | pathlib.Path | None = None,
) -> GraspSet:
    """Lets the model behind a planner rank the best of the kept grasps.

    The grasps that it saw exchange their ranks so that their order becomes the model's; scores
    stay. One that it says does not serve the task is no longer kept, unless none does. Its reasons
    stay in the provenance, under `last_look`. Without a model, or where it gives no usable answer,
    the grasps stay as they are.

    Args:
        grasps: with a plan; kept grasps marked.
        hand: their hand.
        obj: their object.
        planner: the planner that made the plan; behind a plan's file there is no model.
        options: its options.
        transcript: path of an HTML page to write; none if not given.
    """
    plan = grasps.plan
    shown = grasps.ranking[grasps.kept[grasps.ranking]][:_SHOWN]
    if plan is None or plan.planner == "rules" or planner.endswith(".json") or not len(shown):
        return grasps
    images = [_png(grasps, int(row), hand, obj) for row in shown]
    measures = [_measured(grasps, int(row)) for row in shown]
    try:
        ranking = planning.rank(
            plan, images, measures, planner=planner, options=options, transcript=transcript
        )
    except PlannerError as error:
        _log.warning("no last look (%s); the order stays that of the scores", error)
        return grasps
    if ranking is None:
        return grasps
    rank, kept = grasps.rank.copy(), grasps.kept.copy()
    rank[shown[list(ranking.order)]] = np.sort(grasps.rank[shown])
    serves = np.array([look.serves for look in ranking.looks])
    if serves.any():
        kept[shown[~serves]] = False
    return dataclasses.replace(
        grasps,
        rank=rank,
        kept=kept,
        provenance={**grasps.provenance, "last_look": _said(shown, ranking.looks)},
    )


def _png(grasps: GraspSet, row: int, hand: Hand, obj: Object) -> bytes:
    qpos = np.asarray(grasps.grasp.qpos)[row]
    return png(grasp_picture(qpos, hand, obj, *_SIZE))


def _measured(grasps: GraspSet, row: int) -> str:
    """What was measured of a grasp, in words."""
    metric = {name: float(values[row]) for name, values in grasps.metrics.items()}
    words = [
        f"chance to hold {metric['predicted_hold_probability']:.2f}",
        f"{100 * metric['on_part']:.0f} % of its contacts on the parts to hold",
        f"{100 * metric['on_avoided']:.0f} % on parts to avoid",
        f"{100 * metric['fingers_in_role']:.0f} % of the fingers in their role",
        f"the palm {np.degrees(metric['approach_error']):.0f} degrees off the planned approach",
    ]
    if grasps.tested[row]:
        words.append("holds in physics" if grasps.held[row] else "does not hold in physics")
    return ", ".join(words)


def _said(shown: np.ndarray, looks: tuple[Look, ...]) -> list[dict[str, object]]:
    return [
        {"grasp": int(row), "serves": look.serves, "reason": look.reason}
        for row, look in zip(shown, looks, strict=True)
    ]
