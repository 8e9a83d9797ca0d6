"""Refinement: thousands of hand configurations move together down their energies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax

from zdg_jax import energy
from zdg_jax.energy import ForceLimits, GraspVariables, Pattern, Problem
from zdg_jax.errors import InputError
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.runtime.settings import float_setting

_SETTLED = 60
"""Iterations of the force solver, from zero, where terms are reported."""
DEFAULT_WEIGHTS: Mapping[str, float] = {
    "contact": 300.0,
    "facing": 0.1,
    "wrench": 20.0,
    "closure": 0.0,
    "surface_penetration": 30.0,
    "skeleton_penetration": 100.0,
    "self_penetration": 270.0,
    "held": 200.0,
    "avoided": 300.0,
    "rest": 100.0,
    "fingers": 50.0,
    "idle": 50.0,
    "approach": 0.3,
    "thumb": 0.1,
}
"""Weights of the terms of `energy.terms`; the terms themselves come back unweighted."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """Settings of the refinement. Only the two counts are static: others never recompile."""

    steps: int = dataclasses.field(default=160, metadata={"static": True})
    """Gradient steps."""
    force_iterations: int = dataclasses.field(default=6, metadata={"static": True})
    """Iterations of the force solver a step; it starts from the step before."""
    starts: int = dataclasses.field(default=4, metadata={"static": True})
    """Seeds that compete for each grasp: descent cannot take fingers round to the far side."""
    trial_steps: int = dataclasses.field(default=8, metadata={"static": True})
    """Steps after which half of a grasp's starts are given up; twice as many after each next half,
    until one is left."""
    weights: dict[str, jax.Array] = dataclasses.field(default_factory=lambda: make_weights())
    """Weight of each energy term, ()."""
    position_rate: jax.Array = float_setting(0.003)
    """Learning rate of the wrist's position [m]."""
    rotation_rate: jax.Array = float_setting(0.03)
    """Learning rate of the wrist's 6-D rotation."""
    dof_rate: jax.Array = float_setting(0.03)
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


def make_weights(**changes: float) -> dict[str, jax.Array]:
    """The default weights with some of them changed.

    Raises:
        InputError: a name that is no energy term.
    """
    unknown = sorted(set(changes) - set(DEFAULT_WEIGHTS))
    if unknown:
        raise InputError(f"no energy term {unknown[0]!r}; there are: {', '.join(DEFAULT_WEIGHTS)}")
    return {name: jnp.float32(value) for name, value in {**DEFAULT_WEIGHTS, **changes}.items()}


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RefineState:
    """Where the refinement of one grasp stands."""

    variables: GraspVariables
    """The grasp."""
    optimizer: optax.OptState
    """Optax's state, of this grasp alone."""
    forces: jax.Array
    """Contact forces for each target wrench, (t, k, 3), object frame: the next step's start."""
    step: jax.Array
    """Steps taken, ()."""
    finite: jax.Array
    """False once a gradient was not finite: such a step is left out, () bool."""


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
    steps and fall on a cosine to 3 %. The standoff stays to 50 % and reaches 0 at 80 %; from
    there contact weighs 4 times as much. Joint limits are kept by projection at each step.

    `init`, `step` and `loss` work on one grasp and can be driven by hand; `run` compiles them over
    all grasps, once a shape.
    """

    config: RefineConfig = dataclasses.field(default_factory=RefineConfig)

    def init(self, problem: Problem, variables: GraspVariables, pattern: Pattern) -> RefineState:
        """The state before the first step, of one grasp."""
        targets = problem.guidance.targets
        return RefineState(
            variables=variables,
            optimizer=self._optimizer().init(variables),
            forces=jnp.zeros((targets.shape[0], pattern.link.shape[0], 3), targets.dtype),
            step=jnp.int32(0),
            finite=jnp.bool_(True),
        )

    def step(self, problem: Problem, pattern: Pattern, state: RefineState) -> RefineState:
        """One gradient step of one grasp."""
        (_, forces), gradient = jax.value_and_grad(self._loss, has_aux=True)(
            state.variables, problem, pattern, state
        )
        leaves = jax.tree.leaves(gradient)
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))
        gradient = jax.tree.map(lambda g: jnp.where(finite, g, 0.0), gradient)
        update, optimizer = self._optimizer().update(gradient, state.optimizer)
        moved = optax.apply_updates(state.variables, update)
        hand = problem.hand
        return RefineState(
            variables=dataclasses.replace(moved, dofs=jnp.clip(moved.dofs, hand.lower, hand.upper)),
            optimizer=optimizer,
            forces=jnp.where(jnp.isfinite(forces), forces, 0.0),
            step=state.step + 1,
            finite=state.finite & finite,
        )

    def run(self, problem: Problem, variables: GraspVariables, pattern: Pattern) -> Refined:
        """Refines grasps; they never influence each other.

        Args:
            problem: hand, object and guidance.
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
        count, over = divmod(variables.position.shape[0], starts)
        if over:
            raise InputError(
                f"{variables.position.shape[0]} seeds do not make groups of {starts} starts;"
                " draw `starts` times as many seeds as grasps are wanted"
            )
        trials = []
        for block in range(starts):
            rows = slice(block * count, (block + 1) * count)
            own = jax.tree.map(lambda leaf, rows=rows: leaf[rows], (variables, pattern))
            trials.append((own[1], jax.vmap(lambda v, p: self.init(problem, v, p))(*own)))
        left, trial = self.config.steps, self.config.trial_steps
        while len(trials) > 1:
            steps = min(trial, left)
            ends = [
                (own, *_advance(self.config, problem, own, now, jnp.int32(steps)))
                for own, now in trials
            ]
            trials = list(_select(tuple(ends)))
            left, trial = left - steps, 2 * trial
        [(pattern, states)] = trials
        states, _ = _advance(self.config, problem, pattern, states, jnp.int32(left))
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
        """Unweighted energy terms (n,) by name, and contacts (n, k, ...), of grasps (n, ...)."""
        return _assess(self.config, problem, variables, pattern)

    def progress(self, step: jax.Array) -> jax.Array:
        """Share of the steps done, in [0, 1]."""
        return jnp.asarray(step, jnp.float32) / self.config.steps

    def standoff(self, step: jax.Array) -> jax.Array:
        """Distance that contacts are drawn to at a step, () [m]."""
        return self.config.standoff * jnp.clip((0.8 - self.progress(step)) / 0.3, 0.0, 1.0)

    def loss(self, problem: Problem, pattern: Pattern, state: RefineState) -> jax.Array:
        """What the next step of one grasp descends, ()."""
        return self._loss(state.variables, problem, pattern, state)[0]

    def _loss(
        self, variables: GraspVariables, problem: Problem, pattern: Pattern, state: RefineState
    ) -> tuple[jax.Array, jax.Array]:
        terms, forces, _ = self._terms(
            variables,
            problem,
            pattern,
            state.forces,
            self.standoff(state.step),
            self.config.force_iterations,
        )
        weights = dict(self.config.weights)
        late = jnp.where(self.progress(state.step) > 0.8, 4.0, 1.0).astype(jnp.float32)
        weights["contact"] = weights["contact"] * late
        return sum((weights[name] * terms[name] for name in terms), jnp.float32(0.0)), forces

    def _terms(
        self,
        variables: GraspVariables,
        problem: Problem,
        pattern: Pattern,
        forces: jax.Array,
        standoff: jax.Array,
        iterations: int,
    ) -> tuple[dict[str, jax.Array], jax.Array, energy.GraspState]:
        config = self.config
        state = energy.grasp_state(problem, variables, pattern)
        limits = ForceLimits(
            friction=config.friction, least=config.least_force, greatest=config.greatest_force
        )
        terms, forces = energy.terms(
            state,
            problem,
            limits=limits,
            forces=forces,
            iterations=iterations,
            standoff=standoff,
            margin=config.margin * standoff,
        )
        return terms, forces, state

    def _optimizer(self) -> optax.GradientTransformation:
        config = self.config

        def rate(count: jax.Array) -> jax.Array:
            late = jnp.clip((self.progress(count) - 0.3) / 0.7, 0.0, 1.0)
            return -(0.03 + 0.97 * 0.5 * (1 + jnp.cos(jnp.pi * late)))

        rates = GraspVariables(
            position=config.position_rate, rotation=config.rotation_rate, dofs=config.dof_rate
        )
        return optax.chain(
            optax.scale_by_adam(b1=0.9, b2=0.98),
            optax.stateless(lambda updates, _: jax.tree.map(jnp.multiply, updates, rates)),
            optax.scale_by_schedule(rate),
        )


