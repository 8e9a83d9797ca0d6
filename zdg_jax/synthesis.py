"""From a task, an object and a hand to a ranked set of grasps: the whole road in one call."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Mapping
from concurrent import futures
from importlib import metadata
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import agreement, planning, quality, selection
from zdg_jax.energy import Contacts, Pattern, Problem, Variables
from zdg_jax.errors import InputError
from zdg_jax.fitting import FitConfig, Fitted, Fitter
from zdg_jax.grasps import GraspSet
from zdg_jax.guidance import guide
from zdg_jax.hand import Hand, joints_from_dofs
from zdg_jax.kernels import rotations
from zdg_jax.objects import Object
from zdg_jax.opening import Opening, opening
from zdg_jax.patterns import patterns, preferences
from zdg_jax.planning import GraspPlan, Grip
from zdg_jax.poses import HandPose
from zdg_jax.records import HandRecord, ObjectRecord
from zdg_jax.refine import RefineConfig, Refined, Refiner
from zdg_jax.seeds import SeedConfig, seed
from zdg_jax.squeeze import Closing, SqueezeConfig, close
from zdg_jax.validation.engine import available_cpus

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SynthesisConfig:
    """Settings of the stages that `synthesize` runs."""

    seeds: SeedConfig = dataclasses.field(default_factory=SeedConfig)
    """How starting grasps are drawn."""
    refine: RefineConfig = dataclasses.field(default_factory=RefineConfig)
    """How they are refined."""
    fit: FitConfig = dataclasses.field(default_factory=FitConfig)
    """How they are fitted to the collision geometry."""
    squeeze: SqueezeConfig = dataclasses.field(default_factory=SqueezeConfig)
    """How the hand opens before and pushes after."""
    alignment: float = 2.0
    """Weight of the agreement with the plan, times its confidence, against that of holding."""
    batch: int | None = None
    """Grasps refined by one call of the compiled programs; the device decides if not given."""


def synthesize(
    task: str,
    obj: Object,
    hand: Hand,
    *,
    num: int = 256,
    keep: int = 32,
    key: jax.Array | None = None,
    planner: str | pathlib.Path | GraspPlan = "auto",
    validate: bool = True,
    progress: Progress | None = None,
    config: SynthesisConfig | None = None,
) -> GraspSet:
    """Grasps of `obj` by `hand` that serve `task`, ranked.

    Args:
        task: what the grasp is for, in words.
        obj: the object.
        hand: the hand.
        num: grasps to refine.
        keep: grasps to mark as kept: the best that differ from each other. With `validate` only
            grasps that physics found to hold are kept, as long as there are any.
        key: random key; the same inputs and key give the same grasps on the same machine.
            `jax.random.key(0)` by default.
        planner: a planner's name (see `zdg_jax.planning.plan`), a plan file, or a plan.
        validate: test grasps in physics, best first, until `keep` of them hold.
        progress: called as `progress(stage, done, total)`.
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
    report = progress or (lambda stage, done, total: None)

    report("plan", 0, 1)
    plan = (
        planning.resolve(planner, obj, hand)
        if isinstance(planner, GraspPlan)
        else planning.plan(task, obj, hand, planner=planner)
    )
    report("plan", 1, 1)
    grasps = _make(task, plan, obj, hand, num, key, config, report)
    if validate:
        grasps = selection.validate_best_first(
            grasps, hand, obj, keep, lambda done, total: report("validate", done, total)
        )
    return grasps.with_kept(selection.diverse(grasps, keep))


def _make(
    task: str,
    plan: GraspPlan,
    obj: Object,
    hand: Hand,
    num: int,
    key: jax.Array,
    config: SynthesisConfig,
    report: Progress,
) -> GraspSet:
    """Seeds, refinement, fit and squeeze, batch by batch; a batch a thread."""
    fitter = Fitter(hand, obj, config.fit)
    space = opening(hand)
    batch = min(config.batch or _default_batch(), num)
    count = -(-num // batch)
    grips = _share_out(plan, count)
    stages = {id(grip): _Stages.of(plan, grip, obj, hand, fitter, space, config) for grip in grips}
    done = itertools.count(1)
    report("refine", 0, num)

    def make(grip: Grip, batch_key: jax.Array) -> tuple[Any, ...]:
        made = stages[id(grip)].run(batch, batch_key)
        report("refine", min(next(done) * batch, num), num)
        return made

    # XLA runs these programs on one core each: threads are what uses the others.
    workers = 1 if jax.default_backend() != "cpu" else min(available_cpus(), count)
    with futures.ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(make, grips, jax.random.split(key, count)))
    refined, closing, metrics = jax.tree.map(lambda *leaves: np.concatenate(leaves)[:num], *parts)
    poses = [
        _pose(hand, refined, dofs)
        for dofs in (closing.pregrasp, refined.variables.dofs, closing.squeeze)
    ]
    broken = ~np.asarray(refined.finite) | ~np.all(
        [np.isfinite(np.asarray(pose.qpos)).all(axis=1) for pose in poses], axis=0
    )
    return GraspSet(
        pregrasp=poses[0],
        grasp=poses[1],
        squeeze=poses[2],
        score=np.where(
            broken, -np.inf, quality.score(metrics, config.alignment * plan.grip.confidence)
        ),
        object=ObjectRecord.of(obj),
        hand=HandRecord.of(hand),
        terms=refined.terms,
        metrics=metrics,
        status=broken.astype(np.int8),
        status_names=("ok", "not finite"),
        provenance=_provenance(task, plan, obj, hand, key, config),
    )


