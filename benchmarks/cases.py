"""Prepared inputs of the workloads: pipelines that follow the rules' plan, and rows of batches."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from benchmarks.settings import Settings, first_object
from benchmarks.yields import TASK
from zdg_jax import planning
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.synthesis.pipeline import GraspPipeline


def rules_pipeline(hand: Hand, obj: Object) -> GraspPipeline:
    """Plans by rules and prepares the stages with the library's settings."""
    plan = planning.plan(TASK, obj, hand, planner="rules")
    return GraspPipeline.prepare(plan, obj, hand)


def first_pipeline(settings: Settings) -> GraspPipeline:
    """The pipeline of the first hand with the first object."""
    return rules_pipeline(Hand.load(settings.hands[0]), first_object(settings))


def repeat(tree: Any, num: int) -> Any:
    """Rows of a batch repeated, or cut, to `num`."""
    return jax.tree.map(lambda leaf: leaf[np.arange(num) % len(leaf)], tree)
