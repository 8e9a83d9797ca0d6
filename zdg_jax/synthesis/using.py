"""Use: grasps that hold are put to the deed of the plan, and those that do it come first.

What a deed asks is known from doing it alone: of grasps that hold, hardly one may bear a pull that
all others slip under. So more are tested and tried while too few do it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.rows import places
from zdg_jax.physics import Physics
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.synthesis import selection
from zdg_jax.validation import Deed, Engine, Protocol, UseProtocol
from zdg_jax.validation.scene import HandLike, ObjectLike

_SPARE, _WAVES = 2, 3
"""Grasps that are put to use in a wave, as a multiple of those wanted, and waves at most."""
_METRICS = ("use", "use_reason", "use_step")


def validate_and_use(
    grasps: GraspSet,
    hand: HandLike,
    obj: ObjectLike,
    deed: Deed,
    keep: int,
    test: Protocol,
    physics: Physics,
    progress: Progress = silent,
) -> GraspSet:
    """Tests grasps, best first, and takes those that hold through a deed until enough do it.

    In waves, see `_SPARE` and `_WAVES`; where none of two waves does it, that is the end.

    Args:
        grasps: refined grasps.
        hand: their hand.
        obj: their object.
        deed: what is to be done.
        keep: distinct grasps that are wanted.
        test: what grasps must hold before they are tried.
        physics: mass, friction, gravity and drives of the deed.
        progress: told of the stages `validate` and `use`, in grasps.

    Returns:
        The grasps with their results, see `validate_best_first` and `put_to_use`.
    """
    for wave in range(1, _WAVES + 1):
        wanted = wave * _SPARE * keep
        grasps = selection.validate_best_first(grasps, hand, obj, wanted, progress, test)
        before = np.count_nonzero(np.isfinite(grasps.metrics.get("use", np.nan)))
        grasps = put_to_use(grasps, hand, obj, deed, _SPARE * keep, physics, progress)
        use = grasps.metrics["use"]
        done, tried = np.count_nonzero(use == 1), np.count_nonzero(np.isfinite(use))
        if done >= keep or tried == before or (wave > 1 and not done):
            break
    return grasps


def put_to_use(
    grasps: GraspSet,
    hand: HandLike,
    obj: ObjectLike,
    deed: Deed,
    most: int,
    physics: Physics,
    progress: Progress = silent,
) -> GraspSet:
    """Takes the best grasps that hold through a deed; those that do it come first from then on.

    Where none holds, the best are tried all the same: a pan that slips with its side down may be
    carried level. Those that were tried before are not tried again.

    Args:
        grasps: grasps that were tested in physics.
        hand: their hand.
        obj: their object.
        deed: what is to be done.
        most: grasps that are tried at most.
        physics: mass, friction, gravity and drives.
        progress: told of the stage `use`, in grasps.

    Returns:
        The grasps with the metrics `use` (1 where the deed is done, 0 where not, NaN where it was
        not tried), `use_reason` (code of `Reason`) and `use_step` (number of the step at which it
        failed, 0 while the hand closed; NaN where it did not), and with new ranks.
    """
    nothing = np.full(len(grasps), np.nan)
    metrics = {name: np.array(grasps.metrics.get(name, nothing)) for name in _METRICS}
    plain = {name: values for name, values in grasps.metrics.items() if name not in _METRICS}
    candidates = dataclasses.replace(
        grasps, metrics=plain, validation=grasps.validation if grasps.held.any() else None
    )
    tried = np.isfinite(metrics["use"])
    rows = selection.diverse(candidates, most + int(tried.sum()))
    rows = rows[~tried[rows]][:most]
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
