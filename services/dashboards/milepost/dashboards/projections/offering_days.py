"""What each day changed, by two clocks: so that a sum up to a day is an offering as of that day.

    known      the day on which the log took it      (`recorded_at`)
    happened   the day on which it happened          (`occurred_at`), as it is known by now

    enrolled on 2 March, told on 5 March:   happened 2 March +1   known 5 March +1
    … told on 9 March that they left on 4:  happened 4 March -1   known 9 March -1

Days are those of UTC. What is told late changes earlier days by the second clock, never by the
first. Stages are as in `domain/stages.py`; a row of the offering '' is the school's. Beside them a
row per enrollment, with the days on which anything was done.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec
from msgspec.structs import astuple

from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    AttemptScored,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressCarriedOver,
)
from milepost.contracts.records import CredentialAwarded
from milepost.dashboards.domain.stages import NAMES as STAGES
from milepost.dashboards.domain.stages import (
    NONE,
    Stages,
    Step,
    changes_by_day,
    difference,
    stages_of,
    with_step,
)
from milepost.dashboards.projections.stage_events import StageEvent, step_of
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, ReadModel, Rows, StreamKey, Table

KNOWN, HAPPENED = "known", "happened"
SCHOOL = ""
NEVER = datetime.min.replace(tzinfo=UTC)

Activity: TypeAlias = LessonProgressed | LessonStarted | LessonCompleted | AttemptScored
DayEvent: TypeAlias = (
    Activity | StageEvent | ProgressCarriedOver | OfferingOpened | CredentialAwarded
)


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


def _write(value: Sequence[Step | datetime] | Mapping[str, datetime] | datetime) -> str:
    return msgspec.json.encode(value).decode()


@lru_cache(maxsize=4096)
def day_of(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def fold(rows: Rows, fact: Fact[DayEvent]) -> None:
    event = fact.event
    match event:
        case LessonProgressed() | LessonStarted() | LessonCompleted() | AttemptScored():
            _do(rows, fact, event)
        case ProgressCarriedOver():
            _carry(rows, fact, event)
        case OfferingOpened():
            for day in _both(rows, event.offering, fact):
                day.opened += 1
        case CredentialAwarded():
            offerings = {one.offering for one in event.evidence if one.offering is not None}
            for offering in (SCHOOL, *offerings):
                for day in _both(rows, offering, fact):
                    day.credentials += 1
        case _:
            member = rows.of(DAY_MEMBER, event.enrollment)
            member.offering = event.offering
            _add_step(rows, fact.recorded_at, member, step_of(event))


def _both(rows: Rows, offering: str, fact: Fact[DayEvent]) -> tuple[OfferingDayRow, ...]:
    """The offering's rows of the two days on which this was recorded, and happened."""
    days = (KNOWN, fact.recorded_at), (HAPPENED, fact.event.occurred_at)
    return tuple(rows.of(OFFERING_DAY, offering, one, day_of(at.toordinal())) for one, at in days)


def _add_step(rows: Rows, recorded_at: datetime, member: DayMemberRow, step: Step) -> None:
    old = read_steps(member.steps)
    new = with_step(old, step)
    member.steps = _write(new)
    known = difference(stages_of(new), stages_of(old))
    changes = [(KNOWN, day_of(recorded_at.toordinal()), known)]
    changes += [
        (HAPPENED, day_of(day), one) for day, one in changes_by_day(old, new, known).items()
    ]
    for clock, day, change in changes:
        if change != NONE:
            for offering in (member.offering, SCHOOL):
                _add(rows.of(OFFERING_DAY, offering, clock, day), change)


def _add(row: OfferingDayRow, change: Stages) -> None:
    for name, by in zip(STAGES, astuple(change), strict=True):
        if by:
            setattr(row, name, getattr(row, name) + by)


