"""Parts as patches of a surface."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from zdg_jax.objects.parts import describe_parts


def test_a_part_is_measured_along_its_principal_axes() -> None:
    turn = trimesh.transformations.random_rotation_matrix(np.array([0.1, 0.6, 0.3]))
    turn[:3, 3] = [0.2, -0.1, 0.05]
    board = trimesh.creation.box((0.02, 0.1, 0.04)).apply_transform(turn)
    ball = trimesh.creation.icosphere(subdivisions=3, radius=0.03)
    vertices = np.concatenate([ball.vertices, board.vertices])
    faces = np.concatenate([ball.faces, board.faces + len(ball.vertices)])
    face_parts = np.repeat([2, 1], [len(ball.faces), len(board.faces)])
    first, second = describe_parts(vertices, faces, face_parts, np.array([1, 1]), {1: "board"})
    assert (first.mark, first.name) == (1, "board")
    assert (first.parent, second.parent) == (1, 1)
    assert (second.mark, second.name) == (2, None)
    np.testing.assert_allclose(first.extents, [0.1, 0.04, 0.02], atol=1e-9)
    np.testing.assert_allclose(second.extents, 0.06, rtol=0.01)
    assert first.area == pytest.approx(board.area)
    assert second.area == pytest.approx(ball.area)
    assert np.array_equal(second.faces, np.arange(len(ball.faces)))
