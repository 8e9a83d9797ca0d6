"""Whatever a file holds, a parser reads it right or refuses it in one line: it never crashes.

Small grammars make files that are nearly right, which get further than noise does.
"""

from __future__ import annotations

import io
import json
import math
import pathlib
import struct
import zipfile
from collections.abc import Callable
from typing import Any, TypeVar

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from tests.made_up import make_grasps
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand.hand_file import HandFile
from zdg_jax.objects import cleaning, loading
from zdg_jax.planning import GraspPlan

_PROFILE = hypothesis.settings.get_current_profile_name()
_SETTINGS = hypothesis.settings.get_profile("fuzz" if _PROFILE == "fuzz" else "few")

_T = TypeVar("_T")


def read_or_refused(read: Callable[[], _T]) -> _T | None:
    """What a parser reads; None where it refuses in one line."""
    try:
        return read()
    except InputError as error:
        lines_of_error = str(error).splitlines()
    assert len(lines_of_error) == 1, lines_of_error
    return None


numbers = st.one_of(
    st.floats(-0.2, 0.2).map("{:.4g}".format),
    st.sampled_from(["0", "1", "-1", "nan", "inf", "1e39", "1e-39", "-", "", "0x10", "1,5", "½"]),
)
indices = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["1/1/1", "1//2", "2/", "/3", "1.5", "99999999999999999999", "", "a"]),
)


def lines(*words: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """One line of the words given."""
    parts = [st.just(word) if isinstance(word, str) else word for word in words]
    return st.tuples(*parts).map(" ".join)


obj_lines = st.one_of(
    lines("v", numbers, numbers, numbers),
    lines("vn", numbers, numbers, numbers),
    lines("f", indices, indices, indices),
    st.lists(indices, max_size=7).map(lambda words: " ".join(["f", *words])),
    st.sampled_from(
        ["g part", "o thing", "usemtl red", "mtllib none.mtl", "s 1", "# note", "\\", "l 1 2", "f"]
    ),
)
tetrahedron = "v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3"
obj_files = st.lists(obj_lines, max_size=20).map(lambda rows: "\n".join([tetrahedron, *rows, ""]))


@st.composite
def stl_files(draw: st.DrawFn) -> bytes:
    """Binary and ASCII STL, with counts and numbers that may lie."""
    if draw(st.booleans()):
        rows = []
        for _ in range(draw(st.integers(0, 4))):
            rows += ["facet normal 0 0 1", "outer loop"]
            for _ in range(draw(st.integers(1, 4))):
                rows.append("vertex " + " ".join(draw(st.tuples(numbers, numbers, numbers))))
            rows += ["endloop", "endfacet"]
        return "\n".join(["solid s", *rows, "endsolid s", ""]).encode()
    triangles = draw(st.lists(st.lists(st.floats(width=32), min_size=9, max_size=9), max_size=5))
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *row, 0) for row in triangles)
    count = draw(st.one_of(st.just(len(triangles)), st.integers(0, 2**32 - 1)))
    cut = draw(st.integers(0, 60))
    return (b" " * 80 + struct.pack("<I", count) + body)[: None if cut > 50 else -cut or None]


@st.composite
def ply_files(draw: st.DrawFn) -> bytes:
    """ASCII PLY, with a header that may not fit what follows."""
    vertices = draw(st.lists(st.tuples(numbers, numbers, numbers), max_size=6))
    faces = draw(st.lists(st.lists(indices, max_size=5), max_size=6))
    counts = [len(vertices) + draw(st.integers(-1, 1)), len(faces) + draw(st.integers(-1, 1))]
    kind = draw(st.sampled_from(["float", "double", "uchar", "list uchar int", "what"]))
    rows = [
        "ply",
        "format " + draw(st.sampled_from(["ascii 1.0", "ascii 2.0", "binary_little_endian 1.0"])),
        f"element vertex {counts[0]}",
        *(f"property {kind} {axis}" for axis in "xyz"),
        f"element face {counts[1]}",
        "property list uchar int vertex_indices",
        "end_header",
        *(" ".join(row) for row in vertices),
        *(" ".join([str(len(row)), *row]) for row in faces),
        "",
    ]
    return "\n".join(rows).encode()


def _reads_or_refuses_mesh(path: pathlib.Path) -> None:
    """What comes out of a mesh can be used, or it is refused in one line."""
    mesh = read_or_refused(lambda: cleaning.clean(loading.read(path), 1.0))
    if mesh is None:
        return
    vertices, faces, kept = mesh
    assert np.isfinite(vertices).all()
    assert len(faces) == len(kept) > 0
    assert 0 <= faces.min() <= faces.max() < len(vertices)


