"""Shapes of our own, as meshes with a spec: a dataset to begin with that nobody's licence binds."""

from __future__ import annotations

import csv
import io
import math
import pathlib
from collections.abc import Callable

import numpy as np
import trimesh
from trimesh import creation
from trimesh.exchange.ply import export_ply

from zdg_jax.errors import InputError
from zdg_jax.runtime.files import atomic_write

_SPEC = """\
name: shapes
license: CC0-1.0
description: Simple shapes of household size, grasped to be lifted.
objects:
  - path: shapes.csv
hands: [allegro, leap, shadow]
tasks: [lift it]
grasps: {make: 32, keep: 8}
tests: [carry, six_directions]
"""


def write_shapes(folder: str | pathlib.Path) -> pathlib.Path:
    """Writes the shapes, a table of their masses, and a spec.

    Args:
        folder: where to.

    Returns:
        The path of the spec.

    Raises:
        InputError: a file cannot be written, or another is in the way.
    """
    folder = pathlib.Path(folder)
    spec = folder / "spec.yaml"
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["path", "mass"])
    files = {}
    for name, (make, mass) in _SHAPES.items():
        files[folder / "meshes" / f"{name}.ply"] = export_ply(make(), vertex_normal=False)
        rows.writerow([f"meshes/{name}.ply", mass])
    files |= {folder / "shapes.csv": table.getvalue().encode(), spec: _SPEC.encode()}
    for path, content in files.items():
        if path.exists() and path.read_bytes() != content:
            raise InputError(f"{path} is there already, and of somebody else; name another folder")
    for path, content in files.items():
        with atomic_write(path) as file:
            file.write(content)
    return spec


def _placed(mesh: trimesh.Trimesh, *offset: float) -> trimesh.Trimesh:
    mesh.apply_translation(offset)
    return mesh


def _lying(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """A mesh along z, laid along x."""
    mesh.apply_transform(trimesh.transformations.rotation_matrix(math.pi / 2, (0, 1, 0)))
    return mesh


def _hammer() -> trimesh.Trimesh:
    handle = _lying(creation.cylinder(0.012, 0.22, sections=24))
    head = _placed(creation.box((0.03, 0.09, 0.03)), 0.115, 0.0, 0.0)
    return trimesh.boolean.union([handle, head])


def _dumbbell() -> trimesh.Trimesh:
    bar = _lying(creation.cylinder(0.011, 0.14, sections=24))
    ends = [_placed(creation.icosphere(3, 0.028), side * 0.07, 0.0, 0.0) for side in (-1, 1)]
    return trimesh.boolean.union([bar, *ends])


def _bottle() -> trimesh.Trimesh:
    profile = [(0, 0), (0.032, 0), (0.032, 0.11), (0.014, 0.14), (0.014, 0.18), (0, 0.18)]
    return creation.revolve(np.array(profile), sections=32)


def _bowl() -> trimesh.Trimesh:
    angles = np.linspace(0, math.pi / 2, 9)
    outer = [(0.06 * math.sin(a), 0.06 * (1 - math.cos(a))) for a in angles]
    inner = [(0.054 * math.sin(a), 0.06 - 0.054 * math.cos(a)) for a in angles[::-1]]
    return creation.revolve(np.array([*outer, *inner]), sections=32)


def _mug() -> trimesh.Trimesh:
    profile = [(0, 0), (0.04, 0), (0.04, 0.09), (0.036, 0.09), (0.036, 0.005), (0, 0.005)]
    handle = creation.torus(0.026, 0.006, major_sections=32, minor_sections=12)
    handle.apply_transform(trimesh.transformations.rotation_matrix(math.pi / 2, (1, 0, 0)))
    body = creation.revolve(np.array(profile), sections=40)
    full = creation.cylinder(0.0385, 0.09, sections=40)
    handle = trimesh.boolean.difference(
        [_placed(handle, 0.045, 0.0, 0.045), _placed(full, 0.0, 0.0, 0.045)]
    )
    return trimesh.boolean.union([body, handle])


_SHAPES: dict[str, tuple[Callable[[], trimesh.Trimesh], float]] = {
    "cube": (lambda: creation.box((0.05, 0.05, 0.05)), 0.1),
    "brick": (lambda: creation.box((0.11, 0.06, 0.04)), 0.25),
    "slab": (lambda: creation.box((0.15, 0.08, 0.012)), 0.15),
    "ball": (lambda: creation.icosphere(3, 0.033), 0.06),
    "can": (lambda: creation.cylinder(0.033, 0.1, sections=32), 0.3),
    "rod": (lambda: _lying(creation.cylinder(0.012, 0.18, sections=24)), 0.1),
    "disc": (lambda: creation.cylinder(0.055, 0.02, sections=40), 0.15),
    "capsule": (lambda: creation.capsule(0.09, 0.025, count=[24, 24]), 0.15),
    "cone": (lambda: creation.cone(0.04, 0.1, sections=32), 0.12),
    "ring": (lambda: creation.torus(0.045, 0.011), 0.08),
    "hammer": (_hammer, 0.35),
    "dumbbell": (_dumbbell, 0.4),
    "bottle": (_bottle, 0.3),
    "bowl": (_bowl, 0.15),
    "mug": (_mug, 0.3),
}
"""Shapes by name, and their masses [kg]."""
