from __future__ import annotations

import time

import igl
import jax.numpy as jnp
import numpy as np
import pytest
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.kernels import distance
from zdg_jax.objects import SAMPLES, Object, cleaning, distance_fields, inertia, loading


def test_mass_properties_of_a_closed_mesh(cup: Object, cup_mesh: trimesh.Trimesh) -> None:
    assert cup.mass == 0.2
    assert cup.volume == pytest.approx(cup_mesh.volume, rel=0.01)
    np.testing.assert_allclose(cup.center_of_mass, cup_mesh.center_mass, atol=3e-4)
    expected = cup_mesh.moment_inertia * 0.2 / cup_mesh.volume
    np.testing.assert_allclose(cup.inertia, expected, atol=0.02 * expected.max())


def test_distances_against_exact_queries(cup: Object, cup_mesh: trimesh.Trimesh) -> None:
    points, face = trimesh.sample.sample_surface(cup_mesh, 3000, seed=1)
    away = np.random.default_rng(1).uniform(-0.001, 0.02, (3000, 1))
    points = points + away * cup_mesh.face_normals[face]
    vertices, faces = np.array(cup_mesh.vertices), np.array(cup_mesh.faces, np.int64)
    squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
    inside = igl.winding_number(vertices, faces, points) > 0.5
    expected = np.sqrt(squared) * np.where(inside, -1, 1)
    value, _ = distance.query(cup.arrays.grid, jnp.asarray(points, jnp.float32))
    error = np.abs(np.asarray(value) - expected)
    assert error.mean() < 2e-4
    assert np.percentile(error, 99) < 1e-3


def test_samples_lie_on_the_surface_evenly_and_know_their_part(
    cup: Object, cup_mesh: trimesh.Trimesh
) -> None:
    samples = cup.arrays.samples
    assert samples.points.shape == (SAMPLES, 3)
    value, _ = distance.query(cup.arrays.grid, samples.points)
    assert np.abs(value).max() < 1e-3
    np.testing.assert_allclose(np.linalg.norm(samples.normals, axis=-1), 1, atol=1e-4)
    ahead, _ = distance.query(cup.arrays.grid, samples.points + 1e-3 * samples.normals)
    assert np.mean(np.asarray(ahead) > 0) > 0.98
    points = np.asarray(samples.points)
    gap = np.sort(np.linalg.norm(points[:, None] - points[None], axis=-1), axis=1)[:, 1]
    assert gap.min() > 0.4 * np.median(gap)
    assert set(np.unique(samples.parts)) == {part.mark for part in cup.parts}


def test_pieces_keep_cavity_and_handle_open(cup: Object) -> None:
    assert len(cup.pieces) <= 40
    assert max(len(piece.vertices) for piece in cup.pieces) <= 32
    free = jnp.array([[0.0, 0, 0.045], [0.0, 0, 0.075], [0.047, 0, 0.04], [0.01, 0.01, 0.02]])
    value, _ = distance.query(cup.arrays.collision_grid, free)
    assert np.all(np.asarray(value) > 4e-3)
    wall = jnp.array([[0.0, 0.0285, 0.05], [0.062, 0, 0.04], [0, 0, 0.0015]])
    value, _ = distance.query(cup.arrays.collision_grid, wall)
    assert np.all(np.asarray(value) < 0)


def test_cup_rim_and_handle_are_parts(cup: Object, cup_mesh: trimesh.Trimesh) -> None:
    assert [(part.mark, part.parent) for part in cup.parts] == [(1, 1), (2, 1), (3, 3)]
    assert (1, 2) in cup.groups
    body, rim, handle = cup.parts
    assert body.area > handle.area
    assert body.area + rim.area + handle.area == pytest.approx(cup_mesh.area)
    assert cup.vertices[cup.faces[rim.faces], 2].min() > 0.055
    assert cup.vertices[cup.faces[handle.faces], 0].min() > 0.02
    for part in cup.parts:
        assert np.array_equal(np.flatnonzero(cup.face_parts == part.mark), part.faces)


