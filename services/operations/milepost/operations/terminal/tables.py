"""How tables go to standard output: folded where they must be, never cut."""

import os

from rich.console import Console
from rich.table import Column, Table

# Where neither a terminal nor COLUMNS says how wide it is.
WIDEST = 10_000


def print_table(table: Table) -> None:
    """Sentences are folded to the terminal's width; identifiers and numbers stay whole."""
    # What a school has written is text: neither markup nor emoji.
    console = Console(markup=False, emoji=False, highlight=False)
    for column in table.columns:
        column.no_wrap, column.overflow = _of_single_words(column), "fold"
    narrowest = console.measure(table, options=console.options.update_width(WIDEST)).minimum
    bounded = console.is_terminal or "COLUMNS" in os.environ
    console.width = max(console.width, narrowest) if bounded else WIDEST
    console.print(table, crop=False)


def _of_single_words(column: Column) -> bool:
    return not any(" " in str(cell) for cell in (column.header, *column.cells))
