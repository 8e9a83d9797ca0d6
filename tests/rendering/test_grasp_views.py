"""Hands on an object for a model: shared cameras, colours of roles, figures, labels apart."""

from __future__ import annotations

import numpy as np
import trimesh
from PIL import Image

from tests.planning.examples import allegro, jug
from zdg_jax.hand.forearm import forearm_axis
from zdg_jax.objects import Object
from zdg_jax.rendering import Camera, Shape
from zdg_jax.rendering.figures import Figure, figure_shapes
from zdg_jax.rendering.grasp_views import GraspViews, beside
from zdg_jax.rendering.marked_object import MarkedObject
from zdg_jax.rendering.picture import PreparedShapes, render
from zdg_jax.rendering.viewpoint import RING, shared_views, view_scores

SIZE = (160, 120)


def poses(count: int) -> list[np.ndarray]:
    """The hand on different sides of the jug, its palm towards it."""
    hand = allegro()
    found = []
    for turn in np.arange(count) * 2 * np.pi / count:
        quaternion = [np.cos(turn / 2), 0, 0, np.sin(turn / 2)]
        place = [0.15 * np.cos(turn), 0.15 * np.sin(turn), 0.1]
        found.append(np.r_[place, quaternion, hand.joints(hand.open_dofs)])
    return found


def shares(image: Image.Image, towards: tuple[int, int, int]) -> int:
    """Pixels whose hue is about that of a colour."""
    pixels = np.asarray(image, float).reshape(-1, 3)
    pixels = pixels - pixels.mean(axis=1, keepdims=True)
    hue = np.asarray(towards, float) - np.mean(towards)
    length = np.linalg.norm(pixels, axis=1)
    near = pixels @ hue > 0.95 * np.linalg.norm(hue) * np.maximum(length, 1e-9)
    return int((near & (length > 25)).sum())


def test_parts_and_fingers_are_coloured_by_their_roles() -> None:
    views = GraspViews(jug(), allegro(), [2], [1], idle=["rf"])
    (pair,) = views.pairs(poses(1), *SIZE)
    assert sum(shares(image, (224, 107, 97)) for image in pair) > 200  # the body is avoided
    assert sum(shares(image, (92, 143, 219)) for image in pair) > 50  # fingers that work
    assert sum(shares(image, (230, 125, 33)) for image in pair) > 20  # the thumb
    assert beside(pair).size == (2 * SIZE[0], SIZE[1])


def test_two_views_are_far_apart_and_shared_where_they_serve() -> None:
    scores = np.full((3, len(RING)), 1.0)
    scores[:, 5] = 2.0
    scores[2, 5] = 0.2
    pairs = shared_views(scores)
    assert np.array_equal(pairs[0][0], pairs[1][0])
    assert not np.array_equal(pairs[0][0], pairs[2][0])
    for one, two in pairs:
        assert one @ two < 0.51


def test_nobody_looks_along_a_long_tool_or_through_the_forearm() -> None:
    rod = trimesh.creation.cylinder(0.01, 0.3)
    shape = Shape(vertices=rod.vertices, faces=rod.faces)
    held = np.ones(len(rod.faces), bool)
    scores = view_scores(PreparedShapes([shape]), held, [], [np.array([1.0, 0.0, 0.0])])
    along = np.abs(RING[:, 2])
    assert along[scores.argmax()] < 0.5
    assert RING[scores.argmax()][0] < 0.5


def test_forearm_leaves_a_hand_behind_its_palm() -> None:
    hand = allegro()
    start, away = forearm_axis(hand)
    assert away @ hand.palm.direction < -0.99
    assert (start - hand.palm.position) @ away > 0.02


def test_figures_stand_on_their_side_of_the_object() -> None:
    box = np.array([[-0.05, -0.05, 0.0], [0.05, 0.05, 0.1]])
    up = np.array([0.0, 0.0, 1.0])
    for kind in ("person", "work"):
        figure = Figure(kind=kind, direction=np.array([0.0, 1.0, 0.0]))
        (shape,) = figure_shapes([figure], box, up, label=7)
        assert shape.vertices[:, 1].min() > 0.05
        assert shape.label == 7
    (table,) = figure_shapes([Figure(kind="table", direction=-up)], box, up, label=7)
    assert table.vertices[:, 2].max() <= 1e-9
    assert np.ptp(table.vertices[:, 0]) > 0.1


def test_a_tall_object_gets_a_picture_that_stands_and_fills_it() -> None:
    tall = Object.from_mesh(trimesh.creation.cylinder(0.01, 0.3), pieces=1)
    view = MarkedObject(tall).view("from +x", 0.0, 0.0, (160, 120))
    assert view.image.size == (120, 160)
    rows = np.flatnonzero((view.faces >= 0).any(axis=1))
    assert np.ptp(rows) > 0.75 * 160


def test_numbers_of_crowded_parts_stand_apart_on_lines() -> None:
    """Eight slim rings side by side: no room within them, and yet no two labels overlap."""
    rings = [trimesh.creation.cylinder(0.02, 0.0018) for _ in range(8)]
    for i, ring in enumerate(rings):
        ring.apply_translation([0, 0, 0.002 * i])
    mesh = trimesh.util.concatenate(rings)
    labels = np.repeat(np.arange(8), [len(ring.faces) for ring in rings])
    obj = Object.from_mesh(mesh, parts=labels, pieces=1)
    marked = MarkedObject(obj)
    camera = Camera.around(np.asarray(obj.vertices), [1.0, 0.0, 0.1], margin=2.0)
    picture = render([marked.shape()], camera, 300, 300)
    image = picture.image()
    marked.number(image, picture, 12)
    dark = (np.asarray(image) < 40).all(axis=2).sum()
    assert dark > 8 * 150  # eight boxes, none hidden by another
