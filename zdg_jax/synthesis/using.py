"""Use: grasps that hold are put to the deed of the plan, and those that do it come first."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.rows import places
from zdg_jax.physics import Physics
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.synthesis import selection
from zdg_jax.validation import Deed, Engine, UseProtocol
from zdg_jax.validation.scene import HandLike, ObjectLike

SPARE = 2
"""Grasps that are put to use, as a multiple of those that are wanted."""


def put_to_use(
    grasps: GraspSet,
    hand: HandLike,
    obj: ObjectLike,
    deed: Deed,
    keep: int,
    physics: Physics,
    progress: Progress = silent,
) -> GraspSet:
    """Takes the best grasps that hold through a deed; those that do it come first from then on.

    Where none holds, the best are tried all the same: a pan that slips with its side down may be
    carried level.

    Args:
        grasps: grasps that were tested in physics.
        hand: their hand.
        obj: their object.
        deed: what is to be done.
        keep: grasps that are wanted.
        physics: mass, friction, gravity and drives.
        progress: told of the stage `use`, in grasps.

    Returns:
        The grasps with the metrics `use` (1 where the deed is done, 0 where not, NaN where it was
        not tried), `use_reason` (code of `Reason`) and `use_step` (number of the step at which it
        failed, 0 while the hand closed; NaN where it did not), and with new ranks.
    """
    candidates = grasps if grasps.held.any() else dataclasses.replace(grasps, validation=None)
    rows = selection.diverse(candidates, SPARE * keep)
    metrics = {name: np.full(len(grasps), np.nan) for name in ("use", "use_reason", "use_step")}
    if len(rows):
        engine = Engine(hand, obj, UseProtocol(deed=deed, physics=physics))
        result = engine.run(
            grasps.poses[rows], progress=lambda _, done, total: progress("use", done, total)
        )
        failed = result.tested & ~result.survived_loads
        metrics["use"][rows] = result.held
        metrics["use_reason"][rows] = result.reason
        metrics["use_step"][rows] = np.where(failed.any(axis=1), failed.argmax(axis=1), np.nan)
    group = np.nan_to_num(1 - metrics["use"], nan=0.5)
    order = grasps.ranking
    order = order[np.argsort(group[order], kind="stable")]
    return dataclasses.replace(grasps, metrics={**grasps.metrics, **metrics}, rank=places(order))
