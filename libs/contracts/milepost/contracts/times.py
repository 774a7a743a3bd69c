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