def _do(rows: Rows, fact: Fact[DayEvent], event: Activity) -> None:
    at = event.occurred_at
    day = day_of(at.toordinal())
    latest = rows.find(LATEST_DAY, fact.key)
    if latest is None or latest.day != day or latest.last_at < at:
        latest = _be_active(rows, fact, day)
    if isinstance(event, LessonStarted):
        return
    offering = latest.offering
    happened = rows.of(OFFERING_DAY, offering, HAPPENED, day)
    known = rows.of(OFFERING_DAY, offering, KNOWN, day_of(fact.recorded_at.toordinal()))
    if isinstance(event, LessonProgressed):
        happened.visits += 1
        known.visits += 1
        if event.clicks:
            happened.clicks += event.clicks
            known.clicks += event.clicks
        if event.completed:
            _keep_done(rows, fact.key, event.lesson, at)
        return
    _count(known, happened, event)
    _keep_done(rows, fact.key, event.lesson, at)


def _be_active(rows: Rows, fact: Fact[DayEvent], day: str) -> LatestDayRow:
    """Something was done later on the latest day, or on another one."""
    at, latest = fact.event.occurred_at, rows.of(LATEST_DAY, fact.key)
    if latest.day == day:
        latest.last_at = at
        return latest
    if not latest.day:
        member = rows.find(DAY_MEMBER, fact.key)
        assert member is not None, "progress opens after an enrollment, further down the log"
        latest.offering = member.offering
    if latest.day < day:
        _keep_day(rows, latest)
        latest.day, latest.last_at = day, at
        is_new = True
    else:
        is_new = _do_earlier(rows, fact.key, at)
    if is_new:
        _begin_day(rows, fact, latest.offering, day)
    return latest


def _keep_day(rows: Rows, latest: LatestDayRow) -> None:
    """The latest day is one of the earlier ones now. They stay closed."""
    if latest.day:
        member = rows.of(DAY_MEMBER, latest.enrollment)
        before = f"{member.days[:-1]}," if len(member.days) > len("[]") else "["
        member.days = f"{before}{_write(latest.last_at)}]"


def _do_earlier(rows: Rows, enrollment: str, at: datetime) -> bool:
    """Whether nothing had been done on that day."""
    member = rows.of(DAY_MEMBER, enrollment)
    moments = read_days(member.days)
    last_at = next((one for one in moments if one.date() == at.date()), None)
    if last_at is None or last_at < at:
        member.days = _write([one for one in moments if one is not last_at] + [at])
    return last_at is None


def _begin_day(rows: Rows, fact: Fact[DayEvent], offering: str, day: str) -> None:
    """Nothing had been done in this enrollment on this day."""
    for name in (offering, SCHOOL):
        rows.of(OFFERING_DAY, name, HAPPENED, day).active += 1
    _begin(rows, fact)


def _begin(rows: Rows, fact: Fact[DayEvent]) -> None:
    ordinal = fact.event.occurred_at.toordinal()
    member = rows.find(DAY_MEMBER, fact.key)
    if member is not None and (member.started is None or day_of(ordinal) < member.started):
        member = rows.of(DAY_MEMBER, fact.key)
        member.started = day_of(ordinal)
        _add_step(rows, fact.recorded_at, member, Step(ordinal, "began"))


def _carry(rows: Rows, fact: Fact[DayEvent], event: ProgressCarriedOver) -> None:
    """What was done elsewhere is begun here with the day on which it counts, and nobody active."""
    if any(lesson.started_at for lesson in event.lessons):
        _begin(rows, fact)
    for lesson in event.lessons:
        for at in (lesson.completed_at, *(one.at for one in lesson.attempts)):
            if at is not None:
                _keep_done(rows, fact.key, lesson.lesson, at)


def _count(
    known: OfferingDayRow, happened: OfferingDayRow, event: LessonCompleted | AttemptScored
) -> None:
    if isinstance(event, LessonCompleted):
        happened.lessons_completed += 1
        known.lessons_completed += 1
    else:
        happened.attempts += 1
        known.attempts += 1


def _keep_done(rows: Rows, enrollment: str, lesson: str, at: datetime) -> None:
    member = rows.of(DAY_MEMBER, enrollment)
    done = read_done(member.done)
    if lesson not in done or at < done[lesson]:
        member.done = _write({**done, lesson: at})


OFFERING_DAYS = ReadModel(
    "offering_days", 4, Codec(DayEvent), (OFFERING_DAY, DAY_MEMBER, LATEST_DAY), fold
)
