"""A hand, two objects and grasps on their way: what tests of the core start from.

Everything is made once a process; objects are found again in the tests' cache.
"""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp

from tests.planning import things
from zdg_jax import planning
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import Hand
from zdg_jax.hand.preshapes import opening
from zdg_jax.objects import Object
from zdg_jax.planning import GraspPlan
from zdg_jax.synthesis.contact_patterns import contact_patterns, pattern_probabilities
from zdg_jax.synthesis.enclosing import ClosingMotion
from zdg_jax.synthesis.plan_targets import targets_from_plan
from zdg_jax.synthesis.refine import RefineConfig
from zdg_jax.synthesis.seed_proposal import SeedConfig, SeedProposal
from zdg_jax.synthesis.seeds import draw_seeds

GRASPS = 8
"""Grasps that tests refine: one number, so that all share the compiled programs."""
TASK = "pick it up by the body"


@functools.cache
def allegro() -> Hand:
    return Hand.load("allegro")


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """The allegro hand and an object."""

    object: Object
    plan: GraspPlan
    problem: Problem
    proposal: SeedProposal

    @classmethod
    def of(cls, obj: Object) -> Scene:
        made = planning.plan(TASK, obj, allegro(), planner="rules")
        hand = allegro()
        problem = Problem(
            hand=hand.arrays,
            object=dataclasses.replace(obj.arrays, grid=obj.arrays.collision_grid),
            targets=targets_from_plan(made.grip, made.task, obj, hand),
        )
        likely = jnp.asarray(pattern_probabilities(hand, made.grip, obj, 0.1), jnp.float32)
        proposal = SeedProposal.prepare(
            problem,
            opening(hand),
            contact_patterns(hand, made.grip),
            likely,
            ClosingMotion.of(hand),
            SeedConfig(),
        )
        return cls(object=obj, plan=made, problem=problem, proposal=proposal)

    def seeds(self, key: jax.Array) -> tuple[GraspVariables, Pattern]:
        """As many seeds as the default refinement takes to make `GRASPS` grasps."""
        return draw_seeds(self.proposal, GRASPS, key, RefineConfig().starts)


@functools.cache
def jar() -> Scene:
    """A jar of 56 mm across and 97 mm high; part 1 is its body, part 2 its lid."""
    made = things.jar()
    mesh = (0.7 * made.vertices, made.faces)
    return Scene.of(Object.from_mesh(mesh, name="jar", parts=made.face_parts, pieces=4, mass=0.1))


@functools.cache
def brick() -> Scene:
    """A box of 40 x 60 x 90 mm, of one part."""
    box = things.box(0.04, 0.06, 0.09)
    return Scene.of(Object.from_mesh((box.vertices, box.faces), name="brick", pieces=2, mass=0.1))
