"""Plan, change the plan by hand, and make grasps that follow what you wrote.

python examples/04_plan_and_edit.py
"""

from __future__ import annotations

import jax
import numpy as np
import trimesh

import zdg_jax as zdg
from zdg_jax.planning import AvoidedPart, HeldPart


def hammer() -> zdg.Object:
    """Make a hammer whose parts are known: 1 is the handle, 2 the head."""
    handle = trimesh.creation.cylinder(radius=0.013, height=0.22)
    head = trimesh.creation.box((0.09, 0.03, 0.03))
    head.apply_translation([0.0, 0.0, 0.12])
    labels = np.repeat([1, 2], [len(handle.faces), len(head.faces)])
    mesh = trimesh.util.concatenate([handle, head])
    return zdg.Object.from_mesh(mesh, name="hammer", mass=0.4, parts=labels)


def other_end(plan: zdg.GraspPlan) -> zdg.GraspPlan:
    """Hold the head instead, and keep off the handle; a plan is data, and checked anew."""
    grip = plan.grip.model_dump() | {
        "held": [HeldPart(mark=2)],
        "avoided": [AvoidedPart(mark=1, reason="the other person takes it here")],
        "fingers": [],  # their roles spoke of the handle; they follow the grasp type now
        "aperture": 0.03,
        "confidence": 1.0,
    }
    return zdg.GraspPlan.model_validate(plan.model_dump() | {"grip": grip, "alternatives": []})


def main(num: int = 16) -> dict[str, float]:
    """Make grasps by the plan of the rules and by the edited one; tell what each touches."""
    obj, hand = hammer(), zdg.Hand.load("allegro")
    plan = zdg.plan("drive a nail in", obj, hand, planner="rules")
    shares = {}
    for name, followed in (("planned", plan), ("edited", other_end(plan))):
        grasps = zdg.synthesize(
            plan.prompt, obj, hand, num=num, planner=followed, key=jax.random.key(0), validate=False
        )
        shares[name] = float(np.mean(grasps.metrics["on_part"]))
        print(f"{name}: holds parts {[part.mark for part in followed.grip.held]},", end=" ")
        print(f"{shares[name]:.0%} of the contacts lie there")
    return shares


if __name__ == "__main__":
    main()
