"""OBJ files whose faces count backwards, are not convex, or follow a byte order mark."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import trimesh

from zdg_jax.objects import cleaning, loading
from zdg_jax.objects.polygons import plain_obj, triangulate

_L = np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2.0]])
"""An L of area 3, counter-clockwise."""


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("start", range(6))
def test_a_concave_polygon_keeps_its_area_and_its_side(axis: int, turn: int, start: int) -> None:
    points = np.insert(np.roll(_L, start, axis=0)[::turn], axis, 0.5, axis=1)
    corners = points[np.array(triangulate(points))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    whole = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0) / 2
    np.testing.assert_allclose(normals.sum(axis=0)[axis], whole[axis])
    np.testing.assert_allclose(np.abs(normals).sum(), 3.0)


def test_indices_that_count_backwards_between_blocks_of_vertices(tmp_path: pathlib.Path) -> None:
    tetrahedron = "f -4 -2 -3\nf -4 -3 -1\nf -4 -1 -2\nf -3 -2 -1\n"
    blocks = [
        "".join(
            f"v {x + shift} {y} {z}\n" for x, y, z in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        )
        for shift in (0, 5)
    ]
    path = tmp_path / "two.obj"
    path.write_text("".join(block + tetrahedron for block in blocks))
    raw = loading.read(path)
    vertices, faces, _ = cleaning.clean(raw, 0.1)
    assert len(vertices) == len(faces) == 8
    assert np.ptp(vertices[:, 0]) == pytest.approx(0.6)


def test_a_polygon_that_comes_back_to_its_corners_ends_soon(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "spun.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf" + " 1 2 3" * 20_000 + "\nf 1 2 4\n")
    assert len(cleaning.clean(loading.read(path), 0.1)[0]) == 4


def test_a_byte_order_mark_costs_no_vertex(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "box.obj"
    text = trimesh.creation.box((0.1, 0.1, 0.1)).export(file_type="obj", header=None)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(cleaning.clean(loading.read(path), 1.0)[0]) == 8


def test_plain_files_are_left_as_they_are() -> None:
    assert plain_obj(b"v 0 0 0\nv 1 0 0\nv 0 -1 0\nf 1 2 3\nf 1/1/1 2/2/2 3/3/3\n") is None


def test_a_stated_unit_counts_where_no_scale_is_given(tmp_path: pathlib.Path) -> None:
    box = trimesh.creation.box((4.72, 3.15, 1.97)).export(file_type="dae")
    unit = b'<unit name="inch" meter="0.0254"/><up_axis>'
    path = tmp_path / "inch.dae"
    path.write_bytes(box.replace(b"<up_axis>", unit))
    assert loading.read(path).unit == 0.0254
    path.write_bytes(box)
    assert cleaning.factor(loading.read(path)) == 1.0


def test_a_part_inside_out_is_turned_and_a_cavity_is_not() -> None:
    a, b = (trimesh.creation.box((0.04,) * 3) for _ in range(2))
    b.apply_translation([0.08, 0, 0])
    b.invert()
    shell, hole = trimesh.creation.box((0.1,) * 3), trimesh.creation.box((0.05,) * 3)
    hole.invert()
    for mesh, volume in ((a + b, 2 * 0.04**3), (shell + hole, 0.1**3 - 0.05**3)):
        vertices, faces, _ = cleaning.clean(loading.read(mesh), 1.0)
        turned = trimesh.Trimesh(vertices, faces, process=False)
        assert turned.volume == pytest.approx(volume)
