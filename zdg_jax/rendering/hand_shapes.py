"""Hands as shapes: the links of a posed hand, each finger in a colour of its own if wanted."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.hand.topology import link_poses
from zdg_jax.meshes.clustering import reduce_faces
from zdg_jax.rendering.colors import METAL, finger_color
from zdg_jax.rendering.shape import Shape, corner_normals

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

_MOST_FACES = 6000  # of a link: beyond, a picture shows no difference and takes seconds longer
_prepared: weakref.WeakKeyDictionary[Hand, list[Shape]] = weakref.WeakKeyDictionary()


def posed_hand_shapes(
    hand: Hand,
    pose: ArrayLike,
    *,
    color: ArrayLike = METAL,
    finger_colors: bool | Sequence[ArrayLike] = False,
    opacity: float = 1.0,
    label: int = 1,
    finger_labels: bool = False,
) -> tuple[Shape, ...]:
    """The links of a hand in a pose, one shape per link that has a surface.

    Args:
        hand: the hand.
        pose: position, quaternion (wxyz) and joints, (7 + j,), scene frame [m, rad].
        color: of all links, or of the palm alone where fingers are coloured, (3,).
        finger_colors: True for a colour of its own for each finger, or those colours.
        opacity: see `Shape`; the hand is one translucent body.
        label: of all links.
        finger_labels: gives the links of finger i the label `label + 1 + i` instead.

    Raises:
        InputError: the pose or the colours do not fit the hand.
    """
    pose = _checked(hand, pose)
    colors = _link_colors(hand, color, finger_colors)
    labels = np.full(hand.num_links, label)
    if finger_labels:
        for i, finger in enumerate(hand.fingers):
            labels[list(finger.links)] = label + 1 + i
    rotation, translation = posed_links(hand, pose)
    shapes = []
    for mesh, link in zip(_link_shapes(hand), _links(hand), strict=True):
        turn = rotation[link]
        shapes.append(
            Shape(
                vertices=mesh.vertices @ turn.T + translation[link],
                faces=mesh.faces,
                color=colors[link],
                opacity=opacity,
                label=int(labels[link]),
                normals=mesh.corner_normals @ turn.T.astype(np.float32),
            )
        )
    return tuple(shapes)


def posed_links(hand: Hand, pose: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Computes rotations (L, 3, 3) and translations (L, 3) [m] of the links of a posed hand.

    Args:
        hand: the hand.
        pose: position, quaternion (wxyz) and joints, (7 + j,), scene frame [m, rad].

    Raises:
        InputError: the pose does not fit the hand.
    """
    pose = _checked(hand, pose)
    root = rotation_matrix(pose[3:7] / np.linalg.norm(pose[3:7]))
    rotation, translation = link_poses(hand.arrays.tree, pose[7:])
    return root @ rotation, translation @ root.T + pose[:3]


def distal_shapes(hand: Hand) -> list[list[int]]:
    """Lists, for each finger, which of the shapes of `posed_hand_shapes` are its outer half."""
    links = _links(hand)
    return [
        [i for i, link in enumerate(links) if link in finger.links[len(finger.links) // 2 :]]
        for finger in hand.fingers
    ]


def _checked(hand: Hand, pose: ArrayLike) -> np.ndarray:
    array = np.asarray(pose, float)
    if array.shape != (7 + hand.num_joints,):
        raise InputError(
            f"a pose of shape {array.shape} for '{hand.name}'; position, quaternion and"
            f" {hand.num_joints} joints are {7 + hand.num_joints} numbers"
        )
    if not np.isfinite(array).all() or not np.any(array[3:7]):
        raise InputError("a pose holds a number that is not finite, or a quaternion of zeros")
    return array


def _link_colors(
    hand: Hand, color: ArrayLike, finger_colors: bool | Sequence[ArrayLike]
) -> np.ndarray:
    colors = np.tile(np.asarray(color, float), (hand.num_links, 1))
    if isinstance(finger_colors, bool):
        if not finger_colors:
            return colors
        finger_colors = [finger_color(hand.fingers, i) for i in range(len(hand.fingers))]
    if len(finger_colors) != len(hand.fingers):
        raise InputError(
            f"{len(finger_colors)} colours for the {len(hand.fingers)} fingers of '{hand.name}'"
        )
    for finger, paint in zip(hand.fingers, finger_colors, strict=True):
        colors[list(finger.links)] = paint
    return colors


def _links(hand: Hand) -> list[int]:
    return [mesh.link for mesh in hand.link_meshes if len(mesh.faces)]


def _link_shapes(hand: Hand) -> list[Shape]:
    """The links in their own frames, their normals ready; made once per hand."""
    shapes = _prepared.get(hand)
    if shapes is None:
        shapes = []
        for mesh in hand.link_meshes:
            if len(mesh.faces):
                vertices, faces = reduce_faces(
                    np.asarray(mesh.vertices), np.asarray(mesh.faces), _MOST_FACES
                )
                normals = corner_normals(vertices, faces, 40.0)
                shapes.append(Shape(vertices=vertices, faces=faces, normals=normals))
        _prepared[hand] = shapes
    return shapes
