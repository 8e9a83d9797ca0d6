"""Hands of every build load."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import GRASP, HAND, SMALL, add

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
add("hand: bits of contact", make.case("hands"), ("hand", "masks.xml", "--no-picture"), works("6"))
add(
    "hand: bits of contact, grasps",
    make.together(make.box(), make.case("hands")),
    (*GRASP, "--num", "16", "--keep", "4", "--hand", "masks.xml"),
    works("[1-9][0-9]* of [0-9]+ tested hold"),
)
_CLAW = make.model(*make.fingers())
add(
    "hand: no actuators",
    make.text("hand.xml", make.model(make.fingers()[0], "")),
    HAND,
    works("states no actuators: every joint is driven with 5"),
)
for _file in ("hand.mjcf", "hand"):
    _command = ("hand", f"./{_file}", "--no-picture")
    add(f"hand: a file called {_file}", make.text(_file, _CLAW), _command, works("6 joints"))
add(
    "hand: a compiled file",
    make.text("hand.mjb", ""),
    ("hand", "hand.mjb", "--no-picture"),
    refused("compiled model"),
)
_BITS = make.model(*make.fingers()).replace("<geom", '<geom contype="2" conaffinity="4"')
add(
    "hand: bits of contact of its own",
    make.together(make.box(), make.text("hand.xml", _BITS)),
    (*GRASP, *SMALL),
    works("[1-9][0-9]* of [0-9]+ tested hold"),
)
