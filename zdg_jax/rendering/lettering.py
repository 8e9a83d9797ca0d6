"""Words and lines on pictures."""

from __future__ import annotations

import functools

from PIL import Image, ImageDraw, ImageFont

INK = (28, 32, 40)
"""Colour of words."""
FAINT = (105, 112, 124)
"""Colour of lesser words."""
PAPER = (255, 255, 255)

Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@functools.cache
def font(size: int) -> Font:
    """Pillow's own font in a size [px], so that no font need be installed."""
    return ImageFont.load_default(size)


def width_of(text: str, size: int) -> float:
    """Width of a line of text [px]."""
    left, _, right, _ = font(size).getbbox(text)
    return float(right - left)


def fit(text: str, size: int, width: float) -> str:
    """The text, cut to a width [px]."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
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
        place: of the anchor [px].
        text: the words.
        size: of the letters [px].
        color: of the letters.
        anchor: Pillow's name of the point of the text that lies at `place`.
        halo: width of a white rim [px], so that words stay readable on anything.
    """
    draw.text(
        place, text, font=font(size), fill=color, anchor=anchor,
        stroke_width=halo, stroke_fill=PAPER,
    )  # fmt: skip


def badge(
    draw: ImageDraw.ImageDraw,
    center: tuple[float, float],
    text: str,
    size: int,
    fill: Color = INK,
    *,
    text_color: Color = PAPER,
) -> None:
    """Writes a number on a rounded dark plate with a white rim; its size is `badge_size`."""
    wide, high = badge_size(text, size)
    x, y = center
    box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    radius = high / 2 if len(text) <= 2 else high / 3
    draw.rounded_rectangle(box, radius, fill=PAPER)
    inner = (box[0] + 2, box[1] + 2, box[2] - 2, box[3] - 2)
    draw.rounded_rectangle(inner, radius - 2, fill=fill)
    draw.text(center, text, font=font(size), fill=text_color, anchor="mm")


def badge_size(text: str, size: int) -> tuple[float, float]:
    """Width and height of a badge, its rim included [px]."""
    high = 1.25 * size + 6
    return max(high, width_of(text, size) + 0.55 * size + 6), high


def as_color(color: tuple[float, float, float]) -> Color:
    """8-bit sRGB of a colour in [0, 1]."""
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in color)
    return red, green, blue


def scaled(image: Image.Image, width: int) -> Image.Image:
    """The image in another width [px], its shape kept."""
    size = (width, max(1, round(image.height * width / image.width)))
    return image.resize(size, Image.Resampling.LANCZOS)
