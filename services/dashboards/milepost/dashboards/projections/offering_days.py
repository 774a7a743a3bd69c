"""What each day changed, by two clocks: so that a sum up to a day is an offering as of that day.

    known      the day on which the log took it      (`recorded_at`)
    happened   the day on which it happened          (`occurred_at`), as it is known by now

    enrolled on 2 March, told on 5 March:   happened 2 March +1   known 5 March +1
    … told on 9 March that they left on 4:  happened 4 March -1   known 9 March -1

Days are those of UTC. What is told late changes earlier days by the second clock, never by the
first. Stages are as in `domain/stages.py`; a row of the offering '' is the school's. Beside them a
row per enrollment and day: what was done then.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec

from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    AttemptScored,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
)
from milepost.contracts.records import CredentialAwarded
from milepost.dashboards.domain.stages import NAMES as STAGES
from milepost.dashboards.domain.stages import (
    Stages,
    Step,
    changes_by_day,
    difference,
    stages_of,
    with_step,
)
from milepost.dashboards.projections.stage_events import StageEvent, step_of
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

KNOWN, HAPPENED = "known", "happened"
SCHOOL = ""

Activity: TypeAlias = LessonProgressed | LessonStarted | LessonCompleted | AttemptScored
DayEvent: TypeAlias = Activity | StageEvent | OfferingOpened | CredentialAwarded


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

    `steps`: JSON, in the log's order. `done`: when each lesson was first completed or handed in,
    a JSON object.
    """

    enrollment: str
    offering: str = ""
    started: str | None = None
    steps: str = "[]"
    done: str = "{}"


class LearnerDayRow(msgspec.Struct):
    """What was done in an enrollment on one day (UTC). `last_at`: the latest of it."""

    enrollment: str
    day: str
    offering: str = ""
    last_at: datetime | None = None
    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0
    milliseconds_spent: int = 0


def key_of(fact: Fact[DayEvent]) -> Key | None:
    return (fact.key,) if fact.category in ("progress", "enrollment") else None


def learner_day_of(fact: Fact[DayEvent]) -> Key | None:
    if not isinstance(fact.event, Activity):
        return None
    return (fact.key, day_of(fact.event.occurred_at.toordinal()))


OFFERING_DAY = Table("offering_day", OfferingDayRow, ("offering", "clock", "day"))
DAY_MEMBER = Table("offering_day_member", DayMemberRow, ("enrollment",), key_of)
LEARNER_DAY = Table(
    "learner_day",
    LearnerDayRow,
    ("enrollment", "day"),
    learner_day_of,
    ("offering, day",),  # who was active in an offering on some days
)

read_steps = msgspec.json.Decoder(list[Step]).decode
read_done = msgspec.json.Decoder(dict[str, datetime]).decode


def _write(value: Sequence[Step] | Mapping[str, datetime]) -> str:
    return msgspec.json.encode(value).decode()


@lru_cache(maxsize=4096)
def day_of(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def fold(rows: Rows, fact: Fact[DayEvent]) -> None:
    event = fact.event
    match event:
        case LessonProgressed() | LessonStarted() | LessonCompleted() | AttemptScored():
            _do(rows, fact, event)
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
    changes += [(HAPPENED, day_of(day), one) for day, one in changes_by_day(old, new).items()]
    for offering in (member.offering, SCHOOL):
        for clock, day, change in changes:
            _add(rows.of(OFFERING_DAY, offering, clock, day), change)


def _add(row: OfferingDayRow, change: Stages) -> None:
    for name in STAGES:
        setattr(row, name, getattr(row, name) + getattr(change, name))


def _do(rows: Rows, fact: Fact[DayEvent], event: Activity) -> None:
    member = rows.find(DAY_MEMBER, fact.key)
    assert member is not None, "progress opens after an enrollment, further down the log"
    at = event.occurred_at
    day, recorded_on = day_of(at.toordinal()), day_of(fact.recorded_at.toordinal())
    known = rows.of(OFFERING_DAY, member.offering, KNOWN, recorded_on)
    happened = rows.of(OFFERING_DAY, member.offering, HAPPENED, day)
    own = rows.of(LEARNER_DAY, fact.key, day)
    if own.last_at is None:
        own.offering, own.last_at = member.offering, at
        happened.active += 1
        rows.of(OFFERING_DAY, SCHOOL, HAPPENED, day).active += 1
        if member.started is None or day < member.started:
            member = rows.of(DAY_MEMBER, fact.key)
            member.started = day
            _add_step(rows, fact.recorded_at, member, Step(at.toordinal(), "began"))
    elif own.last_at < at:
        own.last_at = at
    if isinstance(event, LessonProgressed):
        own.milliseconds_spent += round(event.seconds_spent * 1000)
        for row in (own, known, happened):
            row.visits += 1
            row.clicks += event.clicks
        if event.completed:
            _finish(rows, fact.key, event)
    elif not isinstance(event, LessonStarted):
        _count(own, known, happened, event)
        _finish(rows, fact.key, event)


def _count(
    own: LearnerDayRow,
    known: OfferingDayRow,
    happened: OfferingDayRow,
    event: LessonCompleted | AttemptScored,
) -> None:
    for row in (own, known, happened):
        if isinstance(event, LessonCompleted):
            row.lessons_completed += 1
        else:
            row.attempts += 1


def _finish(
    rows: Rows, enrollment: str, event: LessonProgressed | LessonCompleted | AttemptScored
) -> None:
    member = rows.of(DAY_MEMBER, enrollment)
    done = read_done(member.done)
    if event.lesson not in done or event.occurred_at < done[event.lesson]:
        member.done = _write({**done, event.lesson: event.occurred_at})


OFFERING_DAYS = ReadModel(
    "offering_days", 2, Codec(DayEvent), (OFFERING_DAY, DAY_MEMBER, LEARNER_DAY), fold
)