def _default_batch() -> int:
    """Rows that keep a processor's caches warm, or an accelerator busy."""
    return 64 if jax.default_backend() == "cpu" else 1024


def _share_out(plan: GraspPlan, count: int) -> list[Grip]:
    """The grip of each batch: the plan's own as far as it is sure, then its alternatives."""
    others = plan.alternatives
    spare = round((1 - plan.grip.confidence) * count) if others else 0
    return [plan.grip] * (count - spare) + [others[i % len(others)] for i in range(spare)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Stages:
    """The stages from seeds to metrics for one grip."""

    problem: Problem
    plan: GraspPlan
    object: Object
    hand: Hand
    fitter: Fitter
    space: Opening
    kinds: Pattern
    likely: jax.Array
    sample_weights: jax.Array
    config: SynthesisConfig

    @classmethod
    def of(
        cls,
        plan: GraspPlan,
        grip: Grip,
        obj: Object,
        hand: Hand,
        fitter: Fitter,
        space: Opening,
        config: SynthesisConfig,
    ) -> _Stages:
        """Prepares the stages."""
        guided = guide(grip, plan.task, obj, hand)
        # Descent sees the shape that physics will see, not the mesh.
        arrays = dataclasses.replace(obj.arrays, grid=obj.arrays.collision_grid)
        force = jnp.maximum(config.squeeze.total_force, grip.force.newtons)
        return cls(
            problem=Problem(hand=hand.arrays, object=arrays, guidance=guided.guidance),
            plan=plan,
            object=obj,
            hand=hand,
            fitter=fitter,
            space=space,
            kinds=patterns(hand),
            likely=jnp.asarray(preferences(hand, grip, obj), jnp.float32),
            sample_weights=jnp.asarray(guided.sample_weights),
            config=dataclasses.replace(
                config, squeeze=dataclasses.replace(config.squeeze, total_force=force)
            ),
        )

    def run(self, num: int, key: jax.Array) -> tuple[Refined, Closing, dict[str, np.ndarray]]:
        """Makes `num` grasps; arrays of the host."""
        problem, config = self.problem, self.config
        refiner = Refiner(config.refine)
        variables, pattern = seed(
            problem,
            self.space,
            self.kinds,
            self.likely,
            self.sample_weights,
            config.seeds,
            num * config.refine.starts,
            key,
        )
        refined, contacts, fitted = self._fit(refiner, refiner.run(problem, variables, pattern))
        closing = close(config.squeeze, problem, refined.variables, refined.pattern, contacts)
        metrics = quality.measure(
            problem, refined.variables, refined.pattern, contacts, closing, config.squeeze
        )
        # Agreement is with the plan itself, also for grasps that one of its alternatives made.
        metrics |= agreement.measure(
            self.plan.grip, self.object, self.hand, fitted.rotation, fitted.near
        )
        metrics |= {"penetration": fitted.depth, "self_penetration": fitted.self_depth}
        return jax.device_get((refined, closing, metrics))

    def _fit(self, refiner: Refiner, refined: Refined) -> tuple[Refined, Contacts, Fitted]:
        """Fitted grasps, their exact contacts, and what else the fit found."""
        near = np.abs(refined.contacts.distance) < self.fitter.config.reach
        wanted = (np.asarray(refined.contacts.active) > 0.3) & near
        touching = np.zeros((len(wanted), self.hand.num_links), bool)
        rows, slots = np.nonzero(wanted)
        touching[rows, np.asarray(refined.pattern.link)[rows, slots]] = True
        moving = refined.variables
        fitted = self.fitter.fit(
            np.asarray(moving.position),
            np.asarray(rotations.matrix_from_6d(moving.rotation)),
            np.asarray(moving.dofs),
            touching,
        )
        variables = Variables(
            position=jnp.asarray(fitted.position, jnp.float32),
            rotation=rotations.sixd_from_matrix(jnp.asarray(fitted.rotation, jnp.float32)),
            dofs=jnp.asarray(fitted.dofs, jnp.float32),
        )
        contacts = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, jnp.int32 if leaf.dtype.kind == "i" else jnp.float32),
            fitted.contacts,
        )
        terms, _ = refiner.assess(self.problem, variables, refined.pattern)
        return dataclasses.replace(refined, variables=variables, terms=terms), contacts, fitted


def _pose(hand: Hand, refined: Refined, dofs: np.ndarray) -> HandPose:
    matrix = rotations.matrix_from_6d(jnp.asarray(refined.variables.rotation))
    return HandPose(
        position=jnp.asarray(refined.variables.position),
        quaternion=rotations.quaternion_from_matrix(matrix),
        joints=joints_from_dofs(hand.arrays, jnp.asarray(dofs)),
    )


def _provenance(
    task: str, plan: GraspPlan, obj: Object, hand: Hand, key: jax.Array, config: SynthesisConfig
) -> dict[str, Any]:
    """How the grasps were made, as JSON values."""
    return {
        "task": task,
        "plan": plan.model_dump(mode="json"),
        "mesh_hash": obj.mesh_hash,
        "hand": {"name": hand.name, "fingerprint": hand.fingerprint},
        "key": np.asarray(jax.random.key_data(key)).tolist(),
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
    return np.asarray(value).item()