@_SETTINGS
@hypothesis.example(content=f"{tetrahedron}\nv 0 0 \n")  # trimesh made it a mesh in the plane
@hypothesis.given(content=obj_files)
def test_obj(content: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.obj"
    path.write_text(content)
    _reads_or_refuses_mesh(path)


@_SETTINGS
@hypothesis.given(content=stl_files())
def test_stl(content: bytes, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.stl"
    path.write_bytes(content)
    _reads_or_refuses_mesh(path)


@_SETTINGS
@hypothesis.given(content=ply_files())
def test_ply(content: bytes, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.ply"
    path.write_bytes(content)
    _reads_or_refuses_mesh(path)


values = st.one_of(
    st.floats(-2, 2).map("{:.3g}".format),
    st.sampled_from(["0", "nan", "1e20", "-1", "", "a", "0 0", "1 2 3", "0.01 0.05"]),
)


@st.composite
def hand_files(draw: st.DrawFn) -> str:
    """Two or three fingers on a palm, with one or two things that may be wrong."""
    fingers = []
    for i in range(draw(st.integers(1, 3))):
        extra = draw(st.sampled_from(["", "<site/>", '<joint name="a0"/>', "<freejoint/>", "<x/>"]))
        fingers.append(
            f'<body pos="0.0{3 + i} 0 0.02"><joint name="a{i}" axis="{draw(axes)}"'
            f' range="{draw(ranges)}"/>'
            f'<geom type="{draw(shapes)}" size="{draw(sizes)}" fromto="0 0 0 0 0 .05"/>{extra}'
            "</body>"
        )
    drives = "".join(
        f'<{draw(drive_kinds)} joint="a{draw(st.integers(0, 3))}" kp="{draw(values)}"/>'
        for _ in range(draw(st.integers(0, 3)))
    )
    return (
        f'<mujoco><compiler angle="radian"/><worldbody><body name="palm">'
        f'<geom type="box" size=".04 .04 .01"/>{"".join(fingers)}</body></worldbody>'
        f"<actuator>{drives}</actuator></mujoco>"
    )


axes = st.sampled_from(["0 -1 0", "1 0 0", "0 0 0", "nan 0 1", "0 1"])
ranges = st.sampled_from(["-0.2 1.4", "1 -1", "0 0", "-9e9 9e9", "nan 1", "0"])
shapes = st.sampled_from(["capsule", "capsule", "cylinder", "box", "mesh", "plane", "ball"])
sizes = st.sampled_from([".007", "0", "-1", "7", "nan", ".007 .02"])
drive_kinds = st.sampled_from(["position", "position", "motor", "velocity", "muscle", "plugin"])


@_SETTINGS
@hypothesis.given(content=hand_files())
def test_mjcf(content: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "hand.xml"
    path.write_text(content)
    file = read_or_refused(lambda: HandFile.read(path))
    if file is None:
        return
    assert file.model.njnt > 0
    assert np.isfinite(file.model.jnt_range).all()
    assert np.isfinite(file.model.body_mass).all()


_PLAN: dict[str, Any] = {
    "prompt": "lift it",
    "object": {"category": "box", "largest_size": 0.1},
    "parts": [{"mark": 1, "name": "body"}],
    "task": {"verb": "lift", "intent": "lift"},
    "grip": {
        "held": [{"mark": 1}],
        "grasp_type": "power_sphere",
        "palm": {"contact": True, "approach": [0, 0, -1]},
        "aperture": 0.05,
        "confidence": 0.5,
    },
}
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def plan_files(draw: st.DrawFn) -> str:
    """A plan in which a few values, anywhere, are something else."""
    plan: Any = json.loads(json.dumps(_PLAN))
    for _ in range(draw(st.integers(0, 3))):
        place = plan
        while True:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                break
            key = draw(st.sampled_from(list(keys)))
            inner = place[key]
            if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
                place[key] = draw(json_values)
                break
            place = inner
    text = json.dumps(plan)
    cut = draw(st.integers(0, 200))
    return text[:-cut] if 0 < cut < 20 else text


@_SETTINGS
@hypothesis.example(content='{"object": {"a\\rb": null}}')  # a field's name broke the line
@hypothesis.given(content=plan_files())
def test_plan(content: str) -> None:
    plan = read_or_refused(lambda: GraspPlan.from_json(content))
    if plan is None:
        return
    assert math.isclose(sum(x * x for x in plan.grip.palm.approach), 1.0, rel_tol=1e-3)
    assert GraspPlan.from_json(plan.model_dump_json()) == plan


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Members of a file of grasps, by name."""
    path = make_grasps(3).save(tmp_path_factory.mktemp("set") / "grasps.npz")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@_SETTINGS
@hypothesis.given(data=st.data())
def test_set(data: st.DataObject, saved: dict[str, bytes], tmp_path: pathlib.Path) -> None:
    members = dict(saved)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(members)))
        change = data.draw(st.sampled_from(["drop", "cut", "flip", "array", "meta"]))
        if change == "drop":
            del members[name]
        elif change == "cut":
            members[name] = members[name][: data.draw(st.integers(0, len(members[name])))]
        elif change == "flip":
            content = bytearray(members[name])
            if content:
                content[data.draw(st.integers(0, len(content) - 1))] ^= 0xFF
            members[name] = bytes(content)
        elif change == "array":
            shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=3)))
            kind = data.draw(st.sampled_from(["f4", "f8", "i8", "?", "c8", "U3"]))
            file = io.BytesIO()
            np.save(file, np.zeros(shape, kind))
            members[name] = file.getvalue()
        else:
            file = io.BytesIO()
            np.save(file, np.array(json.dumps(data.draw(json_values))))
            members["meta.npy"] = file.getvalue()
        if not members:
            break
    path = tmp_path / "grasps.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    grasps = read_or_refused(lambda: GraspSet.load(path))
    if grasps is None:
        return
    assert np.isfinite(np.asarray(grasps.grasp.qpos)).all()
    lengths = np.linalg.norm(np.asarray(grasps.grasp.quaternion), axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-2)
    str(grasps)