@shard_rows(replicated=(0, 1, 4))
@jax.jit
def _advance(
    config: RefineConfig,
    problem: Problem,
    pattern: Pattern,
    states: RefineState,
    steps: jax.Array,
) -> tuple[RefineState, jax.Array]:
    """Takes steps with many grasps; their states and the losses that they ended with, (n,)."""
    refiner = Refiner(config)

    def single(pattern: Pattern, state: RefineState) -> tuple[RefineState, jax.Array]:
        state = jax.lax.fori_loop(
            0, steps, lambda _, state: refiner.step(problem, pattern, state), state
        )
        return state, refiner.loss(problem, pattern, state)

    return jax.vmap(single)(pattern, states)


@shard_rows(replicated=(0, 1))
@jax.jit
def _assess(
    config: RefineConfig, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> tuple[dict[str, jax.Array], energy.Contacts]:
    refiner = Refiner(config)
    slots, targets = pattern.link.shape[-1], problem.guidance.targets
    forces = jnp.zeros((targets.shape[0], slots, 3), targets.dtype)

    def single(
        variables: GraspVariables, pattern: Pattern
    ) -> tuple[dict[str, jax.Array], energy.Contacts]:
        terms, _, state = refiner._terms(
            variables, problem, pattern, forces, jnp.float32(0.0), _SETTLED
        )
        return terms, state.contacts

    return jax.vmap(single)(variables, pattern)


@shard_rows()
@jax.jit
def _select(
    trials: tuple[tuple[Pattern, RefineState, jax.Array], ...],
) -> tuple[tuple[Pattern, RefineState], ...]:
    """Row by row the half of the trials with least loss, at least one."""
    losses = jnp.stack([jnp.where(jnp.isfinite(loss), loss, jnp.inf) for *_, loss in trials])
    order = jnp.argsort(losses, axis=0)[: max(len(trials) // 2, 1)]
    rows = jnp.arange(order.shape[1])
    pairs = [trial[:2] for trial in trials]
    return tuple(
        jax.tree.map(lambda *leaves, best=best: jnp.stack(leaves)[best, rows], *pairs)
        for best in order
    )
