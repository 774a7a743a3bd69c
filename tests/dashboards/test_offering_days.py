"""An offering as of any day, by both clocks, against a plain count of what the log held then."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboards.history import DAY, Life, histories, offered

from milepost.contracts import enrollments as e
from milepost.contracts import progress as p
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.records import CredentialAwarded
from milepost.dashboards.domain.stages import Step, stages_of
from milepost.dashboards.projections.days.tables import (
    DAY_MEMBER,
    HAPPENED,
    KNOWN,
    LATEST_DAY,
    OFFERING_DAY,
    SCHOOL,
    read_days,
    read_done,
)
from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.events.event import Event, tag_of
from milepost.events.projections.read_model import Fact, Rows

DOES = (p.LessonProgressed, p.LessonStarted, p.LessonCompleted, p.AttemptScored)


class Logged(NamedTuple):
    stream: str
    event: Event
    recorded_at: datetime

    @property
    def enrollment(self) -> str:
        return self.stream.partition("-")[2]


@st.composite
def logs(draw: st.DrawFn) -> list[Logged]:
    """Histories of which each event happened some days before it was recorded, in any order."""
    recorded_at, logged = DAY, list[Logged]()
    for stream, event in draw(histories()):
        recorded_at += timedelta(hours=draw(st.sampled_from([0, 1, 30])))
        late = timedelta(days=draw(st.sampled_from([0, 0, 2, 5])))
        at = msgspec.structs.replace(event, occurred_at=recorded_at - late)
        logged.append(Logged(stream, at, recorded_at))
    return logged


def fold(logged: Sequence[Logged]) -> Rows:
    rows = Rows({table.name: defaultdict(lambda: None) for table in OFFERING_DAYS.kept})
    for position, one in enumerate(logged, 1):
        if (tag := tag_of(type(one.event))) in OFFERING_DAYS.codec.classes:
            category, _, key = one.stream.partition("-")
            fact = Fact(position, category, key, tag, one.event, one.recorded_at)
            OFFERING_DAYS.fold(rows, fact)
    return rows


def as_of(rows: Rows, offering: str, clock: str, day: str) -> Counter[str]:
    """The sum of the days up to this one; nothing is left of what came to zero."""
    total: Counter[str] = Counter()
    for row in rows.changed.get(OFFERING_DAY.name, {}).values():
        if (row.offering, row.clock) == (offering, clock) and row.day <= day:
            numbers = msgspec.structs.asdict(row)
            total.update({k: v for k, v in numbers.items() if isinstance(v, int)})
    return Counter({name: number for name, number in total.items() if number})


def counted(held: Sequence[Logged], offering: str) -> Counter[str]:
    """What these events say of one offering: the latest in the log decides."""
    total: Counter[str] = Counter()
    members: dict[str, list[Event]] = defaultdict(list)
    of: dict[str, str] = {}
    for one in held:
        event: Any = one.event
        if isinstance(event, OfferingOpened):
            total["opened"] += event.offering == offering
        elif isinstance(event, CredentialAwarded):
            total["credentials"] += offering in {proof.offering for proof in event.evidence}
        else:
            members[one.enrollment].append(event)
            of[one.enrollment] = one.enrollment.partition(".")[0]
    for enrollment, events in members.items():
        if of[enrollment] == offering:
            total.update(counted_of(events))
    return Counter({name: number for name, number in total.items() if number})


def counted_of(events: Sequence[Any]) -> Counter[str]:
    mode, gone, passed, grade = "", None, False, None
    had, place = set[str](), ""
    total: Counter[str] = Counter()
    for event in events:
        match event:
            case e.LearnerWaitlisted():
                place = "waiting"
            case e.LearnerEnrolled():
                place, mode, gone = "seated", event.mode, None
            case e.EnrollmentWithdrawn():
                place = ""
                if "seated" in had and gone is None:
                    gone = "withdrawn"
                    had.add("gone")
            case e.EnrollmentCompleted() | e.EnrollmentCompletionRevoked():
                gone = None
            case p.CourseCompleted():
                passed, grade = True, event.grade
            case p.CourseGradeChanged():
                grade = event.grade if passed else None
            case p.CourseCompletionRevoked():
                passed, grade = False, None
            case _:
                total["attempts"] += isinstance(event, p.AttemptScored)
                total["lessons_completed"] += isinstance(event, p.LessonCompleted)
                total["visits"] += isinstance(event, p.LessonProgressed)
                total["clicks"] += getattr(event, "clicks", 0)
        had |= {place, "any"} if isinstance(event, DOES) else {place}
    entered, inside = "seated" in had, "seated" in had and gone is None
    return total + Counter(
        {
            "waitlisted": "waiting" in had,
            "waiting": place == "waiting",
            "seated": place == "seated",
            "ever_enrolled": entered,
            "enrolled": entered,
            "current": inside,
            "verified": inside and mode == "verified",
            "withdrawn": entered and gone == "withdrawn",
            "ever_withdrawn": "gone" in had,
            "started": entered and ("any" in had or passed),
            "completed": entered and passed,
            "completed_verified": inside and passed and mode == "verified",
            "graded": entered and grade is not None,
            "grade_units": round((grade or 0) * 1_000_000_000) * entered,
        }
    )


def active_days(held: Sequence[Logged]) -> Counter[tuple[str, str]]:
    """How many enrollments did anything, by offering and day."""
    days = {
        (one.enrollment, one.event.occurred_at.date().isoformat())
        for one in held
        if isinstance(one.event, DOES)
    }
    return Counter((enrollment.partition(".")[0], day) for enrollment, day in days)


def moments(rows: Rows) -> dict[str, list[datetime]]:
    """The latest of what was done on each day, by enrollment."""
    latest = rows.changed.get(LATEST_DAY.name, {}).values()
    members = rows.changed.get(DAY_MEMBER.name, {})
    return {
        one.enrollment: [*read_days(members[one.enrollment,].days), one.last_at] for one in latest
    }


@settings(max_examples=40, deadline=None)
@given(logs(), st.sampled_from([KNOWN, HAPPENED]), st.integers(-5, 12))
def test_as_of_any_day_is_what_the_log_held_by_then(logged, clock, days):
    rows, end = fold(logged), (DAY + timedelta(days=days)).date()
    held = [
        one
        for one in logged
        if (one.recorded_at if clock == KNOWN else one.event.occurred_at).date() <= end
    ]
    school: Counter[str] = Counter()
    for offering in ("red", "blue"):
        found = as_of(rows, offering, clock, end.isoformat())
        found.pop("active", None)
        assert found == counted(held, offering)
        school.update(found)
    whole = as_of(rows, SCHOOL, clock, end.isoformat())
    for name in ("enrolled", "started", "completed", "withdrawn", "grade_units"):
        assert whole[name] == school[name]


@settings(max_examples=15, deadline=None)
@given(logs())
def test_who_was_active_on_a_day_is_counted_once(logged):
    rows, expected = fold(logged), active_days(logged)
    changed = rows.changed.get(OFFERING_DAY.name, {}).values()
    found = {(row.offering, row.day): row.active for row in changed if row.active}
    own = {key: number for key, number in found.items() if key[0] != SCHOOL}
    assert own == expected
    assert sum(map(len, moments(rows).values())) == expected.total()
    for enrollment, found_at in moments(rows).items():
        did = [x for x in logged if x.enrollment == enrollment and isinstance(x.event, DOES)]
        by_day: dict[date, datetime] = {}
        for at in sorted(one.event.occurred_at for one in did):
            by_day[at.date()] = at
        assert sorted(found_at) == sorted(by_day.values())


def test_what_is_told_late_changes_the_day_on_which_it_happened_and_that_on_which_it_is_known():
    ann = Life("red", "ann")
    told = [(offered("red"), 0, 0), *((one, 1, 1) for one in ann.enrolls())]
    told += [(one, 9, 4) for one in ann.withdraws()]
    rows = fold(
        [
            Logged(
                stream, msgspec.structs.replace(event, occurred_at=DAY + at * ONE), DAY + on * ONE
            )
            for (stream, event), on, at in told
        ]
    )
    day = [(DAY + days * ONE).date().isoformat() for days in range(10)]
    withdrawn = [as_of(rows, "red", HAPPENED, one)["withdrawn"] for one in day]
    known = [as_of(rows, "red", KNOWN, one)["withdrawn"] for one in day]
    assert withdrawn == [0] * 4 + [1] * 6
    assert known == [0] * 9 + [1]


def test_work_from_another_run_begins_here_and_is_handed_in_when_it_was():
    ann, begun = Life("red", "ann"), p.CarriedLesson(lesson="y", started_at=DAY - ONE)
    tried = p.CarriedAttempt(report="r", at=DAY - 2 * ONE, score=0.5)
    lessons = (
        msgspec.structs.replace(begun, lesson="x", completed_at=DAY - ONE),
        begun,
        msgspec.structs.replace(begun, lesson="z", attempts=(tried,)),
    )
    brought = p.ProgressCarriedOver(enrollment=ann.id, source="blue.ann", since=9, lessons=lessons)
    entries = [*ann.enrolls(), (f"progress-{ann.id}", brought)]
    told = [(stream, msgspec.structs.replace(one, occurred_at=DAY)) for stream, one in entries]
    rows = fold([Logged(stream, one, DAY) for stream, one in told])
    found = as_of(rows, "red", HAPPENED, DAY.date().isoformat())
    assert (found["started"], found["active"], found["attempts"]) == (1, 0, 0)
    done = read_done(rows.changed[DAY_MEMBER.name][ann.id,].done)
    assert done == {"x": DAY - ONE, "z": DAY - 2 * ONE}


@pytest.mark.parametrize("departure", ["deferred", "transferred", "withdrawn"])
def test_who_had_left_before_a_completion_that_is_taken_back_has_left_as_before(departure: Any):
    state: Any = "withdrawn" if departure == "withdrawn" else "transferred"
    left = [Step(1, "enrolled"), Step(2, "left", departure=departure)]
    again = [*left, Step(3, "finished"), Step(4, "unfinished", departure=state)]
    assert stages_of(again) == stages_of(left)
    assert getattr(stages_of(again), departure) == 1


ONE = timedelta(days=1)
