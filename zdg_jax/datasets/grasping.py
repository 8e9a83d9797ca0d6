"""Grasps of a job: synthesised, tested, and the best that differ marked as kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.datasets.jobs import Job

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet, ObjectRecord
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan
    from zdg_jax.scenes import Scene
    from zdg_jax.validation import Protocol, Validation


def make_grasps(
    job: Job, obj: Object, hand: Hand, planner: str | GraspPlan
) -> tuple[GraspSet, dict[str, Validation]]:
    """Makes and tests the grasps of a job; the same job gives the same on the same machine.

    Args:
        job: the job.
        obj: its object.
        hand: its hand.
        planner: the rules' name, or a plan.

    Returns:
        The grasps with the results of the first test, and those of further tests by name.

    Raises:
        ZdgError: object, hand, task and plan do not go together.
    """
    import jax

    from zdg_jax.grasps import concatenate
    from zdg_jax.synthesis import selection
    from zdg_jax.synthesis.synthesize import synthesize

    counts, tests = job.recipe["grasps"], job.recipe["tests"]
    wanted, key = counts["until"], jax.random.key(job.seed)
    batches: list[GraspSet] = []
    for number in range(1 if wanted is None else -(-counts["at_most"] // counts["make"])):
        made = synthesize(
            job.task,
            obj,
            hand,
            num=counts["make"],
            key=jax.random.fold_in(key, number),
            planner=planner,
            scene=scene_of(job),
            validate=False,
        )
        assert made.plan is not None
        planner = made.plan
        batches.append(_tested(made, hand, obj, tests[0], counts) if tests else made)
        grasps = concatenate(batches) if number else batches[0]
        if wanted is not None:
            holding = grasps.ranking[grasps.held[grasps.ranking]]
            if len(selection.distinct(grasps, holding, wanted)) >= wanted:
                break
    others = _further(grasps, hand, obj, tests[1:])
    candidates = np.arange(len(grasps))
    if "use" in others and (grasps.held & others["use"].held).any():
        candidates = np.flatnonzero(grasps.held & others["use"].held)
    kept = selection.diverse(grasps[candidates], max(counts["keep"], wanted or 0))
    return grasps.with_kept(candidates[kept]), others


def scene_of(job: Job) -> Scene | None:
    """Returns the surroundings of a job's object; None where it floats.

    Args:
        job: the job.
    """
    from zdg_jax.scenes import Scene

    return Scene(up=job.object.up) if job.recipe["scene"] == "table" else None


def test_named(name: str, grasps: GraspSet, obj: Object | ObjectRecord) -> Protocol | None:
    """Returns a test by its name in a spec, in the physics that grasps are made for.

    Args:
        name: `carry`, `six_directions`, `lift` or `use`.
        grasps: the grasps.
        obj: their object.

    Returns:
        The test; None for `use` where the plan is for no deed.
    """
    from zdg_jax.synthesis.synthesize import as_made
    from zdg_jax.validation import LiftProtocol, UseProtocol, deed_of
    from zdg_jax.validation.protocols import STANDARD

    assert grasps.plan is not None
    assert grasps.physics is not None
    test: Protocol
    if name == "lift":
        assert grasps.scene is not None
        test = LiftProtocol(scene=grasps.scene)
    elif name == "use":
        deed = deed_of(grasps.plan, obj)
        if deed is None:
            return None
        test = UseProtocol(deed=deed)
    else:
        test = STANDARD[name]
    return as_made(test, grasps.physics)


def _tested(
    grasps: GraspSet, hand: Hand, obj: Object, name: str, counts: dict[str, Any]
) -> GraspSet:
    from zdg_jax.synthesis.selection import validate_best_first
    from zdg_jax.validation import rollout

    test = test_named(name, grasps, obj)
    assert test is not None
    if counts["test"] == "all":
        return grasps.with_validation(rollout(hand, obj, grasps.poses, test))
    return validate_best_first(grasps, hand, obj, counts["keep"], protocol=test)


def _further(grasps: GraspSet, hand: Hand, obj: Object, names: list[str]) -> dict[str, Validation]:
    """Results of the tests after the first, by name; of those that suit the plan."""
    from zdg_jax.validation import rollout

    tests = {name: test_named(name, grasps, obj) for name in names}
    return {
        name: rollout(hand, obj, grasps.poses, test)
        for name, test in tests.items()
        if test is not None
    }
