"""A picture of what was derived from a hand: fingers, palm, contact candidates and proxies."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from zdg_jax.rendering import text
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.colors import PALM, finger_color
from zdg_jax.rendering.hand_shapes import posed_hand_shapes, posed_links
from zdg_jax.rendering.picture import PictureStyle, render, save
from zdg_jax.rendering.primitives import arrows, balls
from zdg_jax.rendering.shape import Shape
from zdg_jax.rendering.text import FAINT, INK
from zdg_jax.runtime.parallel import parallel_map

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

_TILE, _HEADER, _TITLE, _LINE, _GAP = (560, 620), 62, 34, 30, 12  # [px]
_STYLE = PictureStyle(outline=0.3)
_NORMAL, _DIRECTION = (0.13, 0.14, 0.18), (0.82, 0.14, 0.14)
_PALE = 0.6  # share of white in the colour of links, so that what lies on them stands out
_HAND, _PROXIES, _MARKS = 0, 100, 200  # labels; those of fingers follow the hand's


@dataclasses.dataclass(frozen=True, kw_only=True)
class _View:
    title: str
    dofs: np.ndarray
    """(d,)."""
    towards: np.ndarray
    """Towards the eye, (3,), root frame."""
    proxies: bool = False


def hand_picture(hand: Hand, path: str | os.PathLike[str]) -> pathlib.Path:
    """Draws what was derived from a hand: three views and a legend.

    The open hand from the palm's side and the half-closed one from the thumb's, both with contact
    candidates, their normals and the palm's frame; then the proxy spheres from the back.

    Args:
        hand: the hand.
        path: PNG file to write.

    Raises:
        InputError: the file cannot be written.
    """
    views = _views(hand)
    tiles = parallel_map(lambda view: _tile(hand, view), views)
    width = len(views) * (_TILE[0] + _GAP) + _GAP
    top = _HEADER + _TITLE + _TILE[1] + _GAP
    entries = _entries(hand)
    columns = 3
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (width, top + rows * _LINE + _GAP), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    text.write(draw, (_GAP + 6, 14), text.fit(hand.name, 28, width / 2), 28)
    text.write(draw, (width - _GAP - 6, 22), _numbers(hand), 18, FAINT, anchor="ra")
    for column, (tile, view) in enumerate(zip(tiles, views, strict=True)):
        x = _GAP + column * (_TILE[0] + _GAP)
        text.write(draw, (x + 6, _HEADER), view.title, 19, FAINT)
        sheet.paste(tile, (x, _HEADER + _TITLE))
    for index, (color, words) in enumerate(entries):
        x = _GAP + (index // rows) * (_TILE[0] + _GAP)
        middle = top + (index % rows) * _LINE + _LINE // 2
        draw.rounded_rectangle(
            (x + 6, middle - 9, x + 24, middle + 9), 4, fill=text.as_color(color)
        )
        words = text.fit(words, 18, _TILE[0] - 50)
        text.write(draw, (x + 36, middle), words, 18, INK, anchor="lm")
    return save(sheet, path)


def _views(hand: Hand) -> tuple[_View, ...]:
    palm = hand.palm
    side = palm.thumb_side
    slant = 0.3 * side + 0.1 * palm.direction
    return (
        _View(title="open, from the palm's side", dofs=hand.open_dofs, towards=palm.normal + slant),
        _View(
            title="half closed, from the thumb's side",
            dofs=hand.half_closed_dofs,
            towards=side + 0.4 * palm.normal + 0.15 * palm.direction,
        ),
        _View(
            title="proxy spheres, from the back",
            dofs=hand.open_dofs,
            towards=slant - palm.normal,
            proxies=True,
        ),
    )


def _tile(hand: Hand, view: _View) -> Image.Image:
    pose = np.concatenate([np.zeros(3), [1.0, 0.0, 0.0, 0.0], hand.joints(view.dofs)])
    rotation, translation = posed_links(hand, pose)
    links = posed_hand_shapes(
        hand,
        pose,
        color=_pale(PALM),
        finger_colors=[_pale(finger_color(hand.fingers, i)) for i in range(len(hand.fingers))],
        label=_HAND,
        finger_labels=True,
    )
    added = _proxies if view.proxies else _marks
    shapes = [*links, *added(hand, rotation, translation)]
    camera = Camera.around(
        _framed(hand, rotation, translation, shapes[len(links) :]),
        view.towards,
        up=hand.palm.direction,
        aspect=_TILE[0] / _TILE[1],
    )
    return render(shapes, camera, *_TILE, _STYLE).image()


def _framed(
    hand: Hand, rotation: np.ndarray, translation: np.ndarray, added: list[Shape]
) -> np.ndarray:
    """Gathers points that must be seen: fingers and palm with their marks, no forearm, (n, 3)."""
    wanted = {hand.palm.link}.union(*(finger.links for finger in hand.fingers))
    points = [
        np.asarray(mesh.vertices) @ rotation[mesh.link].T + translation[mesh.link]
        for mesh in hand.link_meshes
        if mesh.link in wanted
    ]
    marks = [shape.vertices for shape in added if shape.label >= _MARKS]
    return np.concatenate([*points, *marks])


def _marks(hand: Hand, rotation: np.ndarray, translation: np.ndarray) -> list[Shape]:
    """Candidates with their normals, and the palm's frame."""
    contacts = hand.arrays.contacts
    link, finger = np.asarray(contacts.link), np.asarray(contacts.finger)
    points = np.einsum("nij,nj->ni", rotation[link], np.asarray(contacts.local, float))
    points += translation[link]
    normals = np.einsum("nij,nj->ni", rotation[link], np.asarray(contacts.normals, float))
    colors = _finger_colors(hand)[finger]
    size = hand.reach
    shapes = [
        balls(points, 0.009 * size, colors, detail=1, label=_MARKS),
        arrows(points, points + 0.05 * size * normals, 0.0025 * size, colors, label=_MARKS),
    ]
    palm = hand.palm
    for direction, color in ((palm.normal, _NORMAL), (palm.direction, _DIRECTION)):
        end = palm.position + 0.45 * size * direction
        shapes.append(arrows(palm.position, end, 0.014 * size, color, label=_MARKS + 1))
    return shapes


