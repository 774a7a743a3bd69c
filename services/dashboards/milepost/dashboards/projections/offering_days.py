"""What each day changed, by two clocks: so that a sum up to a day is an offering as of that day.

    known      the day on which the log took it      (`recorded_at`)
    happened   the day on which it happened          (`occurred_at`), as it is known by now

    enrolled on 2 March, told on 5 March:   happened 2 March +1   known 5 March +1
    … told on 9 March that they left on 4:  happened 4 March -1   known 9 March -1

Days are those of UTC. What is told late changes earlier days by the second clock, never by the
first. Stages are as in `domain/stages.py`; a row of the offering '' is the school's. Beside them a
row per enrollment, with the days on which anything was done.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, get_args

from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import ProgressCarriedOver
from milepost.contracts.records import CredentialAwarded
from milepost.dashboards.projections.days.enrollment import Activity, EnrollmentDays, day_of
from milepost.dashboards.projections.days.tables import (
    DAY_MEMBER,
    HAPPENED,
    KNOWN,
    LATEST_DAY,
    OFFERING_DAY,
    SCHOOL,
    OfferingDayRow,
)
from milepost.dashboards.projections.stage_events import StageEvent, step_of
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, KeyFold, ReadModel, Rows

DayEvent: TypeAlias = (
    Activity | StageEvent | ProgressCarriedOver | OfferingOpened | CredentialAwarded
)

# By their type: whether one is an instance of a class that it is not of takes long to tell.
ACTIVITIES: Final = frozenset(get_args(Activity))


def fold(rows: Rows, key: str, facts: Sequence[Fact[DayEvent]]) -> None:
    days: EnrollmentDays | None = None
    for fact in facts:
        event: Any = fact.event
        if type(event) in ACTIVITIES:
            days = days or EnrollmentDays(rows, key)
            days.do(fact.recorded_at, event)
        elif isinstance(event, OfferingOpened):
            for day in _both(rows, event.offering, fact):
                day.opened += 1
        elif isinstance(event, CredentialAwarded):
            offerings = {one.offering for one in event.evidence if one.offering is not None}
            for offering in (SCHOOL, *offerings):
                for day in _both(rows, offering, fact):
                    day.credentials += 1
        elif isinstance(event, ProgressCarriedOver):
            days = days or EnrollmentDays(rows, key)
            days.carry(fact.recorded_at, event)
        else:
            days = days or EnrollmentDays(rows, key)
            days.add(fact.recorded_at, event.offering, step_of(event))
    if days is not None:
        days.close()


def _both(rows: Rows, offering: str, fact: Fact[DayEvent]) -> tuple[OfferingDayRow, ...]:
    """The offering's rows of the two days on which this was recorded, and happened."""
    days = (KNOWN, fact.recorded_at), (HAPPENED, fact.event.occurred_at)
    return tuple(rows.of(OFFERING_DAY, offering, one, day_of(at.toordinal())) for one, at in days)


OFFERING_DAYS = ReadModel(
    "offering_days",
    4,
    Codec(DayEvent),
    (OFFERING_DAY, DAY_MEMBER, LATEST_DAY),
    KeyFold(fold),
)
