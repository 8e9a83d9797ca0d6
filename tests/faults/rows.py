"""The rows. One line adds one: name, input, command or program, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults import inputs as make
from tests.faults.harness import Maker, Outcome, Row, failed, refused, works

ROWS: list[Row] = []

_HAND = ("hand", "hand.xml", "--no-picture")
_PLAN = ("plan", "box.stl", "--task", "lift", "--planner", "rules", "--out", "o")
_GRASP = ("grasp", "box.stl", "--task", "pick it up", "--planner", "rules", "--out", "o")
_SMALL = ("--num", "16", "--keep", "4", "--hand", "hand.xml")
_EXPORT = ("export", "grasps.npz", "--format", "json", "--out", "bench")
_READ = "from zdg_jax.objects import Object; o = Object.from_mesh({!r}, cache=False); "


def add(
    name: str,
    maker: Maker,
    run: tuple[str, ...] | str,
    expect: Outcome,
    *,
    quick: bool = False,
    keeps: Mapping[str, str] | None = None,
) -> None:
    """Adds a row."""
    ROWS.append(Row(name=name, make=maker, run=run, expect=expect, quick=quick, keeps=keeps or {}))


def size_of(mesh: str) -> str:
    """A program that prints the sides of an object's box [mm] and its volume [cm^3]."""
    return (
        _READ.format(mesh)
        + "import numpy as np; print((1e3 * np.ptp(o.vertices, 0)).round(), round(o.volume * 1e6))"
    )


# Hands that cannot be.
add("hand: degrees as radians", make.claw("-10 90"), _HAND, refused("degrees"), quick=True)
add("hand: absurd range", make.claw("-1e9 1e9"), _HAND, refused("full turn"))
add("hand: reversed range", make.claw("1.4 -.2"), _HAND, refused("lower end"))
add("hand: NaN range", make.claw("nan 1"), _HAND, refused("finite"), quick=True)
add("hand: NaN mass", make.edited_claw("<geom", '<geom mass="nan"'), _HAND, refused("finite"))
add("hand: inf", make.edited_claw('pos="0 0 0.05"', 'pos="0 0 inf"'), _HAND, refused("finite"))
add("hand: far", make.edited_claw('pos="0 0 0.05"', 'pos="0 0 1e20"'), _HAND, refused("1e.20"))
add("hand: radians as degrees", make.allegro_without_angle, _HAND, refused("radian"))
add("hand: millimetres", make.claw(size=1000), _HAND, refused("0.001"), quick=True)
add("hand: ten times too large", make.claw(size=10), _HAND, refused("at most 1 m"))
add("hand: ten times too small", make.claw(size=0.1), _HAND, refused("at least 0.03"))
add("hand: two in one file", make.two_claws(), _HAND, refused("--root palm"), quick=True)
add("hand: one of two", make.two_claws(), (*_HAND, "--root", "r_palm"), works("r_a0"))
add("hand: an arm", make.arm_with_claw(), _HAND, refused("7 joints before.*--root palm"))
add("hand: of an arm", make.arm_with_claw(), (*_HAND, "--root", "palm"), works("a0"))
_SPEED = '<intvelocity joint="{joint}" actrange="-1 1"/>'
add("hand: speeds", make.claw(actuator=_SPEED), _HAND, refused("speed.*--hand-drive"))
add("hand: driven", make.claw(actuator=_SPEED), (*_HAND, "--hand-drive", "5"), works("a0"))
_TIE = '<joint joint1="b0" joint2="a0" polycoef="0 {} 0 0 0"/>'
_CONTRARY = f"<equality>{_TIE.format(1)}{_TIE.format(-1)}</equality>"
_TWICE = f"<equality>{_TIE.format(1)}{_TIE.format(1)}</equality>"
add("hand: contradictory couplings", make.claw(more=_CONTRARY), _HAND, refused("contradict"))
add("hand: stated twice", make.claw(more=_TWICE), _HAND, works("b0"))
add(
    "hand: many geoms",
    make.edited_claw("<geom", "<geom size='.001'/>" * 10000 + "<geom"),
    _HAND,
    refused("limit is 2,000"),
)
_FIFO = make.together(
    make.text("hand.xml", '<mujoco><include file="f.xml"/></mujoco>'), make.pipe("f.xml")
)
add("hand: includes a pipe", _FIFO, _HAND, refused("pipe"))
add(
    "hand: overrides too deep",
    make.together(make.claw(), make.text("hand.zdg.json", "[" * 100000)),
    _HAND,
    refused("JSON"),
)

# Hands of every build.
add("hand: attach", make.case("hands"), ("hand", "attach_other.xml", "--no-picture"), works("6"))
add("hand: strippath", make.case("hands"), ("hand", "strippath.xml", "--no-picture"), works("6"))
add(
    "hand: URDF", make.case("hands"), ("hand", "pkg/urdf/toy.urdf", "--no-picture"), works("driven")
)
add(
    "hand: motors",
    make.case("hands"),
    ("hand", "motors.xml", "--no-picture"),
    refused("--hand-drive"),
)
add(
    "hand: motors, driven",
    make.case("hands"),
    ("hand", "motors.xml", "--no-picture", "--hand-drive", "5"),
    works("6"),
)

# Objects.
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

