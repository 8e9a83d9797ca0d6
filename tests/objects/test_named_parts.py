"""Parts that are named by hand: in Python, in files, and on the command line."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
import trimesh

from zdg_jax.cli.app import run
from zdg_jax.errors import InputError
from zdg_jax.objects import Object, part_files

SPOT = ([0.02, -0.02, 0.02], [0.04, 0.02, 0.05])
"""A box on the wall of the cup, beside its handle."""


def named(obj: Object) -> dict[str, int]:
    return {part.name: part.mark for part in obj.parts if part.name}


def test_a_named_part_has_a_mark_of_its_own_and_the_others_stay(cup: Object) -> None:
    marked = cup.with_part("label", planes=[((0, 0, -1), -0.02)])
    assert named(marked) == {"label": 4}
    assert [part.mark for part in marked.parts] == [1, 2, 3, 4]
    label = marked.parts[3]
    assert marked.vertices[marked.faces[label.faces]].mean(axis=1)[:, 2].max() < 0.02
    assert label.parent == marked.parts[0].parent
    assert sum(part.area for part in marked.parts) == pytest.approx(sum(p.area for p in cup.parts))
    others = marked.face_parts != 4
    assert np.array_equal(marked.face_parts[others], cup.face_parts[others])
    samples = np.asarray(marked.arrays.samples.parts)
    assert np.array_equal(samples, marked.face_parts[marked.sample_faces])
    assert (1, 2, 4) in marked.groups
    assert float(marked.region_grid([4]).cells[..., 0].min()) < 0.01
    assert len(cup.parts) == 3


def test_a_part_that_covers_another_takes_its_mark(cup: Object) -> None:
    marked = cup.with_part("handle", cup.parts[2].faces)
    assert named(marked) == {"handle": 3}
    assert np.array_equal(marked.face_parts, cup.face_parts)
    again = marked.with_part("lip", marked.parts[1].faces)
    assert named(again) == {"lip": 2, "handle": 3}


def test_what_is_no_part_is_refused_in_one_line(cup: Object) -> None:
    with pytest.raises(InputError, match="Give faces, a box or planes"):
        cup.with_part("cap")
    with pytest.raises(InputError, match="no face of cup lies on the part 'cap'"):
        cup.with_part("cap", box=([1, 1, 1], [2, 2, 2]))
    with pytest.raises(InputError, match="the whole of cup"):
        cup.with_part("cap", planes=[((0, 0, 1), -1.0)])
    with pytest.raises(InputError, match="is empty"):
        cup.with_part("cap", box=([1, 1, 1], [0, 0, 0]))
    with pytest.raises(InputError, match="three numbers"):
        cup.with_part("cap", planes=[((0, 1), 0.0)])  # type: ignore[list-item]
    with pytest.raises(InputError, match="faces of the part 'cap'"):
        cup.with_part("cap", np.array([10**6]))
    with pytest.raises(InputError, match="has no name"):
        cup.with_part(" ", box=SPOT)


@pytest.mark.parametrize("suffix", ["json", "ply"])
def test_parts_come_back_from_a_file(
    cup: Object, cup_mesh: trimesh.Trimesh, tmp_path: pathlib.Path, suffix: str
) -> None:
    marked = cup.with_part("spot", box=SPOT).with_part("handle", cup.parts[2].faces)
    path = tmp_path / f"parts.{suffix}"
    write = {"json": part_files.write_part_file, "ply": part_files.write_part_ply}[suffix]
    write(marked, path)
    again = Object.from_mesh(cup_mesh, parts=path)
    assert {"spot", "handle"} <= set(named(again))
    for name, mark in named(marked).items():
        faces = again.face_parts == named(again)[name]
        assert np.array_equal(faces, marked.face_parts == mark)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is no file of parts"),
        ('{"parts": []}', "parts: List should have at least 1 item"),
        ('{"parts": [{"name": "cap"}]}', "has neither faces, box nor planes"),
        ('{"parts": [{"name": "cap", "box": [[0, 0], [1, 1]]}]}', r"parts.0.box.0: List"),
        ('{"parts": [{"name": "cap", "faces": [[900000, 900001]]}]}', "no face of cup lies on"),
        ('{"parts": [{"name": "cap", "colour": 3}]}', "parts.0.colour"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(
    cup: Object, tmp_path: pathlib.Path, content: str, fault: str
) -> None:
    path = tmp_path / "parts.json"
    path.write_text(content)
    with pytest.raises(InputError, match=fault) as error:
        part_files.apply_part_file(cup, path)
    assert str(path) in str(error.value)


def test_a_ply_without_colours_or_of_another_mesh_is_refused(
    cup: Object, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "parts.ply"
    with pytest.raises(InputError, match="no such file of parts"):
        part_files.apply_part_file(cup, path)
    path.write_bytes(b"ply\n")
    with pytest.raises(InputError, match="cannot read"):
        part_files.apply_part_file(cup, path)
    trimesh.creation.box((0.1, 0.1, 0.1)).export(path)
    with pytest.raises(InputError, match="has no colours"):
        part_files.apply_part_file(cup, path)
    far = trimesh.Trimesh(cup.vertices + 1.0, cup.faces, process=False)
    far.visual.face_colors = np.where(cup.face_parts[:, None] == 1, 255, [9, 9, 9, 255])
    far.export(path)
    with pytest.raises(InputError, match="another mesh, or in another unit"):
        part_files.apply_part_file(cup, path)


def test_command_draws_marks_and_takes_its_own_file_back(
    cup_mesh: trimesh.Trimesh, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh, out = tmp_path / "cup.stl", tmp_path / "parts"
    cup_mesh.export(mesh)
    assert run(["parts", str(mesh), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert (out / "parts.png").stat().st_size > 10_000
    content = json.loads((out / "parts.json").read_text())
    assert [part["name"] for part in content["parts"]] == ["part 1", "part 2", "part 3"]
    content["parts"][1]["name"] = "rim"
    (out / "mine.json").write_text(json.dumps(content))
    more = ["--parts", str(out / "mine.json"), "--out", str(tmp_path / "again")]
    assert run(["parts", str(mesh), *more]) == 0
    assert "  2 rim" in capsys.readouterr().out
    assert run(["parts", str(mesh), "--out", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
