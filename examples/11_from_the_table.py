"""Pick a box off a table, beside a wall: the scene, the approach, and the lift.

python examples/11_from_the_table.py
"""

from __future__ import annotations

import jax
import numpy as np
import trimesh

import zdg_jax as zdg

WALL = zdg.Box(size=(0.02, 0.4, 0.3), position=(0.07, 0.0, 0.15), name="wall")
"""A wall 3 cm beside the box; positions are in the scene, whose z points up [m]."""
SCENE = zdg.Scene(obstacles=(WALL,))
"""A table at height 0 with the box standing on it over the origin."""


def main(num: int = 32, keep: int = 4) -> zdg.GraspSet:
    """Make grasps in the scene; those that are kept were lifted and shaken in it."""
    mesh = trimesh.creation.box((0.06, 0.08, 0.12))
    box = zdg.Object.from_mesh((mesh.vertices, mesh.faces), name="box", mass=0.3)
    hand = zdg.Hand.load("allegro")
    grasps = zdg.synthesize(
        "pick it up", box, hand, scene=SCENE, num=num, keep=keep, key=jax.random.key(0)
    )
    print(grasps)
    kept = grasps.selected()
    for i, way in enumerate(np.asarray(kept.approach.position)):
        length = np.linalg.norm(np.diff(way, axis=0), axis=1).sum()
        print(f"grasp {i}: comes {100 * length:.0f} cm, from {np.round(way[0], 2)} of the box")
    return grasps


if __name__ == "__main__":
    main()
