"""Objects: right, or refused."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import add

_READ = "from zdg_jax.objects import Object; o = Object.from_mesh({!r}, cache=False); "


def size_of(mesh: str) -> str:
    """A program that prints the sides of an object's box [mm] and its volume [cm^3]."""
    return (
        _READ.format(mesh)
        + "import numpy as np; print((1e3 * np.ptp(o.vertices, 0)).round(), round(o.volume * 1e6))"
    )


add(
    "mesh: centimetres stated",
    make.case("meshes"),
    size_of("cm_unit.dae"),
    works(r"60. +60. +100.\] 360"),
    quick=True,
)
add(
    "mesh: millimetres stated",
    make.case("meshes"),
    size_of("mm.3mf"),
    works(r"60. +60. +100.\] 360"),
)
add(
    "mesh: inches stated",
    make.box("i.dae", 4.72, '<unit name="inch" meter="0.0254"/>'),
    size_of("i.dae"),
    works(r"\[120"),
)
add(
    "mesh: concave polygon",
    make.case("meshes"),
    size_of("concave_ngon.obj"),
    works(r"100. 100.  30.\] 15\d"),
)
add("mesh: interleaved", make.case("meshes"), size_of("neg_interleaved.obj"), works(r"\[150"))
add("mesh: trailing bytes", make.case("meshes"), size_of("trailing.stl"), works("60. +60. +100"))
add("mesh: percent signs", make.case("meshes"), size_of("pct/model.gltf"), works("60. +60. +100"))
add(
    "mesh: Draco",
    make.case("meshes"),
    ("plan", "draco.glb", "--task", "lift", "--planner", "rules"),
    refused("Draco"),
)
add(
    "mesh: a folder",
    make.text("m.stl/x", ""),
    ("plan", "m.stl", "--task", "lift", "--planner", "rules"),
    refused("is a folder"),
)
add(
    "mesh: a vertex of two numbers",
    make.text("m.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nv 0 0\n"),
    ("plan", "m.obj", "--task", "lift", "--planner", "rules"),
    refused("vertices of 2 numbers"),
)
_LARGE = "import trimesh; from zdg_jax.objects import Object; "
add(
    "mesh: large and round",
    make.text("x", ""),
    _LARGE + "Object.from_mesh(trimesh.creation.icosphere(4, .99), cache=False)",
    works(),
)
