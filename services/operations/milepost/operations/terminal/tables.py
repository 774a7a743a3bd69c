"""How tables go to standard output: folded where they must be, never cut."""

import os
import unicodedata
from typing import Any

from rich.console import Console
from rich.table import Column, Table

# Where neither a terminal nor COLUMNS says how wide it is.
WIDEST = 10_000
# The joiners are letters' own, in Persian or Hindi, say.
KEPT = "\n\u200c\u200d"


def print_table(table: Table) -> None:
    """Sentences are folded to the terminal's width; identifiers and numbers stay whole."""
    # What a school has written is text: neither markup nor emoji.
    console = Console(markup=False, emoji=False, highlight=False)
    for column in table.columns:
        column._cells = [_visible(cell) for cell in column.cells]  # noqa: SLF001 - the only way in
        column.no_wrap, column.overflow = _of_single_words(column), "fold"
    narrowest = console.measure(table, options=console.options.update_width(WIDEST)).minimum
    bounded = console.is_terminal or "COLUMNS" in os.environ
    console.width = max(console.width, narrowest) if bounded else WIDEST
    console.print(table, crop=False)


def _visible(cell: Any) -> Any:
    """What an older log holds commands no terminal: an escape is shown, not sent."""
    if not isinstance(cell, str) or cell.isprintable():
        return cell
    return "".join(map(_shown, cell))


def _shown(character: str) -> str:
    if character in KEPT or unicodedata.category(character)[0] != "C":
        return character
    return character.encode("unicode_escape").decode("ascii")


def _of_single_words(column: Column) -> bool:
    return not any(" " in str(cell) for cell in (column.header, *column.cells))
