"""OBJ files in a plain form: indices that count from the file's start, polygons as triangles.

Readers differ in what they make of indices that count backwards, of polygons that are not convex
and of a byte order mark; in the plain form nothing is left to differ in.
"""

from __future__ import annotations

import itertools
import re

import mapbox_earcut
import numpy as np

_NEEDED = re.compile(rb"^\s*f(?:[^\n]*\s(?:-\d|0+[/\s])|(?:\s+[\d/]+){4})|\\\r?$", re.M)
_KEPT = ("o", "g", "usemtl")
"""Statements besides vertices and faces that say which faces belong together."""


def plain_obj(content: bytes) -> bytes | None:
    """Rewrites an OBJ file.

    Args:
        content: the file.

    Returns:
        The same triangles in the plain form; None where the file has it already.

    Raises:
        ValueError: a face names a vertex that does not exist.
    """
    marked = content.startswith(b"\xef\xbb\xbf")
    if not marked and not _NEEDED.search(content):
        return None
    text = content.decode("utf-8-sig", errors="replace").replace("\\\r\n", " ").replace("\\\n", " ")
    vertices: list[tuple[float, ...]] = []
    lines: list[str] = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append(tuple(float(word) for word in words[1:4]))
            lines.append(" ".join(words[:4]))
        elif words[0] == "f":
            corners = [_index(word, len(vertices)) for word in words[1:]]
            for triangle in _triangles(corners, vertices):
                lines.append("f " + " ".join(str(corner + 1) for corner in triangle))
        elif words[0] in _KEPT:
            lines.append(line.strip())
    return ("\n".join(lines) + "\n").encode()


def _index(word: str, count: int) -> int:
    """Number from 0 of the vertex that a corner of a face names."""
    number = int(word.split("/", 1)[0])
    index = number - 1 if number > 0 else count + number
    if number == 0 or index < 0:
        raise ValueError(f"a face names vertex {number}, with {count} vertices before it")
    return index


def _triangles(corners: list[int], vertices: list[tuple[float, ...]]) -> list[tuple[int, int, int]]:
    # A polygon that comes back to a corner has no inside to cut: it stays a fan.
    repeated = len(set(corners)) < len(corners)
    if len(corners) < 4 or repeated or max(corners) >= len(vertices):
        return [(corners[0], b, c) for b, c in itertools.pairwise(corners[1:])]
    points = np.array([vertices[corner] for corner in corners])
    return [(corners[a], corners[b], corners[c]) for a, b, c in triangulate(points)]


def triangulate(points: np.ndarray) -> list[tuple[int, int, int]]:
    """Cuts a polygon into triangles.

    Args:
        points: corners in order, (n, 3); roughly in one plane.

    Returns:
        Triangles of corner numbers, turned as the polygon is.
    """
    after = np.roll(points, -1, axis=0)
    normal = np.cross(points, after).sum(axis=0)  # twice the area, by Newell's formula
    axis = int(np.abs(normal).argmax())
    flat = np.delete(points, axis, axis=1)
    if (normal[axis] < 0) != (axis == 1):  # dropping y mirrors the plane
        flat = flat * np.array([-1.0, 1.0])
    corners = mapbox_earcut.triangulate_float64(flat, np.array([len(flat)], np.uint32))
    triangles = corners.reshape(-1, 3).astype(int)
    a, b, c = np.moveaxis(flat[triangles], 1, 0)
    turned = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
    triangles[turned] = triangles[turned][:, ::-1]
    return [(a, b, c) for a, b, c in triangles.tolist()]
