"""Review: a planner that sees pictures of the best grasps says which of them serve the task."""

from __future__ import annotations

import dataclasses
import logging
import pathlib

import numpy as np

from zdg_jax.errors import PlannerError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import GraspReview, Planner, object_of
from zdg_jax.planning.geometry.closing import touched_parts, touches_in_words
from zdg_jax.planning.geometry.parts import ObjectShape, measure
from zdg_jax.rendering.grasp_views import GraspViews, beside
from zdg_jax.rendering.picture import png
from zdg_jax.rendering.scene_shapes import scene_shapes
from zdg_jax.scenes.surroundings import Surroundings

_SHOWN = 6
_SIZE = (480, 400)
"""Size of each of a grasp's two views [px]."""
_SHEER = 0.5
"""Opacity of what surrounds the object."""
_SURROUNDINGS = 1000
"""Label of what surrounds it."""
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
    obj, shape = object_of(plan, obj), measure(object_of(plan, obj))
    images = _images(grasps, shown, hand, obj)
    measures = [_measures(grasps, int(row), hand, obj, shape) for row in shown]
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


def _images(grasps: GraspSet, shown: np.ndarray, hand: Hand, obj: Object) -> list[bytes]:
    """One picture per grasp, from two sides, as candidate hands were shown."""
    assert grasps.plan is not None
    grip = grasps.plan.grip
    around = None if grasps.scene is None else Surroundings.seen_from(grasps.scene)
    box = np.stack([obj.vertices.min(axis=0), obj.vertices.max(axis=0)])
    views = GraspViews(
        obj,
        hand,
        [part.mark for part in grip.held],
        [part.mark for part in grip.avoided],
        idle=[finger.finger for finger in grip.fingers if finger.role == "idle"],
        around=scene_shapes(around, box, label=_SURROUNDINGS, opacity=_SHEER),
    )
    poses = list(np.asarray(grasps.grasp.qpos, float)[shown])
    return [png(beside(pair)) for pair in views.pairs(poses, *_SIZE)]


def _measures(grasps: GraspSet, row: int, hand: Hand, obj: Object, shape: ObjectShape) -> str:
    """Puts what is measured of a grasp in words, one thing a line."""
    assert grasps.plan is not None
    metric = {name: float(values[row]) for name, values in grasps.metrics.items()}
    qpos = np.asarray(grasps.grasp.qpos, float)[row]
    turn = rotation_matrix(qpos[3:7] / np.linalg.norm(qpos[3:7]))
    touches = touched_parts(hand, qpos[7:], turn, qpos[:3], shape, obj)
    avoided = [part.mark for part in grasps.plan.grip.avoided]
    lines = [
        f"touches {touches_in_words(touches, avoided)}",
        f"{100 * metric['on_part']:.0f} % of its contacts lie on the parts to hold, "
        f"{100 * metric['on_avoided']:.0f} % on parts to avoid",
        f"{100 * metric['fingers_in_role']:.0f} % of the fingers are in their role",
        f"the palm is {np.degrees(metric['approach_error']):.0f} degrees off the planned approach",
        f"chance to hold {metric['predicted_hold_probability']:.2f}",
    ]
    if grasps.tested[row]:
        lines.append("holds in physics" if grasps.held[row] else "does not hold in physics")
    return "\n- ".join(lines)


def _as_json(shown: np.ndarray, reviews: tuple[GraspReview, ...]) -> list[dict[str, object]]:
    return [
        {"grasp": int(row), "serves": review.serves, "reason": review.reason}
        for row, review in zip(shown, reviews, strict=True)
    ]
