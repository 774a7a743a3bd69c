"""Where to begin for who wants all that was recorded since a time."""

from datetime import UTC, datetime, timedelta
from typing import Final

from milepost.events.event import Invalid
from milepost.events.log import Log, position_at

_MOMENT: Final = timedelta(microseconds=1)


class SinceInFuture(Invalid):
    """Nothing has been recorded then: leave `since` away to begin at the end of the log."""

    def __init__(self, since: datetime, now: datetime) -> None:
        self.since = since
        self.now = now


SINCE_IN_FUTURE: Final = SinceInFuture(
    datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 9, 1, 8, tzinfo=UTC)
)


async def position_before(
    log: Log, tenant: str, since: datetime, *, head: int, now: datetime
) -> int:
    """The last position up to `head` that was recorded earlier; 0: none was.

    Raises `SinceInFuture`.
    """
    found = await position_at(log, tenant, since - _MOMENT, head)
    if found == head and since > now:  # the log's clock may be ahead of ours: what is there counts
        raise SinceInFuture(since, now)
    return found
