"""Saved sets and plans are not believed."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused
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
    ({"object__name": ["a"]}, "name"),
    ({"object__pieces": 0}, "pieces"),
    ({"object__pieces": -1}, "pieces"),
    ({"version": True}, "version"),
    ({"hand__joint_names": "abc"}, "joint_names"),
    ({"hand__source": {}}, "source"),
):
    add(f"set: {_fields}", make.changed_meta(**_fields), EXPORT, refused(_says))
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
