"""Start here: grasps of a bottle for a task, tested in physics, saved and drawn.

python examples/01_quick_start.py [MESH]
"""

from __future__ import annotations

import sys

import jax
import trimesh

import zdg_jax as zdg


def main(mesh: str | None = None, num: int = 32) -> zdg.GraspSet:
    """Make grasps of a mesh file, or of a bottle made of two cylinders."""
    hand = zdg.Hand.load("allegro")
    if mesh is not None:
        obj = zdg.Object.from_mesh(mesh, mass=0.3)
    else:
        body = trimesh.creation.cylinder(radius=0.03, height=0.12)
        neck = trimesh.creation.cylinder(radius=0.012, height=0.06)
        neck.apply_translation([0.0, 0.0, 0.08])
        obj = zdg.Object.from_mesh(trimesh.util.concatenate([body, neck]), name="bottle", mass=0.3)
    grasps = zdg.synthesize("pour the water out", obj, hand, num=num, key=jax.random.key(0))
    print(grasps)
    return grasps


if __name__ == "__main__":
    best = main(*sys.argv[1:2]).best(8)
    print(best.save("bottle.npz"))
    best.picture(0).save("bottle.png")
    print(best.grasp[0].matrix())  # T_object_hand of the best
    print(dict(zip(best.hand.joint_names, best.grasp[0].joints, strict=True)))
