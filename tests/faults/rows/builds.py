"""Hands of every build load."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import add

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
