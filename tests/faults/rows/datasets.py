"""Datasets: pipes and nonsense wherever a file is read, and folders that hold something else."""

from __future__ import annotations

import json

from tests.faults import inputs as make
from tests.faults.harness import Maker, Outcome, refused, works
from tests.faults.rows.table import add

_SPEC = {
    "name": "small",
    "objects": [{"path": "objects.csv"}],
    "hands": [{"name": "claw", "path": "./hand.xml"}],
    "tasks": {"file": "tasks.csv"},
    "grasps": {"make": 8, "keep": 4},
}
_MAKE = ("dataset", "make", "spec.yaml", "--out", "d")
_FILES = {
    "spec.yaml": make.text("spec.yaml", json.dumps(_SPEC)),
    "objects.csv": make.text("objects.csv", "path,mass\nbox.stl,0.1\n"),
    "tasks.csv": make.text("tasks.csv", "object,task\nbox,lift it\n"),
    "box.stl": make.box(),
}
"""All that such a dataset needs besides its hand, by file."""


def _with(**changes: Maker) -> Maker:
    """The files of a dataset, some of them others; `_` stands for the dot in a name."""
    changed = {name.replace("_", "."): maker for name, maker in changes.items()}
    return make.together(make.claw(), *(_FILES | changed).values())


def _table(name: str, objects: str, expect: Outcome) -> None:
    maker = _with(objects_csv=make.text("objects.csv", objects))
    add(f"dataset: a table with {name}", maker, (*_MAKE, "--dry-run", "--sample", "0"), expect)


for _name, _objects, _expect in (
    ("a mark of byte order", "\ufeffpath,mass\nbox.stl,0.1\n", works("1 jobs")),
    ("a row too long", "path,mass\nbox.stl,0.1,3\n", refused("line 2: it has more cells")),
    ("a mass of text", "path,mass\nbox.stl,heavy\n", refused("line 2: mass is 'heavy'")),
    ("a mass of NaN", "path,mass\nbox.stl,nan\n", refused("finite")),
    ("an unknown column", "path,mas\nbox.stl,1\n", refused("'mas'; known")),
    ("semicolons", "path;mass\nbox.stl;1\n", refused("'path'")),
    ("no direction", "path,up\nbox.stl,0 0 0\n", refused("up has no length")),
):
    _table(_name, _objects, _expect)
for _file in ("objects.csv", "tasks.csv"):
    add(
        f"dataset: a pipe for {_file}",
        _with(**{_file.replace(".", "_"): make.pipe(_file)}),
        _MAKE,
        refused(f"{_file} is a device or a pipe"),
    )
add(
    "dataset: a pipe for a mesh",
    _with(box_stl=make.pipe("box.stl")),
    _MAKE,
    Outcome(status=1, one_line=False),
)
for _name, _maker, _says in (
    (
        "a pipe for a plan",
        make.together(make.text("d/x", ""), make.pipe("d/plan.json")),
        "device or a pipe",
    ),
    ("a plan nested deeply", make.text("d/plan.json", "[" * 100000), "damaged"),
    ("a plan of nothing", make.text("d/plan.json", "{}"), "name another folder"),
    ("no dataset", make.text("d/notes.txt", ""), "holds no dataset"),
    ("a file for a folder", make.text("d", ""), "holds no dataset"),
):
    add(f"dataset: {_name}", _maker, ("dataset", "status", "d"), refused(_says))
for _arguments, _says in (
    (("--workers", "0"), "workers is 0"),
    (("--workers", "99999999"), "workers is 99999999"),
    (("--worker-gpus", "nan"), "worker_gpus is nan"),
    (("--worker-gpus", "-1"), "worker_gpus is -1"),
    (("--address", "here:1"), "Ray"),
    (("--server", "here"), "is no address of a server"),
    (("--sample", "-1", "--dry-run"), "--sample is -1"),
    (("--time-limit", "nan"), "job_seconds is nan"),
):
    add(f"dataset: {' '.join(_arguments)}", _with(), (*_MAKE, *_arguments), refused(_says))
for _name, _content in (
    ("nested deeply", "{" * 5000),
    ("a tag of Python", "!!python/name:os.system"),
):
    add(
        f"dataset: a spec {_name}",
        _with(spec_yaml=make.text("spec.yaml", _content)),
        _MAKE,
        refused("spec.yaml is no"),
    )
add(
    "dataset: in the folder of a grasp's plan",
    make.together(_with(), make.text("d/plan.json", '{"prompt": "lift"}')),
    _MAKE,
    refused("name another folder"),
    keeps={"d/plan.json": '{"prompt": "lift"}'},
)
for _folder in ("box.stl", "/dev/null"):
    for _what in ("stats", "verify"):
        add(
            f"dataset: {_what} of {_folder}",
            _with(),
            ("dataset", _what, _folder),
            refused("no folder"),
        )
