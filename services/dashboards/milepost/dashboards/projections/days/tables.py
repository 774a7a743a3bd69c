"""The tables of an offering's days: what each day added, and what of each enrollment is kept."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from milepost.dashboards.domain.stages import Step
from milepost.events.projections.read_model import StreamKey, Table

KNOWN: Final = "known"
HAPPENED: Final = "happened"
SCHOOL: Final = ""
NEVER: Final = datetime.min.replace(tzinfo=UTC)


class OfferingDayRow(msgspec.Struct):
    """What this day added, by this clock; less than nothing where something was taken back.

    Stages are meant as in `offering_summary`. `active`: enrollments in which anything was done on
    this day; by the clock `happened` only.
    """

    offering: str
    clock: str
    day: str
    opened: int = 0
    waitlisted: int = 0
    waiting: int = 0
    seated: int = 0
    ever_enrolled: int = 0
    enrolled: int = 0
    current: int = 0
    verified: int = 0
    withdrawn: int = 0
    ever_withdrawn: int = 0
    transferred: int = 0
    deferred: int = 0
    expired: int = 0
    canceled: int = 0
    started: int = 0
    completed: int = 0
    completed_verified: int = 0
    graded: int = 0
    grade_units: int = 0
    credentials: int = 0
    active: int = 0
    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0


class DayMemberRow(msgspec.Struct):
    """An enrollment: its offering, the day of its first activity, and what else happened to it.

    `started`: also when work from another run came along. `steps`: JSON, in the log's order.
    `done`: when each lesson was first completed or handed in, a JSON object. `days`: the latest of
    what was done on each day, JSON, in any order; the latest day stands in `LatestDayRow`.
    """

    enrollment: str
    offering: str = ""
    started: str | None = None
    steps: str = "[]"
    done: str = "{}"
    days: str = "[]"


class LatestDayRow(msgspec.Struct):
    """The latest day on which anything was done in an enrollment; `last_at`: the latest of it."""

    enrollment: str
    offering: str = ""
    day: str = ""
    last_at: datetime = NEVER


OFFERING_DAY = Table("offering_day", OfferingDayRow, ("offering", "clock", "day"))
DAY_MEMBER = Table(
    "offering_day_member",
    DayMemberRow,
    ("enrollment",),
    StreamKey(frozenset({"progress", "enrollment"})),
)
# Apart, since most reports change nothing else of an enrollment.
LATEST_DAY = Table(
    "enrollment_latest_day", LatestDayRow, ("enrollment",), StreamKey(frozenset({"progress"}))
)

read_days = msgspec.json.Decoder(list[datetime]).decode
read_steps = msgspec.json.Decoder(list[Step]).decode
read_done = msgspec.json.Decoder(dict[str, datetime]).decode