def _proxies(hand: Hand, rotation: np.ndarray, translation: np.ndarray) -> list[Shape]:
    """The spheres, each finger's in its colour."""
    spheres = hand.arrays.spheres
    link = np.asarray(spheres.link)
    centers = np.einsum("nij,nj->ni", rotation[link], np.asarray(spheres.local, float))
    centers += translation[link]
    owner = np.full(hand.num_links, -1)
    for i, finger in enumerate(hand.fingers):
        owner[list(finger.links)] = i
    colors = _finger_colors(hand)
    return [
        balls(
            centers[members],
            np.asarray(spheres.radii, float)[members],
            colors[i],
            opacity=0.45,
            label=_PROXIES + 1 + i,
            detail=3,
        )
        for i in range(-1, len(hand.fingers))
        if (members := owner[link] == i).any()
    ]


def _entries(hand: Hand) -> list[tuple[tuple[float, float, float], str]]:
    """Colour and words of each line of the legend."""
    finger_of = np.asarray(hand.arrays.contacts.finger)
    entries = [
        (
            finger_color(hand.fingers, i),
            f"{finger.name}{' (thumb)' if finger.is_thumb else ''}: {len(finger.joints)} joints,"
            f" {int((finger_of == i).sum())} candidates",
        )
        for i, finger in enumerate(hand.fingers)
    ]
    palm = f"palm (link {hand.link_names[hand.palm.link]}): {int((finger_of < 0).sum())} candidates"
    return [
        *entries,
        (PALM, palm),
        (_NORMAL, "normal of the palm's face"),
        (_DIRECTION, "direction of the fingers"),
    ]


def _numbers(hand: Hand) -> str:
    return (
        f"{hand.num_joints} joints, {hand.num_dofs} independent, {hand.num_actuators} actuators,"
        f" {len(hand.arrays.contacts.link)} contact candidates,"
        f" {len(hand.arrays.spheres.radii)} proxy spheres"
    )


def _finger_colors(hand: Hand) -> np.ndarray:
    """Colours of the fingers, then of the palm, (f + 1, 3): index -1 is the palm's."""
    return np.array([*(finger_color(hand.fingers, i) for i in range(len(hand.fingers))), PALM])


def _pale(color: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (_PALE + (1 - _PALE) * value for value in color)
    return red, green, blue
