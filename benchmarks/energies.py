"""Energies and stages by batch size: every term, the refinement's step, and what is round it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cases import first_pipeline, repeat
from benchmarks.floors import arithmetic, bandwidth, floor
from benchmarks.metrics import Metric, time_calls
from benchmarks.settings import Settings
from zdg_jax import energy
from zdg_jax.energy import TERMS, ForceLimits, GraspVariables, Pattern
from zdg_jax.kernels import distance, friction_cone, fused_forces
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.synthesis.pipeline import GraspPipeline

_STEPS = 10
_POINT_BYTES = 12 + 16 + 12
"""A point read, a row of the grid read, a gradient written."""
_SOLVER_OPERATIONS = 75
"""Arithmetic operations of the force solver for a contact, a target wrench and an iteration: wrench
9 + 6, gradient 12, step 9, projection 30, momentum 9."""


def measure_energies(settings: Settings) -> dict[str, Metric]:
    """Milliseconds a call by batch size: every energy term, alone with the state that it needs.

    `value` and `gradient` (with the value) are of compiled programs, a quick run leaves the
    former out; `compile` is the first call of the latter, with the time to trace. `state` sums
    everything that the terms read.
    """
    pipeline = first_pipeline(settings)
    seeds = pipeline.seeds(16, jax.random.key(0))
    metrics = {}
    for size in settings.sizes():
        batch = repeat(seeds, size)
        for name in ("state", *(term.name for term in TERMS)):
            times = _both(_term(pipeline, name), batch, settings.repeats, value=not settings.quick)
            metrics |= {f"{name} x {size}/{kind}": time for kind, time in times.items()}
    return metrics


def measure_step(settings: Settings) -> dict[str, Metric]:
    """Milliseconds of a step of the refinement by batch size, and of its two kernels alone.

    `step` is one of ten in a loop, gradient and update; `lookup` the distances of a step's points
    and their gradient; `wrench QP` the force solver with a step's iterations. `floor` is the time
    that moving the bytes, or doing the arithmetic, that the call cannot do without takes at the
    measured rates. On CUDA both are also measured with the force solver as one kernel (`fused`).
    """
    pipeline = first_pipeline(settings)
    seeds = pipeline.seeds(16, jax.random.key(0))
    cases = [("lookup", _lookup, pipeline), ("wrench QP", _solver, pipeline)]
    cases.append(("step", _step, pipeline))
    if jax.default_backend() == "gpu":
        fused = _with_fused_forces(pipeline)
        cases += [("fused wrench QP", _solver, fused), ("fused step", _step, fused)]
    metrics = {
        "bandwidth": Metric(value=bandwidth() / 1e9, unit="GB/s", better="higher"),
        "arithmetic": Metric(value=arithmetic() / 1e9, unit="Gflop/s", better="higher"),
    }
    for size in settings.sizes():
        batch = repeat(seeds, size)
        for name, measure, of in cases:
            times = measure(of, batch, settings.repeats)
            metrics |= {f"{name} x {size}/{kind}": time for kind, time in times.items()}
    return metrics


def measure_stages(settings: Settings) -> dict[str, Metric]:
    """Milliseconds of seeds, fit and squeeze by batch size; a few refined grasps are repeated."""
    pipeline, key = first_pipeline(settings), jax.random.key(0)
    seeds = pipeline.seeds(12 if settings.quick else 48, key)
    refined = jax.block_until_ready(pipeline.refine(*seeds))
    starts = pipeline.config.refine.starts
    repeats = max(2, settings.repeats // 3)
    metrics = {}
    for size in settings.sizes():
        many = repeat(refined, size)
        fitted = pipeline.fit(many)
        calls: dict[str, Callable[[], Any]] = {
            f"seeds x {size} x {starts}": lambda size=size: pipeline.seeds(size, key),
            f"fit x {size}": lambda many=many: pipeline.fit(many),
            f"squeeze x {size}": lambda many=many, fitted=fitted: pipeline.squeeze(many, fitted),
        }
        for name, call in calls.items():
            first, steady = time_calls(call, repeats)
            metrics |= {f"{name}/first": first, f"{name}/steady": steady}
    return metrics


def _with_fused_forces(pipeline: GraspPipeline) -> GraspPipeline:
    """The same pipeline, whose refinement solves for forces in one kernel on CUDA."""
    refine = dataclasses.replace(pipeline.config.refine, fused_forces=True)
    config = dataclasses.replace(pipeline.config, refine=refine)
    return GraspPipeline.prepare(pipeline.plan, pipeline.object, pipeline.hand, config)


def _term(pipeline: GraspPipeline, name: str) -> Callable[[GraspVariables, Pattern], jax.Array]:
    """One energy term of one grasp as a function of its variables."""
    config, problem = pipeline.config.refine, pipeline.grip().problem
    limits = ForceLimits(
        friction=config.friction, least=config.least_force, greatest=config.greatest_force
    )

    def value(variables: GraspVariables, pattern: Pattern) -> jax.Array:
        state = energy.grasp_state(
            problem,
            variables,
            pattern,
            standoff=config.standoff,
            margin=config.margin * config.standoff,
        )
        if name == "state":
            floats = [x for x in jax.tree.leaves(state) if jnp.issubdtype(x.dtype, jnp.floating)]
            return sum((jnp.sum(x) for x in floats), jnp.float32(0.0))
        wrenches = problem.targets.wrenches.wrenches
        start = jnp.zeros((wrenches.shape[0], pattern.link.shape[0], 3), wrenches.dtype)
        state = energy.with_contact_forces(state, problem, limits, start, config.force_iterations)
        # XLA leaves out what the term does not need.
        return energy.evaluate(TERMS, state, problem)[name]

    return value


def _both(
    function: Callable[..., jax.Array],
    arguments: tuple[Any, ...],
    repeats: int,
    *,
    value: bool = True,
) -> dict[str, Metric]:
    """Times of a function's values, where asked for, and of values and gradients over a batch."""
    gradient = jax.jit(jax.vmap(jax.value_and_grad(function)))
    first, both = time_calls(lambda: gradient(*arguments), repeats)
    times = {"gradient": both, "compile": first}
    if value:
        alone = jax.jit(jax.vmap(function))
        times = {"value": time_calls(lambda: alone(*arguments), repeats)[1], **times}
    return times