# Data of others.
add(
    "cache clear",
    make.text("c/objects/scan.stl", "precious"),
    "import os; os.environ['ZDG_CACHE_DIR'] = 'c'\n"
    "from zdg_jax.cli.app import run; run(['cache', 'clear'])",
    works(),
    keeps={"c/objects/scan.stl": "precious"},
    quick=True,
)
_LINK = make.together(
    make.box(), make.text("victim", "precious"), make.link("o/plan.html", "../victim")
)
add("plan through a link", _LINK, _PLAN, refused("--force"), keeps={"victim": "precious"})
add(
    "plan through a link, forced", _LINK, (*_PLAN, "--force"), works(), keeps={"victim": "precious"}
)
add(
    "export over a file",
    make.together(make.grasps, make.text("bench/object.obj", "precious")),
    _EXPORT,
    refused("--force"),
    keeps={"bench/object.obj": "precious"},
    quick=True,
)
add(
    "grasp into the folder of another run",
    make.together(make.box(), make.claw(), make.text("o/grasps.npz", "precious")),
    (*_GRASP, *_SMALL),
    refused("--force"),
    keeps={"o/grasps.npz": "precious"},
)
add(
    "picture of a hand over one of others",
    make.together(make.claw(), make.text("hand.png", "precious")),
    ("hand", "hand.xml", "--out", "hand.png"),
    refused("--force"),
    keeps={"hand.png": "precious"},
)

# Results that cannot be true.
add(
    "nothing holds",
    make.together(make.box(), make.claw(damping="")),
    (*_GRASP, *_SMALL),
    Outcome(status=1, says="none of the .* tested grasps holds", one_line=False),
)

# Saved sets.
for _name, _array, _change, _says in (
    ("quaternions of zeros", "pose/grasp/quaternion", "0 * a", "must be 1"),
    ("long quaternions", "pose/squeeze/quaternion", "10 * a", "must be 1"),
    ("huge joints", "pose/grasp/joints", "a + 1e6", "limit is 100"),
    ("complex scores", "score", "a + 0j", "score has the type"),
    ("scores of text", "score", "a.astype(str)", "score has the type"),
    ("held of floats", "validation/held", "a.astype(float)", "held has the type"),
    ("held and reason", "validation/held", "~a", "contradict"),
    ("unknown reason", "validation/reason", "0 * a + 77", "77"),
    ("a moved mesh", "object/vertices", "a * 1.01", "mesh_hash"),
):
    add(
        f"set: {_name}",
        make.changed_grasps(_array, _change),
        _EXPORT,
        refused(_says),
        quick=_name == "unknown reason",
    )
for _fields, _says in (
    ({"object__mass": -1}, "mass"),
    ({"object__mass": "0.1"}, "mass"),
    ({"object__name": ["a"]}, "name"),
    ({"object__pieces": 0}, "pieces"),
    ({"object__pieces": -1}, "pieces"),
    ({"version": True}, "version"),
    ({"hand__joint_names": "abc"}, "joint_names"),
    ({"hand__source": {}}, "source"),
):
    add(f"set: {_fields}", make.changed_meta(**_fields), _EXPORT, refused(_says))
add("set: a pipe", make.pipe("grasps.npz"), _EXPORT, refused("pipe"))
add(
    "plan: a pipe",
    make.together(make.box(), make.pipe("p.json")),
    (*_PLAN[:5], "p.json"),
    refused("pipe"),
)
add(
    "plan: a device",
    make.together(make.box(), make.link("p.json", "/dev/zero")),
    (*_PLAN[:5], "p.json"),
    refused("device"),
)

# Settings and arguments.
add(
    "seed beyond 32 bits",
    make.box(),
    (*_GRASP, "--seed", "99999999999999999999"),
    refused("--seed"),
)
add(
    "task of one long word",
    make.box(),
    (*_PLAN[:3], "x" * 1900, *_PLAN[4:]),
    works("words mean nothing"),
)
add(
    "failed model",
    make.box(),
    (*_PLAN[:5], "openai:m", "--server", "http://127.0.0.1:9/v1", "--out", "o"),
    failed("127.0.0.1:9"),
)

# Surroundings.

_WORLD = "<mujoco><worldbody>{}</worldbody></mujoco>"
_TABLE_TOP = '<geom type="plane" size="1 1 .1"/>'


def scene(*bodies: str) -> Maker:
    """A box of 5 x 4 x 6 cm, and a scene of a table and more."""
    content = _WORLD.format(_TABLE_TOP + "".join(bodies))
    return make.together(make.box(), make.text("scene.xml", content))


_IN_SCENE = (*_PLAN, "--scene", "scene.xml")
add("up that is no direction", make.box(), (*_PLAN, "--up", "0,0,0"), refused("up is"))
add("up in other words", make.box(), (*_PLAN, "--up", "upwards"), refused("--up is 'upwards'"))
add("a scene that is not there", make.box(), _IN_SCENE, refused("no file scene.xml"))
add(
    "a scene with a hand in it",
    scene('<body><joint name="thumb"/><geom size=".01" pos="0 0 .5"/></body>'),
    _IN_SCENE,
    refused("'thumb'"),
    quick=True,
)
add(
    "an object that hangs over the table",
    scene('<body name="object" pos="0 0 .05"/>'),
    _IN_SCENE,
    refused("hangs in the air, 20.0 mm"),
)
add(
    "an object sunk in the table",
    scene('<body name="object" pos="0 0 .02"/>'),
    _IN_SCENE,
    refused("sunk in the table by 10.0 mm"),
)
add(
    "an obstacle through the object",
    scene('<geom name="pole" type="cylinder" size=".01 .3" pos=".01 0 0"/>'),
    _IN_SCENE,
    refused("obstacle 'pole' runs through"),
)
add(
    "a table beside a scene",
    scene(),
    (*_IN_SCENE, "--table"),
    refused("leave out --table"),
)