def test_region_grid(cup: Object) -> None:
    handle = 3
    points = jnp.array([[0.07, 0.0, 0.04], [-0.03, 0.0, 0.04]])
    near, far = distance.query(cup.region_grid([handle]), points)[0]
    assert float(near) == pytest.approx(0.003, abs=1e-3)
    assert float(far) > 0.04
    nothing, slope = distance.query(cup.region_grid([]), points)
    assert np.all(np.asarray(nothing) > 100)
    assert np.all(np.asarray(slope) == 0)
    shapes = {cup.region_grid(marks).cells.shape for marks in ([], [1], [1, 3])}
    assert len(shapes) == 1
    with pytest.raises(InputError, match="no part 9; parts are 1 to 3"):
        cup.region_grid([9])


def test_density_and_arrays_of_one_shape(cup: Object, cup_mesh: trimesh.Trimesh) -> None:
    heavy = Object.from_mesh(cup_mesh, density=500.0)
    assert heavy.mass == pytest.approx(500 * cup.volume)
    np.testing.assert_allclose(heavy.inertia / heavy.mass, cup.inertia / cup.mass, rtol=1e-9)
    assert heavy.mesh_hash == cup.mesh_hash
    for field in (heavy.arrays.grid, heavy.arrays.collision_grid):
        assert field.cells.shape == (distance_fields.CELLS, 4)
        assert int(np.prod(field.shape)) <= distance_fields.CELLS


def test_an_open_mesh_turned_inside_out_is_still_solid() -> None:
    rod = trimesh.creation.cylinder(radius=0.02, height=0.1, sections=48)
    open_top = rod.faces[rod.face_normals[:, 2] < 0.5][:, ::-1]
    vertices, faces, _ = cleaning.clean(loading.read((rod.vertices, open_top)), 1.0)
    voxels = distance_fields.VoxelGrid.around(vertices.min(0), vertices.max(0), 2**17)
    test = distance_fields.winding_test(vertices, faces)
    value, normal = distance_fields.signed(vertices, faces, test, voxels)
    assert inertia.mass_properties(value, voxels).volume == pytest.approx(rod.volume, rel=0.1)
    center, above = voxels.nearest(np.array([[0.0, 0, 0], [0.0, 0.0, -0.055]]))
    assert value[center] == pytest.approx(-0.02, abs=2e-3)
    assert value[above] == pytest.approx(0.005, abs=2e-3)
    np.testing.assert_allclose(normal[above], [0, 0, -1], atol=0.3)


def test_an_object_from_the_cache_is_the_same_and_quick(
    cup: Object, cup_mesh: trimesh.Trimesh
) -> None:
    start = time.process_time()
    again = Object.from_mesh(cup_mesh, mass=0.2)
    assert time.process_time() - start < 1.0
    for left, right in (
        (cup.arrays.grid.cells, again.arrays.grid.cells),
        (cup.arrays.collision_grid.cells, again.arrays.collision_grid.cells),
        (cup.arrays.samples.points, again.arrays.samples.points),
        (cup.face_parts, again.face_parts),
        (cup.inertia, again.inertia),
    ):
        assert np.array_equal(left, right)
    for one, other in zip(cup.pieces, again.pieces, strict=True):
        assert np.array_equal(one.vertices, other.vertices)
        assert np.array_equal(one.faces, other.faces)


def test_progress_counts_up_to_the_end(cup_mesh: trimesh.Trimesh) -> None:
    reports = []
    Object.from_mesh(cup_mesh, mass=0.2, progress=lambda *report: reports.append(report))
    stages, done, totals = zip(*reports, strict=True)
    assert set(stages) == {"object"}
    assert len(set(totals)) == 1
    assert done[0] == 0
    assert done[-1] == totals[-1]
    assert list(done) == sorted(done)
