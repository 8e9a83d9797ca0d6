"""A hand, two objects and grasps on their way: what tests of the core start from.

Everything is made once a process; objects are found again in the tests' cache.
"""

from __future__ import annotations

import dataclasses
import functools

import jax

from tests.hands import load_hand
from tests.planning import things
from zdg_jax import planning
from zdg_jax.energy import GraspVariables, Pattern, Problem
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import GraspPlan
from zdg_jax.synthesis.pipeline import GraspPipeline

GRASPS = 8
"""Grasps that tests refine: one number, so that all share the compiled programs."""
TASK = "pick it up by the body"


def allegro() -> Hand:
    return load_hand("allegro")


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """The allegro hand and an object, with a plan and the stages that follow it."""

    object: Object
    plan: GraspPlan
    pipeline: GraspPipeline

    @classmethod
    def of(cls, obj: Object) -> Scene:
        plan = planning.plan(TASK, obj, allegro(), planner="rules")
        return cls(object=obj, plan=plan, pipeline=GraspPipeline.prepare(plan, obj, allegro()))

    @property
    def problem(self) -> Problem:
        """Hand, object and targets of the plan's grip."""
        return self.pipeline.grip().problem

    def seeds(self, key: jax.Array) -> tuple[GraspVariables, Pattern]:
        """As many seeds as the default refinement takes to make `GRASPS` grasps."""
        return self.pipeline.seeds(GRASPS, key)


@functools.cache
def jar() -> Scene:
    """A jar of 56 mm across and 97 mm high; part 1 is its body, part 2 its lid."""
    jar = things.jar()
    mesh = (0.7 * jar.vertices, jar.faces)
    return Scene.of(Object.from_mesh(mesh, name="jar", parts=jar.face_parts, pieces=4, mass=0.1))


@functools.cache
def brick() -> Scene:
    """A box of 40 x 60 x 90 mm, of one part."""
    box = things.box(0.04, 0.06, 0.09)
    return Scene.of(Object.from_mesh((box.vertices, box.faces), name="brick", pieces=2, mass=0.1))
