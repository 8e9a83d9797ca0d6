"""Broken inputs: each gives an object or one clear error, in bounded time and memory."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zdg_jax.errors import InputError
from zdg_jax.objects import cleaning, loading

from . import broken_files, broken_meshes, broken_run

_LONG = ("3MF", "million", "dust", "300,000")
"""Words in the names of inputs that take seconds to make."""


def _reads(thing: object) -> bool:
    """Whether reading and cleaning succeed; anything but an InputError escapes."""
    message = ""
    try:
        raw = loading.read(thing)  # type: ignore[arg-type]
        vertices, faces, kept = cleaning.clean(raw, 1.0)
    except InputError as error:
        message = str(error)
    assert message.isprintable()
    if message:
        return False
    assert np.isfinite(vertices).all()
    assert faces.min() >= 0
    assert faces.max() < len(vertices)
    assert len(kept) == len(faces)
    return True


@pytest.mark.parametrize("cases", [broken_files.cases, broken_meshes.cases])
def test_reading_gives_triangles_or_one_line(
    tmp_path: pathlib.Path, cases: broken_run.Cases
) -> None:
    for number, (name, make) in enumerate(cases()):
        if any(word in name for word in _LONG):
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        thing = make(folder)
        if not (isinstance(thing, tuple) and isinstance(thing[1], dict)):
            _reads(thing)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(broken_files.MESHES), data=st.data())
def test_any_damage_to_a_file_is_survived(
    tmp_path: pathlib.Path, kind: str, data: st.DataObject
) -> None:
    content = bytearray(broken_files.whole(kind))
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, max_size=20), "bytes changed"):
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(places, "end")
    path = tmp_path / f"mesh.{kind.split('.')[-1]}"
    path.write_bytes(content[: end + 1])
    _reads(path)


def test_sound_files_are_read(tmp_path: pathlib.Path) -> None:
    for kind in broken_files.FORMATS:
        path = tmp_path / f"sound.{kind.split('.')[-1]}"
        path.write_bytes(broken_files.whole(kind))
        assert _reads(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cut at 0.5 stl", "is the file whole, and of the format that its suffix names"),
        ("cut at 0.5 glb", "is the file whole, and of the format that its suffix names"),
        ("empty off", "is empty"),
        ("a pipe that nobody writes to", "is no file but a device or a pipe"),
        ("a name that is too long", "File name too long"),
        ("a name with a zero byte", "holds characters that cannot be printed"),
        ("a file above the limit", "3000 MB; the limit is 200 MB"),
        ("cut at 0.5 xml", "XML parse error .*Line number"),
    ],
)
def test_errors_name_cause_and_way_out(tmp_path: pathlib.Path, name: str, words: str) -> None:
    make = dict(broken_files.cases())[name]
    with pytest.raises(InputError, match=words):
        loading.read(make(tmp_path))  # type: ignore[arg-type]


def test_what_repeats_counts_once() -> None:
    box = trimesh.creation.box((0.05, 0.06, 0.07))
    turned = np.roll(box.faces, 1, axis=1)
    raw = loading.read((box.vertices, np.concatenate([box.faces, turned, turned[:, ::-1]])))
    _, faces, kept = cleaning.clean(raw, 1.0)
    assert len(faces) == 24  # either side of each
    assert set(kept) == {*range(12), *range(24, 36)}


@pytest.mark.slow
def test_every_broken_input_becomes_an_object_or_one_line() -> None:
    root = pathlib.Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.objects.broken_run"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(rows) >= 300
    bad = [row for row in rows if not row["ok"] or row["gb"] > broken_run.GIGABYTES]
    assert not bad, json.dumps(bad, indent=1)
    made = sum(row["what"].startswith("object") for row in rows)
    assert len(rows) // 10 < made < len(rows) // 2
