"""Saved sets and plans are not believed."""

from __future__ import annotations

import json

from tests.faults import inputs as make
from tests.faults.harness import Outcome, refused, works
from tests.faults.rows.table import EXPORT, PLAN, add

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
    ("scores of NaN", "score", "a * np.nan", "score holds NaN"),
    ("a piece far away", "object/piece0/vertices", "a + 1e30", "limit is 100"),
    ("a piece beside the object", "object/piece0/vertices", "a + 0.1", "outside of the object"),
    ("marks below zero", "object/face_parts", "-a", "mark -1"),
    ("loads that were not tried", "validation/tested", "a & False", "not tested"),
    ("times below zero", "validation/steps", "a - 10**6", "negative"),
):
    add(
        f"set: {_name}",
        make.changed_grasps(_array, _change),
        EXPORT,
        refused(_says),
        quick=_name == "unknown reason",
    )
for _fields, _says in (
    ({"object__mass": -1}, "mass"),
    ({"object__mass": "0.1"}, "mass"),
    ({"object__mass": 1e30}, "mass is 1e.30"),
    ({"object__friction": 1e30}, "friction is 1e.30"),
    ({"object__name": "a\x1b[31mb"}, "cannot be printed"),
    ({"task": "\x1b]0;owned\x07"}, "cannot be printed"),
    ({"task": "x" * 10_000_000}, "10,000,000 characters"),
    ({"hand__joint_names": ["a\x07"] * 6}, "cannot be printed"),
    ({"object__name": ["a"]}, "name"),
    ({"object__pieces": 0}, "pieces"),
    ({"object__pieces": -1}, "pieces"),
    ({"version": True}, "version"),
    ({"hand__joint_names": "abc"}, "joint_names"),
    ({"hand__source": {}}, "source"),
):
    add(f"set: {str(_fields)[:60]}", make.changed_meta(**_fields), EXPORT, refused(_says))
add("set: a pipe", make.pipe("grasps.npz"), EXPORT, refused("pipe"))
add(
    "plan: a pipe",
    make.together(make.box(), make.pipe("p.json")),
    (*PLAN[:5], "p.json"),
    refused("pipe"),
)
add(
    "plan: a device",
    make.together(make.box(), make.link("p.json", "/dev/zero")),
    (*PLAN[:5], "p.json"),
    refused("device"),
)
# Files of grasps that no run of ours wrote.
for _name, _maker, _expect in (
    ("an entry twice", make.set_with_entry_twice("score.npy"), refused("twice")),
    ("a bomb of zeros", make.set_with_bomb, refused("unpacks to")),
    ("deep nesting", make.set_of_meta("[" * 100000), refused("no file of grasps")),
    ("another version", make.changed_meta(version=99), refused("99")),
    ("held of text", make.changed_grasps("validation/held", "a.astype(str)"), refused("held")),
    ("a NaN mass", make.changed_meta(object__mass=float("nan")), refused("mass")),
    (
        "infinite vertices",
        make.changed_grasps("object/vertices", "np.full_like(a, np.inf)"),
        refused("finite"),
    ),
    ("faces beyond", make.changed_grasps("object/faces", "a + 1000"), refused("do not exist")),
    ("faces of numbers", make.changed_grasps("object/faces", "a * 1.5"), refused("faces")),
    ("fewer grasps", make.changed_grasps("score", "a[:-1]"), refused("shape|score")),
    ("no grasps of some", make.changed_grasps("pose/grasp/joints", "a[:0]"), refused("joints")),
    ("other joints", make.changed_meta(hand__joint_names=["a", "b"]), refused("joints")),
    ("Python objects", make.changed_grasps("score", "a.astype(object)"), refused("objects")),
    ("kept of numbers", make.changed_grasps("kept", "a * 7"), refused("kept")),
    ("ranks twice", make.changed_grasps("rank", "0 * a"), refused("rank")),
    ("a status beyond", make.changed_grasps("status", "a + 99"), refused("status")),
    ("a stray array", make.changed_grasps("score", "a", stray="np.zeros(3)"), works()),
    ("big-endian numbers", make.changed_grasps("score", "a.astype('>f8')"), works()),
    ("a folder", make.text("grasps.npz/x", ""), refused("folder")),
    ("a device", make.link("grasps.npz", "/dev/zero"), refused("device")),
    ("an empty file", make.text("grasps.npz", ""), refused("damaged|no file of arrays")),
    ("a Git LFS pointer", make.text("grasps.npz", "version https://git-lfs"), refused("arrays")),
):
    add(f"set: {_name}", _maker, EXPORT, _expect)
