"""Vertex clustering."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from zdg_jax.meshes.clustering import cluster_vertices


def test_equal_vertices_become_one_and_faces_stay() -> None:
    box = trimesh.creation.box((0.05, 0.06, 0.07))
    soup = box.vertices[box.faces].reshape(-1, 3)
    vertices, faces, kept = cluster_vertices(soup, np.arange(36).reshape(12, 3), 0.0)
    assert len(vertices) == 8
    assert np.array_equal(kept, np.arange(12))
    np.testing.assert_array_equal(vertices[faces], box.vertices[box.faces])


def test_a_fine_ball_gets_coarser_and_keeps_its_size() -> None:
    ball = trimesh.creation.icosphere(subdivisions=5, radius=0.05)
    vertices, faces, kept = cluster_vertices(ball.vertices, ball.faces, 0.004)
    assert len(faces) < len(ball.faces) / 4
    assert kept.shape == (len(faces),)
    assert np.all(faces[:, [0, 1, 2]] != faces[:, [1, 2, 0]])
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(ball.volume, rel=0.02)
    # what is kept lies where it was
    moved = vertices[faces].mean(axis=1) - ball.vertices[ball.faces[kept]].mean(axis=1)
    assert np.linalg.norm(moved, axis=-1).max() < 0.004 * 3**0.5
