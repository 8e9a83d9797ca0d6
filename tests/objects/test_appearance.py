"""Own colours of objects: read from files, drawn, and used where parts are pointed at."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import trimesh
from PIL import Image

from zdg_jax.objects import Object
from zdg_jax.objects.appearance import Appearance
from zdg_jax.objects.face_graph import FaceGraph
from zdg_jax.rendering.marked_object import OWN_VIEWS, MarkedObject

BLUE, RED = (20, 40, 220), (220, 30, 20)


def textured_box() -> trimesh.Trimesh:
    """A box of 4 x 4 x 10 cm whose lower half is blue and upper half red, by its texture."""
    mesh = trimesh.creation.box((0.04, 0.04, 0.1))
    pixels = np.array([[RED], [BLUE]], np.uint8).repeat(32, axis=0).repeat(4, axis=1)
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(pixels))
    uv = np.stack([np.full(len(mesh.vertices), 0.5), mesh.vertices[:, 2] / 0.1 + 0.5], axis=1)
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    return mesh


@pytest.fixture
def painted(tmp_path: pathlib.Path) -> Object:
    path = tmp_path / "painted.glb"
    trimesh.Scene({"box": textured_box()}).export(path)
    return Object.from_mesh(path, pieces=2)


def test_a_texture_is_read_where_it_lies(painted: Object) -> None:
    looks = Appearance.of(painted)
    assert looks is not None
    assert len(looks.faces) > 1000
    low, high = looks.at(np.array([[0.02, 0.0, -0.04], [0.02, 0.0, 0.04]]))
    assert low == pytest.approx(np.array(BLUE) / 255, abs=0.02)
    assert high == pytest.approx(np.array(RED) / 255, abs=0.02)


def test_views_show_own_colours_with_numbers_on_them(painted: Object) -> None:
    views = MarkedObject(painted, Appearance.of(painted)).views((160, 130))
    assert all("own colours" in view.name for view in views[:OWN_VIEWS])
    assert not any("own colours" in view.name for view in views[OWN_VIEWS:])
    pixels = np.asarray(views[0].image).reshape(-1, 3).astype(int)
    assert ((pixels[:, 2] - pixels[:, 0]) > 60).sum() > 100
    assert ((pixels[:, 0] - pixels[:, 2]) > 60).sum() > 100
    assert (views[0].faces >= 0).sum() > 1000


@pytest.mark.parametrize("kind", ["face", "vertex"])
def test_colours_of_faces_and_vertices_are_read(tmp_path: pathlib.Path, kind: str) -> None:
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    if kind == "face":
        upper = mesh.triangles_center[:, 2] > 0
        mesh.visual = trimesh.visual.ColorVisuals(
            mesh, face_colors=np.where(upper[:, None], RED, BLUE)
        )
    else:
        upper = mesh.vertices[:, 2] > 0
        mesh.visual = trimesh.visual.ColorVisuals(
            mesh, vertex_colors=np.where(upper[:, None], RED, BLUE)
        )
    path = tmp_path / "ball.ply"
    mesh.export(path)
    looks = Appearance.of(Object.from_mesh(path, pieces=2))
    assert looks is not None
    assert looks.at(np.array([[0, 0, 0.03]]))[0] == pytest.approx(np.array(RED) / 255, abs=0.02)


def test_a_file_of_one_colour_or_none_has_no_looks(tmp_path: pathlib.Path) -> None:
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.03)
    for name in ("plain.stl", "plain.ply"):
        mesh.export(tmp_path / name)
        assert Appearance.of(Object.from_mesh(tmp_path / name, pieces=2)) is None
    assert Appearance.of(Object.from_mesh(mesh, pieces=2)) is None


def test_a_change_of_colour_is_a_seam() -> None:
    mesh = trimesh.creation.icosphere(subdivisions=3)
    upper = mesh.triangles_center[:, 2] > 0
    colors = np.where(upper[:, None], RED, BLUE) / 255
    graph = FaceGraph.of(np.asarray(mesh.vertices), np.asarray(mesh.faces), colors=colors)
    crosses = upper[graph.pairs[:, 0]] != upper[graph.pairs[:, 1]]
    np.testing.assert_array_equal(graph.seam == 1, crosses)
