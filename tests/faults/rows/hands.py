"""Hands that cannot be: refused by name, with the way out."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import HAND, add

add("hand: degrees as radians", make.claw("-10 90"), HAND, refused("degrees"), quick=True)
add("hand: absurd range", make.claw("-1e9 1e9"), HAND, refused("full turn"))
add("hand: reversed range", make.claw("1.4 -.2"), HAND, refused("lower end"))
add("hand: NaN range", make.claw("nan 1"), HAND, refused("finite"), quick=True)
add("hand: NaN mass", make.edited_claw("<geom", '<geom mass="nan"'), HAND, refused("finite"))
add("hand: inf", make.edited_claw('pos="0 0 0.05"', 'pos="0 0 inf"'), HAND, refused("finite"))
add("hand: far", make.edited_claw('pos="0 0 0.05"', 'pos="0 0 1e20"'), HAND, refused("1e.20"))
add("hand: radians as degrees", make.allegro_without_angle, HAND, refused("radian"))
add("hand: millimetres", make.claw(size=1000), HAND, refused("0.001"), quick=True)
add("hand: ten times too large", make.claw(size=10), HAND, refused("at most 1 m"))
add("hand: ten times too small", make.claw(size=0.1), HAND, refused("at least 0.03"))
add("hand: two in one file", make.two_claws(), HAND, refused("--root palm"), quick=True)
add("hand: one of two", make.two_claws(), (*HAND, "--root", "r_palm"), works("r_a0"))
add("hand: an arm", make.arm_with_claw(), HAND, refused("7 joints before.*--root palm"))
add("hand: of an arm", make.arm_with_claw(), (*HAND, "--root", "palm"), works("a0"))
_SPEED = '<intvelocity joint="{joint}" actrange="-1 1"/>'
add("hand: speeds", make.claw(actuator=_SPEED), HAND, refused("speed.*--hand-drive"))
add("hand: driven", make.claw(actuator=_SPEED), (*HAND, "--hand-drive", "5"), works("a0"))
_TIE = '<joint joint1="b0" joint2="a0" polycoef="0 {} 0 0 0"/>'
_CONTRARY = f"<equality>{_TIE.format(1)}{_TIE.format(-1)}</equality>"
_TWICE = f"<equality>{_TIE.format(1)}{_TIE.format(1)}</equality>"
add("hand: contradictory couplings", make.claw(more=_CONTRARY), HAND, refused("contradict"))
_STEEP = '<equality><joint joint1="b0" joint2="a0" polycoef="0 1e9 0 0 0"/></equality>'
add("hand: a coupling without room", make.claw(more=_STEEP), HAND, refused("leave it no range"))
_HELD = '<equality><joint joint1="b0" polycoef="5 0 0 0 0"/></equality>'
add("hand: held where it cannot be", make.claw(more=_HELD), HAND, refused("holds joint 'b0' at 5"))
add("hand: stated twice", make.claw(more=_TWICE), HAND, works("b0"))
add(
    "hand: many geoms",
    make.edited_claw("<geom", "<geom size='.001'/>" * 10000 + "<geom"),
    HAND,
    refused("limit is 2,000"),
)
_FIFO = make.together(
    make.text("hand.xml", '<mujoco><include file="f.xml"/></mujoco>'), make.pipe("f.xml")
)
add("hand: includes a pipe", _FIFO, HAND, refused("pipe"))
add(
    "hand: overrides too deep",
    make.together(make.claw(), make.text("hand.zdg.json", "[" * 100000)),
    HAND,
    refused("JSON"),
)
add(
    "hand: many bodies",
    make.edited_claw("<geom", '<body pos="0 0 .001"><geom size=".001"/></body>' * 10000 + "<geom"),
    HAND,
    refused("limit is 1,000"),
)
add(
    "hand: deep nesting",
    make.text("hand.xml", "<mujoco><worldbody>" + "<body>" * 100000),
    HAND,
    refused("hand.xml"),
)
add("hand: centimetres", make.claw(size=100), HAND, refused("0.01"))
add("hand: zero axis", make.edited_claw('axis="0 -1 0"', 'axis="0 0 0"'), HAND, refused("axis"))
add("hand: no ranges", make.claw("0 0"), HAND, works("a0 states no range"))
for _name, _old, _new, _says in (
    ("negative damping", "damping='.02'", "damping='-1'", "damping"),
    ("NaN damping", "damping='.02'", "damping='nan'", "finite"),
    ("huge damping", "damping='.02'", "damping='1e12'", "damping"),
    ("huge armature", "armature='1e-4'", "armature='1e9'", "armature"),
    ("heavy finger", 'type="capsule"', 'type="capsule" mass="1e6"', "weighs"),
    ("large geom", 'size="0.05 0.01"', 'size="5 0.01"', "at most 1 m"),
    ("a far finger", 'pos="0 0 0.05"', 'pos="0 0 30"', "at most 1 m"),
    ("a zero quaternion", '<body pos="0 0 0.05"', '<body quat="0 0 0 0" pos="0 0 .05"', "quat"),
    ("text for a number", 'pos="0 0 0.05"', 'pos="0 0 0,05"', "pos|number"),
    ("two joints of one name", 'name="b0"', 'name="a0"', "a0"),
    ("a spring that pushes", 'name="b0"', 'name="b0" stiffness="-5"', "stiffness -5"),
    ("a spring like a wall", 'name="b0"', 'name="b0" stiffness="1e9"', "stiffness 1e.09"),
    ("friction that pushes", 'name="b0"', 'name="b0" frictionloss="-5"', "frictionloss -5"),
    ("a push from afar", 'type="capsule"', 'type="capsule" margin="1"', "from 1 m away"),
    ("a name of two lines", "<geom", '<geom name="a&#10;b"', "cannot be printed"),
    ("a name that turns text round", 'name="palm"', 'name="p\u202ealm"', "cannot be printed"),
    (
        "an inertia of a flywheel",
        '<body pos="0 0 0.05">',
        '<body pos="0 0 0.05"><inertial pos="0 0 0" mass=".1" diaginertia="9 9 9"/>',
        "inertia 9 kg",
    ),
    (
        "a centre of mass far away",
        '<body pos="0 0 0.05">',
        '<body pos="0 0 0.05"><inertial pos="5 0 0" mass=".1" diaginertia="1e-5 1e-5 1e-5"/>',
        "at 5 m from its origin",
    ),
    (
        "a soft part",
        "<geom",
        '<flexcomp name="skin" type="grid" count="4 4 1" spacing=".01 .01 .01" radius=".001"/>'
        "<geom",
        "soft part 'skin'",
    ),
    (
        "copies of copies",
        "<geom",
        '<replicate count="3000"><replicate count="3000"><geom size=".001"/></replicate>'
        "</replicate><geom",
        "9,000,000 elements",
    ),
    ("a ball joint", '<joint name="b0"', '<joint type="ball" name="b0"', "ball|range"),
):
    add(f"hand: {_name}", make.edited_claw(_old, _new), HAND, refused(_says))
for _name, _actuator, _says in (
    ("no gain", '<position joint="{joint}" kp="0"/>', "kp|gain|pull"),
    ("a negative gain", '<position joint="{joint}" kp="-5"/>', "kp|pull"),
    ("a huge gain", '<position joint="{joint}" kp="1e12"/>', "gain"),
    ("no force", '<position joint="{joint}" forcerange="0 0" forcelimited="true"/>', "force"),
    ("no gear", '<position joint="{joint}" gear="0"/>', "gear"),
    ("a reversed control range", '<position joint="{joint}" ctrlrange="1 -1"/>', "range"),
    ("a motor", '<motor joint="{joint}"/>', "--hand-drive"),
    ("a velocity", '<velocity joint="{joint}"/>', "--hand-drive"),
    ("a damper", '<damper joint="{joint}" kv="1" ctrlrange="0 1"/>', "--hand-drive"),
    ("a gain of nothing", '<position joint="{joint}" kp="1e-30"/>', "gain 1e-30"),
    ("reversed forces", '<position joint="{joint}" forcerange="5 -5"/>', "force range.*5 to -5"),
    ("targets elsewhere", '<position joint="{joint}" ctrlrange="2 3"/>', "outside of its range"),
    ("an unknown joint", '<position joint="x{joint}"/>', "xa0"),
):
    add(f"hand: {_name}", make.claw(actuator=_actuator), HAND, refused(_says))
for _name, _content in (
    ("empty", ""),
    ("no XML", "Once upon a time"),
    ("a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    ("a page of an error", "<!doctype html><html><body>404: Not Found</body></html>"),
    ("an SDF", "<sdf version='1.7'><model name='hand'/></sdf>"),
    ("a xacro", "<robot xmlns:xacro='x' name='h'><xacro:include filename='y'/></robot>"),
    ("entities that multiply", make.BILLION + "<mujoco model='&i;'/>"),
    ("no bodies", "<mujoco/>"),
    ("a still body", "<mujoco><worldbody><body><geom size='.1'/></body></worldbody></mujoco>"),
):
    add(f"hand: {_name}", make.text("hand.xml", _content), HAND, refused("hand"))
for _name, _statements, _says in (
    ("a list", "[]", "must be an object"),
    ("an unknown key", '{"thmb": "x"}', "thmb.*known"),
    ("an unknown palm", '{"palm": {"link": "x"}}', "no link 'x'"),
    ("a zero normal", '{"palm": {"normal": [0, 0, 0]}}', "not all 0"),
    ("NaN", '{"palm": {"normal": [NaN, 0, 0]}}', "not all 0"),
    ("a drive of text", '{"drive": "strong"}', "drive"),
    ("an unknown root", '{"root": "elbow"}', "no body 'elbow'"),
):
    add(
        f"hand: overrides of {_name}",
        make.together(make.claw(), make.text("hand.zdg.json", _statements)),
        HAND,
        refused(_says),
    )
_PIPED = make.together(make.claw(), make.pipe("hand.zdg.json"))
add("hand: overrides from a pipe", _PIPED, HAND, works("a0"))
_LIMIT = 'lower="0" upper="1.4"'
for _name, _old, _new, _expect in (
    ("as it is", "", "", works("a0")),
    ("an unknown mimic", make.MIMIC, '<mimic joint="elbow"/>', refused("elbow")),
    ("a mimic of itself", make.MIMIC, '<mimic joint="b2"/>', refused("b2")),
    (
        "mimics in a circle",
        '<child link="a2_link"/>',
        '<child link="a2_link"/><mimic joint="b2"/>',
        refused("circle"),
    ),
    ("no limits", f'<limit {_LIMIT} effort="1" velocity="1"/>', "", works("a0")),
    ("limits of zero", _LIMIT, 'lower="0" upper="0"', refused("range")),
    ("limits in degrees", 'upper="1.4"', 'upper="80"', refused("degrees")),
    ("a mass below zero", '<mass value=".05"/>', '<mass value="-1"/>', refused("mass -1")),
    (
        "two inertials of a link",
        '<link name="a0_link">',
        '<link name="a0_link"><inertial><mass value=".04"/><inertia ixx="1e-5" iyy="1e-5" '
        'izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial>',
        works("a0"),
    ),
    ("a mimic a hundred times", make.MIMIC, '<mimic joint="a2" multiplier="100"/>', refused("a2")),
    ("an effort of zero", 'effort="1"', 'effort="0"', works("a0")),
    ("a lost mesh", '<sphere radius=".01"/>', '<mesh filename="package://x/a.stl"/>', refused("a")),
    ("no links", "<link", "<lnk", refused("hand")),
    ("NaN", 'xyz="0 0 .02"', 'xyz="0 0 nan"', refused("finite|nan")),
    ("a joint of two parents", "a1_link", "a0_link", refused("repeated")),
):
    add(
        f"URDF: {_name}",
        make.urdf_claw(_old, _new),
        ("hand", "hand.urdf", "--no-picture"),
        _expect,
    )
_PULLS = '<position joint="{joint}" forcerange="0 5"/>'
add("hand: forces in one direction", make.claw(actuator=_PULLS), HAND, works("0 to 5"))
add(
    "hand: centimetres, scaled",
    make.claw(size=100),
    (*HAND, "--hand-scale", "0.01"),
    works("a0"),
)
add("hand: a scale of zero", make.claw(), (*HAND, "--hand-scale", "0"), refused("scale=0"))
add(
    "hand: a scale too small",
    make.claw(),
    (*HAND, "--hand-scale", "0.2"),
    refused("at least 0.03"),
)
add(
    "hand: a slide in millimetres",
    make.edited_claw('<joint name="b0"', '<joint name="b0" type="slide"'),
    HAND,
    refused("--hand-scale 0.001"),
)
add(
    "hand: a slide without a range",
    make.text(
        "hand.xml",
        make.model(*make.fingers()).replace(
            '<joint name="b0" axis="0 -1 0" range="-.2 1.4"', '<joint name="b0" type="slide"'
        ),
    ),
    HAND,
    refused("'b0'.*no range, in metres|'b0'.*add one, in metres"),
)
