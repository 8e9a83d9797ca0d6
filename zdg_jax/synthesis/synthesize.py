"""From a task, an object and a hand to a ranked set of grasps: the whole road in one call."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

import jax
import numpy as np

from zdg_jax import planning
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.rows import rank_in_group
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning import GraspPlan, Planner
from zdg_jax.planning.indifferent_plan import indifferent_plan
from zdg_jax.runtime import devices
from zdg_jax.runtime.ahead import EarlyCompilation, Road, signature
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.runtime.versions import version_of
from zdg_jax.scenes import Scene
from zdg_jax.synthesis import selection, using
from zdg_jax.synthesis.arguments import (
    check_arguments,
    check_options,
    check_settings,
    checked_key,
)
from zdg_jax.synthesis.grasp_batch import GraspBatch
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.synthesis.pipeline_config import PipelineConfig
from zdg_jax.synthesis.review import review_grasps
from zdg_jax.validation import Deed, LiftProtocol, Protocol, carry, deed_of, six_directions

_UNREACHED = 0.01
"""Depth of the best way in anything from which a grasp is not reached [m]: the lift's limit."""
_PACKAGES = ("zdg-jax", "jax", "jaxlib", "mujoco", "numpy")
"""What grasps depend on: their provenance names the versions."""
OnStage = Callable[[str, GraspSet], None]
"""Called with a stage's name and its result, see `synthesize`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SynthesisConfig(PipelineConfig):
    """Settings of `synthesize`: those of the stages, and how they are run."""

    batch: int | None = None
    """Grasps that one call of the stages makes; the device decides if not given."""
    rounds: int = 3
    """Grasps made at most, as a multiple of those asked for; the best of them are returned."""
    enough: float = 0.9
    """Mean of their predicted success at which no more are made."""
    loosen_below: float = 0.03
    """Mean of their predicted success below which the rest are made by looser grips, see
    `GraspPipeline.loosened`."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one of them is out of range.
        """
        super().__post_init__()
        for name, share in (("enough", self.enough), ("loosen_below", self.loosen_below)):
            check_kind(name, share, (int, float, np.number), "a number from 0")
            if not 0 <= share < np.inf:
                raise InputError(f"{name} is {share}; it must be a number from 0")
        batch = 1 if self.batch is None else self.batch
        for name, number in (("batch", batch), ("rounds", self.rounds)):
            check_kind(name, number, (int, np.integer), "a whole number from 1")
            if number < 1:
                raise InputError(f"{name} is {number}; it must be at least 1")


def synthesize(
    task: str,
    obj: Object,
    hand: Hand,
    *,
    num: int = 256,
    keep: int = 32,
    key: jax.Array | None = None,
    planner: str | pathlib.Path | GraspPlan | Planner = "auto",
    reviewer: str | Planner | None = None,
    physics: Physics | None = None,
    scene: Scene | None = None,
    validate: bool = True,
    test: Protocol | None = None,
    transcript: str | pathlib.Path | None = None,
    on_stage: OnStage | None = None,
    progress: Progress = silent,
    config: SynthesisConfig | None = None,
) -> GraspSet:
    """Makes grasps of an object by a hand that serve a task, tests and ranks them.

    Args:
        task: what the grasp is for, in words.
        obj: the object.
        hand: the hand.
        num: grasps to return; more are made where too few promise to hold (`config.rounds`).
        keep: grasps to mark as kept: the best that differ from each other. With `validate` only
            grasps that physics found to hold are kept: none, where none does. Where the plan is
            for a deed (`zdg_jax.deed_of`) and some of them do it, only those are.
        key: random key; the same inputs and key give the same grasps on the same machine.
            `jax.random.key(0)` by default.
        planner: a planner or its name (see `zdg_jax.planning.planner_from_name`), a plan file,
            or a plan.
        reviewer: the planner that is shown the best grasps in the end and ranks them, if it can
            see (see `review_grasps`); `planner` itself if not given.
        physics: mass, friction, gravity and drives that the squeeze is sized for. Where it
            states none, the object's own count, and the plan's estimate of a mass that nobody gave.
        scene: what the object stands on and what is around it, such as `Scene()`, a table; the
            object floats freely if not given.
        validate: test grasps in physics, best first, until `keep` of them hold.
        test: the test; if not given, a lift in the scene where there is one, else the object's
            weight with any side down (`carry`) where its mass was given or a model judged it and
            the plan is for no deed, else `six_directions`. Tests that take the object's own mass
            take that of the physics.
        transcript: path of an HTML page to write of the review; none if not given.
        on_stage: called as `on_stage(name, grasps)` after each stage that costs time, to save or
            show its result: `plan` (no grasps yet, but the plan), `refine` (none tested yet),
            `validate`, and `review` where there is one. The best that differ are marked as kept.
        progress: told of the stages `plan`, `refine`, `validate` and `use`.
        config: settings of the stages.

    Returns:
        All `num` grasps with their ranks, energies, metrics, provenance and, where tested, the
        results of physics.

    Raises:
        InputError: a bad count, an empty task, a plan that does not fit object and hand, or a scene
            that the object does not fit or in which nothing of it can be reached.
        PlannerError: the planner's model gave no usable answer.
    """
    check_arguments(task, obj, hand, num, keep)
    check_options(physics, scene, test)
    check_kind("config", config, SynthesisConfig | None, "SynthesisConfig(...)")
    check_settings()
    config = config or SynthesisConfig()
    key = checked_key(key)

    chosen = planning.as_planner(planner)
    reviewer = chosen if reviewer is None else planning.as_planner(reviewer)
    report = on_stage or (lambda name, grasps: None)

    size = _batch_size(num, config)
    with _compiled_early(size, obj, hand, config, physics, scene) as early:
        plan = planning.plan(task, obj, hand, planner=chosen, scene=scene, progress=progress)
        obj = planning.object_of(plan, obj)
        report("plan", GraspSet.empty(obj, hand, task=task, plan=plan))

        pipeline = GraspPipeline.prepare(plan, obj, hand, config, physics, scene)
        early.wait_for(pipeline.road(size)[0])
    batch, refined = _refine(pipeline, num, size, key, config, progress)
    _check_reach(pipeline, batch)
    provenance = _provenance(obj, hand, key, refined, config)
    grasps = pipeline.grasp_set(batch, task=task, provenance=provenance)
    grasps = grasps.with_kept(selection.diverse(grasps, keep))
    report("refine", grasps)

    if validate:
        around = pipeline.surroundings
        # An indifferent plan says of no motion: that it can be lifted, the test itself tells.
        deed = deed_of(pipeline.plan, obj) if pipeline.plan.grip.binding > 0 else None
        if test is None and around is not None:
            test = LiftProtocol(scene=around.scene)
        test = test or default_test(pipeline.plan, physics, deed)
        test = as_made(test, pipeline.physics)
        if deed is None:
            grasps = selection.validate_best_first(grasps, hand, obj, keep, progress, test)
        else:
            doing = pipeline.physics
            grasps = using.validate_and_use(grasps, hand, obj, deed, keep, test, doing, progress)
        grasps = grasps.with_kept(selection.diverse(grasps, keep))
        report("validate", grasps)

    reviewed = review_grasps(grasps, hand, obj, reviewer, transcript=transcript)
    if reviewed is not grasps:
        report("review", reviewed)
    return reviewed


def default_test(
    plan: GraspPlan, physics: Physics | None = None, deed: Deed | None = None
) -> Protocol:
    """Returns the test of grasps without a scene that nobody chose a test for.

    Args:
        plan: says who judged the object's mass.
        physics: may state the mass.
        deed: what the grasps are put to afterwards, under the weight as it bears on them then; one
            that stands on the table or is carried upright need not bear it with any side down.
    """
    if deed is not None:
        return six_directions
    known = physics is not None and physics.mass is not None
    known |= plan.object.mass_source in ("given", "model")
    return carry if known else six_directions


def as_made(test: Protocol, physics: Physics) -> Protocol:
    """Returns a test in the physics that grasps are made for, unless it states its own mass.

    Args:
        test: the test.
        physics: that of the grasps.
    """
    return test if test.physics.mass is not None else dataclasses.replace(test, physics=physics)


def _compiled_early(
    size: int,
    obj: Object,
    hand: Hand,
    config: SynthesisConfig,
    physics: Physics | None,
    scene: Scene | None,
) -> EarlyCompilation:
    """Compiles the programs of a batch size beside the planner: hardly a plan changes shapes."""

    def stand_in() -> Road:
        plan = indifferent_plan(obj)
        return GraspPipeline.prepare(plan, obj, hand, config, physics, scene).road(size)

    settings = signature((hand.arrays, config.seeds, config.refine, config.squeeze))
    return EarlyCompilation((size, settings, scene is None), stand_in)


def _batch_size(num: int, config: SynthesisConfig) -> int:
    """Grasps of a batch, of `num` in all."""
    return min(config.batch or devices.batch_of_all(), num)


def _refine(
    pipeline: GraspPipeline,
    num: int,
    size: int,
    key: jax.Array,
    config: SynthesisConfig,
    progress: Progress,
) -> tuple[GraspBatch, int]:
    """The best `num` of grasps made in batches of a size, of more while too few promise to hold;
    how many were made."""
    count = -(-num // size)
    grips = _share_out(pipeline.plan, count)
    pipeline.compile(size, grips[0])
    most = config.rounds * count
    keys = jax.random.split(key, most)
    done = itertools.count(1)
    progress("refine", 0, count * size)

    def run(number: int, planned: int) -> GraspBatch:
        batch = stages[number % len(stages)].run(size, keys[number], grips[number % count])
        progress("refine", next(done) * size, planned * size)
        return batch

    # XLA runs these programs on one core each: threads, or devices, are what uses the others, and
    # one more thread than cores works while another waits for Python's lock.
    alone = jax.default_backend() == "cpu" and len(devices.active_devices()) == 1
    cores = available_cpus()
    workers = min(cores + (cores > 1), count) if alone else 1
    stages: tuple[GraspPipeline, ...] = (pipeline,)
    ways: list[list[GraspBatch]] = [[]]  # as planned, then by each way of looser grips
    pool = futures.ThreadPoolExecutor(workers)
    try:
        for grip in sorted(set(grips)):
            pool.submit(pipeline.grip, grip)  # the others beside batches of the first
        start, stop = 0, count
        while True:
            numbers = range(start, stop)
            for number, batch in zip(
                numbers, pool.map(run, numbers, itertools.repeat(stop)), strict=True
            ):
                ways[number % len(stages) - len(stages)].append(batch)
            best = _best(ways, num)
            success = best.predicted_success.mean()
            if success >= config.enough or stop == most:
                break
            more = further_batches(best, stop, most, config.enough)
            ways, start, stop = [[best]], stop, stop + more
            if success < config.loosen_below:
                stages, stop = pipeline.loosened(), most
                ways += [[] for _ in stages]
    finally:
        # An interruption does not wait for a batch, which may be compiling.
        pool.shutdown(wait=False, cancel_futures=True)
    return best, stop * size


def further_batches(best: GraspBatch, made: int, most: int, enough: float) -> int:
    """Returns how many batches to make at once, after some that were not enough.

    If there were more of the same kind, a smaller share of those made so far would be among the
    best. They are the fewest with which that share is good enough. Made at once, they keep all
    cores busy, and their number does not depend on how many there are.

    Args:
        best: the best grasps of the batches so far.
        made: batches so far.
        most: batches at most.
        enough: mean predicted success that is wanted.
    """
    success = best.predicted_success[np.argsort(-best.score, kind="stable")]
    means = np.cumsum(success) / np.arange(1, len(success) + 1)
    for more in range(1, most - made):
        share = -(-len(success) * made // (made + more))
        if means[share - 1] >= enough:
            return more
    return most - made


def _check_reach(pipeline: GraspPipeline, batch: GraspBatch) -> None:
    """Refuses a scene that lets no hand come to the object.

    Raises:
        InputError: every way goes deep into something.
    """
    planner, way = pipeline.approaches, batch.poses.approach
    if planner is None or way is None:
        return
    deep = batch.metrics["approach_penetration"] > _UNREACHED
    if not deep.all():
        return
    counts = planner.blockers(way)
    what = ", ".join(f"{name} blocks {count}" for name, count in counts.items())
    raise InputError(
        f"nothing of '{pipeline.object.name}' can be reached in this scene: of {len(deep)} grasps "
        f"{what}; move what is in the way, raise the object (--up, another pose), or let it hang "
        "over the table's edge (--overhang)"
    )


def _best(ways: Sequence[Sequence[GraspBatch]], num: int) -> GraspBatch:
    """The `num` grasps of the highest scores, in the order in which they were made, way by way.

    Each way of making them keeps its share: the score of a grip that is not the planned one says
    little about whether it holds.
    """
    batches = [batch for way in ways for batch in way]
    joined: GraspBatch = jax.tree.map(lambda *leaves: np.concatenate(leaves), *batches)
    sizes = [sum(len(batch.score) for batch in way) for way in ways]
    way_of = np.repeat(np.arange(len(ways)), sizes)
    order = np.lexsort((-joined.score, way_of))
    beyond = rank_in_group(way_of[order]) >= num // len(ways)
    order = order[np.lexsort((-joined.score[order], beyond))]
    rows = np.sort(order[:num])
    return jax.tree.map(lambda leaf: leaf[rows], joined)


def _share_out(plan: GraspPlan, count: int) -> list[int]:
    """The grip of each batch in `plan.grips`: the first as far as it is sure, then the others."""
    others = len(plan.alternatives)
    spare = round((1 - plan.grip.confidence) * count) if others else 0
    return [0] * (count - spare) + [1 + i % others for i in range(spare)]


def _provenance(
    obj: Object,
    hand: Hand,
    key: jax.Array,
    refined: int,
    config: SynthesisConfig,
) -> dict[str, Any]:
    """Describes the making of grasps in JSON values; `refined` counts the dropped ones too."""
    return {
        "mesh_hash": obj.mesh_hash,
        "hand": {"name": hand.name, "fingerprint": hand.fingerprint},
        "key": np.asarray(jax.random.key_data(key)).tolist(),
        "refined": refined,
        "config": _plain(config),
        "device": jax.devices()[0].device_kind,
        "versions": {name: version_of(name) for name in _PACKAGES},
    }


def _plain(value: Any) -> Any:
    """A configuration as JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if callable(value):
        return getattr(value, "__qualname__", repr(value))
    return np.asarray(value).tolist()
