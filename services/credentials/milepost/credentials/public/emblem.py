"""The picture of an achievement for which none was uploaded: an emblem, drawn from its code alone.

The same code has the same emblem everywhere and for ever. There are no letters in it: no font has
every script. One list of figures becomes an SVG and, by Pillow, a PNG.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from math import cos, pi, sin
from typing import TypeAlias

import msgspec
from PIL import Image, ImageDraw

SIZE = 400
# Drawn so much larger and made smaller again: the edges are smooth then.
OVERSAMPLED = 4
CARD = (1_200, 630)
CARD_EMBLEM = 420
# Deep and light shade of one hue each, calm on white and on black.
HUES = (
    ("#1f5f6b", "#cfe4e6"),
    ("#2d5a3f", "#d3e6d8"),
    ("#4a4f8f", "#dcdef0"),
    ("#7a3f5c", "#efdbe5"),
    ("#8a5a1c", "#f2e3cb"),
    ("#3f5573", "#d8e1ec"),
    ("#6b4a35", "#eaddd3"),
    ("#5d6427", "#e5e8cb"),
)
Point: TypeAlias = tuple[float, float]


class Figure(msgspec.Struct, frozen=True):
    """A filled polygon, or a circle: one point and a radius. In units of `SIZE`."""

    fill: str
    points: tuple[Point, ...]
    radius: float = 0.0


def figures(code: str) -> Sequence[Figure]:
    """From behind to the front."""
    dice = sha256(code.encode()).digest()
    deep, light = HUES[dice[0] % len(HUES)]
    petals, rays = 18 + 2 * (dice[1] % 7), 5 + dice[2] % 6
    turn = dice[3] / 256 * pi
    middle = SIZE / 2
    rosette = [
        Figure(deep, (_on_circle(middle, 162, turn + 2 * pi * n / petals),), 530 / petals)
        for n in range(petals)
    ]
    depth = 0.5 + dice[4] / 256 * 0.25
    return (
        *rosette,
        Figure(deep, ((middle, middle),), 166),
        Figure(light, ((middle, middle),), 150),
        Figure("#ffffff", ((middle, middle),), 132),
        Figure(deep, _star(middle, 112, depth, rays, turn)),
        Figure(light, ((middle, middle),), 112 * depth * 0.72),
        Figure("#ffffff", ((middle, middle),), 14),
    )


@lru_cache(maxsize=1_000)
def emblem_svg(code: str) -> bytes:
    drawn = "".join(map(_svg, figures(code)))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
    return f"{head}{drawn}</svg>".encode()


@lru_cache(maxsize=1_000)
def emblem_png(code: str) -> bytes:
    """Square, on a transparent ground."""
    return _png(_drawn(code, SIZE))


@lru_cache(maxsize=200)
def card_png(code: str) -> bytes:
    """For previews of a link: 1,200 by 630, as Open Graph has it."""
    return framed_png(
        _drawn(code, CARD_EMBLEM), HUES[sha256(code.encode()).digest()[0] % len(HUES)][1]
    )


def framed_png(picture: Image.Image, ground: str = "#eeece7") -> bytes:
    card = Image.new("RGB", CARD, ground)
    place = ((CARD[0] - picture.width) // 2, (CARD[1] - picture.height) // 2)
    card.paste(picture, place, picture)
    return _png(card)


def _drawn(code: str, size: int) -> Image.Image:
    large = size * OVERSAMPLED
    image = Image.new("RGBA", (large, large), (255, 255, 255, 0))
    pen, scale = ImageDraw.Draw(image), large / SIZE
    for figure in figures(code):
        points = [(x * scale, y * scale) for x, y in figure.points]
        if figure.radius:
            (x, y), radius = points[0], figure.radius * scale
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=figure.fill)
        else:
            pen.polygon(points, fill=figure.fill)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    written = BytesIO()
    image.quantize(64, Image.Quantize.FASTOCTREE).save(written, "PNG")
    return written.getvalue()


def _svg(figure: Figure) -> str:
    if figure.radius:
        x, y = figure.points[0]
        return f'<circle fill="{figure.fill}" cx="{x:.2f}" cy="{y:.2f}" r="{figure.radius:.2f}"/>'
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in figure.points)
    return f'<polygon fill="{figure.fill}" points="{points}"/>'


def _star(middle: float, radius: float, depth: float, rays: int, turn: float) -> tuple[Point, ...]:
    return tuple(
        _on_circle(middle, radius * (depth if n % 2 else 1.0), turn + pi * n / rays)
        for n in range(2 * rays)
    )


def _on_circle(middle: float, radius: float, angle: float) -> Point:
    return middle + radius * sin(angle), middle - radius * cos(angle)
