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
add(
    "mesh: a count of triangles that is too small",
    make.stl_that_counts(3),
    ("plan", "m.stl", "--task", "lift", "--planner", "rules"),
    refused("says that it has 3 triangles, and has 12"),
)
add(
    "mesh: a glTF that names a pipe",
    make.together(
        make.pipe("b.bin"),
        make.text(
            "m.gltf",
            '{"asset": {"version": "2.0"}, "buffers": [{"uri": "b.bin", "byteLength": 9}]}',
        ),
    ),
    ("plan", "m.gltf", "--task", "lift", "--planner", "rules"),
    refused("b.bin is a device or a pipe"),
)
add(
    "mesh: an MJCF of 5,000 geometries",
    make.text(
        "m.xml",
        "<mujoco><worldbody>" + "<geom size='.01'/>" * 5000 + "</worldbody></mujoco>",
    ),
    ("plan", "m.xml", "--task", "lift", "--planner", "rules"),
    refused("5,000 geometries"),
)
_LARGE = "import trimesh; from zdg_jax.objects import Object; "
add(
    "mesh: large and round",
    make.text("x", ""),
    _LARGE + "Object.from_mesh(trimesh.creation.icosphere(4, .99), cache=False)",
    works(),
)
_PLAN_OF = ("plan", "MESH", "--task", "lift", "--planner", "rules", "--out", "o")


def plan_of(mesh: str) -> tuple[str, ...]:
    """The command that plans for a mesh."""
    return tuple(mesh if word == "MESH" else word for word in _PLAN_OF)


# Units.
for _unit, _size in (("inch", 1.57), ("centimeter", 4.0), ("foot", 0.131), ("micron", 40000.0)):
    add(
        f"mesh: {_unit} of a 3MF",
        make.unit_of_3mf("u.3mf", _size, _unit),
        size_of("u.3mf"),
        works(r"\[40"),
    )
add(
    "mesh: a unit that is no number",
    make.box("i.dae", 0.05, '<unit name="inch" meter="much"/>'),
    plan_of("i.dae"),
    refused("i.dae"),
)
add(
    "mesh: a washer of 1.9 mm without a unit",
    make.box("w.stl", 1.5),
    plan_of("w.stl"),
    works(),
)

# Text that is nearly a mesh.
_BOX = make.obj_box()
for _name, _content, _expect in (
    ("as it is", _BOX, works(r"40. +40. +40.\] 64")),
    ("a mark of byte order", "\ufeff" + _BOX, works(r"40. +40. +40.\] 64")),
    ("carriage returns", _BOX.replace("\n", "\r\n"), works(r"40. +40. +40.\] 64")),
    ("unused vertices", _BOX + "v 9 9 9\n", works(r"40. +40. +40.\] 64")),
    ("colours", make.obj_box(tail=" .1 .2 .3"), works(r"40. +40. +40.\] 64")),
    ("weights", make.obj_box(tail=" 1.0"), works(r"40. +40. +40.\] 64")),
    ("a continued line", _BOX.replace("f 1 ", "f 1 \\\n"), works(r"40. +40. +40.\] 64")),
    ("points and lines", _BOX + "p 1\nl 1 2 3\n", works(r"40. +40. +40.\] 64")),
    ("a lost library", "mtllib lost.mtl\n" + _BOX, works(r"40. +40. +40.\] 64")),
    ("faces twice", _BOX + _BOX[_BOX.index("f ") :], works(r"40. +40. +40.\] 64")),
):
    add(f"OBJ: {_name}", make.obj("m.obj", _content), size_of("m.obj"), _expect)
for _name, _content, _says in (
    ("an index too large", _BOX + "f 1 2 99\n", "98"),
    ("an index of zero", _BOX + "f 0 1 2\n", "m.obj"),
    ("NaN", _BOX.replace("v 0.02", "v nan", 1), "finite|number"),
    ("huge numbers", _BOX.replace("v 0.02", "v 1e999", 1), "finite|number"),
    ("decimal commas", _BOX.replace("0.02", "0,02"), "m.obj"),
    ("no faces", _BOX[: _BOX.index("f ")], "m.obj"),
    ("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "m.obj"),
    ("a page of an error", "<!doctype html><html><body>404</body></html>", "m.obj"),
):
    add(f"OBJ: {_name}", make.text("m.obj", _content), plan_of("m.obj"), refused(_says))
for _name, _file, _content in (
    ("a PLY of 10^12 vertices", "m.ply", make.PLY_OF_MANY),
    ("an OFF of 10^12 vertices", "m.off", "OFF\n1000000000000 1 0\n0 0 0\n"),
    ("entities that multiply in a DAE", "m.dae", make.BILLION + "<COLLADA>&i;</COLLADA>"),
    ("a URDF without links", "m.urdf", "<robot name='x'/>"),
    ("an MJCF of 100,000 nested bodies", "m.xml", "<mujoco><worldbody>" + "<body>" * 100000),
    ("a glTF nested deeply", "m.gltf", "[" * 100000),
    ("a STEP file", "m.step", "ISO-10303-21;"),
):
    add(f"mesh: {_name}", make.text(_file, _content), plan_of(_file), refused(_file[:2]))
for _name, _maker, _mesh in (
    ("a pipe", make.pipe("m.stl"), "m.stl"),
    ("a device", make.link("m.stl", "/dev/zero"), "m.stl"),
    ("a link to itself", make.link("m.stl", "m.stl"), "m.stl"),
    ("an MJCF that includes a pipe", make.including_pipe("m.xml"), "m.xml"),
):
    add(f"mesh: {_name}", _maker, plan_of(_mesh), refused("m.(stl|xml)"))
add(
    "mesh: a name that is no text",
    make.text("x", ""),
    ("plan", "\udcff.stl", "--task", "lift", "--planner", "rules", "--out", "o"),
    refused("stl"),
)

# Solids: turned, apart, thin, long.
_MADE = "import numpy as np, trimesh; from zdg_jax.objects import Object\n"
_SAID = "\nprint(round(o.volume * 1e6, 1), len(o.pieces) > 1)"
for _name, _program, _says in (
    (
        "two boxes, one inside out",
        "b.apply_translation([.08, 0, 0]); b.invert(); m = a + b",
        r"128.0 True",
    ),
    ("all inside out", "a.invert(); m = a", "64.0"),
    (
        "a box in a box, turned in: a shell",
        "b.apply_scale(.5); b.invert(); m = a + b",
        "56.0",
    ),
    ("triangles turned at random", "a.faces[::2] = a.faces[::2, ::-1]; m = a", "64.0"),
    ("the same box three times", "m = a + b + a", "64.0"),
    ("far from the origin", "a.apply_translation([50, 0, 0]); m = a", "64.0"),
    ("a capsule of 1.5 m", "m = trimesh.creation.capsule(height=1., radius=.25)", "26"),
    ("a rod of 1.9 m", "m = trimesh.creation.cylinder(.004, 1.9)", "9[0-9]"),
    ("a sheet of 1.9 m", "m = trimesh.creation.box((1.9, 1.9, .02))", "72"),
):
    add(
        f"solid: {_name}",
        make.text("x", ""),
        _MADE
        + "a, b = trimesh.creation.box((.04,) * 3), trimesh.creation.box((.04,) * 3)\n"
        + f"{_program}\no = Object.from_mesh(m, cache=False)"
        + _SAID,
        works(_says),
    )
