"""What spreadsheets of other countries make of CSV, told in words that say what to do instead.

    a comma, digits of full width     as keyboards for Japanese and Chinese write them
    ann;0,8                           a decimal comma
    l·e·a·r·n·e·r·                    UTF-16, which some spreadsheets call "Unicode text"

Nothing is mended silently: a full-width digit may be a slip, or belong to an id of elsewhere.
"""

import re
from typing import Final

FULL_WIDTH: Final = re.compile("[\uff01-\uff5e\u3000\u3001\u3002]")
# Comma, semicolon, and the comma of lists.
SEPARATORS: Final = "\uff0c\uff1b\u3001"
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_PLAIN: Final = "Write them plainly, as in 0-9, a-z, comma and point."


def slip_in_cell(cell: str) -> str:
    """A sentence about a cell that could not be read; empty where it is no slip of these."""
    if FULL_WIDTH.search(cell):
        return f"It has full-width signs. {_PLAIN}"
    if _DECIMAL_COMMA.fullmatch(cell):
        return "Write decimals with a point, as in 0.5."
    return ""


def slip_in_row(record: str) -> str:
    """A sentence about a row that has too few cells; empty where it is no slip of these."""
    if found := _separators(record):
        return f"Full-width signs ({found}) separate no cells: use a comma, a semicolon or a tab."
    return ""


def slip_in_header(header: bytes) -> str:
    """A sentence about a header that names no columns; empty where it is no slip of these."""
    if header.startswith(_UTF_16) or b"\0" in header:
        return (
            "Expected UTF-8, and this looks like UTF-16. Save the sheet as “CSV UTF-8”, not as"
            " “Unicode text”."
        )
    text = header.decode("utf-8", "replace")
    if said := slip_in_row(text):
        return said
    found = FULL_WIDTH.search(text)
    return f"The names of the columns have full-width signs. {_PLAIN}" if found else ""


def _separators(text: str) -> str:
    """Those that stand where a comma or a semicolon would; letters and digits are not told."""
    return " ".join(sign for sign in SEPARATORS if sign in text)
