from __future__ import annotations

import sys

import numpy as np
import pytest
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.objects import convex, decomposers, distance_fields


def field_of(mesh: trimesh.Trimesh) -> tuple[np.ndarray, distance_fields.VoxelGrid]:
    voxels = distance_fields.VoxelGrid.around(mesh.vertices.min(0), mesh.vertices.max(0), 2**16)
    test = distance_fields.winding_test(mesh.vertices, mesh.faces)
    return distance_fields.signed(mesh.vertices, mesh.faces, test, voxels)[0], voxels


def test_hull_faces_point_outwards_and_planes_hold() -> None:
    points = np.random.default_rng(0).normal(size=(60, 3))
    piece = convex.hull(points)
    assert trimesh.Trimesh(piece.vertices, piece.faces).volume > 0
    assert np.all(points @ piece.planes[:, :3].T <= piece.planes[:, 3] + 1e-9)


@pytest.mark.parametrize("flat", [[0.1, 0.1, 0], [0.1, 0, 0], [0, 0, 0]])
def test_flat_hulls_get_a_thickness(flat: list[float]) -> None:
    piece = convex.hull(np.random.default_rng(0).uniform(size=(20, 3)) * flat)
    assert np.ptp(piece.vertices, axis=0).min() >= 0.9e-3


def test_a_limited_hull_keeps_its_budget_and_its_size() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.04)
    piece = convex.limited(ball.vertices, 32)
    assert len(piece.vertices) <= 32
    reach = trimesh.sample.sample_surface(
        trimesh.Trimesh(piece.vertices, piece.faces), 4000, seed=0
    )
    error = np.linalg.norm(reach[0], axis=-1) - 0.04
    assert np.abs(error.mean()) < 1e-3
    assert len(convex.limited(trimesh.creation.box((1, 1, 1)).vertices, 32).vertices) == 8


def test_union_buries_what_lies_inside() -> None:
    first = convex.hull(trimesh.creation.box((0.1, 0.1, 0.1)).vertices)
    second = convex.hull(first.vertices + np.array([0.05, 0, 0]))
    vertices, faces = convex.union((first, second))
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(1.5e-3)


@pytest.mark.parametrize("name", ["split", "vhacd", pytest.param("coacd", marks=pytest.mark.slow)])
def test_every_decomposer_meets_its_budget(name: str, cup_mesh: trimesh.Trimesh) -> None:
    if name != "split":
        pytest.importorskip({"vhacd": "vhacdx", "coacd": "coacd"}[name])
    distance, voxels = field_of(cup_mesh)
    pieces = decomposers.decompose(
        name,
        cup_mesh.vertices,
        cup_mesh.faces,
        distance,
        voxels,
        pieces=12,
        piece_vertices=20,
    )
    assert 1 <= len(pieces) <= 12
    assert max(len(piece.vertices) for piece in pieces) <= 20
    volume = trimesh.Trimesh(*convex.union(pieces)).volume
    assert 0.8 * cup_mesh.volume < volume < 2.5 * cup_mesh.volume


@pytest.mark.parametrize(("name", "module"), [("vhacd", "vhacdx"), ("coacd", "coacd")])
def test_a_decomposer_that_is_not_installed_is_named_with_the_way_out(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    box = trimesh.creation.box((0.05, 0.08, 0.1))
    distance, voxels = field_of(box)
    with pytest.raises(InputError, match=rf"zdg-jax\[{name}\].*'split'"):
        decomposers.decompose(
            name, box.vertices, box.faces, distance, voxels, pieces=4, piece_vertices=8
        )


def test_a_convex_body_is_one_piece() -> None:
    box = trimesh.creation.box((0.05, 0.08, 0.1))
    distance, voxels = field_of(box)
    pieces = decomposers.decompose(
        "split", box.vertices, box.faces, distance, voxels, pieces=16, piece_vertices=32
    )
    assert len(pieces) == 1
    assert trimesh.Trimesh(pieces[0].vertices, pieces[0].faces).volume == pytest.approx(
        box.volume, rel=0.01
    )


def test_voxel_grids_stay_within_their_cells_and_cover_the_box() -> None:
    rng = np.random.default_rng(0)
    for size in rng.uniform(0.005, 1.5, (50, 3)):
        voxels = distance_fields.VoxelGrid.around(-size / 2, size / 2, 5000)
        assert np.prod(voxels.shape) <= 5000
        assert all(side % 2 for side in voxels.shape)
        last = voxels.points(np.array([np.prod(voxels.shape) - 1]))[0]
        assert np.all(last >= size / 2 + distance_fields.PADDING - 1e-9)
        index = rng.integers(np.prod(voxels.shape), size=20)
        assert np.array_equal(voxels.nearest(voxels.points(index)), index)
