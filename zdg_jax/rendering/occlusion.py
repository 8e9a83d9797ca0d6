"""Soft light: how much light from all around, and of a wide key light, comes in.

Few rays per pixel, turned from pixel to pixel in a 4 x 4 pattern and then averaged over that
pattern along the surface, look like sixteen times as many (interleaved sampling, Keller and
Heidrich, 2001). That is done on a coarser grid and looked up from there.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.rendering.casting import RayScene
from zdg_jax.rendering.shading import SurfacePoints

_TILE = 4
_AROUND = 8  # rays for the light from all around, a point
_KEY = 2  # rays towards the key light, a point
_WIDE = 0.11  # radius of the key light over its distance
_REACH = 0.22  # how far an obstacle counts, over the scene's size
_DEPTH = 0.55  # darkness where no light from around comes in


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SoftLight:
    """Light on a coarse grid of the picture, r rows and c columns."""

    step: int
    """Pixels of the picture from one point to the next; the first is the first pixel."""
    points: np.ndarray
    """(r, c, 3) [m]; nan where nothing is seen."""
    normals: np.ndarray
    """(r, c, 3)."""
    light: np.ndarray
    """Openness to all sides and share of the key light, (r, c, 2)."""
    scale: float
    """Distance off a surface at which light no longer is the same [m]."""

    def at(self, x: np.ndarray, y: np.ndarray, seen: SurfacePoints) -> np.ndarray:
        """Looks up light on surfaces from like points nearby, (n, 2).

        Args:
            x: pixel coordinates, (n,).
            y: likewise.
            seen: the surfaces seen there.
        """
        rows, columns = self.light.shape[:2]
        gx, gy = (x - 0.5) / self.step, (y - 0.5) / self.step
        left, top = np.floor(gx).astype(int), np.floor(gy).astype(int)
        total = np.zeros((len(x), 2), np.float32)
        weight = np.full((len(x), 1), 1e-9, np.float32)
        total += weight  # lit, where there is no like point
        for i in (0, 1):
            for j in (0, 1):
                row = np.clip(top + i, 0, rows - 1)
                column = np.clip(left + j, 0, columns - 1)
                near = (1 - np.abs(gy - top - i)) * (1 - np.abs(gx - left - j)) + 0.02
                like = _alike(
                    seen.points, seen.normals, self.points[row, column],
                    self.normals[row, column], self.scale,
                )  # fmt: skip
                share = (near * like).astype(np.float32)[:, None]
                total += share * self.light[row, column]
                weight += share
        return total / weight


def soft_light(
    scene: RayScene, seen: SurfacePoints, hit: np.ndarray, step: int, key: np.ndarray
) -> SoftLight:
    """Casts the rays.

    Args:
        scene: what stands in the light.
        seen: the surfaces at the points of the grid where something is seen, row by row.
        hit: where something is seen, (r, c) bool.
        step: pixels from one point to the next.
        key: unit direction towards the key light, (3,).
    """
    rows, columns = np.nonzero(hit)
    phase = (rows % _TILE) * _TILE + columns % _TILE
    lift = 2e-4 * scene.size
    origins = seen.points + lift * seen.flat
    frame = _frames(seen.normals)
    pattern = _cosine_pattern(_TILE * _TILE * _AROUND).reshape(-1, _TILE * _TILE, _AROUND, 3)[0]
    around = np.einsum("nki,nai->nak", frame, pattern[_SHUFFLE[phase]])
    disk = _disk_pattern(_TILE * _TILE * _KEY).reshape(_TILE * _TILE, _KEY, 2)
    side = _frames(key[None])[0]
    towards = key + _WIDE * (disk @ side[:, :2].T)
    towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
    towards = towards.astype(np.float32)[_SHUFFLE[phase]]
    open_ = _free(scene, origins, around, _REACH * scene.size)
    lit = _free(scene, origins, towards, 2 * scene.size)
    grid = np.zeros((*hit.shape, 2), np.float32)
    grid[hit] = np.stack([1 - _DEPTH * (1 - open_), lit], axis=1)
    points = np.full((*hit.shape, 3), np.nan, np.float32)
    normals = np.zeros((*hit.shape, 3), np.float32)
    points[hit], normals[hit] = seen.points, seen.normals
    scale = 0.02 * scene.size
    light = _average(grid, points, normals, scale)
    return SoftLight(step=step, points=points, normals=normals, light=light, scale=scale)


def _free(scene: RayScene, origins: np.ndarray, ways: np.ndarray, reach: float) -> np.ndarray:
    """Share of the rays (n, k, 3) from origins (n, 3) that nothing blocks, (n,)."""
    count = ways.shape[1]
    blocked = scene.blocked(np.repeat(origins, count, axis=0), ways.reshape(-1, 3), reach)
    return 1 - blocked.reshape(-1, count).mean(axis=1)


def _average(
    light: np.ndarray, points: np.ndarray, normals: np.ndarray, scale: float
) -> np.ndarray:
    """Mean over the pattern along the surface."""
    total, weight = np.zeros_like(light), np.full((*light.shape[:2], 1), 1e-9, np.float32)
    rows, columns = light.shape[:2]
    span = range(-_TILE // 2, _TILE // 2)
    for i in span:
        for j in span:
            to = (slice(max(0, -i), rows - max(0, i)), slice(max(0, -j), columns - max(0, j)))
            of = (slice(max(0, i), rows - max(0, -i)), slice(max(0, j), columns - max(0, -j)))
            like = _alike(points[to], normals[to], points[of], normals[of], scale)
            share = like.astype(np.float32)[..., None]
            total[to] += share * light[of]
            weight[to] += share
    return total / weight


def _alike(
    points: np.ndarray,
    normals: np.ndarray,
    other: np.ndarray,
    other_normals: np.ndarray,
    scale: float,
) -> np.ndarray:
    """Weighs what light at other points says of light here, 0 to 1; 0 where nothing is seen."""
    off = np.einsum("...i,...i->...", other - points, normals) / (0.15 * scale)
    turn = np.einsum("...i,...i->...", normals, other_normals)
    like = np.maximum(turn, 0) ** 4 / (1 + off * off) ** 2
    return np.where(np.isfinite(like), like, 0.0)


def _frames(normals: np.ndarray) -> np.ndarray:
    """Rotations whose third columns are the normals, (n, 3, 3) (Duff et al., JCGT 2017)."""
    x, y, z = normals.T
    sign = np.where(z >= 0, 1.0, -1.0)
    a = -1 / (sign + z)
    b = x * y * a
    first = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    second = np.stack([b, sign + y * y * a, -y], axis=1)
    return np.stack([first, second, normals], axis=2).astype(np.float32)


def _disk_pattern(count: int) -> np.ndarray:
    """Points spread over the unit disk along a golden spiral (Vogel, 1979), (count, 2)."""
    index = np.arange(count)
    angle, radius = index * np.pi * (3 - np.sqrt(5)), np.sqrt((index + 0.5) / count)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    # Strided, so that each point of the pattern has near and far ones.
    return points[np.argsort(index % (_TILE * _TILE), kind="stable")]


def _cosine_pattern(count: int) -> np.ndarray:
    """Directions about +z, as dense as the cosine of their angle to it, (count, 3)."""
    disk = _disk_pattern(count)
    height = np.sqrt(np.maximum(1 - (disk**2).sum(axis=1), 0))
    return np.concatenate([disk, height[:, None]], axis=1).astype(np.float32)


_SHUFFLE = np.array([0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5])  # Bayer's order
