"""Pictures: what is seen at each pixel, held against balls and boxes."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from zdg_jax.errors import InputError
from zdg_jax.rendering import (
    Camera,
    Picture,
    PictureStyle,
    PreparedShapes,
    Shape,
    arrows,
    balls,
    render,
)

SIZE = (60, 48)
EYE = np.array([0.5, 0.0, 0.0])


def box(extents: tuple[float, float, float], at: tuple[float, float, float], **looks: Any) -> Shape:
    mesh = trimesh.creation.box(extents)
    return Shape(vertices=mesh.vertices + np.array(at), faces=mesh.faces, **looks)


def camera() -> Camera:
    return Camera.look_at(EYE, [0, 0, 0], fov=30)


def rays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Origins and directions (h, w, 3) of the middles of pixels, and their share along the view."""
    y, x = np.indices(SIZE[::-1]) + 0.5
    origins, directions = camera().rays(x.ravel(), y.ravel(), *SIZE)
    shape = (SIZE[1], SIZE[0], 3)
    directions = directions.reshape(shape).astype(float)
    return origins.reshape(shape).astype(float), directions, directions @ camera().axes[2]


def test_depth_of_a_ball() -> None:
    radius = 0.08
    picture = render(
        [balls(np.zeros((1, 3)), radius, (1, 0, 0), label=4, detail=4)], camera(), *SIZE
    )
    origins, directions, share = rays()
    along = np.einsum("hwi,hwi->hw", -origins, directions)
    missing = np.einsum("hwi,hwi->hw", origins, origins) - along**2
    inner, outer = missing < (0.97 * radius) ** 2, missing > radius**2
    expected = (along - np.sqrt(np.maximum(radius**2 - missing, 0))) * share
    np.testing.assert_allclose(picture.depth[inner], expected[inner], atol=5e-4)
    assert (picture.label[inner] == 4).all()
    assert (picture.label[outer] == -1).all()
    assert np.isinf(picture.depth[outer]).all()
    assert (picture.face[outer] == -1).all()
    assert inner.sum() > 200


def test_depth_label_and_face_of_a_box_before_a_wall() -> None:
    near = box((0.1, 0.08, 0.08), (0, 0, 0), label=7)
    wall = box((0.02, 2.0, 2.0), (-0.3, 0, 0), label=2)
    picture = render([wall, near], camera(), *SIZE)
    origins, directions, _ = rays()
    at_front = origins + (0.45 / -directions[..., :1]) * directions  # where x = 0.05
    inside = (np.abs(at_front[..., 1:]) < 0.039).all(axis=-1)
    outside = (np.abs(at_front[..., 1:]) > 0.041).any(axis=-1)
    np.testing.assert_allclose(picture.depth[inside], 0.45, atol=1e-5)
    np.testing.assert_allclose(picture.depth[outside], 0.79, atol=1e-5)
    assert (picture.label[inside] == 7).all()
    assert (picture.label[outside] == 2).all()
    faces = np.unique(picture.face[inside])
    assert set(faces) == set(np.flatnonzero(near.face_normals[:, 0] > 0.9))


def test_the_same_bytes_again_and_from_a_stage() -> None:
    shapes = [balls(np.zeros((1, 3)), 0.06, (0.2, 0.5, 0.8)), box((0.05,) * 3, (0, 0.08, 0))]
    first = render(shapes, camera(), *SIZE)
    assert first.png() == render(shapes, camera(), *SIZE).png()
    stage = PreparedShapes(shapes)
    assert first.png() == render(stage, camera(), *SIZE).png()
    other = render(stage, Camera.look_at([0.3, 0.4, 0.2], [0, 0, 0]), *SIZE)
    assert first.png() != other.png()


def test_translucent_shapes_show_what_is_behind_and_hide_no_label() -> None:
    ball = balls(np.zeros((1, 3)), 0.05, (0.9, 0.1, 0.1), label=1)
    veil = box((0.01, 0.3, 0.3), (0.2, 0, 0), color=(0.1, 0.1, 0.9), opacity=0.4, label=2)
    style = PictureStyle(shadows=False)
    bare, veiled = (render(shapes, camera(), *SIZE, style) for shapes in ([ball], [ball, veil]))
    np.testing.assert_array_equal(bare.label, veiled.label)
    np.testing.assert_array_equal(bare.depth, veiled.depth)
    middle = (SIZE[1] // 2, SIZE[0] // 2)
    assert veiled.rgb[middle][2] > bare.rgb[middle][2]  # bluer
    assert veiled.rgb[middle][0] > 60  # and red still


def test_colours_of_faces_and_of_the_background() -> None:
    cube = box((0.1,) * 3, (0, 0, 0))
    paint = np.where(cube.face_normals[:, :1] > 0.9, [[0.1, 0.8, 0.1]], [[0.8, 0.1, 0.1]])
    shape = Shape(vertices=cube.vertices, faces=cube.faces, color=paint)
    picture = render([shape], camera(), *SIZE)
    red, green, _ = picture.rgb[SIZE[1] // 2, SIZE[0] // 2].astype(int)
    assert green > red + 50
    blank = render([], camera(), *SIZE, PictureStyle(top=(1, 0, 0), bottom=(1, 0, 0)))
    assert (blank.label == -1).all()
    np.testing.assert_array_equal(np.unique(blank.rgb.reshape(-1, 3), axis=0), [[255, 0, 0]])


def test_arrows_reach_from_start_to_end() -> None:
    starts, ends = np.array([[0, 0, 0], [0.1, 0, 0]]), np.array([[0, 0.05, 0], [0.1, 0, -0.02]])
    shape = arrows(starts, ends, 0.002, (0, 0, 0))
    assert shape.vertices[:, 1].max() == pytest.approx(0.05)
    assert shape.vertices[:, 2].min() == pytest.approx(-0.02)
    mesh = trimesh.Trimesh(shape.vertices, shape.faces)
    assert mesh.is_watertight
    assert mesh.volume > 0
    with pytest.raises(InputError, match="must have a length"):
        arrows(starts, starts, 0.002, (0, 0, 0))


def test_a_picture_is_saved(tmp_path: pathlib.Path) -> None:
    picture = render([balls(np.zeros((1, 3)), 0.05, (1, 0, 0))], camera(), *SIZE)
    with Image.open(picture.save(tmp_path / "ball.png")) as image:
        assert image.size == SIZE
        np.testing.assert_array_equal(np.asarray(image), picture.rgb)
    with pytest.raises(InputError, match="cannot write"):
        picture.save(tmp_path / "ball.png" / "ball.png")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"faces": [[0, 1, 9]]}, "vertex outside 0 to 2"),
        ({"color": (1, 0)}, "colour of shape"),
        ({"opacity": 0}, "opacity is 0"),
        ({"label": -1}, "label is -1"),
        ({"normals": np.zeros((2, 3, 3))}, "normals have shape"),
    ],
)
def test_shapes_that_cannot_be(changes: dict, named: str) -> None:
    triangle = {"vertices": np.eye(3), "faces": [[0, 1, 2]]}
    with pytest.raises(InputError, match=named):
        Shape(**triangle | changes)


@pytest.mark.parametrize("size", [(0, 10), (10, 100_000)])
def test_sizes_that_cannot_be(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="pixels"):
        render([], camera(), *size)


def test_what_a_picture_holds() -> None:
    picture = render([], camera(), *SIZE)
    assert isinstance(picture, Picture)
    assert picture.rgb.shape == (SIZE[1], SIZE[0], 3)
    assert picture.rgb.dtype == np.uint8
    assert picture.depth.shape == picture.label.shape == picture.face.shape == SIZE[::-1]
