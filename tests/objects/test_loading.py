from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.objects import Object, cleaning, loading

BOX = trimesh.creation.box((0.05, 0.06, 0.07))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: d / "none.stl", "no file"),
        (lambda d: d, "is a folder"),
        (lambda d: _file(d, "a.stl", b""), "is empty"),
        (lambda d: _file(d, "a.txt", b"x"), "cannot read .txt"),
        (lambda d: _file(d, "a.stl", os.urandom(4000)), "no triangles|cannot read"),
        (lambda d: _file(d, "a.obj", b"v 1 2\nf 1 2 3\n"), "cannot read"),
        (lambda d: _file(d, "a.glb", b"glTF" + bytes(40)), "cannot read|no triangles"),
        (lambda d: _file(d, "a.xml", b"<mujoco><oops/></mujoco>"), "MuJoCo cannot read"),
        (lambda d: _file(d, "a.urdf", b"<robot"), "MuJoCo cannot read"),
        (lambda d: (np.eye(3), np.array([[0, 1, 7]])), "0 to 7; there are 3"),
        (lambda d: (np.eye(3), np.eye(3)), "whole numbers"),
        (lambda d: (np.eye(3)[:, :2], np.array([[0, 1, 2]])), r"\(v, 3\) is needed"),
        (lambda d: (np.eye(3), np.zeros((0, 3), int)), "no triangles"),
        (lambda d: (BOX.vertices * np.nan, BOX.faces), "12 of the 12 .* not finite"),
        (lambda d: (BOX.vertices * 0, BOX.faces), "no triangle of object has an area"),
        (lambda d: 7, "cannot make an object of int"),
        (lambda d: (BOX.vertices * 1000, BOX.faces), r"50 x 60 x 70 m.*millimetres.*--scale 0.001"),
        (lambda d: (BOX.vertices * 1e-3, BOX.faces), "at least 0.005 m"),
        (lambda d: (BOX.vertices + 1e3, BOX.faces), "lies 1e.03 m from its origin; the limit"),
    ],
)
def test_bad_meshes_are_named(
    tmp_path: pathlib.Path, make: Callable[..., Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Object.from_mesh(make(tmp_path), cache=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": -1}, "scale -1"),
        ({"scale": float("nan")}, "scale nan"),
        ({"mass": 0}, "mass 0"),
        ({"mass": 1, "density": 1}, "give one of them"),
        ({"friction": float("inf")}, "friction inf"),
        ({"pieces": 0}, "0 pieces"),
        ({"decomposer": "cleaver"}, "no decomposer 'cleaver'; there are: split, vhacd, coacd"),
        ({"parts": np.array([1, 2])}, r"\(12,\) are needed"),
        ({"parts": "labels.txt"}, "no such file of face labels"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Object.from_mesh(BOX, cache=False, **options)


def test_a_mesh_that_encloses_nothing() -> None:
    sheet = (np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0.0]]), np.array([[0, 1, 2]]))
    with pytest.raises(InputError, match="encloses no volume"):
        Object.from_mesh(sheet, cache=False)


def test_too_many_triangles_are_refused_and_many_are_thinned() -> None:
    faces = np.zeros((cleaning.MOST_FACES + 1, 3), np.int32)
    with pytest.raises(InputError, match="2,000,001 triangles; the limit is 2,000,000"):
        Object.from_mesh((np.zeros((1, 3)), faces), cache=False)
    ball = trimesh.creation.icosphere(subdivisions=7, radius=0.05)
    vertices, faces, kept = cleaning.clean(loading.read(ball), 1.0)
    assert len(faces) <= 100_000 < len(ball.faces)
    assert kept.max() < len(ball.faces)
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(ball.volume, rel=1e-3)


def test_cleaning_merges_drops_and_turns() -> None:
    soup = BOX.vertices[BOX.faces].reshape(-1, 3)
    soup = np.concatenate([soup, [[np.nan] * 3, [0, 0, 0], [1, 1, 1]]])
    faces = np.arange(36).reshape(-1, 3)[:, ::-1]
    extra = np.array([[36, 0, 1], [37, 37, 37]])
    raw = loading.read((soup, np.concatenate([faces, extra])))
    vertices, faces, kept = cleaning.clean(raw, 2.0)
    assert len(vertices) == 8
    assert np.array_equal(np.sort(kept), np.arange(12))
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(8 * BOX.volume)


def test_groups_of_scenes_become_labels(tmp_path: pathlib.Path) -> None:
    scene = trimesh.Scene()
    lid = trimesh.transformations.translation_matrix([0, 0, 0.05])
    scene.add_geometry(BOX, node_name="body", geom_name="body")
    scene.add_geometry(trimesh.creation.icosphere(2, 0.02), node_name="lid", transform=lid)
    scene.export(tmp_path / "thing.glb")
    raw = loading.read(tmp_path / "thing.glb")
    assert raw.name == "thing"
    assert list(raw.names.values()) == ["body", "lid"]
    top = raw.vertices[raw.faces[raw.labels == 2]].reshape(-1, 3)
    np.testing.assert_allclose(top.mean(axis=0), [0, 0, 0.05], atol=1e-3)


def test_groups_of_an_obj_file(tmp_path: pathlib.Path) -> None:
    lines = []
    for index, name in enumerate(("one", "two")):
        lines.append(f"o {name}")
        lines += ["v {} {} {}".format(*vertex) for vertex in BOX.vertices + 0.1 * index]
        lines += ["f {} {} {}".format(*(face + 1 + 8 * index)) for face in BOX.faces]
    (tmp_path / "two.obj").write_text("\n".join(lines))
    raw = loading.read(tmp_path / "two.obj")
    assert len(raw.faces) == 24
    assert sorted(raw.names.values()) == ["one", "two"]


def test_robot_files_place_their_bodies(tmp_path: pathlib.Path) -> None:
    BOX.export(tmp_path / "box.stl")
    (tmp_path / "thing.xml").write_text(
        "<mujoco><worldbody><body name='base' pos='0 0 .1'><freejoint/>"
        "<geom type='box' size='.02 .03 .04'/><body name='cap' pos='0 0 .05'>"
        "<geom type='cylinder' size='.01 .02'/></body></body></worldbody></mujoco>"
    )
    (tmp_path / "thing.urdf").write_text(
        "<robot name='r'><link name='base'><visual><geometry><mesh filename='package://box.stl' "
        "scale='2 2 2'/></geometry></visual></link><link name='cap'><visual>"
        "<origin xyz='0 0 .01'/><geometry><cylinder radius='.01' length='.04'/></geometry></visual>"
        "</link><joint name='j' type='revolute'><origin xyz='.1 0 0'/><parent link='base'/>"
        "<child link='cap'/></joint></robot>"
    )
    model = loading.read(tmp_path / "thing.xml")
    assert list(model.names.values()) == ["base", "cap"]
    cap = model.vertices[model.faces[model.labels == 2]].reshape(-1, 3)
    np.testing.assert_allclose((cap.min(0) + cap.max(0)) / 2, [0, 0, 0.15], atol=1e-6)
    robot = loading.read(tmp_path / "thing.urdf")
    base = robot.vertices[robot.faces[robot.labels == 1]].reshape(-1, 3)
    np.testing.assert_allclose(np.ptp(base, axis=0), [0.1, 0.12, 0.14], atol=1e-6)
    cap = robot.vertices[robot.faces[robot.labels == 2]].reshape(-1, 3)
    np.testing.assert_allclose((cap.min(0) + cap.max(0)) / 2, [0.1, 0, 0.01], atol=1e-6)


def test_a_urdf_of_sheets_and_of_more_visuals_than_it_collides_with(
    tmp_path: pathlib.Path,
) -> None:
    corners = np.array([[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0]])
    sheet = trimesh.Trimesh(corners, np.array([[0, 1, 2], [0, 2, 3]]))
    sheet.export(tmp_path / "sheet.obj")
    visual = '<visual><geometry><mesh filename="sheet.obj"/></geometry></visual>'
    (tmp_path / "tray.urdf").write_text(
        f'<robot name="tray"><link name="a">{visual}<visual><geometry><box size=".1 .1 .02"/>'
        '</geometry></visual><collision><geometry><sphere radius=".3"/></geometry></collision>'
        "</link></robot>"
    )
    raw = loading.read(tmp_path / "tray.urdf")
    assert len(raw.faces) == 2 + 12  # the sphere, for collisions only, is left out
    np.testing.assert_allclose(np.ptp(raw.vertices, axis=0), [0.15, 0.15, 0.02], atol=1e-6)


def test_a_missing_mesh_of_a_urdf(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.urdf").write_text(
        "<robot name='r'><link name='l'><visual><geometry><mesh filename='gone.stl'/></geometry>"
        "</visual></link></robot>"
    )
    with pytest.raises(InputError, match=r"a\.urdf' names a mesh that does not exist: gone\.stl"):
        loading.read(tmp_path / "a.urdf")


def test_label_files(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(4))
    (tmp_path / "a.txt").write_text("3, 1\n4 1")
    assert loading.read_labels(tmp_path / "a.npy").tolist() == [0, 1, 2, 3]
    assert loading.read_labels(tmp_path / "a.txt").tolist() == [3, 1, 4, 1]
    (tmp_path / "b.txt").write_text("one two")
    with pytest.raises(InputError, match="no list of face labels"):
        loading.read_labels(tmp_path / "b.txt")


def _file(folder: pathlib.Path, name: str, content: bytes) -> pathlib.Path:
    (folder / name).write_bytes(content)
    return folder / name