for _name, _content in (
    ("deep nesting", "[" * 100000),
    ("a list", "[]"),
    ("nothing", "{}"),
    ("a number", "3"),
    ("text that is no UTF-8", "\udcff"),
):
    add(
        f"plan: {_name}",
        make.together(make.box(), make.raw("p.json", _content)),
        (*PLAN[:5], "p.json"),
        refused("p.json"),
    )
_FAR = [{"finger": "index", "role": "press", "point": [1e30, 0, 0]}]
_PALM = {"contact": True, "approach": [0, 0, 0], "thumb": [1, 0, 0]}
for _name, _section, _field, _value, _says in (
    ("a mass of a planet", "object", "mass", 1e30, "object.mass"),
    ("a point beyond the sky", "grip", "fingers", _FAR, "point"),
    ("an approach without length", "grip", "palm", _PALM, "palm.approach"),
):
    add(
        f"plan: {_name}",
        make.together(make.box(), make.plan_with(_section, _field, _value)),
        (*PLAN[:5], "p.json"),
        refused(f"p.json is no grasp plan: .*{_says}"),
    )
for _name, _part in (
    ("faces below zero", {"faces": [[-5, 3]]}),
    ("a name of two lines", {"name": "a\nend_header", "faces": [[0, 3]]}),
    ("an empty box", {"box": [[1, 1, 1], [-1, -1, -1]]}),
):
    add(
        f"parts: {_name}",
        make.together(
            make.box(), make.text("p.json", json.dumps({"parts": [{"name": "a"} | _part]}))
        ),
        ("parts", "box.stl", "--parts", "p.json", "--out", "o"),
        refused("p.json"),
    )
for _command in (("show",), ("report",), ("view",), ("validate",)):
    add(f"set: a pipe for {_command[0]}", make.pipe("g.npz"), (*_command, "g.npz"), refused("pipe"))
add(
    "scene: a pipe",
    make.together(make.box(), make.pipe("s.xml")),
    (*PLAN, "--scene", "s.xml"),
    refused("s.xml"),
)
add(
    "scene: includes a pipe",
    make.together(make.box(), make.including_pipe("s.xml")),
    (*PLAN, "--scene", "s.xml"),
    refused("pipe"),
)
add(
    "parts: a pipe",
    make.together(make.box(), make.pipe("p.json")),
    ("parts", "box.stl", "--parts", "p.json", "--out", "o"),
    refused("p.json"),
)
add(
    "parts: deep nesting",
    make.together(make.box(), make.text("p.json", "[" * 100000)),
    ("parts", "box.stl", "--parts", "p.json", "--out", "o"),
    refused("p.json"),
)
add(
    "dataset: a pipe",
    make.pipe("spec.yaml"),
    ("dataset", "make", "spec.yaml", "--out", "d"),
    refused("spec.yaml"),
)
add(
    "dataset: aliases that multiply",
    make.text("spec.yaml", make.YAML_BOMB),
    ("dataset", "make", "spec.yaml", "--out", "d"),
    refused("spec.yaml"),
)
_PART = "grasps-six_directions.npz.part.npz"
for _name, _maker in (
    ("an empty checkpoint", make.text(_PART, "")),
    ("noise for a checkpoint", make.text(_PART, "noise" * 1000)),
):
    add(
        f"resume: {_name}",
        make.together(make.grasps_of_claw, _maker),
        ("validate", "grasps.npz"),
        Outcome(status=2, says="part.npz"),
    )
