"""The stages between a plan and finished grasps, for one grip: seeds, refinement, fit, squeeze."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.energy import Contacts, GraspVariables, Problem
from zdg_jax.errors import InputError
from zdg_jax.hand import Hand
from zdg_jax.hand.preshapes import Opening
from zdg_jax.hand.strength import fingertip_payload
from zdg_jax.kernels import rotations
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning import GraspPlan, Grip
from zdg_jax.runtime.devices import replicate
from zdg_jax.synthesis import quality
from zdg_jax.synthesis.alignment import Agreement
from zdg_jax.synthesis.contact_patterns import contact_patterns, pattern_probabilities
from zdg_jax.synthesis.enclosing import ClosingMotion
from zdg_jax.synthesis.fit import FitConfig, Fitted, Fitter
from zdg_jax.synthesis.plan_targets import targets_from_plan
from zdg_jax.synthesis.refine import RefineConfig, Refined, Refiner
from zdg_jax.synthesis.seed_proposal import SeedConfig, SeedProposal
from zdg_jax.synthesis.seeds import draw_seeds
from zdg_jax.synthesis.squeeze import SqueezeConfig, SqueezeResult, solve_squeeze


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageConfig:
    """Settings of the stages."""

    seeds: SeedConfig = dataclasses.field(default_factory=SeedConfig)
    """How starting grasps are drawn."""
    refine: RefineConfig = dataclasses.field(default_factory=RefineConfig)
    """How they are refined."""
    fit: FitConfig = dataclasses.field(default_factory=FitConfig)
    """How they are fitted to the collision geometry."""
    squeeze: SqueezeConfig = dataclasses.field(default_factory=SqueezeConfig)
    """How the hand opens before and pushes after."""
    alignment: float = 2.0
    """Weight of the agreement with the plan, as far as it binds, against the chance to hold."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: the weight is negative or not finite.
        """
        if not 0 <= self.alignment < np.inf:
            raise InputError(f"alignment is {self.alignment}; it must be a number from 0")


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """Finished grasps, n of them, as arrays of the host."""

    refined: Refined
    """The grasps, what they were meant to touch, and every energy term."""
    closing: SqueezeResult
    """Pregrasp and squeeze."""
    metrics: dict[str, np.ndarray]
    """Metrics by name, each (n,)."""
    score: np.ndarray
    """How well they promise to hold and to serve the task, (n,); -inf where `broken`."""
    promise: np.ndarray
    """Chance to hold and to serve the plan, as far as it is sure and counts, (n,)."""
    broken: np.ndarray
    """Whether something in them is not finite, (n,) bool."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages from seeds to metrics for one grip."""

    problem: Problem
    plan: GraspPlan
    hand: Hand
    fitter: Fitter
    agreement: Agreement
    proposal: SeedProposal
    config: StageConfig

    @classmethod
    def of(
        cls,
        plan: GraspPlan,
        grip: Grip,
        obj: Object,
        hand: Hand,
        fitter: Fitter,
        agreement: Agreement,
        space: Opening,
        config: StageConfig,
    ) -> Stages:
        """Prepares the stages."""
        # Descent sees the shape that physics will see, not the mesh.
        arrays = dataclasses.replace(obj.arrays, grid=obj.arrays.collision_grid)
        problem = Problem(
            hand=hand.arrays,
            object=arrays,
            targets=targets_from_plan(grip, plan.task, obj, hand),
        )
        physics = Physics()
        limits = physics.drives(hand).force_limit
        payload = fingertip_payload(hand, limits, physics.friction_of(obj))
        load = physics.weight_of(obj) / payload
        proposal = SeedProposal.prepare(
            problem,
            space,
            contact_patterns(hand, grip),
            jnp.asarray(pattern_probabilities(hand, grip, obj, load), jnp.float32),
            ClosingMotion.of(hand),
            config.seeds,
        )
        force = config.squeeze.total_force * grip.force.factor
        return cls(
            problem=replicate(problem),
            plan=plan,
            hand=hand,
            fitter=fitter,
            agreement=agreement,
            proposal=proposal,
            config=dataclasses.replace(
                config, squeeze=dataclasses.replace(config.squeeze, total_force=force)
            ),
        )

    def run(self, num: int, key: jax.Array) -> Made:
        """Makes `num` grasps."""
        problem, config = self.problem, self.config
        refiner = Refiner(config.refine)
        variables, pattern = draw_seeds(self.proposal, num, key, config.refine.starts)
        refined, contacts, fitted = self._fit(refiner, refiner.run(problem, variables, pattern))
        closing = solve_squeeze(
            config.squeeze, problem, refined.variables, refined.pattern, contacts
        )
        metrics = quality.measure(
            problem, refined.variables, refined.pattern, contacts, closing, config.squeeze
        )
        # Agreement is with the plan itself, also for grasps that one of its alternatives made.
        metrics |= self.agreement.measure(fitted)
        metrics |= {"penetration": fitted.depth, "self_penetration": fitted.self_depth}
        refined, closing, metrics = jax.device_get((refined, closing, metrics))
        metrics["predicted_hold_probability"] = quality.predicted_hold_probability(
            metrics, refined.terms
        )
        bound = self.plan.grip.binding
        score = quality.score(metrics, config.alignment, bound)
        promise = quality.predicted_success(metrics, config.alignment, bound)
        broken = ~_finite(refined.variables, closing) | ~refined.finite
        return Made(
            refined=refined,
            closing=closing,
            metrics=metrics,
            score=np.where(broken, -np.inf, score),
            promise=np.where(broken, 0.0, promise),
            broken=broken,
        )

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
        variables = GraspVariables(
            position=jnp.asarray(fitted.position, jnp.float32),
            rotation=rotations.sixd_from_matrix(jnp.asarray(fitted.rotation, jnp.float32)),
            dofs=jnp.asarray(fitted.dofs, jnp.float32),
        )
        terms, _ = refiner.assess(self.problem, variables, refined.pattern)
        refined = dataclasses.replace(refined, variables=variables, terms=terms)
        return refined, fitted.slots.contacts(), fitted


def _finite(variables: GraspVariables, closing: SqueezeResult) -> np.ndarray:
    """Whether all poses of grasps are finite, (n,) bool."""
    leaves = jax.tree.leaves((variables, closing.pregrasp, closing.squeeze))
    return np.all([np.isfinite(leaf).reshape(len(leaf), -1).all(axis=1) for leaf in leaves], axis=0)
