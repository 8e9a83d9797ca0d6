"""Use grasps: a deed of your own, done in physics with the object in the hand.

python examples/12_own_deed.py [GRASPS.npz]
"""

from __future__ import annotations

import sys

import jax
import numpy as np
import trimesh

import zdg_jax as zdg
from zdg_jax.validation import Deed, Step

ring = Deed(
    name="ring",
    steps=(
        Step(name="lifted", time=0.6, shift=(0.0, 0.0, 0.1), level=True),  # [s], [m]
        Step(name="rung", time=1.5, swings=3, shift=(0.04, 0.0, 0.0)),
        Step(name="tipped", time=0.8, turn=np.pi / 2, axis=(0.0, 1.0, 0.0)),
        Step(name="struck", time=0.02, point=(0.0, 0.0, 0.05), impulse=(0.05, 0.0, 0.0)),  # [N s]
    ),
)
"""Lifted upright, rung, tipped over and struck on its top."""


def make_grasps(num: int = 16) -> zdg.GraspSet:
    """Make grasps of a can, not tested yet."""
    can = trimesh.creation.cylinder(radius=0.03, height=0.1)
    obj = zdg.Object.from_mesh((can.vertices, can.faces), name="can", mass=0.3)
    hand = zdg.Hand.load("allegro")
    return zdg.synthesize("pick it up", obj, hand, num=num, key=jax.random.key(0), validate=False)


def main(grasps: zdg.GraspSet) -> zdg.GraspSet:
    """Do the deed with every grasp and say what became of them."""
    used = grasps.validate(zdg.UseProtocol(deed=ring))
    print(used.validation)
    for number, words in enumerate(used.validation.reasons):
        print(f"  grasp {number}: {words}")
    return used


if __name__ == "__main__":
    main(zdg.GraspSet.load(sys.argv[1]) if len(sys.argv) > 1 else make_grasps())
