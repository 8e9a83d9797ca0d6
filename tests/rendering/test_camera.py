"""Cameras: pixels to rays and points back to pixels."""

from __future__ import annotations

import numpy as np
import pytest

from zdg_jax.errors import InputError
from zdg_jax.rendering import Camera

SIZE = (64, 48)

cameras = pytest.mark.parametrize("span", [None, 0.3], ids=["pinhole", "orthographic"])


@cameras
def test_rays_go_through_the_points_that_are_seen(span: float | None) -> None:
    camera = Camera.look_at([0.4, -0.3, 0.5], [0.02, 0.01, 0.0], span=span)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, SIZE[0], 50), rng.uniform(0, SIZE[1], 50)
    origins, directions = camera.rays(x, y, *SIZE)
    far = rng.uniform(0.2, 2.0, (50, 1))
    pixels, depth = camera.project(origins + far * directions, *SIZE)
    np.testing.assert_allclose(pixels, np.stack([x, y], axis=1), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-6)
    along = (directions @ camera.axes[2])[:, None] * far
    np.testing.assert_allclose(depth, along[:, 0], atol=1e-5)


@cameras
def test_the_target_is_in_the_middle_and_up_is_up(span: float | None) -> None:
    camera = Camera.look_at([0.5, 0.2, 0.3], [0.0, 0.0, 0.1], span=span)
    (middle, above), depth = camera.project(np.array([[0, 0, 0.1], [0, 0, 0.12]]), *SIZE)
    np.testing.assert_allclose(middle, [32, 24], atol=1e-9)
    assert depth[0] == pytest.approx(np.linalg.norm([0.5, 0.2, 0.2]))
    assert above[1] < middle[1]
    assert above[0] == pytest.approx(32)
    np.testing.assert_allclose(camera.axes @ camera.axes.T, np.eye(3), atol=1e-12)


def test_looking_straight_down_has_a_picture_too() -> None:
    camera = Camera.look_at([0, 0, 1.0], [0, 0, 0], up=(0, 0, 1))
    assert np.isfinite(camera.axes).all()
    assert abs(np.linalg.det(camera.axes)) == pytest.approx(1)


@pytest.mark.parametrize("margin", [1.0, 1.2])
def test_around_sees_all_and_no_more(margin: float) -> None:
    points = np.random.default_rng(1).uniform(-0.1, 0.1, (200, 3)) * [1.0, 0.5, 2.0]
    camera = Camera.around(points, [1.0, 0.5, 0.3], aspect=SIZE[0] / SIZE[1], margin=margin)
    pixels, depth = camera.project(points, *SIZE)
    assert (depth > 0).all()
    share = np.abs(pixels / SIZE * 2 - 1).max(axis=0)  # 1 at the border
    assert share.max() == pytest.approx(1 / margin, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"eye": [0, 0, 0], "target": [0, 0, 0]}, "cannot look at"),
        ({"eye": [0, 0, 1], "target": [0, 0, 0], "fov": 200}, "fov is 200"),
        ({"eye": [0, 0, 1], "target": [0, 0, 0], "span": -1}, "span is -1"),
        ({"eye": [0, 0, np.inf], "target": [0, 0, 0]}, "cannot look at"),
    ],
)
def test_cameras_that_cannot_be(arguments: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        Camera.look_at(**arguments)


def test_around_nothing() -> None:
    with pytest.raises(InputError, match="at least one point"):
        Camera.around(np.zeros((0, 3)), [1, 0, 0])
