"""Moments as credentials write them: XML Schema's dateTime with its zone, NumericDate in JWTs."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

SKEW: Final = timedelta(seconds=300)  # of an issuer's clock
_MOMENT: Final = re.compile(
    r"-?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def parse_time(value: Any) -> datetime | None:
    """Aware; fractions to the microsecond. None for what is none, or has no zone."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    text = re.sub(r"\.(\d{1,6})\d*", lambda found: f".{found[1]:0<6}", value)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def numeric_date(value: Any) -> datetime | None:
    """Seconds since 1970. None for what is no number, or not within the years 1 to 9999."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
