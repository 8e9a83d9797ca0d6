"""Arguments of commands: numbers without sense, contradictions, paths that are something else."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import refused, works
from tests.faults.rows.table import EXPORT, GRASP, PLAN, SMALL, add

for _arguments, _says in (
    (("--num", "1000000000000"), "--num"),
    (("--num", "-3"), "--num"),
    (("--num", "many"), "--num"),
    (("--keep", "0"), "--keep"),
    (("--seed", "-1"), "--seed"),
    (("--mass", "-1"), "mass"),
    (("--mass", "nan"), "mass"),
    (("--mass", "1e300"), "mass"),
    (("--friction", "inf"), "friction"),
    (("--scale", "nan"), "--scale"),
    (("--scale", "1e-9"), "0.005 m"),
    (("--alignment", "nan"), "--alignment"),
    (("--hand", "alegro"), "alegro"),
    (("--hand", ""), "hand"),
    (("--root", "elbow"), "elbow"),
    (("--hand-drive", "nan"), "drive"),
    (("--hand-scale", "nan"), "scale"),
    (("--out", ""), "out|empty|folder"),
    (("--torque-limit", "0"), "torque"),
    (("--test", "lift"), "--table"),
):
    add(
        f"grasp {' '.join(_arguments)}",
        make.together(make.box(), make.claw()),
        (*GRASP, *SMALL, *_arguments),
        refused(_says),
    )
for _arguments, _says in (
    (("--mass", "1e-300"), "mass"),
    (("--mass", "0"), "mass"),
    (("--repeats", "0"), "repeats"),
    (("--protocol", "shake"), "shake"),
    (("--backend", "bullet"), "bullet"),
    (("--hand", "allegro"), "joints"),
    (("--grasp", "99", "--video", "f.gif"), "99"),
    (("--video", "f.mov"), "mov"),
):
    add(
        f"validate {' '.join(_arguments)}",
        make.grasps_of_claw,
        ("validate", "grasps.npz", *_arguments),
        refused(_says),
    )
for _command, _says in (
    ((*PLAN, "--planner", "rules:x"), "rules:x"),
    ((*PLAN, "--planner", "auto:x"), "auto:x"),
    (("hand", "allegro:scale=1:scale=2"), "twice"),
    (("hand", "allegro:mirrored:mirrored"), "twice"),
    (("hand", "h" * 10_000), "no hand 'hhh"),
    (("plan", "m" * 300 + ".stl", *PLAN[2:]), "File name too long"),
    (("show", "grasps.npz", "--hand", "allegro"), "--picture"),
    (("view", "grasps.npz", "--host", ""), "host is empty"),
    ((*PLAN[:-1], "/dev/null"), "it is a file; name a folder"),
    ((*PLAN[:-1], "box.stl"), "it is a file; name a folder"),
):
    add(
        f"arguments: {' '.join(_command)[:60]}",
        make.together(make.box(), make.grasps_of_claw),
        _command,
        refused(_says),
    )
add(
    "results in a link to nothing",
    make.together(make.box(), make.link("l", "nowhere/deep")),
    (*PLAN[:-1], "l"),
    refused("a link to nothing"),
)

# What is named is read again from what was saved: only what can be printed.
for _task in ("lift\x07 it", "\x1b[31mlift", "lift\x85"):
    add(
        f"a task {_task!r}",
        make.box(),
        (*PLAN[:3], _task, *PLAN[4:]),
        refused("cannot be printed"),
    )
add(
    "a task with a space that does not break, kept in a set",
    make.grasps,
    "import dataclasses\nfrom zdg_jax import GraspSet\ngrasps = GraspSet.load('grasps.npz')\n"
    "dataclasses.replace(grasps, task='pick\\u00a0up\\u200b').save('g.npz')\n"
    "print(ascii(GraspSet.load('g.npz').task))",
    works("pick.xa0up.u200b"),
)
for _name in ("a\x1b[31m", "a\x07", "a\udcff"):
    add(
        f"a mesh named {_name!r}",
        make.box(f"{_name}.stl"),
        ("plan", f"{_name}.stl", *PLAN[2:]),
        refused("rename it"),
    )

# Paths of other kinds of things.
for _suffix in (".npy", ".txt", ".ply", ".json"):
    add(
        f"parts: a pipe for labels {_suffix}",
        make.together(make.box(), make.pipe(f"p{_suffix}")),
        ("parts", "box.stl", "--parts", f"p{_suffix}", "--out", "o"),
        refused("a device or a pipe"),
    )
for _name, _content, _says in (
    ("below zero", "-1 " * 12, "-1; marks of parts count from 0"),
    ("beyond all", "9" * 30 + " 1" * 11, "is no list of face labels"),
    ("of halves", "0.5 " * 12, "is no list of face labels"),
    ("too few", "1 2", "one for each face"),
):
    add(
        f"parts: labels {_name}",
        make.together(make.box(), make.text("p.txt", _content)),
        ("parts", "box.stl", "--parts", "p.txt", "--out", "o"),
        refused(_says),
    )
for _name, _maker, _says in (
    ("a pipe", make.pipe("j.urdf"), "a device or a pipe"),
    ("a device", make.link("j.urdf", "/dev/zero"), "a device or a pipe"),
    ("a folder", make.text("j.urdf/x", ""), "a folder"),
    ("an empty file", make.text("j.urdf", ""), "is no URDF"),
    ("entities that multiply", make.text("j.urdf", f"{make.BILLION}<robot>&i;</robot>"), "no URDF"),
):
    add(
        f"order of joints: {_name}",
        make.together(make.grasps, _maker),
        (*EXPORT, "--joint-order", "j.urdf"),
        refused(_says),
    )
for _name, _maker, _says in (
    ("a pipe", make.pipe("p.html"), "a device or a pipe"),
    ("no page", make.text("p.html", "PK"), "no page of a planner"),
    ("nothing", make.text("x", ""), "cannot read p.html"),
):
    add(
        f"transcript: {_name}",
        make.together(make.grasps_of_claw, _maker),
        ("report", "grasps.npz", "--transcript", "p.html"),
        refused(_says),
    )
