"""Films: one grasp as it goes in physics, as an animated GIF or an MP4."""

from __future__ import annotations

import importlib.util
import io
import os
import pathlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from zdg_jax.errors import InputError, ValidationError
from zdg_jax.rendering.frames import FilmFrames
from zdg_jax.rendering.sheet import NamedMesh
from zdg_jax.runtime.files import atomic_write
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.recording import Recording
from zdg_jax.validation.results import Reason

if TYPE_CHECKING:
    from zdg_jax.hand import Hand

SUFFIXES = (".gif", ".mp4")
"""Kinds of films that can be written."""


def check_film_path(path: str | os.PathLike[str]) -> None:
    """Refuses a film that could not be written, before anything costs time.

    Raises:
        InputError: the suffix names no kind of film, or what writes it is not installed.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"cannot write a film to {path}; its name must end in .gif or .mp4")
    if suffix == ".mp4" and not all(map(importlib.util.find_spec, ("imageio", "imageio_ffmpeg"))):
        raise InputError("MP4 needs imageio with FFmpeg: pip install 'zdg-jax[video]', or use .gif")


def save_film(
    film: Recording,
    hand: Hand,
    obj: NamedMesh,
    path: str | os.PathLike[str],
    *,
    title: str = "",
    width: int = 480,
    height: int = 420,
    progress: Progress = silent,
) -> pathlib.Path:
    """Draws a film at the speed of its own clock.

    Each frame says what is happening, how far the object has moved, and how the test ends.

    Args:
        film: states of hand and object.
        hand: the hand.
        obj: the object.
        path: file to write, GIF or MP4 by its suffix.
        title: words above the picture.
        width: of a frame, made even [px].
        height: likewise.
        progress: told of the stage `film`, in pictures.

    Raises:
        InputError: see `check_film_path`, or the file cannot be written.
        ValidationError: the film has no frame, because the grasp failed before anything moved.
    """
    check_film_path(path)
    if not len(film):
        reason = Reason(film.result.reason[0]).text
        raise ValidationError(f"nothing to film: the grasp fails before it moves ({reason})")
    target, images = pathlib.Path(path), FilmFrames(film, hand, obj, title, width, height)
    if target.suffix.lower() == ".gif":
        data = _gif(images.frames(progress), film.fps)
    else:
        data = _mp4(images.frames(progress), film.fps)
    with atomic_write(target) as file:
        file.write(data)
    return target


def _gif(frames: Iterator[Image.Image], fps: float) -> bytes:
    """One palette for all frames, and no dither: pixels that stay cost nothing, nor flicker."""
    images = list(frames)
    some = images[:: max(1, len(images) // 16)]  # of every phase, for the colours of its arrows
    width, height = images[0].size
    together = Image.new("RGB", (width, height * len(some)))
    for i, image in enumerate(some):
        together.paste(image, (0, i * height))
    palette = together.quantize(255, Image.Quantize.MEDIANCUT)
    indexed = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    file = io.BytesIO()
    pause = [round(1000 / fps)] * (len(images) - 1) + [1500]
    indexed[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=indexed[1:],
        duration=pause,
        loop=0,
        optimize=False,
    )
    return file.getvalue()


def _mp4(frames: Iterator[Image.Image], fps: float) -> bytes:
    images = np.stack([np.asarray(frame) for frame in frames])
    with warnings.catch_warnings():
        # JAX warns of every new process; FFmpeg replaces the copy of this one at once.
        warnings.filterwarnings("ignore", r"os\.fork", RuntimeWarning)
        return _encoded(images, fps)


def _encoded(images: np.ndarray, fps: float) -> bytes:
    import imageio.v3 as iio

    return bytes(
        iio.imwrite(
            "<bytes>", images, extension=".mp4", plugin="FFMPEG", fps=fps, macro_block_size=2
        )
    )
