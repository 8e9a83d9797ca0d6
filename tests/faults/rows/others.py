"""Data of others: nothing that the library did not write is replaced or removed unasked."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Outcome, refused, works
from tests.faults.rows.table import EXPORT, GRASP, PLAN, SMALL, add

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
add("plan through a link", _LINK, PLAN, refused("--force"), keeps={"victim": "precious"})
add("plan through a link, forced", _LINK, (*PLAN, "--force"), works(), keeps={"victim": "precious"})
add(
    "export over a file",
    make.together(make.grasps, make.text("bench/object.obj", "precious")),
    EXPORT,
    refused("--force"),
    keeps={"bench/object.obj": "precious"},
    quick=True,
)
add(
    "grasp into the folder of another run",
    make.together(make.box(), make.claw(), make.text("o/grasps.npz", "precious")),
    (*GRASP, *SMALL),
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
_VALIDATE = ("validate", "grasps.npz", "--out", "grasps.npz")
add(
    "tests of some over the file of all",
    make.grasps_of_claw,
    _VALIDATE,
    refused("grasps.npz holds"),
)
_LINKED = make.together(make.grasps_of_claw, make.link("g.npz", "grasps.npz"))
add(
    "tests of some over the file of all, by a link",
    _LINKED,
    ("validate", "g.npz", "--out", "grasps.npz"),
    refused("grasps.npz holds"),
)
for _name, _file, _command in (
    ("a report", "report.html", ("report", "grasps.npz")),
    ("a picture of grasps", "p.png", ("show", "grasps.npz", "--picture", "p.png")),
    ("tested grasps", "t.npz", ("validate", "grasps.npz", "--all", "--out", "t.npz")),
    ("a film", "f.gif", ("validate", "grasps.npz", "--video", "f.gif", "--out", "t.npz")),
    ("a replay", "bench/replay.py", ("export", "grasps.npz", "--format", "mujoco", *EXPORT[4:])),
    ("parts", "p/parts.json", ("parts", "box.stl", "--out", "p")),
    ("a plan", "o/plan.json", PLAN),
    ("pages of plans", "o/plan.html", PLAN),
    ("a dataset", "d/plan.json", ("dataset", "make", "spec.yaml", "--out", "d")),
):
    add(
        f"{_name} over a file of others",
        make.together(make.grasps_of_claw, make.box(), make.spec, make.text(_file, "precious")),
        _command,
        refused(_file.split("/")[0]),
        keeps={_file: "precious"},
    )
for _name, _out in (("a file", "box.stl"), ("a file as folder", "box.stl/o")):
    add(
        f"results in {_name}",
        make.box(),
        (*PLAN[:-1], _out),
        refused("cannot write|is a file|not a directory"),
    )
add(
    "tests under noise beside notes of others",
    make.together(make.grasps_of_claw, make.text("t.npz.repeats/notes", "precious")),
    ("validate", "grasps.npz", "--out", "t.npz", "--repeats", "1"),
    Outcome(status=1, one_line=False),
    keeps={"t.npz.repeats/notes": "precious"},
)
add(
    "tests into the current folder",
    make.grasps_of_claw,
    ("validate", "grasps.npz", "--out", "."),
    refused("a folder; name a file in it"),
)
