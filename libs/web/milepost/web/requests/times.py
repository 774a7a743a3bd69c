"""When something happened, as a client may say it."""

from datetime import UTC, datetime, timedelta
from typing import Unpack

from milepost.events.event import Invalid
from milepost.web.problems import Malformed, Where
from milepost.web.settings import Settings

# Postgres' driver takes the first and the last day that Python has for -infinity and infinity.
CALENDAR = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


class OccurredInFuture(Invalid):
    """It cannot have happened yet."""

    def __init__(self, occurred_at: datetime, latest: datetime) -> None:
        self.occurred_at = occurred_at
        self.latest = latest


def occurred(at: datetime | None, settings: Settings, now: datetime | None = None) -> datetime:
    """`at` in UTC, or now if not given.

    Raises `OccurredInFuture` beyond the clock skew, `Malformed` for what lies outside the calendar.
    """
    now = now or datetime.now(UTC)
    if at is None:
        return now
    latest = now + timedelta(seconds=settings.clock_skew_seconds)
    if at > latest:
        raise OccurredInFuture(at, latest)
    return in_calendar(at, field="occurred_at")


def in_calendar(at: datetime, **where: Unpack[Where]) -> datetime:
    """In UTC. Raises `Malformed` before the year 2 and from 9999-12-31 on, which nothing keeps."""
    first, end = CALENDAR
    if not first <= at < end:
        raise Malformed("A date lies outside the calendar.", **where)
    return at.astimezone(UTC)
