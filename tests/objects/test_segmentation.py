"""Parts of made-up shapes; the shapes of the test assets are scored in test_figures.py."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import manifold3d
import numpy as np
import pytest
import trimesh

from zdg_jax.objects import distance_fields, segmentation
from zdg_jax.objects.concavities import fill_concavities

Solid = manifold3d.Manifold


def cylinder(length: float, radius: float) -> manifold3d.Manifold:
    return Solid.cylinder(length, radius, circular_segments=40)


def dumbbell() -> manifold3d.Manifold:
    ends = Solid.sphere(0.025, 48) + Solid.sphere(0.025, 48).translate((0, 0, 0.12))
    return ends + cylinder(0.12, 0.008)


def hammer() -> manifold3d.Manifold:
    head = Solid.cube((0.1, 0.03, 0.03), True)
    return cylinder(0.25, 0.011) + head.translate((0, 0, 0.25))


def pan() -> manifold3d.Manifold:
    bowl = cylinder(0.05, 0.1) - cylinder(0.05, 0.096).translate((0, 0, 0.004))
    return bowl + cylinder(0.16, 0.011).rotate((0, 90, 0)).translate((0.095, 0, 0.035))


def bottle() -> manifold3d.Manifold:
    return cylinder(0.15, 0.035) + cylinder(0.2, 0.012)


def jar() -> manifold3d.Manifold:
    lid = cylinder(0.015, 0.036).translate((0, 0, 0.093))
    return cylinder(0.086, 0.038) + cylinder(0.1, 0.031) + lid


def rod(path: np.ndarray, radius: float) -> manifold3d.Manifold:
    """A bent rod along points (n, 3)."""
    balls = [Solid.sphere(radius, 20).translate(tuple(point)) for point in path]
    return sum((Solid.batch_hull([a, b]) for a, b in itertools.pairwise(balls)), Solid())


def half_circle(radius: float, start: float) -> np.ndarray:
    """Points in the xy plane that run on by 180 degrees from an angle."""
    angle = np.radians(start + np.linspace(0, 180, 11))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1)


def pot(turn: float) -> manifold3d.Manifold:
    """A pot with two equal loops at its sides."""
    inside = cylinder(0.12, 0.106).translate((0, 0, 0.004))
    loop = rod(half_circle(0.035, -90), 0.006).translate((0.108, 0, 0.085)) - inside
    loops = loop + loop.rotate((0, 0, 180))
    return (cylinder(0.12, 0.11) - inside + loops).rotate((0, 0, turn))


def open_padlock() -> manifold3d.Manifold:
    """A block from which a hook rises; its other end is free, above the block."""
    arch = half_circle(0.016, 0)[:, [0, 2, 1]] + (0, 0, 0.041)
    hook = np.concatenate([[(0.016, 0, 0.037)], arch, [(-0.016, 0, 0.012)]])
    return Solid.cube((0.05, 0.02, 0.045), True) + rod(hook, 0.004)


def lidded_pot() -> manifold3d.Manifold:
    """A pot under a flat lid that is hardly narrower, with a knob, below an arched handle."""
    knob = Solid.sphere(0.012, 32).translate((0, 0, 0.122))
    arch = rod(half_circle(0.075, 0)[:, [0, 2, 1]] + (0, 0, 0.1), 0.007)
    return cylinder(0.1, 0.08) + cylinder(0.11, 0.074) + knob + arch


def sprayer() -> manifold3d.Manifold:
    """A bottle with a head, and a trigger below it that leaves little air."""
    head = Solid.cube((0.09, 0.03, 0.032), True).translate((-0.012, 0, 0.195))
    trigger = rod(np.array([(-0.03, 0, 0.185), (-0.042, 0, 0.165), (-0.05, 0, 0.135)]), 0.006)
    return cylinder(0.14, 0.035) + cylinder(0.18, 0.014) + head + trigger


def cane() -> manifold3d.Manifold:
    """A thin shaft with a thick hook, which is cut where it bends."""
    bend = half_circle(0.035, 90)[:, [0, 2, 1]] * (-1, 1, 1) + (0.45, 0, -0.035)
    hook = np.concatenate([[(0.37, 0, 0)], bend])
    return cylinder(0.4, 0.006).rotate((0, 90, 0)) + rod(hook, 0.011)


def split(shape: manifold3d.Manifold) -> tuple[np.ndarray, np.ndarray]:
    """Marks and centres of evenly small faces."""
    mesh = shape.refine_to_length(0.006).to_mesh()
    vertices = np.asarray(mesh.vert_properties, np.float64)[:, :3]
    faces = np.asarray(mesh.tri_verts, np.int64)
    voxels = distance_fields.VoxelGrid.around(vertices.min(0), vertices.max(0), 2**18)
    distance, _ = distance_fields.signed(
        vertices, faces, distance_fields.winding_test(vertices, faces), voxels
    )
    marks = segmentation.segment(vertices, faces, distance, voxels).marks
    return marks, vertices[faces].mean(axis=1)


@pytest.mark.parametrize(
    ("make", "count", "small"),
    [
        (lambda: Solid.sphere(0.04, 64), 1, None),
        (lambda: Solid.cube((0.06, 0.1, 0.2), True), 1, None),
        (
            lambda: cylinder(0.1, 0.04) - cylinder(0.1, 0.037).translate((0, 0, 0.004)),
            2,
            lambda p: p[:, 2] > 0.091,
        ),
        (dumbbell, 3, lambda p: (p[:, 2] > 0.03) & (p[:, 2] < 0.09)),
        (hammer, 2, lambda p: p[:, 2] < 0.225),
        (pan, 3, lambda p: np.hypot(p[:, 0], p[:, 1]) > 0.105),
        (bottle, 2, lambda p: p[:, 2] > 0.155),
        (jar, 3, lambda p: p[:, 2] > 0.09),
        (lambda: pot(0), 4, lambda p: p[:, 0] > 0.1115),
        (lambda: pot(0), 4, lambda p: p[:, 0] < -0.1115),
        (lambda: pot(17), 4, lambda p: (np.hypot(p[:, 0], p[:, 1]) > 0.1115) & (p[:, 0] > 0)),
        (open_padlock, 2, lambda p: p[:, 2] > 0.0229),
        (lidded_pot, 4, lambda p: (p[:, 2] > 0.1001) & (np.abs(p[:, 2] - 0.105) < 0.0055)),
        (lidded_pot, 4, lambda p: np.linalg.norm(p - (0, 0, 0.122), axis=1) < 0.0125),
        (sprayer, 4, lambda p: (p[:, 2] < 0.1785) & (p[:, 0] < -0.0145) & (p[:, 2] > 0.1401)),
        (cane, 2, lambda p: p[:, 0] > 0.3585),
    ],
    ids=[
        *("ball", "box", "cup", "dumbbell", "hammer", "pan", "bottle", "jar"),
        *("pot", "its other loop", "turned pot", "open padlock"),
        *("a lid below an arch", "its knob", "trigger", "cane"),
    ],
)
def test_parts_of_simple_things(
    make: Callable[..., Any], count: int, small: Callable[[np.ndarray], np.ndarray] | None
) -> None:
    marks, middle = split(make())
    assert sorted(set(marks)) == list(range(1, count + 1))
    if small is not None:
        expected = small(middle)
        overlap = max(
            np.sum(expected & (marks == mark)) / np.sum(expected | (marks == mark))
            for mark in range(1, count + 1)
        )
        assert overlap > 0.8


def test_cavities_and_loops_are_filled_and_open_sides_are_not(cup_mesh: trimesh.Trimesh) -> None:
    vertices, faces = np.array(cup_mesh.vertices), np.array(cup_mesh.faces)
    low, high = vertices.min(0), vertices.max(0)
    voxels = distance_fields.VoxelGrid.around(low, high, 2**18)
    distance, _ = distance_fields.signed(
        vertices, faces, distance_fields.winding_test(vertices, faces), voxels
    )
    shape = fill_concavities(distance, voxels, low, high)
    cavity, hole, beside = shape.voxels.nearest(
        np.array([[0.0, 0, 0.05], [0.045, 0, 0.04], [0.045, 0.03, 0.04]])
    )
    assert not shape.solid.reshape(-1)[[cavity, hole, beside]].any()
    assert shape.filled.reshape(-1)[cavity]
    assert shape.filled.reshape(-1)[hole]
    assert not shape.filled.reshape(-1)[beside]
