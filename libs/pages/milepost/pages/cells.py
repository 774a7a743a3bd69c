"""The cells of a list that is stacked on a phone: each says what it is of."""

import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

_CELL: Final = re.compile(r"<td\b|<th\b")


def labels(columns: Sequence[str | tuple[str, str]]) -> tuple[Markup, ...]:
    """Of columns as `ui.table` takes them, ready for an attribute."""
    return tuple(escape(one if isinstance(one, str) else one[0]) for one in columns)


def labelled(row: str, names: Sequence[Markup]) -> Markup:
    """The cells of one row, each with the label of its column; the row is HTML already."""
    left = iter(names)

    def with_label(found: re.Match[str]) -> str:
        name = next(left, "")
        return f'{found[0]} data-label="{name}"' if name and found[0] == "<td" else found[0]

    return Markup(_CELL.sub(with_label, str(row)))  # noqa: S704 - escaped where it was made
