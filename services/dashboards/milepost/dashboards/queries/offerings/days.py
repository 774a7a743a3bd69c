"""Day by day: what an offering, or the school, gained and lost, and where it stood at the end.

By the day on which it happened (UTC), as it is known by now: what is told late changes days that
have been read before. Days on which nothing changed, and nothing was done, are left out.
"""

from datetime import date

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.days.tables import HAPPENED, SCHOOL
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for

MOST_DAYS = 1000


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`enrolled` and so on: what the day changed, less than 0 where more was taken back than added;
    `total_…`: where it stood at the day's end.

    Stages are those of the funnel; `awarded`: credentials awarded, revoked ones included. `active`:
    enrollments in which anything was done on the day.
    """

    day: date
    enrolled: int
    started: int
    completed: int
    withdrawn: int
    awarded: int
    active: int
    total_enrolled: int
    total_started: int
    total_completed: int
    total_withdrawn: int
    total_awarded: int


class DaysSnapshot(Snapshot, frozen=True, kw_only=True):
    """In order; the last 1,000 of the days that were asked for."""

    days: list[DayFigures]


_FIGURES = {
    "enrolled": "enrolled",
    "started": "started",
    "completed": "completed",
    "withdrawn": "withdrawn",
    "awarded": "credentials",
}
_CHANGES = ", ".join(f"{column} as {name}" for name, column in _FIGURES.items())
_TOTALS = ", ".join(
    f"(sum({column}) over so_far)::bigint as total_{name}" for name, column in _FIGURES.items()
)
_MOVES = " or ".join(f"{column} <> 0" for column in (*_FIGURES.values(), "active"))
DAYS = Select(
    Decoder(list[DayFigures]),
    f"""select * from (
        select day, {_CHANGES}, active, {_TOTALS} from dashboards.offering_day
        where tenant = :tenant and offering = :offering and clock = '{HAPPENED}' and ({_MOVES})
        window so_far as (order by day)) d
    where (:since::text is null or day >= :since) and (:until::text is null or day <= :until)
    order by day desc limit {MOST_DAYS}""",
)
_OPENED = """select offering from dashboards.offering_day
    where tenant = :tenant and offering = :offering and opened > 0"""
OPENED = Select(Decoder(list[dict[str, str]]), f"{_OPENED} limit 1")
OWN_OPENED = Select(Decoder(list[dict[str, str]]), f"{_OPENED} and {IN_OWN_OFFERINGS} limit 1")


async def read_days(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    *,
    since: date | None = None,
    until: date | None = None,
    instructor: str | None = None,
    awaited: int | None = None,
) -> DaysSnapshot:
    """Raises `UnknownOffering`, also where it is not the `instructor`'s own."""
    arguments: dict[str, object] = _arguments(offering, since, until)
    opened = OPENED
    if instructor is not None:
        opened, arguments["instructor"] = OWN_OPENED, instructor
    models = models_for((OFFERING_DAYS,), instructor)
    found = await read(pool, tenant, models, (DAYS, opened), arguments, awaited=awaited)
    days, known = found.rows
    if not known:
        raise UnknownOffering(offering)
    return DaysSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, days=days[::-1]
    )


async def read_school_days(
    pool: asyncpg.Pool,
    tenant: str,
    *,
    since: date | None = None,
    until: date | None = None,
    awaited: int | None = None,
) -> DaysSnapshot:
    """Of all offerings together; a credential that rests on two of them is counted once."""
    arguments = _arguments(SCHOOL, since, until)
    found = await read(pool, tenant, (OFFERING_DAYS,), (DAYS,), arguments, awaited=awaited)
    return DaysSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, days=found.rows[0][::-1]
    )


def _arguments(offering: str, since: date | None, until: date | None) -> dict[str, object]:
    return {
        "offering": offering,
        "since": since and since.isoformat(),
        "until": until and until.isoformat(),
    }
