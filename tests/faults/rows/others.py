"""Data of others: nothing that the library did not write is replaced or removed unasked."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
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