def _lookup(
    pipeline: GraspPipeline, batch: tuple[GraspVariables, Pattern], repeats: int
) -> dict[str, Metric]:
    """The distances of all points that a step looks up."""
    problem = pipeline.grip().problem
    hand, grid = problem.hand, problem.object.grid
    size = len(batch[0].position)
    count = sum(len(group.local) for group in (hand.contacts, hand.surface, hand.spheres))
    points = 0.05 * jax.random.normal(jax.random.key(0), (size, count, 3))

    def total(points: jax.Array) -> jax.Array:
        return jnp.sum(distance.query(grid, points)[0])

    times = _both(total, (points,), repeats)
    return times | {"floor": floor(nbytes=size * count * _POINT_BYTES)}


def _solver(
    pipeline: GraspPipeline, batch: tuple[GraspVariables, Pattern], repeats: int
) -> dict[str, Metric]:
    """The force solver alone; no gradient flows through it."""
    problem, config = pipeline.grip().problem, pipeline.config.refine
    targets = problem.targets.wrenches.wrenches

    @jax.jit
    @jax.vmap
    def contacts(variables: GraspVariables, pattern: Pattern) -> tuple[jax.Array, ...]:
        state = energy.grasp_state(problem, variables, pattern)
        contacts = state.contacts
        about_com = energy.contacts_about_com(contacts, problem)
        return *about_com, contacts.active, contacts.passive_motions

    @jax.jit
    @jax.vmap
    def solve(
        points: jax.Array, normals: jax.Array, active: jax.Array, passive_motions: jax.Array
    ) -> jax.Array:
        return friction_cone.solve_contact_forces(
            points,
            normals,
            targets,
            start=jnp.zeros((len(targets), *points.shape), points.dtype),
            mu=config.friction,
            low=config.least_force * active,
            high=config.greatest_force * active,
            length=TORQUE_LENGTH,
            passive_motions=passive_motions,
            iterations=config.force_iterations,
            minimizer=(fused_forces if config.fused_forces else friction_cone).minimize,
        ).residual

    given = jax.block_until_ready(contacts(*batch))
    first, steady = time_calls(lambda: solve(*given), repeats)
    work = given[2].size * len(targets) * config.force_iterations * _SOLVER_OPERATIONS
    return {"value": steady, "compile": first, "floor": floor(operations=work)}


def _step(
    pipeline: GraspPipeline, batch: tuple[GraspVariables, Pattern], repeats: int
) -> dict[str, Metric]:
    """A step of the refinement, gradient and update."""
    problem, refiner = pipeline.grip().problem, pipeline.refiner
    variables, pattern = batch
    states = jax.vmap(lambda v, p: refiner.init(problem, v, p))(variables, pattern)

    @jax.jit
    @functools.partial(jax.vmap, in_axes=0)
    def advance(pattern: Pattern, state: Any) -> Any:
        def step(_: jax.Array, state: Any) -> Any:
            return refiner.step(problem, pattern, state)

        return jax.lax.fori_loop(0, _STEPS, step, state)

    first, ten = time_calls(lambda: advance(pattern, states), repeats)
    one = Metric(
        value=ten.value / _STEPS, unit="ms", better="lower", spread=ten.spread / _STEPS,
        repeats=ten.repeats,
    )  # fmt: skip
    hand, targets = problem.hand, problem.targets.wrenches.wrenches
    count = sum(len(group.local) for group in (hand.contacts, hand.surface, hand.spheres))
    work = pattern.link.size * len(targets) * refiner.config.force_iterations * _SOLVER_OPERATIONS
    nbytes = len(pattern.link) * count * _POINT_BYTES
    return {"gradient": one, "compile": first, "floor": floor(nbytes=nbytes, operations=work)}
