"""A past moment, as an operator names it, and where each tenant's log stood then.

as of         what the log had recorded by then      events up to a position
as happened   what had happened by then, as we know  all events, but for those that occurred later
it today, whenever it was recorded
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import asyncpg
import msgspec

from milepost.events.errors import EventsError
from milepost.events.log import position_at
from milepost.events.projections.generations import HAPPENED
from milepost.events.projections.shared_scan import heads
from milepost.events.store.postgres import PostgresLog


class AsOf(msgspec.Struct, frozen=True):
    """`position` of one tenant's log, a time (UTC) of `recorded_at`, or one of `occurred_at`."""

    position: int | None = None
    at: datetime | None = None
    happened_by: datetime | None = None

    @property
    def day(self) -> date | None:
        """The day (UTC) whose end it is, if it is one."""
        at = self.happened_by or self.at
        return at.date() if at and at.time() == time.max else None

    def __str__(self) -> str:
        if self.happened_by:
            return f"{HAPPENED}{self.happened_by.isoformat()}"
        return self.at.isoformat() if self.at else f"position {self.position}"


class AsOfInvalid(EventsError):
    """The message says why not."""


def parse_as_of(text: str) -> AsOf:
    """`1200`, `2026-03-01T09:30` (UTC unless it says otherwise), or `2026-03-01`: its end.

    Raises `AsOfInvalid`.
    """
    if text.isdecimal():
        return AsOf(position=int(text))
    rest_of_day = timedelta(days=1, microseconds=-1)
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AsOfInvalid(f"{text} is neither a position nor a time (2026-03-01T09:30)") from error
    return AsOf(at=at + rest_of_day if len(text) == len("2026-03-01") else at)


def parse_as_happened(text: str) -> AsOf:
    """A time or a day, as `parse_as_of` reads it. Raises `AsOfInvalid`."""
    at = parse_as_of(text).at
    if at is None:
        raise AsOfInvalid(f"{text} is no time (2026-03-01T09:30): positions are of the log")
    return AsOf(happened_by=at)


async def ends_at(pool: asyncpg.Pool, as_of: AsOf, only_tenant: str | None) -> Mapping[str, int]:
    """The last position of each tenant's log then. Raises `AsOfInvalid`."""
    now = await heads(pool, only_tenant)
    at = as_of.happened_by or as_of.at
    if at is None:
        return _at_position(as_of.position or 0, now, only_tenant)
    if at > await pool.fetchval("select now()"):
        raise AsOfInvalid(f"{at.isoformat()} is still to come")
    if as_of.at is None:
        return now
    log = PostgresLog(pool)
    return {name: await position_at(log, name, as_of.at, head) for name, head in now.items()}


def _at_position(
    position: int, now: Mapping[str, int], only_tenant: str | None
) -> Mapping[str, int]:
    if only_tenant is None and len(now) != 1:
        raise AsOfInvalid("positions are of one tenant: name it")
    [(tenant, head)] = now.items() or [(only_tenant or "", 0)]
    if not 0 < position <= head:
        raise AsOfInvalid(f"the log of {tenant} has positions 1 to {head}")
    return {tenant: position}
