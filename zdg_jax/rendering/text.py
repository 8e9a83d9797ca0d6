"""Words and lines on pictures."""

from __future__ import annotations

import functools

from PIL import ImageDraw, ImageFont

INK = (28, 32, 40)
"""Colour of words."""
FAINT = (105, 112, 124)
"""Colour of lesser words."""
PAPER = (255, 255, 255)

Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@functools.cache
def font(size: int) -> Font:
    """Loads the font that comes with Pillow in a size [px], so that none need be installed."""
    return ImageFont.load_default(size)


def width_of(text: str, size: int) -> float:
    """Measures the width of a line of text [px].

    Args:
        text: the words.
        size: of the letters [px].
    """
    left, _, right, _ = font(size).getbbox(text)
    return float(right - left)


def fit(text: str, size: int, width: float) -> str:
    """Cuts a text to a width.

    Args:
        text: the words.
        size: of the letters [px].
        width: greatest width [px].
    """
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def write(
    draw: ImageDraw.ImageDraw,
    position: tuple[float, float],
    text: str,
    size: int,
    color: Color = INK,
    *,
    anchor: str = "la",
    halo: int = 0,
) -> None:
    """Writes a line of text.

    Args:
        draw: what to write on.
        position: of the anchor [px].
        text: the words.
        size: of the letters [px].
        color: of the letters.
        anchor: Pillow's name of the point of the text that lies at `position`.
        halo: width of a white rim [px], so that words stay readable on anything.
    """
    draw.text(
        position, text, font=font(size), fill=color, anchor=anchor,
        stroke_width=halo, stroke_fill=PAPER,
    )  # fmt: skip


def as_color(color: tuple[float, float, float]) -> Color:
    """8-bit sRGB of a colour in [0, 1]."""
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in color)
    return red, green, blue
