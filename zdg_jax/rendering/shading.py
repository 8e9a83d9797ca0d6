"""Shading: how bright and of what colour a surface is seen.

A key light from the upper left of the camera, a weaker fill from the right, light from all around
dimmed where little of it comes in (ambient occlusion), and highlights after Blinn and Phong. All
in linear light; `encode` turns it into sRGB.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.casting import Hits, RayScene

_KEY = np.array([-0.50, 0.72, -0.62])  # towards the lights: right, up, forward of the camera
_FILL = np.array([0.80, 0.10, -0.60])
_KEY_LIGHT = 0.80 * np.array([1.00, 0.97, 0.92], np.float32)
_FILL_LIGHT = 0.24 * np.array([0.88, 0.94, 1.00], np.float32)
_SKY = 0.56 * np.array([0.98, 1.00, 1.03], np.float32)
_GROUND = 0.34 * np.array([1.00, 0.97, 0.94], np.float32)
_HIGHLIGHT = 0.35
_SHININESS = 36.0
_EDGE = 0.35  # how much darker a surface is where it turns away from the eye


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SurfacePoints:
    """Points of surfaces that n rays see; rows of rays that meet nothing hold no meaning."""

    points: np.ndarray
    """(n, 3), scene frame [m]."""
    flat: np.ndarray
    """Unit normals of the faces, towards the eye, (n, 3)."""
    normals: np.ndarray
    """Unit normals for shading, (n, 3)."""
    color: np.ndarray
    """Linear colour of the material, (n, 3)."""
    gloss: np.ndarray
    """Strength of highlights, (n,)."""


def surface(
    scene: RayScene, hits: Hits, origins: np.ndarray, directions: np.ndarray
) -> SurfacePoints:
    """Looks up the surfaces that rays see.

    Args:
        scene: what they were cast into.
        hits: what they met; all met something.
        origins: of the rays, (n, 3) [m].
        directions: unit, (n, 3).
    """
    flat = np.zeros((len(hits.face), 3), np.float32)
    normals, color = np.zeros_like(flat), np.zeros_like(flat)
    gloss = np.zeros(len(flat), np.float32)
    weights = np.stack([1 - hits.u - hits.v, hits.u, hits.v], axis=1)
    for index in np.unique(hits.shape):
        shape = scene.shapes[index]
        rays = np.flatnonzero(hits.shape == index)
        face = hits.face[rays]
        flat[rays] = shape.face_normals[face]
        normals[rays] = np.einsum("nk,nki->ni", weights[rays], shape.corner_normals[face])
        paint = np.asarray(shape.color)
        color[rays] = decode(paint if paint.ndim == 1 else paint[face])
        gloss[rays] = shape.gloss
    towards = np.einsum("ni,ni->n", flat, directions)
    flat = np.where(towards[:, None] > 0, -flat, flat)
    # A shading normal follows its face to the side of the eye, also on meshes turned inside out.
    normals = np.where((towards > 0)[:, None], -normals, normals)
    normals /= length(normals)
    points = origins + directions * hits.distance[:, None]
    return SurfacePoints(points=points, flat=flat, normals=normals, color=color, gloss=gloss)


def key_direction(camera: Camera) -> np.ndarray:
    """Unit direction towards the key light, (3,), scene frame."""
    return _turned(_KEY, camera)


def shade(
    seen: SurfacePoints,
    directions: np.ndarray,
    camera: Camera,
    openness: np.ndarray,
    lit: np.ndarray,
) -> np.ndarray:
    """Linear colours of surfaces, (n, 3).

    Args:
        seen: the surfaces.
        directions: unit directions of the rays that see them, (n, 3).
        camera: the camera, to which the lights are tied.
        openness: share of the light from all around that comes in, (n,).
        lit: share of the key light that comes in, (n,).
    """
    n = seen.normals
    key, fill = key_direction(camera), _turned(_FILL, camera)
    sky = 0.5 + 0.5 * (n @ camera.axes[1].astype(np.float32))[:, None]
    light = (_GROUND + (_SKY - _GROUND) * sky) * openness[:, None]
    light = light + _KEY_LIGHT * (np.maximum(n @ key, 0) * lit)[:, None]
    light = light + _FILL_LIGHT * (np.maximum(n @ fill, 0) * np.sqrt(openness))[:, None]
    facing = np.clip(-np.einsum("ni,ni->n", n, directions), 0, 1)
    light = light * (1 - _EDGE * (1 - facing) ** 4)[:, None]
    half = key - directions
    half /= length(half)
    shine = np.maximum(np.einsum("ni,ni->n", n, half), 0) ** _SHININESS
    return seen.color * light + (_HIGHLIGHT * seen.gloss * shine * lit)[:, None]


def length(vectors: np.ndarray) -> np.ndarray:
    """Lengths of vectors (n, 3), never 0, (n, 1); several times faster than `linalg.norm`."""
    return np.maximum(np.sqrt(np.einsum("ni,ni->n", vectors, vectors)), 1e-12)[:, None]


def decode(srgb: ArrayLike) -> np.ndarray:
    """Linear light of sRGB values in [0, 1] (IEC 61966-2-1)."""
    srgb = np.asarray(srgb, np.float32)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encode(linear: np.ndarray) -> np.ndarray:
    """8-bit sRGB of linear light (IEC 61966-2-1)."""
    light = np.clip(linear, 0, 1)
    value = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * value).astype(np.uint8)


def _turned(vector: np.ndarray, camera: Camera) -> np.ndarray:
    world = vector @ camera.axes
    return (world / np.linalg.norm(world)).astype(np.float32)
