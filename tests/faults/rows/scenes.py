"""What is around the object."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Maker, refused
from tests.faults.rows.table import PLAN, add

_WORLD = "<mujoco><worldbody>{}</worldbody></mujoco>"
_TABLE_TOP = '<geom type="plane" size="1 1 .1"/>'


def scene(*bodies: str) -> Maker:
    """A box of 5 x 4 x 6 cm, and a scene of a table and more."""
    content = _WORLD.format(_TABLE_TOP + "".join(bodies))
    return make.together(make.box(), make.text("scene.xml", content))


_IN_SCENE = (*PLAN, "--scene", "scene.xml")
add("up that is no direction", make.box(), (*PLAN, "--up", "0,0,0"), refused("up is"))
add("up in other words", make.box(), (*PLAN, "--up", "upwards"), refused("--up is 'upwards'"))
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
