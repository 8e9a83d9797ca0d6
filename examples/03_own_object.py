"""Bring an object of your own: units, mass, friction, and parts that you know better.

python examples/03_own_object.py
"""

from __future__ import annotations

import pathlib
import tempfile

import numpy as np
import trimesh

import zdg_jax as zdg


def pan() -> trimesh.Trimesh:
    """Make a pan in millimetres: a disc with a handle along x."""
    disc = trimesh.creation.cylinder(radius=90.0, height=30.0)
    handle = trimesh.creation.box((140.0, 22.0, 14.0))
    handle.apply_translation([155.0, 0.0, 5.0])
    return trimesh.util.concatenate([disc, handle])


def main() -> zdg.Object:
    """Prepare the pan from a file in millimetres, with parts of one's own."""
    mesh = pan()
    path = pathlib.Path(tempfile.mkdtemp()) / "pan.ply"
    mesh.export(path)

    guessed = zdg.Object.from_mesh(path, scale=0.001)  # metres; water's density; parts found
    print(guessed)

    labels = np.where(mesh.triangles_center[:, 0] > 90.0, 2, 1)  # one per face of the file
    obj = zdg.Object.from_mesh(path, scale=0.001, mass=0.9, friction=0.4, parts=labels)
    print(obj)
    for part in obj.parts:
        size = " x ".join(f"{1e3 * side:.0f}" for side in part.extents)
        print(f"part {part.mark}: {size} mm, {1e4 * part.area:.0f} cm2")
    print(f"centre of mass [m]: {obj.center_of_mass.round(3)}")

    plan = zdg.plan("fry an egg", obj, zdg.Hand.load("allegro"), planner="rules")
    print(repr(plan))
    return obj


if __name__ == "__main__":
    main()
