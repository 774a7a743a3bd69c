"""Who is at risk, page by page: those with the most reasons first.

A list that is judged, not stored: a cursor names the place of a page's last row in this order.
"""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.json import Decoder

from milepost.dashboards.domain.at_risk import Judgement
from milepost.dashboards.queries.lists.keyset import CursorUnknown, Key, Number


class Place(NamedTuple):
    """Of a row in the list, in its order."""

    not_at_risk: bool
    fewer_reasons: Number
    learner: Key
    enrollment: Key


class RiskPage(NamedTuple):
    """`next` is the cursor of the page that follows, None at the end."""

    rows: Sequence[Judgement]
    next: str | None


_read_place: Final = Decoder(Place).decode


def place_of(one: Judgement) -> Place:
    return Place(not one.at_risk, -len(one.reasons), one.learner, one.enrollment)


def page_of(rows: Sequence[Judgement], limit: int, cursor: str | None) -> RiskPage:
    """`rows` stand in the order of their places. Raises `CursorUnknown`."""
    begin = 0 if cursor is None else bisect_right(rows, _place_in(cursor), key=place_of)
    shown = rows[begin : begin + limit]
    more = len(rows) > begin + limit
    return RiskPage(shown, _cursor_to(shown[-1]) if more else None)


def _cursor_to(last: Judgement) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place_of(last))).decode()


def _place_in(cursor: str) -> Place:
    try:
        return _read_place(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, msgspec.MsgspecError, UnicodeError) as error:
        raise CursorUnknown("reasons", "desc") from error
