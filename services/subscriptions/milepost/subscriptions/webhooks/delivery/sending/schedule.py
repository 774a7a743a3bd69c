"""When a delivery that failed is tried again, and when nobody tries any longer. Pure.

    attempt   1    2     3      4     5    6    7     8     9     10    …
    after     -    5 s   5 min  30 m  2 h  5 h  10 h  14 h  20 h  20 h  … of each ± 10 %

The last attempt is three days after the first; one that fails then is parked. `Retry-After` is
heeded where it asks for more.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
)
JITTER: Final = 0.1
PATIENCE: Final = timedelta(days=3)
# What `Retry-After` may ask for at most.
LONGEST: Final = timedelta(days=1)
# A webhook to which nothing at all could be delivered for so long is disabled.
GIVE_UP: Final = timedelta(days=5)


def next_attempt(
    failed: int, first: datetime, now: datetime, retry_after: timedelta | None, draw: float
) -> datetime | None:
    """When to try again after `failed` attempts since `first`; None: park it.

    `draw`: from 0 to 1, by chance.
    """
    last = first + PATIENCE
    if now >= last:
        return None
    pause = PAUSES[min(failed, len(PAUSES)) - 1] * (1 + JITTER * (2 * draw - 1))
    return min(now + max(pause, retry_after or pause), last)


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Of RFC 9110: seconds, or a date. None: it says nothing that makes sense."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        asked = timedelta(seconds=min(int(text[:9]), int(LONGEST.total_seconds())))
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        asked = at.replace(tzinfo=at.tzinfo or UTC) - now
    return min(asked, LONGEST) if asked > timedelta() else None
