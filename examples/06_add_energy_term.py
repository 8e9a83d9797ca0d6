"""Add an energy term of your own: keep the whole hand above the table that the object stands on.

python examples/06_add_energy_term.py
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import trimesh

import zdg_jax as zdg
from zdg_jax.energy import GraspState, Problem, Term
from zdg_jax.kernels import kinematics
from zdg_jax.synthesis.refine import RefineConfig


def below_table(state: GraspState, problem: Problem) -> jax.Array:
    """Sum of how far the spheres that cover the links reach below z = 0, () [m]."""
    spheres = problem.hand.spheres
    centers = kinematics.transform_points(state.poses, spheres.local, spheres.link)
    return jnp.sum(jax.nn.relu(spheres.radii - centers[2]))


def make_grasps(weight: float, num: int = 16) -> zdg.GraspSet:
    """Make grasps of a tin that stands on z = 0; a weight of 0 only reports the term."""
    tin = trimesh.creation.cylinder(radius=0.03, height=0.08)
    tin.apply_translation([0.0, 0.0, 0.04])
    term = Term("below_table", below_table, weight)
    return zdg.synthesize(
        "pick up the tin",
        zdg.Object.from_mesh((tin.vertices, tin.faces), name="tin", mass=0.1),
        zdg.Hand.load("allegro"),
        num=num,
        planner="rules",
        validate=False,
        config=zdg.SynthesisConfig(rounds=1, refine=RefineConfig(extra_terms=(term,))),
    )


def main() -> None:
    """Compare grasps made with and without the term."""
    for weight in (0.0, 100.0):
        depths = make_grasps(weight).terms["below_table"]
        print(
            f"weight {weight:5.1f}: {(depths < 0.01).sum():2d} of {len(depths)} grasps keep clear"
        )


if __name__ == "__main__":
    main()
