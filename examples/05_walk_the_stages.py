"""Walk the stages from a plan to tested grasps by hand, and look at the data between them.

python examples/05_walk_the_stages.py
"""

from __future__ import annotations

import jax
import numpy as np
import trimesh

import zdg_jax as zdg


def main(num: int = 16) -> zdg.GraspSet:
    """Make grasps of a box and say what each stage did to them."""
    box = trimesh.creation.box((0.04, 0.06, 0.09))
    obj = zdg.Object.from_mesh((box.vertices, box.faces), name="box", mass=0.1)
    hand = zdg.Hand.load("allegro")
    plan = zdg.plan("pick it up", obj, hand, planner="rules")

    pipeline = zdg.GraspPipeline.prepare(plan, obj, hand)
    variables, pattern = pipeline.seeds(num, jax.random.key(0))
    print(f"{len(variables.position)} seeds for {num} grasps")
    refined = pipeline.refine(variables, pattern)
    print(f"refined: mean energy of contact {float(np.mean(refined.terms['contact'])):.2e}")
    fitted = pipeline.fit(refined)
    print(f"fitted: at most {1e3 * fitted.depth.max():.1f} mm inside the box")
    fitted = pipeline.settle(refined, fitted)  # fingers with one tendon for several joints
    squeezed = pipeline.squeeze(refined, fitted)
    print(f"squeezed: {float(np.median(squeezed.imbalance)):.1%} of the forces do not cancel")
    batch = pipeline.measure(refined, fitted, squeezed)

    grasps = pipeline.grasp_set(batch)
    return grasps.with_validation(zdg.rollout(hand, obj, grasps.poses))


if __name__ == "__main__":
    print(main())
