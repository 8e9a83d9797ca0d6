"""Hands in pictures: posed links, sheets of grasps, and what was derived from a hand."""

from __future__ import annotations

import dataclasses
import pathlib

import mujoco
import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.hands import load_hand
from zdg_jax.errors import InputError
from zdg_jax.hand import Hand
from zdg_jax.rendering import hand_picture, pose_sheet, posed_hand_shapes


@dataclasses.dataclass(frozen=True)
class Ball:
    name: str
    vertices: np.ndarray
    faces: np.ndarray


@pytest.fixture(scope="module")
def hand() -> Hand:
    return load_hand("allegro")


@pytest.fixture(scope="module")
def ball() -> Ball:
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.03)
    return Ball("ball", np.asarray(mesh.vertices), np.asarray(mesh.faces))


def poses(hand: Hand, count: int) -> np.ndarray:
    """The hand under the ball, from different sides, (n, 7 + j)."""
    turn = np.linspace(0, np.pi, count)
    joints = np.tile(hand.joints(hand.half_closed_dofs), (count, 1))
    zero = np.zeros(count)
    root = np.stack([zero, zero, zero - 0.08, np.cos(turn / 2), zero, zero, np.sin(turn / 2)], 1)
    return np.concatenate([root, joints], axis=1)


def test_links_are_where_mujoco_has_them(hand: Hand) -> None:
    pose = poses(hand, 3)[1]
    model = hand.model
    data = mujoco.MjData(model)
    data.qpos[:] = pose[7:]
    mujoco.mj_kinematics(model, data)
    root = np.zeros(9)
    mujoco.mju_quat2Mat(root, pose[3:7])
    meshes = [mesh for mesh in hand.link_meshes if len(mesh.faces)]
    shapes = posed_hand_shapes(hand, pose, finger_labels=True)
    assert len(shapes) == len(meshes)
    for shape, mesh in zip(shapes, meshes, strict=True):
        inside = mesh.vertices @ data.xmat[mesh.link].reshape(3, 3).T + data.xpos[mesh.link]
        outside = inside @ root.reshape(3, 3).T + pose[:3]
        np.testing.assert_allclose(shape.vertices.mean(0), outside.mean(0), atol=2e-3)
        size = np.ptp(outside, axis=0)
        np.testing.assert_allclose(np.ptp(shape.vertices, axis=0), size, atol=2e-3)
    labels = {shape.label for shape in shapes}
    assert labels == set(range(1, 2 + len(hand.fingers)))


def test_pose_and_colours_must_fit(hand: Hand) -> None:
    pose = poses(hand, 1)[0]
    with pytest.raises(InputError, match="16 joints are 23 numbers"):
        posed_hand_shapes(hand, pose[:-1])
    with pytest.raises(InputError, match="not finite"):
        posed_hand_shapes(hand, np.full_like(pose, np.nan))
    with pytest.raises(InputError, match="2 colours for the 4 fingers"):
        posed_hand_shapes(hand, pose, finger_colors=[(1, 0, 0), (0, 1, 0)])


def test_sheet_of_grasps(hand: Hand, ball: Ball, tmp_path: pathlib.Path) -> None:
    path = pose_sheet(
        poses(hand, 3), hand, ball, tmp_path / "a.png", held=[True, False, None], columns=2
    )
    again = pose_sheet(
        poses(hand, 3), hand, ball, tmp_path / "b.png", held=[True, False, None], columns=2
    )
    assert path.read_bytes() == again.read_bytes()
    one = pose_sheet(poses(hand, 1), hand, ball, tmp_path / "c.png")
    with Image.open(path) as two_rows, Image.open(one) as single:
        # Two columns and two rows of tiles with gaps between, below a header of the same height.
        gap = 2 * single.width - two_rows.width
        assert 0 < gap < 40
        header = 2 * single.height - two_rows.height
        assert 0 < header < 120
        pixels = np.asarray(two_rows)
    quarter = pixels[header:, : pixels.shape[1] // 2]
    assert len(np.unique(quarter.reshape(-1, 3), axis=0)) > 500  # something is drawn


@pytest.mark.parametrize(
    ("count", "more", "named"),
    [
        (0, {}, "0 grasps to draw"),
        (65, {}, "65 grasps to draw"),
        (2, {"captions": ["one"]}, "1 captions and 2 marks for 2 grasps"),
        (2, {"held": [True]}, "2 captions and 1 marks for 2 grasps"),
    ],
)
def test_sheets_that_cannot_be(
    hand: Hand, ball: Ball, tmp_path: pathlib.Path, count: int, more: dict, named: str
) -> None:
    with pytest.raises(InputError, match=named):
        pose_sheet(np.zeros((count, 23)), hand, ball, tmp_path / "x.png", **more)
    assert not list(tmp_path.iterdir())


def test_sheet_that_cannot_be_written(hand: Hand, ball: Ball, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="cannot write"):
        pose_sheet(poses(hand, 1), hand, ball, file / "x.png")


def test_picture_of_a_hand(hand: Hand, tmp_path: pathlib.Path) -> None:
    path = hand_picture(hand, tmp_path / "hand.png")
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"))
    height, width, _ = pixels.shape
    assert width > 2 * height * 0.9
    third = width // 3
    for tile in range(3):
        drawn = pixels[: int(0.8 * height), tile * third : (tile + 1) * third].reshape(-1, 3)
        assert len(np.unique(drawn, axis=0)) > 2000
