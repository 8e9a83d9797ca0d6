"""Pictures of shapes, ray cast on the processor: no display, no graphics driver, same bytes always.

One ray goes through the middle of each pixel; pixels that border on something else get four more.
"""

from __future__ import annotations

import dataclasses
import io
import os
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

from zdg_jax.errors import InputError
from zdg_jax.rendering import shading
from zdg_jax.rendering.camera import Camera
from zdg_jax.rendering.casting import Hits, RayScene
from zdg_jax.rendering.occlusion import SoftLight, soft_light
from zdg_jax.rendering.shape import Shape
from zdg_jax.runtime.files import atomic_write

_MOST = 8192  # pixels a side: the buffers of a larger picture would fill gigabytes
_MARK = ("Software", "zdg-jax")
"""Text in a PNG file by which the library knows its pictures again."""
_TELLING = np.array([0.55, 0.30, 0.15], np.float32)
_SUBPIXELS = np.array([[-0.125, -0.375], [0.375, -0.125], [0.125, 0.375], [-0.375, 0.125]])


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureStyle:
    """Background, light and lines of a picture."""

    top: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Background at the upper edge, sRGB in [0, 1]."""
    bottom: tuple[float, float, float] = (0.93, 0.935, 0.945)
    """Background at the lower edge."""
    shadows: bool = True
    """Lets things shade each other; without, rendering takes half the time."""
    smooth: bool = True
    """Smooths borders by more rays."""
    outline: float = 0.35
    """Darkness of the line between shapes of different labels, 0 to 1."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture of h x w pixels and what is seen at each: the nearest opaque surface."""

    rgb: np.ndarray
    """(h, w, 3) uint8, sRGB."""
    depth: np.ndarray
    """Along the line of sight, (h, w) float32 [m]; inf = background."""
    label: np.ndarray
    """Label of the shape, (h, w) int32; -1 = background."""
    face: np.ndarray
    """Face of that shape, (h, w) int32; -1 = background."""

    def image(self) -> Image.Image:
        """As an image to draw on."""
        return Image.fromarray(self.rgb)

    def png(self) -> bytes:
        """As a PNG file."""
        return png(self.image())

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Writes a PNG file.

        Raises:
            InputError: it cannot be written.
        """
        return save(self.image(), path)


def render(
    shapes: Sequence[Shape] | PreparedShapes,
    camera: Camera,
    width: int,
    height: int,
    style: PictureStyle | None = None,
) -> Picture:
    """Renders shapes.

    Args:
        shapes: what is there, or `PreparedShapes` of it where several pictures are taken of the
            same; none gives the background.
        camera: from where it is seen.
        width: [px].
        height: [px].
        style: how it looks.

    Raises:
        InputError: the size is not usable, or Embree's Python binding is not installed.
    """
    if not (1 <= width <= _MOST and 1 <= height <= _MOST):
        raise InputError(f"a picture of {width} x {height} pixels; a side has 1 to {_MOST}")
    stage = shapes if isinstance(shapes, PreparedShapes) else PreparedShapes(shapes)
    return _Rendering(stage, camera, width, height, style or PictureStyle()).picture()


def png(image: Image.Image) -> bytes:
    """An image as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=3)
    return file.getvalue()


def is_marked(path: str | os.PathLike[str]) -> bool:
    """Tells whether a file is a picture that `save` wrote.

    Args:
        path: the file.
    """
    try:
        with Image.open(path) as image:
            return image.info.get(_MARK[0]) == _MARK[1]
    except (OSError, ValueError):
        return False


def save(image: Image.Image, path: str | os.PathLike[str]) -> pathlib.Path:
    """Writes an image as a PNG file.

    Args:
        image: the image.
        path: the file.

    Raises:
        InputError: it cannot be written.
    """
    information = PngInfo()
    information.add_text(*_MARK)
    with atomic_write(path) as file:
        image.save(file, "PNG", compress_level=3, pnginfo=information)
    return pathlib.Path(path)


