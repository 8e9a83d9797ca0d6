"""Types of grasp that are told by one finger, or by none of the thumb, come out as planned."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import zdg_jax as zdg
from tests.hands import load_hand
from tests.planning import things
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.planning import GraspType
from zdg_jax.synthesis.pipeline import GraspPipeline

_GRASPS = 32
"""Enough that a share is not a matter of one grasp."""


def made(thing: things.Thing, task: str, kind: GraspType, hand: Hand) -> dict[str, np.ndarray]:
    """Metrics of grasps of a thing, refined for the rules' plan with this type of grasp."""
    mesh = (thing.vertices, thing.faces)
    obj = Object.from_mesh(mesh, name=thing.name, parts=thing.face_parts, pieces=4, mass=0.1)
    plan = zdg.plan(task, obj, hand, planner="rules")
    if plan.grip.grasp_type is not kind:
        palm = plan.grip.palm.model_copy(update={"contact": False})
        change = {"grasp_type": kind, "fingers": [], "confidence": 1.0, "palm": palm}
        plan = plan.model_copy(update={"grip": plan.grip.model_copy(update=change)})
    pipeline = GraspPipeline.prepare(plan, obj, hand)
    return dict(pipeline.run(_GRASPS, jax.random.key(0)).metrics)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["allegro", "shadow"])
@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (GraspType.INDEX_EXTENDED, 0.4),
        (GraspType.LATERAL_PINCH, 0.25),
        (GraspType.HOOK, 0.6),
    ],
)
def test_most_grasps_are_of_the_planned_type(name: str, kind: GraspType, least: float) -> None:
    thing, task = {
        GraspType.INDEX_EXTENDED: (
            things.thing(
                "knife",
                handle=things.box(0.12, 0.018, 0.024),
                blade=things.at(things.box(0.17, 0.002, 0.03), 0.145, 0, 0),
            ),
            "cut a loaf of bread",
        ),
        GraspType.LATERAL_PINCH: (
            things.thing("card", card=things.box(0.09, 0.055, 0.003)),
            "hand the card over",
        ),
        GraspType.HOOK: (things.thing("bar", bar=things.rod(0.01, 0.16, "x")), "carry the bar"),
    }[kind]
    metrics = made(thing, task, kind, load_hand(name))
    assert metrics["type_realised"].mean() >= least
