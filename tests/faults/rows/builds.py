"""Hands of every build load."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import GRASP, SMALL, add

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
_BITS = make.model(*make.fingers()).replace("<geom", '<geom contype="2" conaffinity="4"')
add(
    "hand: bits of contact of its own",
    make.together(make.box(), make.text("hand.xml", _BITS)),
    (*GRASP, *SMALL),
    works("[1-9][0-9]* of 16 tested hold|[1-9] kept"),
)
