"""Cameras: the ray of a pixel, and the pixel of a point."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from zdg_jax.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Camera:
    """A pinhole or an orthographic camera.

    Pixel coordinates are continuous: x to the right and y down, (0, 0) the picture's upper left
    corner, so that the middle of the first pixel is (0.5, 0.5).
    """

    eye: np.ndarray
    """Where it is, (3,), scene frame [m]."""
    axes: np.ndarray
    """Rows right, up and forward, unit, (3, 3), scene frame."""
    fov: float
    """Vertical field of view [deg]; not used where `span` is given."""
    span: float | None = None
    """Height that an orthographic camera sees [m]; None for a pinhole camera."""

    @classmethod
    def look_at(
        cls,
        eye: ArrayLike,
        target: ArrayLike,
        up: ArrayLike = (0.0, 0.0, 1.0),
        fov: float = 30.0,
        *,
        span: float | None = None,
    ) -> Camera:
        """A camera at `eye` that looks at `target`.

        Args:
            eye: (3,) [m].
            target: (3,) [m].
            up: direction that is up in the picture, (3,); another is taken where the camera looks
                along it.
            fov: vertical field of view [deg].
            span: height seen by an orthographic camera [m]; a pinhole camera if not given.

        Raises:
            InputError: eye and target are at one place, or the field of view cannot be.
        """
        eye_ = np.asarray(eye, float)
        sight = np.asarray(target, float) - eye_
        distance = float(np.linalg.norm(sight))
        if not distance > 0 or not np.isfinite(distance):
            raise InputError(f"the camera at {eye_} cannot look at {np.asarray(target)}")
        if span is not None and not span > 0:
            raise InputError(f"span is {span}; an orthographic camera needs a positive one")
        if not 0 < fov < 170:
            raise InputError(f"fov is {fov}; it must lie between 0 and 170 degrees")
        forward = sight / distance
        right = np.cross(forward, np.asarray(up, float))
        if np.linalg.norm(right) < 1e-6 * max(float(np.linalg.norm(up)), 1e-30):
            right = np.cross(forward, np.eye(3)[int(np.abs(forward).argmin())])
        right = right / np.linalg.norm(right)
        axes = np.stack([right, np.cross(right, forward), forward])
        return cls(eye=eye_, axes=axes, fov=float(fov), span=span)

    @classmethod
    def around(
        cls,
        points: np.ndarray,
        towards: ArrayLike,
        up: ArrayLike = (0.0, 0.0, 1.0),
        *,
        fov: float = 28.0,
        aspect: float = 1.0,
        margin: float = 1.08,
    ) -> Camera:
        """The pinhole camera nearest to `points` that sees them all.

        Args:
            points: what must be in the picture, (n, 3) [m].
            towards: direction from the points to the camera, (3,).
            up: direction that is up in the picture, (3,).
            fov: vertical field of view [deg].
            aspect: width of the picture over its height.
            margin: 1 lets the outermost points touch the border; 1.1 leaves a tenth.

        Raises:
            InputError: there are no points.
        """
        points = np.asarray(points, float).reshape(-1, 3)
        if not len(points):
            raise InputError("a camera needs at least one point to look at")
        back = np.asarray(towards, float)
        back = back / np.linalg.norm(back)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        axes = cls.look_at(middle + back, middle, up, fov).axes
        local = (points - middle) @ axes.T
        slope_y = np.tan(np.radians(fov) / 2) / margin
        # Each border is a plane through the eye: x - z' s = const touches the outermost point,
        # and the eye lies where opposite planes meet.
        eye = np.zeros(3)
        depths = []
        for i, slope in ((0, slope_y * aspect), (1, slope_y)):
            high = float((local[:, i] - slope * local[:, 2]).max())
            low = float((local[:, i] + slope * local[:, 2]).min())
            eye[i] = (high + low) / 2
            depths.append((high - low) / (2 * slope))
        size = max(float(np.ptp(points, axis=0).max()), 1e-6)
        eye[2] = -max(*depths, float(-local[:, 2].min()) + 0.05 * size)
        return cls(eye=middle + eye @ axes, axes=axes, fov=fov)

    def rays(
        self, x: np.ndarray, y: np.ndarray, width: int, height: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rays through places of a picture.

        Args:
            x: (n,) [px].
            y: (n,) [px].
            width: of the picture [px].
            height: of the picture [px].

        Returns:
            Origins and unit directions, (n, 3) float32 each.
        """
        half = np.tan(np.radians(self.fov) / 2) if self.span is None else self.span / 2
        across = ((2 * np.asarray(x) - width) * (half / height)).astype(np.float32)
        upward = ((height - 2 * np.asarray(y)) * (half / height)).astype(np.float32)
        axes, eye = self.axes.astype(np.float32), self.eye.astype(np.float32)
        offset = np.empty((len(across), 3), np.float32)
        length = 1.0 if self.span is not None else np.sqrt(1 + across * across + upward * upward)
        for i in range(3):
            offset[:, i] = across * axes[0, i] + upward * axes[1, i]
            if self.span is None:
                offset[:, i] = (offset[:, i] + axes[2, i]) / length
        if self.span is not None:
            return eye + offset, np.broadcast_to(axes[2], offset.shape)
        return np.broadcast_to(eye, offset.shape), offset

    def project(self, points: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        """Projects points into a picture.

        Args:
            points: (*b, 3) [m].
            width: of the picture [px].
            height: of the picture [px].

        Returns:
            Pixel coordinates x, y, (*b, 2), and depths along the line of sight, (*b) [m], not
            positive behind a pinhole camera, where the pixels mean nothing.
        """
        local = (np.asarray(points, float) - self.eye) @ self.axes.T
        scale = height / 2 / self._half_height(local[..., 2])
        x = width / 2 + local[..., 0] * scale
        y = height / 2 - local[..., 1] * scale
        return np.stack([x, y], axis=-1), local[..., 2]

    def _half_height(self, depth: np.ndarray) -> np.ndarray:
        if self.span is not None:
            return np.full_like(depth, self.span / 2)
        return np.maximum(depth, 1e-9) * np.tan(np.radians(self.fov) / 2)
