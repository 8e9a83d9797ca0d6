"""Simple figures of what a task has around an object: another person, a table, the work."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
import trimesh

from zdg_jax.geometry.frames import upright_axes
from zdg_jax.rendering.colors import PERSON, WORK, Color
from zdg_jax.rendering.scene_shapes import TABLE
from zdg_jax.rendering.shape import Shape

FigureKind = Literal["person", "table", "work"]
_WORDS = {"person": "other person", "table": "table", "work": "work"}
_GAP = 0.04
"""Room between the object's box and a figure [m]."""
_OPACITY = 0.45
_THICK = 0.004
"""Thickness of the plate that shows a table [m]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """Something on one side of an object."""

    kind: FigureKind
    """Kind of figure."""
    direction: np.ndarray
    """Unit direction from the object to it, (3,), object frame."""

    @property
    def words(self) -> str:
        """Name for people and models."""
        return _WORDS[self.kind]


def figure_shapes(
    figures: Sequence[Figure], box: np.ndarray, up: np.ndarray, *, label: int
) -> list[Shape]:
    """Makes shapes of figures beside an object.

    Args:
        figures: the figures.
        box: least and greatest corner of the object, (2, 3) [m].
        up: unit direction that points up, (3,).
        label: number by which pictures name the shapes.
    """
    return [_shape(figure, box, up, label) for figure in figures]


def _shape(figure: Figure, box: np.ndarray, up: np.ndarray, label: int) -> Shape:
    low, high = box
    middle, half = (low + high) / 2, (high - low) / 2
    side = middle + (float(np.abs(figure.direction) @ half) + _GAP) * figure.direction
    size = float(np.linalg.norm(half))
    if figure.kind == "table":
        axes = upright_axes(-figure.direction)
        across = np.ptp(np.array([low, high]) @ axes, axis=0)[:2] + 2 * _GAP
        mesh = trimesh.creation.box((*across, _THICK))
        top = middle + float(np.abs(figure.direction) @ half) * figure.direction
        vertices = mesh.vertices @ axes.T + top + 0.5 * _THICK * figure.direction
        return _made(vertices, mesh.faces, TABLE, label)
    if figure.kind == "work":
        axes = upright_axes(-figure.direction)
        mesh = trimesh.creation.box((0.6 * size, 0.6 * size, 0.2 * size))
        return _made(mesh.vertices @ axes.T + side, mesh.faces, WORK, label)
    # A pawn: a body that narrows upwards, and a head.
    tall = 0.9 * size
    body = trimesh.creation.cone(radius=0.35 * tall, height=tall, sections=32)
    head = trimesh.creation.icosphere(subdivisions=3, radius=0.2 * tall)
    head.apply_translation([0.0, 0.0, tall])
    vertices = np.concatenate([body.vertices, head.vertices]) - [0.0, 0.0, 0.5 * tall]
    faces = np.concatenate([body.faces, head.faces + len(body.vertices)])
    stands = side + 0.35 * tall * figure.direction
    return _made(vertices @ upright_axes(up).T + stands, faces, PERSON, label)


def _made(vertices: np.ndarray, faces: np.ndarray, color: Color, label: int) -> Shape:
    return Shape(
        vertices=vertices, faces=faces, color=color, label=label, gloss=0.0, opacity=_OPACITY
    )
