"""Refinement: thousands of hand configurations move together down their energies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zdg_jax import energy
from zdg_jax.energy import TERMS, ForceLimits, GraspVariables, Pattern, Problem, Term
from zdg_jax.errors import InputError
from zdg_jax.kernels import friction_cone, rotations
from zdg_jax.runtime.devices import shard_rows, whole_batch
from zdg_jax.runtime.settings import float_setting

_SETTLED_ITERATIONS = 60
"""Iterations of the force solver, from zero, where terms are reported."""
_LATE = 0.8
"""Share of the steps from which contacts are drawn to the surface itself."""
_MOMENTUM, _SQUARES = 0.7, 0.85
"""Adam's decays. Contacts change from step to step, so that what slopes were ten steps ago says
little: with 0.9 and 0.98 twice as many steps, half as long, held as often."""
_CONSTANT, _FLOOR = 0.3, 0.05
"""Share of the steps after which the rates fall, and what they fall to."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """Settings of the refinement. Counts and terms are static: no other change recompiles.

    A term of one's own takes part once it is among `extra_terms`:

        def above_table(state: GraspState, problem: Problem) -> jax.Array:
            return jax.nn.relu(0.1 - state.position[2])

        RefineConfig(extra_terms=(Term("table", above_table, 50.0),), weights={"contact": 200.0})

    Raises:
        InputError: two terms have one name, or a weight is of no term.
    """

    steps: int = dataclasses.field(default=80, metadata={"static": True})
    """Gradient steps."""
    force_iterations: int = dataclasses.field(default=6, metadata={"static": True})
    """Iterations of the force solver a step; it starts from the step before."""
    fused_forces: bool = dataclasses.field(default=False, metadata={"static": True})
    """Whether the force solver is one kernel of its own on CUDA, see `kernels/fused_forces.py`. On
    other platforms nothing changes."""
    starts: int = dataclasses.field(default=4, metadata={"static": True})
    """Seeds that compete for each grasp: descent cannot take fingers round to the far side."""
    trial_steps: int = dataclasses.field(default=6, metadata={"static": True})
    """Steps after which half of a grasp's starts are given up; twice as many after each next half,
    until one is left."""
    extra_terms: tuple[Term, ...] = dataclasses.field(default=(), metadata={"static": True})
    """Energy terms beside `energy.TERMS`."""
    weights: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Weight of each energy term, (); those that are not given are the terms' own. A weight of
    zero switches a term off."""
    late_contact: jax.Array = float_setting(4.0)
    """Factor of the weight of `contact` over the last fifth of the steps."""
    position_rate: jax.Array = float_setting(0.0065)
    """Learning rate of the position of the hand's `grasp_center` [m]."""
    rotation_rate: jax.Array = float_setting(0.065)
    """Learning rate of the wrist's 6-D rotation."""
    dof_rate: jax.Array = float_setting(0.065)
    """Learning rate of the joint coordinates [rad or m]."""
    standoff: jax.Array = float_setting(0.010)
    """Distance that contacts keep during the first half [m]; it shrinks to 0 at 80 %."""
    margin: jax.Array = float_setting(0.3)
    """Clearance that the hand keeps from the object, as a share of the standoff."""
    friction: jax.Array = float_setting(0.3)
    """Friction of the force solver: below a real one, for margin."""
    least_force: jax.Array = float_setting(0.0)
    """Least normal force of a contact, as a share of a target wrench's force."""
    greatest_force: jax.Array = float_setting(4.0)
    """Greatest normal force of a contact, as a share of a target wrench's force."""

    def __post_init__(self) -> None:
        """Complete the weights, which must be of one structure whichever of them were given."""
        names = [term.name for term in self.terms]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"two energy terms are called {twice[0]!r}; give one another name")
        unknown = sorted(set(self.weights) - set(names))
        if unknown:
            raise InputError(f"no energy term {unknown[0]!r}; there are: {', '.join(names)}")
        weights = {term.name: self.weights.get(term.name, term.weight) for term in self.terms}
        for name, weight in weights.items():
            if isinstance(weight, int | float):
                weights[name] = jnp.float32(weight)
        object.__setattr__(self, "weights", weights)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All energy terms, the library's first."""
        return (*TERMS, *self.extra_terms)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RefineState:
    """The refinement of one grasp between two steps."""

    variables: GraspVariables
    """The grasp, (...)."""
    optimizer: optax.OptState
    """Optax's state, of this grasp alone."""
    forces: jax.Array
    """Contact forces for each target wrench, (t, k, 3), object frame: the next step's start."""
    step: jax.Array
    """Steps taken, ()."""
    finite: jax.Array
    """False once a gradient was not finite: such a step is left out, () bool."""
    loss: jax.Array
    """Loss that the last step descended from, (); infinite before the first."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Refined:
    """Grasps after refinement, n of them."""

    variables: GraspVariables
    """The grasps, (n, ...)."""
    pattern: Pattern
    """The links that were meant to touch, (n, k)."""
    contacts: energy.Contacts
    """The contact of each slot, (n, k, ...)."""
    terms: dict[str, jax.Array]
    """Every energy term, unweighted, (n,)."""
    finite: jax.Array
    """False where a gradient was not finite at some step, (n,)."""


@dataclasses.dataclass(frozen=True)
class Refiner:
    """Staged first-order descent: contacts hover at a standoff, then close.

    Adam with its own rates for position, rotation and joints; rates are constant to 30 % of the
    steps and fall on a cosine to 5 %. The hand turns about its `grasp_center`. The standoff stays
    to 50 % and reaches 0 at 80 %; from there contact weighs 4 times as much. Joint limits are kept
    by projection at each step.

    `init`, `step` and `loss` work on one grasp and can be driven by hand; `run` compiles them over
    all grasps, once a shape.
    """

    config: RefineConfig = dataclasses.field(default_factory=RefineConfig)

    def init(self, problem: Problem, variables: GraspVariables, pattern: Pattern) -> RefineState:
        """Make the state before the first step, of one grasp; `jax.vmap` makes those of many.

        Args:
            problem: hand, object and targets.
            variables: the seed: position (3,), rotation (6,), dofs (d,).
            pattern: links meant to touch, (k,).
        """
        return RefineState(
            variables=variables,
            optimizer=self._optimizer().init(variables),
            forces=_no_forces(problem, pattern),
            step=jnp.int32(0),
            finite=jnp.bool_(True),
            loss=jnp.float32(jnp.inf),
        )

    def step(self, problem: Problem, pattern: Pattern, state: RefineState) -> RefineState:
        """Take one gradient step with one grasp; `jax.vmap` takes it with many.

        Args:
            problem: hand, object and targets, which many grasps share (`in_axes=None`).
            pattern: links meant to touch, (k,).
            state: from `init` or the step before, of this grasp alone.

        Returns:
            The state after the step. One whose gradient is not finite leaves the grasp where it
            is, but for the optimizer's momentum.
        """
        hand = problem.hand
        # A turn about the root, which can lie far behind the palm, would move the fingers away.
        centered = _moved_origin(state.variables, hand.grasp_center)

        def loss_about_center(moved: GraspVariables) -> tuple[jax.Array, jax.Array | None]:
            variables = _moved_origin(moved, -hand.grasp_center)
            return self._loss(variables, problem, pattern, state)

        (loss, forces), gradient = jax.value_and_grad(loss_about_center, has_aux=True)(centered)
        leaves = jax.tree.leaves(gradient)
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))
        gradient = jax.tree.map(lambda g: jnp.where(finite, g, 0.0), gradient)
        with jax.numpy_dtype_promotion("standard"):  # Optax raises floats to whole numbers
            update, optimizer = self._optimizer().update(gradient, state.optimizer)
        moved = _moved_origin(optax.apply_updates(centered, update), -hand.grasp_center)
        return RefineState(
            variables=dataclasses.replace(moved, dofs=jnp.clip(moved.dofs, hand.lower, hand.upper)),
            optimizer=optimizer,
            forces=jnp.where(jnp.isfinite(forces), forces, 0.0),
            step=state.step + 1,
            finite=state.finite & finite,
            loss=loss,
        )

    def loss(self, problem: Problem, pattern: Pattern, state: RefineState) -> jax.Array:
        """Compute the weighted sum of terms that the next step of one grasp descends, ().

        Args:
            problem: hand, object and targets.
            pattern: links meant to touch, (k,).
            state: from `init` or `step`.
        """
        return self._loss(state.variables, problem, pattern, state)[0]

    def run(self, problem: Problem, variables: GraspVariables, pattern: Pattern) -> Refined:
        """Refine grasps, which never influence each other.

        Args:
            problem: hand, object and targets.
            variables: seeds, (n * starts, ...): row i of each of the `starts` blocks of n rows
                is a start of grasp i. They are given up by successive halving (Karnin et al.,
                ICML 2013) until the best goes on alone.
            pattern: the links meant to touch, likewise.

        Returns:
            The n grasps.

        Raises:
            InputError: the seeds do not make whole groups.
        """
        starts = self.config.starts
        if variables.position.shape[0] % starts:
            raise InputError(
                f"{variables.position.shape[0]} seeds do not make groups of {starts} starts;"
                " draw `starts` times as many seeds as grasps are wanted"
            )
        trials = _starting(self.config, problem, variables, pattern)
        left, trial = self.config.steps, self.config.trial_steps
        while len(trials) > 1:
            steps = min(trial, left)
            ends = [
                (pattern, _advance(self.config, problem, pattern, states, np.int32(steps)))
                for pattern, states in trials
            ]
            trials = _select(tuple(ends))
            left, trial = left - steps, 2 * trial
        [(pattern, states)] = trials
        states = _advance(self.config, problem, pattern, states, np.int32(left))
        terms, contacts = self.assess(problem, states.variables, pattern)
        return Refined(
            variables=states.variables,
            pattern=pattern,
            contacts=contacts,
            terms=terms,
            finite=states.finite,
        )

    def assess(
        self, problem: Problem, variables: GraspVariables, pattern: Pattern
    ) -> tuple[dict[str, jax.Array], energy.Contacts]:
        """Evaluate grasps without moving them, contacts drawn to the surface itself.

        Args:
            problem: hand, object and targets.
            variables: grasps, (n, ...).
            pattern: links meant to touch, (n, k).

        Returns:
            Unweighted energy terms by name, each (n,), and contacts, (n, k, ...).
        """
        return _assess(self.config, problem, variables, pattern)

    def progress(self, step: jax.Array) -> jax.Array:
        """Share of the steps that are done at a step, in [0, 1]."""
        return jnp.asarray(step, jnp.float32) / self.config.steps

    def standoff(self, step: jax.Array) -> jax.Array:
        """Distance that contacts are drawn to at a step, () [m]."""
        return self.config.standoff * jnp.clip((_LATE - self.progress(step)) / 0.3, 0.0, 1.0)

    def _loss(
        self, variables: GraspVariables, problem: Problem, pattern: Pattern, state: RefineState
    ) -> tuple[jax.Array, jax.Array | None]:
        """Loss of one grasp, (), and the contact forces found on the way, (t, k, 3)."""
        terms, grasp = self._evaluate(
            variables,
            problem,
            pattern,
            state.forces,
            self.standoff(state.step),
            self.config.force_iterations,
        )
        weights = dict(self.config.weights)
        late = self.progress(state.step) > _LATE
        weights["contact"] = weights["contact"] * jnp.where(late, self.config.late_contact, 1.0)
        loss = sum((weights[name] * terms[name] for name in terms), jnp.float32(0.0))
        return loss, grasp.forces

    def _evaluate(
        self,
        variables: GraspVariables,
        problem: Problem,
        pattern: Pattern,
        forces: jax.Array,
        standoff: jax.Array,
        iterations: int,
    ) -> tuple[dict[str, jax.Array], energy.GraspState]:
        """Energy terms of one grasp by name, each (), and the state that they were read from."""
        config = self.config
        limits = ForceLimits(
            friction=config.friction, least=config.least_force, greatest=config.greatest_force
        )
        state = energy.grasp_state(
            problem, variables, pattern, standoff=standoff, margin=config.margin * standoff
        )
        minimizer = friction_cone.minimize
        if config.fused_forces:
            from zdg_jax.kernels import fused_forces

            minimizer = fused_forces.minimize
        state = energy.with_contact_forces(state, problem, limits, forces, iterations, minimizer)
        return energy.evaluate(config.terms, state, problem), state

    def _optimizer(self) -> optax.GradientTransformation:
        config = self.config

        def rate(count: jax.Array) -> jax.Array:
            late = jnp.clip((self.progress(count) - _CONSTANT) / (1 - _CONSTANT), 0.0, 1.0)
            return -(_FLOOR + (1 - _FLOOR) * 0.5 * (1 + jnp.cos(jnp.pi * late)))

        rates = GraspVariables(
            position=config.position_rate, rotation=config.rotation_rate, dofs=config.dof_rate
        )
        return optax.chain(
            optax.scale_by_adam(b1=_MOMENTUM, b2=_SQUARES),
            optax.stateless(lambda updates, _: jax.tree.map(jnp.multiply, updates, rates)),
            optax.scale_by_schedule(rate),
        )


@whole_batch
@jax.jit
def _starting(
    config: RefineConfig, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> tuple[tuple[Pattern, RefineState], ...]:
    """The states before the first step, (n, ...), of each of the starts, (n * starts, ...)."""
    refiner = Refiner(config)

    def apart(leaf: jax.Array) -> jax.Array:
        return leaf.reshape(config.starts, -1, *leaf.shape[1:])

    def single(variables: GraspVariables, pattern: Pattern) -> tuple[Pattern, RefineState]:
        return pattern, refiner.init(problem, variables, pattern)

    starts = jax.vmap(jax.vmap(single))(*jax.tree.map(apart, (variables, pattern)))
    return tuple(jax.tree.map(lambda leaf, i=i: leaf[i], starts) for i in range(config.starts))


@shard_rows(replicated=(0, 1, 4))
@jax.jit
def _advance(
    config: RefineConfig,
    problem: Problem,
    pattern: Pattern,
    states: RefineState,
    steps: jax.Array,
) -> RefineState:
    """Take steps with many grasps, (n, ...)."""
    refiner = Refiner(config)

    def single(pattern: Pattern, state: RefineState) -> RefineState:
        return jax.lax.fori_loop(
            0, steps, lambda _, state: refiner.step(problem, pattern, state), state
        )

    return jax.vmap(single)(pattern, states)


@shard_rows(replicated=(0, 1), plain=True)
@jax.jit
def _assess(
    config: RefineConfig, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> tuple[dict[str, jax.Array], energy.Contacts]:
    refiner = Refiner(config)

    def single(
        variables: GraspVariables, pattern: Pattern
    ) -> tuple[dict[str, jax.Array], energy.Contacts]:
        forces, standoff = _no_forces(problem, pattern), jnp.float32(0.0)
        terms, state = refiner._evaluate(
            variables, problem, pattern, forces, standoff, _SETTLED_ITERATIONS
        )
        return terms, state.contacts

    return jax.vmap(single)(variables, pattern)


def _moved_origin(variables: GraspVariables, offset: jax.Array) -> GraspVariables:
    """The same grasp with the position of another point of the root's frame, (3,) [m]."""
    rotation = rotations.matrix_from_6d(variables.rotation)
    turned = jnp.sum(rotation * offset, axis=-1)
    return dataclasses.replace(variables, position=variables.position + turned)


def _no_forces(problem: Problem, pattern: Pattern) -> jax.Array:
    """Contact forces of zero for each target wrench of one grasp, (t, k, 3)."""
    wrenches = problem.targets.wrenches.wrenches
    return jnp.zeros((wrenches.shape[0], pattern.link.shape[-1], 3), wrenches.dtype)


@shard_rows(plain=True)
@jax.jit
def _select(
    trials: tuple[tuple[Pattern, RefineState], ...],
) -> tuple[tuple[Pattern, RefineState], ...]:
    """Row by row the half of the trials with least loss, at least one."""
    losses = jnp.stack([state.loss for _, state in trials])
    losses = jnp.where(jnp.isfinite(losses), losses, jnp.inf)
    order = jnp.argsort(losses, axis=0)[: max(len(trials) // 2, 1)]
    rows = jnp.arange(order.shape[1])
    return tuple(
        jax.tree.map(lambda *leaves, best=best: jnp.stack(leaves)[best, rows], *trials)
        for best in order
    )
