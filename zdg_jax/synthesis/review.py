"""Review: a planner that sees pictures of the best grasps says which of them serve the task."""

from __future__ import annotations

import dataclasses
import logging
import pathlib

import numpy as np

from zdg_jax.errors import PlannerError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import GraspReview, Planner
from zdg_jax.rendering import grasp_picture
from zdg_jax.rendering.picture import png

_SHOWN = 6
_SIZE = (560, 480)
_log = logging.getLogger(__name__)


def review_grasps(
    grasps: GraspSet,
    hand: Hand,
    obj: Object,
    reviewer: Planner,
    *,
    transcript: str | pathlib.Path | None = None,
) -> GraspSet:
    """Lets a planner rank the best of the kept grasps, whoever planned them.

    The grasps that it saw exchange their ranks so that their order becomes the reviewer's; scores
    stay. One that does not serve the task by its judgement is no longer kept, unless none does.
    Its reasons stay in the provenance, under `review`. The grasps stay as they are where the
    reviewer judges none (`Planner.reviews`), or gives no usable answer.

    Args:
        grasps: with a plan; kept grasps marked.
        hand: their hand.
        obj: their object.
        reviewer: the planner that judges.
        transcript: path of an HTML page to write; none if not given.
    """
    plan = grasps.plan
    shown = grasps.ranking[grasps.kept[grasps.ranking]][:_SHOWN]
    if plan is None or not reviewer.reviews or not len(shown):
        return grasps
    images = [_png(grasps, int(row), hand, obj) for row in shown]
    measures = [_measures(grasps, int(row)) for row in shown]
    try:
        ranking = reviewer.review(plan, images, measures, transcript=transcript)
    except PlannerError as error:
        _log.warning("no review (%s); the order stays that of the scores", error)
        return grasps
    if ranking is None:
        return grasps
    rank, kept = grasps.rank.copy(), grasps.kept.copy()
    rank[shown[list(ranking.order)]] = np.sort(grasps.rank[shown])
    serves = np.array([review.serves for review in ranking.reviews])
    if serves.any():
        kept[shown[~serves]] = False
    return dataclasses.replace(
        grasps,
        rank=rank,
        kept=kept,
        provenance={**grasps.provenance, "review": _as_json(shown, ranking.reviews)},
    )


def _png(grasps: GraspSet, row: int, hand: Hand, obj: Object) -> bytes:
    qpos = np.asarray(grasps.grasp.qpos)[row]
    return png(grasp_picture(qpos, hand, obj, *_SIZE))


def _measures(grasps: GraspSet, row: int) -> str:
    """Puts the metrics of a grasp in words."""
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


def _as_json(shown: np.ndarray, reviews: tuple[GraspReview, ...]) -> list[dict[str, object]]:
    return [
        {"grasp": int(row), "serves": review.serves, "reason": review.reason}
        for row, review in zip(shown, reviews, strict=True)
    ]
