"""How bodies, queries and cursors say when."""

from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec

_DESCRIPTION = "With its UTC offset; from the year 2 to 9999-12-30"
_CALENDAR = {"pattern": "^(?!000[01]|9999-12-31)"}  # for readers: `in_calendar` judges
Moment: TypeAlias = Annotated[
    datetime, msgspec.Meta(tz=True, description=_DESCRIPTION, extra_json_schema=_CALENDAR)
]


def not_before(at: datetime, edge: datetime, skew: timedelta) -> datetime:
    """The edge, for a clock that says a moment before it: by `skew` at most. Else `at`."""
    return edge if edge - skew <= at < edge else at


def not_after(at: datetime, edge: datetime, now: datetime | None) -> datetime:
    """Now, for a clock that is ahead: it says a moment past an edge that is yet to come. Else `at`.

    How far ahead it may be is judged where `at` comes in.
    """
    return now if now is not None and now < edge <= at else at
