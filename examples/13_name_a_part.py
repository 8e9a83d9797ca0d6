"""A part that the geometry does not show is named by hand, and planned for.

python examples/13_name_a_part.py
"""

from __future__ import annotations

import trimesh

import zdg_jax as zdg
from zdg_jax.planning import GraspPlan, plan


def torch() -> zdg.Object:
    """A plain torch: one smooth tube, of which geometry makes one part."""
    tube = trimesh.creation.cylinder(radius=0.015, height=0.14).subdivide_to_size(0.01)
    return zdg.Object.from_mesh((tube.vertices, tube.faces), name="torch", mass=0.12)


def main() -> tuple[zdg.Object, GraspPlan]:
    """Names the last 3 cm a lens, and plans to keep off it."""
    obj = torch()
    print(obj)
    obj = obj.with_part("lens", planes=[((0, 0, 1), 0.04)])
    print(obj)
    hand = zdg.Hand.load("allegro")
    made = plan("hold the torch, without touching its lens", obj, hand, planner="rules")
    print(repr(made))
    return obj, made


if __name__ == "__main__":
    main()
