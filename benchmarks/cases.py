"""Prepared inputs of the workloads: a plan's stages, seeds and refined grasps of one object."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.settings import Settings, first_object
from benchmarks.yields import TASK
from zdg_jax import planning
from zdg_jax.energy import GraspVariables, Pattern
from zdg_jax.hand import Hand
from zdg_jax.hand.preshapes import opening
from zdg_jax.kernels import rotations
from zdg_jax.objects import Object
from zdg_jax.synthesis.alignment import Agreement
from zdg_jax.synthesis.fit import Fitter
from zdg_jax.synthesis.pipeline import Stages
from zdg_jax.synthesis.refine import Refined, Refiner
from zdg_jax.synthesis.seeds import draw_seeds
from zdg_jax.synthesis.synthesize import SynthesisConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A hand, an object and everything that their stages share."""

    hand: Hand
    object: Object
    stages: Stages

    @classmethod
    def of(cls, hand: Hand, obj: Object) -> Case:
        """Plans by rules and prepares the stages."""
        config = SynthesisConfig()
        plan = planning.plan(TASK, obj, hand, planner="rules")
        fitter = Fitter(hand, obj, config.fit)
        agreement = Agreement(plan.grip, obj, hand)
        stages = Stages.of(plan, plan.grip, obj, hand, fitter, agreement, opening(hand), config)
        return cls(hand=hand, object=obj, stages=stages)

    @classmethod
    def first(cls, settings: Settings) -> Case:
        """The first hand with the first object."""
        return cls.of(Hand.load(settings.hands[0]), first_object(settings))

    @property
    def refiner(self) -> Refiner:
        """The refinement with the library's settings."""
        return Refiner(self.stages.config.refine)

    def seeds(self, num: int, key: int = 0) -> tuple[GraspVariables, Pattern]:
        """As many seeds as `num` grasps start from."""
        starts = self.stages.config.refine.starts
        return draw_seeds(self.stages.proposal, num, jax.random.key(key), starts)

    def refine(self, num: int, key: int = 0) -> Refined:
        """`num` refined grasps."""
        return self.refiner.run(self.stages.problem, *self.seeds(num, key))

    def fit(self, refined: Refined) -> tuple[GraspVariables, Any]:
        """Grasps fitted to the collision geometry, with their contacts there."""
        near = np.abs(refined.contacts.distance) < self.stages.fitter.config.reach
        rows, slots = np.nonzero((np.asarray(refined.contacts.active) > 0.3) & near)
        touching = np.zeros((len(near), self.hand.num_links), bool)
        touching[rows, np.asarray(refined.pattern.link)[rows, slots]] = True
        moving = refined.variables
        fitted = self.stages.fitter.fit(
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
        return variables, fitted.slots.contacts()


def repeat(tree: Any, num: int) -> Any:
    """Rows of a batch repeated, or cut, to `num`."""
    return jax.tree.map(lambda leaf: leaf[np.arange(num) % len(leaf)], tree)
