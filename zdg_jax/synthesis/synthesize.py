"""From a task, an object and a hand to a ranked set of grasps: the whole road in one call."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Mapping, Sequence
from concurrent import futures
from importlib import metadata
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import planning
from zdg_jax.energy import GraspVariables
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.hand.preshapes import opening
from zdg_jax.kernels import rotations
from zdg_jax.objects import Object
from zdg_jax.planning import GraspPlan, Grip, Planner
from zdg_jax.runtime import devices
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.synthesis import selection
from zdg_jax.synthesis.alignment import Agreement
from zdg_jax.synthesis.fit import Fitter
from zdg_jax.synthesis.pipeline import Made, StageConfig, Stages
from zdg_jax.synthesis.review import review_grasps


@dataclasses.dataclass(frozen=True, kw_only=True)
class SynthesisConfig(StageConfig):
    """Settings of `synthesize`: those of the stages, and how they are run."""

    batch: int | None = None
    """Grasps that one call of the stages makes; the device decides if not given."""
    rounds: int = 3
    """Grasps made at most, as a multiple of those asked for; the most promising are returned."""
    enough: float = 0.9
    """Mean chance of these to hold and to serve the plan at which no more are made."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: one of them is out of range.
        """
        super().__post_init__()
        if not 0 <= self.enough < np.inf:
            raise InputError(f"enough is {self.enough}; it must be a number from 0")
        for name, number in (("batch", self.batch), ("rounds", self.rounds)):
            if number is not None and number < 1:
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
    validate: bool = True,
    progress: Progress = silent,
    config: SynthesisConfig | None = None,
) -> GraspSet:
    """Grasps of `obj` by `hand` that serve `task`, ranked.

    Args:
        task: what the grasp is for, in words.
        obj: the object.
        hand: the hand.
        num: grasps to return; more are made where too few promise to hold (`config.rounds`).
        keep: grasps to mark as kept: the best that differ from each other. With `validate` only
            grasps that physics found to hold are kept, as long as there are any.
        key: random key; the same inputs and key give the same grasps on the same machine.
            `jax.random.key(0)` by default.
        planner: a planner or its name (see `zdg_jax.planning.planner_from_name`), a plan file,
            or a plan.
        reviewer: the planner that is shown the best grasps in the end and ranks them, if it can
            see (see `review_grasps`); `planner` itself if not given.
        validate: test grasps in physics, best first, until `keep` of them hold.
        progress: told of the stages `plan`, `refine` and `validate`.
        config: settings of the stages.

    Returns:
        All `num` grasps, best first, with energies, metrics, provenance and, where tested, what
        physics said.

    Raises:
        InputError: a bad count, an empty task, or a plan that does not fit object and hand.
        PlannerError: the planner's model gave no usable answer.
    """
    if num < 1:
        raise InputError(f"num is {num}; at least one grasp must be asked for")
    if keep < 1:
        raise InputError(f"keep is {keep}; at least one grasp must be kept")
    if not task.strip():
        raise InputError('the task is empty; say what the grasp is for, e.g. "pour the tea"')
    config = config or SynthesisConfig()
    key = jax.random.key(0) if key is None else key

    chosen = planning.as_planner(planner)
    reviewer = chosen if reviewer is None else planning.as_planner(reviewer)
    plan = planning.plan(task, obj, hand, planner=chosen, progress=progress)
    grasps = _make(task, plan, obj, hand, num, key, config, progress)
    if validate:
        grasps = selection.validate_best_first(grasps, hand, obj, keep, progress)
    grasps = grasps.with_kept(selection.diverse(grasps, keep))
    return review_grasps(grasps, hand, obj, reviewer)


def _make(
    task: str,
    plan: GraspPlan,
    obj: Object,
    hand: Hand,
    num: int,
    key: jax.Array,
    config: SynthesisConfig,
    progress: Progress,
) -> GraspSet:
    """Seeds, refinement, fit and squeeze in batches, more of them while too few promise to hold."""
    fitter = Fitter(hand, obj, config.fit)
    agreement = Agreement(plan.grip, obj, hand)
    space = opening(hand)
    batch = min(config.batch or devices.default_batch() * len(devices.active_devices()), num)
    count = -(-num // batch)
    grips = _share_out(plan, count)
    different = {id(grip): grip for grip in grips}
    stages = {
        number: Stages.of(plan, grip, obj, hand, fitter, agreement, space, config)
        for number, grip in different.items()
    }
    most = config.rounds * count
    keys = jax.random.split(key, most)
    done = itertools.count(1)
    progress("refine", 0, count * batch)

    def make(number: int, planned: int) -> Made:
        made = stages[id(grips[number % count])].run(batch, keys[number])
        progress("refine", next(done) * batch, planned * batch)
        return made

    # XLA runs these programs on one core each: threads, or devices, are what uses the others.
    alone = jax.default_backend() == "cpu" and len(devices.active_devices()) == 1
    workers = min(available_cpus(), count) if alone else 1
    parts: list[Made] = []
    pool = futures.ThreadPoolExecutor(workers)
    try:
        waves = [0, *range(count, most, -(-count // 4)), most]
        for start, stop in itertools.pairwise(waves):
            parts += pool.map(make, range(start, stop), itertools.repeat(stop))
            made = _most_promising(parts, num)
            if made.promise.mean() >= config.enough:
                break
            parts = [made]
    finally:
        # An interruption does not wait for a batch, which may be compiling.
        pool.shutdown(wait=False, cancel_futures=True)
    grasp = made.refined.variables
    squeezed = dataclasses.replace(grasp, dofs=made.closing.squeeze)
    poses = [_pose(hand, moving) for moving in (made.closing.pregrasp, grasp, squeezed)]
    return GraspSet(
        poses=Poses(pregrasp=poses[0], grasp=poses[1], squeeze=poses[2]),
        score=made.score,
        object=ObjectRecord.of(obj),
        hand=HandRecord.of(hand),
        terms={name: np.asarray(term) for name, term in made.refined.terms.items()},
        metrics=made.metrics,
        status=made.broken.astype(np.int8),
        status_names=("ok", "not finite"),
        task=task,
        plan=plan,
        alignment_weight=float(config.alignment),
        provenance=_provenance(obj, hand, key, stop * batch, config),
    )


def _most_promising(parts: Sequence[Made], num: int) -> Made:
    """The `num` best of grasps, in the order in which they were made."""
    made: Made = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    best = np.sort(np.argsort(-made.score, kind="stable")[:num])
    return jax.tree.map(lambda leaf: leaf[best], made)


def _share_out(plan: GraspPlan, count: int) -> list[Grip]:
    """The grip of each batch: the plan's own as far as it is sure, then its alternatives."""
    others = plan.alternatives
    spare = round((1 - plan.grip.confidence) * count) if others else 0
    return [plan.grip] * (count - spare) + [others[i % len(others)] for i in range(spare)]


def _pose(hand: Hand, variables: GraspVariables) -> HandPose:
    matrix = rotations.matrix_from_6d(jnp.asarray(variables.rotation))
    return HandPose(
        position=jnp.asarray(variables.position),
        quaternion=rotations.quaternion_from_matrix(matrix),
        joints=joints_from_dofs(hand.arrays, jnp.asarray(variables.dofs)),
    )


def _provenance(
    obj: Object,
    hand: Hand,
    key: jax.Array,
    refined: int,
    config: SynthesisConfig,
) -> dict[str, Any]:
    """How the grasps were made, as JSON values; `refined` counts those that were dropped too."""
    return {
        "mesh_hash": obj.mesh_hash,
        "hand": {"name": hand.name, "fingerprint": hand.fingerprint},
        "key": np.asarray(jax.random.key_data(key)).tolist(),
        "refined": refined,
        "config": _plain(config),
        "device": jax.devices()[0].device_kind,
        "versions": {
            name: metadata.version(name) for name in ("zdg-jax", "jax", "jaxlib", "mujoco", "numpy")
        },
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
