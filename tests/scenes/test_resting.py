"""Stable poses."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from tests import scene as world
from zdg_jax.errors import InputError
from zdg_jax.objects.convex import ConvexPiece
from zdg_jax.scenes import Scene, Surroundings, stable_poses
from zdg_jax.scenes.resting import resting_up


def test_a_box_rests_on_its_sides_the_larger_the_likelier() -> None:
    poses = stable_poses(world.brick().object)
    ups = np.round([pose.scene.object_up() for pose in poses])
    assert {tuple(np.abs(up)) for up in ups[:2]} == {(1.0, 0.0, 0.0)}  # on 60 x 90 mm
    assert sum(pose.probability for pose in poses) == pytest.approx(1.0, abs=0.06)
    assert [pose.probability for pose in poses] == sorted(
        (pose.probability for pose in poses), reverse=True
    )
    assert "probability 0." in repr(poses[0])


def test_a_pose_that_is_too_unlikely_is_refused() -> None:
    with pytest.raises(InputError, match=r"as likely as 0\.9"):
        stable_poses(world.brick().object, least=0.9)


def test_an_object_that_is_set_down_askew_comes_to_rest() -> None:
    brick = world.brick().object
    for degrees, turns in ((0.0, 0.0), (12.0, 12.0), (40.0, 0.0)):
        angle = np.radians(degrees)
        up = np.array([np.sin(angle), 0.0, np.cos(angle)])
        rest = resting_up(brick.pieces, up)
        assert np.degrees(np.arccos(min(rest @ up, 1.0))) == pytest.approx(turns, abs=1.0)
    placed = Surroundings.of(Scene(up=(0.2, 0.0, 1.0)), brick)
    np.testing.assert_allclose(placed.up, [0, 0, 1], atol=0.02)
    # A place that is given stays as it is.
    given = Scene(quaternion=(1.0, 0.0, 0.0, 0.0), position=(0.0, 0.0, 0.045))
    assert Surroundings.of(given, brick).up.tolist() == [0, 0, 1]


def test_a_round_thing_rests_on_a_facet_that_carries_it() -> None:
    prism = trimesh.creation.cylinder(0.01, 0.12, sections=10)
    turn = trimesh.transformations.rotation_matrix(np.radians(5), [0, 0, 1])
    prism.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [0, 1, 0]) @ turn)
    piece = ConvexPiece(vertices=np.asarray(prism.vertices), faces=np.asarray(prism.faces))
    rest = resting_up([piece], np.array([0.0, 0.0, 1.0]))
    low = np.sort(piece.vertices @ rest)
    np.testing.assert_allclose(low[:4], low[0], atol=1e-6)  # on four corners
    assert abs(rest[0]) < 1e-6
