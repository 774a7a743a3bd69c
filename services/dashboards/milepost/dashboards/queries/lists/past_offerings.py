"""Offerings as they were on a past day, by one of two clocks.

    known      what had been recorded by the end of that day: what a page showed then
    happened   what had happened by the end of that day, as it is known by now

Sums of days, so that none is built for it; whatever the day, one offering is a short walk along
the key. What an offering is (course, pace, when it starts) is shown as it stands now.
"""

from datetime import date, datetime
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.domain.stages import NAMES as STAGES
from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.keyset import by_text
from milepost.dashboards.queries.lists.listing import Listing, TitledQuery, equal
from milepost.dashboards.queries.lists.titles import COURSE_TITLE, tags_of
from milepost.dashboards.queries.offering import UnknownOffering
from milepost.dashboards.queries.own_offerings import IN_OWN_OFFERINGS, models_for

Clock: TypeAlias = Literal["known", "happened"]
PastOfferingSort: TypeAlias = Literal["offering"]


class PastOffering(msgspec.Struct, frozen=True, kw_only=True):
    """An offering that had been opened by then; what its figures mean is said of `OfferingView`."""

    offering: str
    course: str | None
    course_title: str | None
    pace: str | None
    starts: datetime | None
    ends: datetime | None
    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    started: int
    completed: int
    completed_verified: int
    graded: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    credentials: int
    lessons_completed: int
    attempts: int
    visits: int
    clicks: int
    started_of_enrolled: float | None
    completed_of_enrolled: float | None
    completed_of_started: float | None
    completed_of_verified: float | None
    withdrawn_of_enrolled: float | None
    mean_grade_of_completed: float | None


class PastOfferingsQuery(TitledQuery, frozen=True, kw_only=True):
    """`day`: its end (UTC), as YYYY-MM-DD. In order of the offering only: no index has the sums."""

    clock: Clock
    day: str
    sort: PastOfferingSort = "offering"
    course: str | None = None


_COUNTS = (*STAGES, "credentials", "lessons_completed", "attempts", "visits", "clicks")
_SUMS = ", ".join(f"sum({name})::bigint as {name}" for name in _COUNTS)


def _then(which: str) -> str:
    """What days add up to, by offering and clock; the school's own row has the name ''."""
    return f"""select tenant, offering, clock, {_SUMS} from dashboards.offering_day
        where day <= :day and offering > '' {which} group by tenant, offering, clock
        having sum(opened) > 0"""


THEN = _then("")
# So that no others are summed up.
_OF_COURSE = """and offering = any(array(select run.offering from dashboards.catalog_offering run
    where run.tenant = :tenant and run.course = :course))"""
_SHOWN = ", ".join(name for name in _COUNTS if name != "grade_units")


def _past(then: str) -> str:
    return f"""select offering, course, pace, starts, ends, {_SHOWN},
        started::float8 / nullif(enrolled, 0) as started_of_enrolled,
        completed::float8 / nullif(enrolled, 0) as completed_of_enrolled,
        completed::float8 / nullif(started, 0) as completed_of_started,
        completed_verified::float8 / nullif(verified, 0) as completed_of_verified,
        withdrawn::float8 / nullif(enrolled, 0) as withdrawn_of_enrolled,
        grade_units / (1e9::float8 * nullif(graded, 0)) as mean_grade_of_completed,
        {COURSE_TITLE}
    from (select y.*, c.course, c.pace, c.starts, c.ends from ({then}) y
        left join dashboards.catalog_offering c using (tenant, offering)) x"""


PAST_MODELS = (CATALOG, OFFERING_DAYS)
PAST_ROWS = Decoder(list[PastOffering])


def _listing(which: str, *filters: str) -> Listing[PastOffering]:
    return Listing(
        models=PAST_MODELS,
        rows=PAST_ROWS,
        sql=_past(_then(which)),
        key="offering",
        sorts={"offering": by_text("offering")},
        # The day stands in the sums already.
        filters={**equal("clock", *filters), "day": ":day <> ''"},
    )


PAST_OFFERINGS = _listing("")
PAST_OFFERINGS_OF_COURSE = _listing(_OF_COURSE, "course")


def past_offerings(query: PastOfferingsQuery) -> Listing[PastOffering]:
    return PAST_OFFERINGS if query.course is None else PAST_OFFERINGS_OF_COURSE


_ONE = f"{_past(THEN)} where tenant = :tenant and offering = :offering and clock = :clock"
ONE = Select(PAST_ROWS, _ONE)
OWN = Select(PAST_ROWS, f"{_ONE} and {IN_OWN_OFFERINGS}")


class PastOfferingSnapshot(Snapshot, frozen=True, kw_only=True):
    offering: PastOffering


async def read_past_offering(
    pool: asyncpg.Pool,
    tenant: str,
    offering: str,
    clock: Clock,
    day: date,
    *,
    instructor: str | None = None,
    language: str | None = None,
    awaited: int | None = None,
) -> PastOfferingSnapshot:
    """Raises `UnknownOffering`: also where it was not open by then, or is not the instructor's."""
    arguments = {
        "offering": offering,
        "clock": clock,
        "day": day.isoformat(),
        "languages": tags_of(language),
    }
    select = ONE
    if instructor is not None:
        select, arguments = OWN, {**arguments, "instructor": instructor}
    models = models_for(PAST_MODELS, instructor)
    found = await read(pool, tenant, models, (select,), arguments, awaited=awaited)
    if not found.rows[0]:
        raise UnknownOffering(offering)
    return PastOfferingSnapshot(
        position=found.position, as_of=found.as_of, etag=found.etag, offering=found.rows[0][0]
    )
