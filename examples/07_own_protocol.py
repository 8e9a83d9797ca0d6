"""Test grasps in a protocol of your own: other loads, other limits, and under noise.

python examples/07_own_protocol.py [GRASPS.npz]
"""

from __future__ import annotations

import dataclasses
import sys

import jax
import trimesh

import zdg_jax as zdg

shake = zdg.HoldProtocol(
    name="shake",
    loads=(
        zdg.Load(name="down", weight=(0.0, 0.0, -1.0)),  # in multiples of the object's weight
        zdg.Load(name="jerk", weight=(0.0, 0.0, -3.0)),
        zdg.Load(name="twist", torque=(0.0, 0.0, 0.05)),  # [N m]
    ),
    physics=zdg.Physics(mass=0.3, friction=0.5),
    pull_time=1.0,  # [s]
    max_drift=0.02,  # [m]
    fail_fast=False,  # every load is tried
)
"""Carried upright, jerked with three times its weight, and twisted."""


def make_grasps(num: int = 16) -> zdg.GraspSet:
    """Make grasps of a can, not tested yet."""
    can = trimesh.creation.cylinder(radius=0.03, height=0.1)
    obj = zdg.Object.from_mesh((can.vertices, can.faces), name="can", mass=0.3)
    hand = zdg.Hand.load("allegro")
    return zdg.synthesize("pick it up", obj, hand, num=num, key=jax.random.key(0), validate=False)


def main(grasps: zdg.GraspSet) -> zdg.GraspSet:
    """Test grasps in the protocol, then on a slippery object, then under noise."""
    tested = grasps.validate(shake)
    print(tested.validation)
    for load, survived in zip(shake.loads, tested.validation.survived_loads.T, strict=True):
        print(f"  {load.name}: {survived.sum()} of {len(survived)} survive")
    slippery = dataclasses.replace(shake.physics, friction=0.2)
    print(grasps.validate(dataclasses.replace(shake, physics=slippery)).validation)
    hand = grasps.load_hand()
    trials = zdg.Trials(count=2)
    print(zdg.soft_labels(hand, grasps.object, grasps.poses, shake, trials=trials))
    return tested


if __name__ == "__main__":
    main(zdg.GraspSet.load(sys.argv[1]) if len(sys.argv) > 1 else make_grasps())