class PreparedShapes:
    """Shapes made ready for several pictures."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        """Builds what rays are cast into.

        Raises:
            InputError: Embree's Python binding is not installed.
        """
        self.scene = RayScene([shape for shape in shapes if shape.opacity == 1])
        clear: dict[int, list[Shape]] = {}
        for shape in shapes:
            if shape.opacity < 1:
                clear.setdefault(shape.label, []).append(shape)
        self.layers = [RayScene(group) for group in clear.values()]
        self.labels = np.array([shape.label for shape in self.scene.shapes] + [-1], np.int32)


class _Rendering:
    """One picture in the making."""

    def __init__(
        self, stage: PreparedShapes, camera: Camera, width: int, height: int, style: PictureStyle
    ) -> None:
        self.stage, self.scene, self.layers = stage, stage.scene, stage.layers
        self.camera, self.width, self.height, self.style = camera, width, height, style
        self.soft: SoftLight | None = None

    def picture(self) -> Picture:
        size = (self.height, self.width)
        y, x = (i.reshape(-1) + np.float32(0.5) for i in np.indices(size, np.float32))
        origins, directions = self.camera.rays(x, y, self.width, self.height)
        hits = self.scene.cast(origins, directions)
        hit = np.flatnonzero(hits.shape >= 0)
        seen = shading.surface(self.scene, _pick(hits, hit), origins[hit], directions[hit])
        if self.style.shadows:
            self.soft = self._soft_light(seen, hit)
        light = self._light(x, y, origins, directions, hits, hit, seen)
        label = self.stage.labels[hits.shape].reshape(size)
        if self.style.smooth:
            normals = np.zeros((len(x), 3), np.float32)
            normals[hit] = seen.normals
            border = np.flatnonzero(self._borders(light, hits, normals))
            light[border] = self._finer(x[border], y[border])
        rgb = shading.encode(light).reshape(*size, 3)
        if self.style.outline > 0:
            rgb = _outlined(rgb, label, self.style.outline)
        depth = hits.distance * (directions @ self.camera.axes[2].astype(np.float32))
        return Picture(
            rgb=rgb, depth=depth.reshape(size), label=label, face=hits.face.reshape(size)
        )

    def _soft_light(self, seen: shading.SurfacePoints, hit: np.ndarray) -> SoftLight:
        step = 2 if min(self.width, self.height) > 200 else 1
        rows, columns = np.divmod(hit, self.width)
        some = np.flatnonzero((rows % step == 0) & (columns % step == 0))
        grid = np.zeros((-(-self.height // step), -(-self.width // step)), bool)
        grid[rows[some] // step, columns[some] // step] = True
        coarse = shading.SurfacePoints(
            **{f.name: getattr(seen, f.name)[some] for f in dataclasses.fields(seen)}
        )
        return soft_light(self.scene, coarse, grid, step, shading.key_direction(self.camera))

    def _finer(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Linear colours (n, 3) of pixels, each the mean of four rays."""
        dx, dy = _SUBPIXELS.T
        x, y = (x[:, None] + dx).reshape(-1), (y[:, None] + dy).reshape(-1)
        origins, directions = self.camera.rays(x, y, self.width, self.height)
        hits = self.scene.cast(origins, directions)
        hit = np.flatnonzero(hits.shape >= 0)
        seen = shading.surface(self.scene, _pick(hits, hit), origins[hit], directions[hit])
        light = self._light(x, y, origins, directions, hits, hit, seen)
        return light.reshape(-1, len(dx), 3).mean(axis=1)

    def _light(
        self,
        x: np.ndarray,
        y: np.ndarray,
        origins: np.ndarray,
        directions: np.ndarray,
        hits: Hits,
        hit: np.ndarray,
        seen: shading.SurfacePoints,
    ) -> np.ndarray:
        """Linear colours (n, 3) of rays through x, y, of which those of `hit` see `seen`."""
        share = (y / self.height)[:, None].astype(np.float32)
        top, bottom = shading.decode(self.style.top), shading.decode(self.style.bottom)
        light = top + (bottom - top) * share
        coming = np.ones((len(hit), 2), np.float32)
        if self.soft is not None:
            coming = self.soft.at(x[hit], y[hit], seen)
        light[hit] = shading.shade(seen, directions[hit], self.camera, coming[:, 0], coming[:, 1])
        if self.layers:
            light = self._through(light, hits.distance, origins, directions)
        return light

    def _through(
        self,
        light: np.ndarray,
        distance: np.ndarray,
        origins: np.ndarray,
        directions: np.ndarray,
    ) -> np.ndarray:
        """Lays translucent bodies over what is behind them, the farthest first."""
        cast = [layer.cast(origins, directions) for layer in self.layers]
        order = np.argsort([-hits.distance for hits in cast], axis=0, kind="stable")
        for rank in range(len(cast)):
            for index, (layer, hits) in enumerate(zip(self.layers, cast, strict=True)):
                front = (order[rank] == index) & (hits.distance < distance)
                rays = np.flatnonzero(front & (hits.shape >= 0))
                if not len(rays):
                    continue
                along = directions[rays]
                seen = shading.surface(layer, _pick(hits, rays), origins[rays], along)
                full = np.ones(len(rays), np.float32)
                color = shading.shade(seen, along, self.camera, full, full)
                opacity = np.array([shape.opacity for shape in layer.shapes], np.float32)
                facing = np.clip(-np.einsum("ni,ni->n", seen.normals, along), 0, 1)
                # Thin walls seen edge-on hide more: outlines stay readable through one another.
                share = opacity[hits.shape[rays]]
                share = (share + (1 - share) * 0.75 * (1 - facing) ** 3)[:, None]
                light[rays] += share * (color - light[rays])
        return light

    def _borders(self, light: np.ndarray, hits: Hits, normals: np.ndarray) -> np.ndarray:
        """Pixels beside others of another shape, slope or brightness, (h w,) bool."""
        size = (self.height, self.width)
        shape, normal = hits.shape.reshape(size), normals.reshape(*size, 3)
        # Compared as the eye would see them; uneven weights tell colours of one brightness apart.
        bright = (np.sqrt(np.clip(light, 0, 1)) @ _TELLING).reshape(size)
        distance = np.where(np.isfinite(hits.distance), hits.distance, 0).reshape(size)
        border = np.zeros(size, bool)
        for axis in (0, 1):
            a = (slice(None),) * axis + (slice(None, -1),)
            b = (slice(None),) * axis + (slice(1, None),)
            step = shape[a] != shape[b]
            step |= np.abs(bright[a] - bright[b]) > 0.04
            step |= np.einsum("...i,...i->...", normal[a], normal[b]) < 0.9
            step &= (shape[a] >= 0) | (shape[b] >= 0) | (len(self.layers) > 0)
            step |= np.abs(distance[a] - distance[b]) > 0.02 * self.scene.size
            border[a] |= step
            border[b] |= step
        return border.reshape(-1)


def _outlined(rgb: np.ndarray, label: np.ndarray, strength: float) -> np.ndarray:
    """Darkens pixels along the borders between labels, softly."""
    line = np.zeros(label.shape, np.float32)
    for axis in (0, 1):
        a = (slice(None),) * axis + (slice(None, -1),)
        b = (slice(None),) * axis + (slice(1, None),)
        step = label[a] != label[b]
        line[a] += 0.5 * step
        line[b] += 0.5 * step
    # Spread over neighbours, or it would show the steps of its pixels.
    for axis in (0, 1):
        line = ndimage.convolve1d(line, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    dark = 1 - strength * np.minimum(1.5 * line, 1.0)[..., None]
    return np.rint(rgb * dark).astype(np.uint8)


def _pick(hits: Hits, index: np.ndarray) -> Hits:
    return Hits(**{f.name: getattr(hits, f.name)[index] for f in dataclasses.fields(Hits)})
