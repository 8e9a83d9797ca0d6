"""Even directions and points."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from zdg_jax.geometry.surface_sampling import (
    facets,
    farthest_points,
    fibonacci_sphere,
    scatter,
)


def test_directions_leave_no_hole_on_the_sphere() -> None:
    directions = fibonacci_sphere(400)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, atol=1e-12)
    looks = np.random.default_rng(0).normal(size=(2000, 3))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    # 400 caps of equal area would have a radius of 5.7 degrees.
    assert np.degrees(np.arccos((looks @ directions.T).max(axis=1))).max() < 9.0


def test_facets_know_area_and_outward_normal() -> None:
    box = trimesh.creation.box(extents=(0.1, 0.2, 0.3))
    normals, areas = facets(np.asarray(box.vertices), np.asarray(box.faces))
    assert areas.sum() == pytest.approx(2 * (0.02 + 0.03 + 0.06))
    middles = np.asarray(box.triangles_center)
    assert ((normals * middles).sum(axis=1) > 0).all()
    flat, nothing = facets(np.zeros((3, 3)), np.array([[0, 1, 2]]))
    assert not flat.any()
    assert not nothing.any()


def test_points_lie_on_their_triangles_in_shares_of_area() -> None:
    box = trimesh.creation.box(extents=(0.1, 0.2, 0.3))
    vertices, faces = np.asarray(box.vertices), np.asarray(box.faces)
    points, face = scatter(vertices, faces, 5000, np.random.default_rng(0))
    normals, areas = facets(vertices, faces)
    off_plane = ((points - vertices[faces[face, 0]]) * normals[face]).sum(axis=1)
    np.testing.assert_allclose(off_plane, 0.0, atol=1e-12)
    assert (np.abs(points) <= np.array([0.05, 0.1, 0.15]) + 1e-12).all()
    counts = np.bincount(face, minlength=len(faces))
    np.testing.assert_allclose(counts, 5000 * areas / areas.sum(), atol=1.5)


def test_farthest_points_go_to_the_corners_first() -> None:
    rng = np.random.default_rng(0)
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    points = np.concatenate([corners, 0.2 + 0.6 * rng.random((200, 3))])
    chosen = farthest_points(points, 8, 0)
    assert sorted(chosen.tolist()) == list(range(8))
    assert chosen[0] == 0
    assert len(set(farthest_points(points, 50, 7).tolist())) == 50
