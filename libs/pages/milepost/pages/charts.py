"""Where lines and bars lie: numbers for the SVG of `components.html`, which draws them.

A drawing is stretched to its place, so it holds shapes alone: words and numbers stand beside it as
text, which is selected, translated, enlarged and read aloud like any other.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

WIDTH: Final = 1_000
HEIGHT: Final = 300
# How a line is told from the others without its colour: lengths of dash and gap.
DASHES: Final = ("", "10 6", "2 5", "14 5 2 5")
STEPS: Final = (1, 2, 2.5, 5, 10)
# Of a heat map: as many shades as people tell apart.
SHADES: Final = 5


class Line(NamedTuple):
    """One series. `values` may have gaps (None); they are of the same moments in all series."""

    label: str
    values: Sequence[float | None]


class Drawn(NamedTuple):
    """`path`: of SVG; `dash`: its `stroke-dasharray`; `last`: the latest value, None: there is
    none.
    """

    label: str
    path: str
    dash: str
    last: float | None


class LineChart(NamedTuple):
    """`ticks` from the top down, evenly spaced, the last is 0. `has_values`: one is above 0."""

    lines: tuple[Drawn, ...]
    ticks: tuple[float, ...]
    has_values: bool
    width: int = WIDTH
    height: int = HEIGHT


def line_chart(series: Iterable[Line], top: float | None = None) -> LineChart:
    """From 0 to a round number above all values, or to `top`."""
    shown = list(series)[: len(DASHES)]
    highest = max((one for each in shown for one in each.values if one), default=0)
    ticks = ticks_to(highest, top)
    drawn = tuple(_drawn(one, ticks[0], DASHES[i]) for i, one in enumerate(shown))
    return LineChart(drawn, ticks, highest > 0)


def ticks_to(highest: float, top: float | None = None) -> tuple[float, ...]:
    """Five, with equal steps that are easily read, from the top down to 0."""
    end = top or _round_up(highest / 4) * 4
    return tuple(end * step / 4 for step in (4, 3, 2, 1, 0))


def width_of(value: float, most: float) -> float:
    """Of a bar, in percent; what is not nothing is never invisible."""
    if value <= 0 or most <= 0:
        return 0
    return max(0.5, min(100, round(100 * value / most, 2)))


def shade(value: float | None, least: float, most: float) -> int:
    """0 for what is not known, 1 (least) to 5 (most)."""
    if value is None:
        return 0
    if most <= least:
        return 1
    return 1 + min(SHADES - 1, int(SHADES * (value - least) / (most - least)))


def _round_up(step: float) -> float:
    if step <= 0:
        return 1
    unit = 10.0 ** math.floor(math.log10(step))
    rounded = next(one for one in STEPS if one * unit >= step * (1 - 1e-9))
    return rounded * unit


def _drawn(line: Line, top: float, dash: str) -> Drawn:
    label, values = line
    between = WIDTH / max(1, len(values) - 1)
    parts, pen = [], "M"
    for number, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        parts.append(f"{pen}{number * between:.1f} {HEIGHT * (1 - min(value, top) / top):.1f}")
        pen = "L"
    last = next((one for one in reversed(values) if one is not None), None)
    return Drawn(label, "".join(parts), dash, last)
