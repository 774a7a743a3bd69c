"""What was done in an enrollment, and how far it came, by day: what follows each other at once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TypeAlias

import msgspec

from milepost.contracts.progress import (
    AttemptScored,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressCarriedOver,
)
from milepost.dashboards.domain.stages import Change, Progression, Step
from milepost.dashboards.projections.days.tables import (
    DAY_MEMBER,
    HAPPENED,
    KNOWN,
    LATEST_DAY,
    NEVER,
    OFFERING_DAY,
    SCHOOL,
    DayMemberRow,
    LatestDayRow,
    OfferingDayRow,
    read_days,
    read_done,
    read_steps,
)
from milepost.events.projections.read_model import Rows

Activity: TypeAlias = LessonProgressed | LessonStarted | LessonCompleted | AttemptScored


class Count(msgspec.Struct):
    """What was done on one day, and recorded on one."""

    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0


NOTHING = Count()


class EnrollmentDays:
    """What follows each other in an enrollment. What its rows hold as texts is read once, and
    written once, by `close`; what is counted by day, too.
    """

    def __init__(self, rows: Rows, enrollment: str) -> None:
        self._rows = rows
        self._enrollment = enrollment
        self._latest: LatestDayRow | None = None
        self._progression: Progression | None = None
        self._done: dict[str, datetime] | None = None
        self._at = self._recorded_at = NEVER
        self._count = Count()
        self._counts: dict[tuple[str, str], Count] = {}

    def do(self, recorded_at: datetime, event: Activity) -> None:
        at = event.occurred_at
        if at is not self._at or recorded_at is not self._recorded_at:
            self._turn_to(at, recorded_at)
        count = self._count
        if type(event) is LessonProgressed:
            count.visits += 1
            count.clicks += event.clicks
            if event.completed:
                self._finish(event.lesson, at)
        elif type(event) is LessonCompleted:
            count.lessons_completed += 1
            self._finish(event.lesson, at)
        elif type(event) is AttemptScored:
            count.attempts += 1
            self._finish(event.lesson, at)

    def add(self, recorded_at: datetime, offering: str, step: Step) -> None:
        member = self._rows.of(DAY_MEMBER, self._enrollment)
        member.offering = offering
        self._step(recorded_at, member, step)

    def carry(self, recorded_at: datetime, event: ProgressCarriedOver) -> None:
        """What was done elsewhere is begun here with the day on which it counts, and nobody
        active.
        """
        if any(lesson.started_at for lesson in event.lessons):
            self._begin(recorded_at, event.occurred_at)
        for lesson in event.lessons:
            for at in (lesson.completed_at, *(one.at for one in lesson.attempts)):
                if at is not None:
                    self._finish(lesson.lesson, at)

    def close(self) -> None:
        if self._progression is not None or self._done is not None:
            member = self._rows.of(DAY_MEMBER, self._enrollment)
            if self._progression is not None:
                member.steps = write(self._progression.steps)
            if self._done is not None:
                member.done = write(self._done)
        for (happened, known), count in self._counts.items():
            if count != NOTHING:
                assert self._latest is not None, "something was done"
                offering = self._latest.offering
                _add_count(self._rows.of(OFFERING_DAY, offering, HAPPENED, happened), count)
                _add_count(self._rows.of(OFFERING_DAY, offering, KNOWN, known), count)

    def _turn_to(self, at: datetime, recorded_at: datetime) -> None:
        self._at, self._recorded_at = at, recorded_at
        day = day_of(at.toordinal())
        latest = self._latest = self._latest or self._rows.find(LATEST_DAY, self._enrollment)
        if latest is None or latest.day != day or latest.last_at < at:
            self._be_active(day)
        days = day, day_of(recorded_at.toordinal())
        count = self._counts.get(days)
        if count is None:
            count = self._counts[days] = Count()
        self._count = count

    def _be_active(self, day: str) -> None:
        """Something was done later on the latest day, or on another one."""
        at, latest = self._at, self._rows.of(LATEST_DAY, self._enrollment)
        self._latest = latest
        if latest.day == day:
            latest.last_at = at
            return
        if not latest.day:
            member = self._rows.find(DAY_MEMBER, self._enrollment)
            assert member is not None, "progress opens after an enrollment, further down the log"
            latest.offering = member.offering
        if latest.day < day:
            self._keep_day(latest)
            latest.day, latest.last_at = day, at
            is_new = True
        else:
            is_new = self._do_earlier(at)
        if is_new:
            self._begin_day(latest.offering, day)

    def _keep_day(self, latest: LatestDayRow) -> None:
        """The latest day is one of the earlier ones now. They stay closed."""
        if latest.day:
            member = self._rows.of(DAY_MEMBER, self._enrollment)
            before = f"{member.days[:-1]}," if len(member.days) > len("[]") else "["
            member.days = f"{before}{write(latest.last_at)}]"

    def _do_earlier(self, at: datetime) -> bool:
        """Whether nothing had been done on that day."""
        member = self._rows.of(DAY_MEMBER, self._enrollment)
        moments = read_days(member.days)
        last_at = next((one for one in moments if one.date() == at.date()), None)
        if last_at is None or last_at < at:
            member.days = write([one for one in moments if one is not last_at] + [at])
        return last_at is None

    def _begin_day(self, offering: str, day: str) -> None:
        """Nothing had been done in this enrollment on this day."""
        for name in (offering, SCHOOL):
            self._rows.of(OFFERING_DAY, name, HAPPENED, day).active += 1
        self._begin(self._recorded_at, self._at)

    def _begin(self, recorded_at: datetime, at: datetime) -> None:
        ordinal = at.toordinal()
        member = self._rows.find(DAY_MEMBER, self._enrollment)
        if member is not None and (member.started is None or day_of(ordinal) < member.started):
            member = self._rows.of(DAY_MEMBER, self._enrollment)
            member.started = day_of(ordinal)
            self._step(recorded_at, member, Step(ordinal, "began"))

    def _step(self, recorded_at: datetime, member: DayMemberRow, step: Step) -> None:
        if self._progression is None:
            self._progression = Progression(read_steps(member.steps))
        taken = self._progression.advance(step)
        self._add(member.offering, KNOWN, recorded_at.toordinal(), taken.change)
        for day, change in taken.by_day.items():
            self._add(member.offering, HAPPENED, day, change)

    def _add(self, offering: str, clock: str, day: int, change: Change) -> None:
        if change:
            for name in (offering, SCHOOL):
                row = self._rows.of(OFFERING_DAY, name, clock, day_of(day))
                for column, by in change:
                    setattr(row, column, getattr(row, column) + by)

    def _finish(self, lesson: str, at: datetime) -> None:
        if self._done is None:
            self._done = read_done(self._rows.of(DAY_MEMBER, self._enrollment).done)
        if lesson not in self._done or at < self._done[lesson]:
            self._done[lesson] = at


@lru_cache(maxsize=4096)
def day_of(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def write(value: Sequence[Step] | Sequence[datetime] | Mapping[str, datetime] | datetime) -> str:
    return msgspec.json.encode(value).decode()


def _add_count(row: OfferingDayRow, count: Count) -> None:
    row.lessons_completed += count.lessons_completed
    row.attempts += count.attempts
    row.visits += count.visits
    row.clicks += count.clicks
