"""One row per offering: its funnel, as counts of enrollments, and how much was done in it.

    waitlisted   had to wait, ever                  (waiting: still does)
    enrolled     had a seat, ever                   (seated: has one, or holds an offered one)
    started      of those enrolled: began a lesson
    completed    of those enrolled: met the course's demands, and nobody took that back
    graded       of those completed: have a grade
    withdrawn    of those enrolled: gave up; who leaves the waitlist was never in

Each enrollment is counted once in each stage, whatever happens to it twice: a learner who comes
back is the same enrollment. So counts are no numbers of events, and rates are made of them when
they are read. What an offering is stands in the catalog.
"""

from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentExpired,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
)
from milepost.contracts.records import CredentialAwarded
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

GRADE_UNITS = 1_000_000_000  # grades have 9 decimals; whole numbers add up the same in any order

Activity: TypeAlias = LessonProgressed | LessonStarted | LessonCompleted | AttemptScored
Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Stage: TypeAlias = (
    LearnerWaitlisted
    | LearnerOfferedSeat
    | LearnerEnrolled
    | Result
    | EnrollmentWithdrawn
    | EnrollmentExpired
    | EnrollmentTransferred
    | EnrollmentCanceled
)
FunnelEvent: TypeAlias = Activity | Stage | OfferingOpened | CredentialAwarded


class OfferingRow(msgspec.Struct):
    """`waitlisted` ever, `waiting` now; `seated` now, with the seats held on offer.

    `started`: of those enrolled, with any lesson begun. `withdrawn`: of those enrolled; who leaves
    the waitlist was never in. `credentials`: awards whose evidence names the offering, revoked ones
    included. `graded`: of those completed, who have a grade; `grade_units`: the sum of their
    grades, in billionths.
    """

    offering: str
    waitlisted: int = 0
    waiting: int = 0
    seated: int = 0
    enrolled: int = 0
    verified: int = 0
    started: int = 0
    completed: int = 0
    withdrawn: int = 0
    credentials: int = 0
    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0
    graded: int = 0
    grade_units: int = 0


class Member(msgspec.Struct):
    """An enrollment: its offering, and the stages in which it has been counted.

    `grade_units`: the grade that is in the offering's sum, if one is.
    """

    enrollment: str
    offering: str = ""
    waitlisted: bool = False
    waiting: bool = False
    seated: bool = False
    enrolled: bool = False
    started: bool = False
    completed: bool = False
    withdrawn: bool = False
    grade_units: int | None = None


def key_of(fact: Fact[FunnelEvent]) -> Key | None:
    return (fact.key,) if fact.category in ("progress", "enrollment") else None


OFFERINGS = Table("offering_summary", OfferingRow, ("offering",))
MEMBERS = Table("offering_member", Member, ("enrollment",), key_of)


def fold(rows: Rows, fact: Fact[FunnelEvent]) -> None:
    event = fact.event
    match event:
        case LessonProgressed() | LessonStarted() | LessonCompleted() | AttemptScored():
            _count_activity(rows, fact.key, event)
        case CredentialAwarded():
            for offering in {one.offering for one in event.evidence if one.offering is not None}:
                rows.of(OFFERINGS, offering).credentials += 1
        case OfferingOpened():
            rows.of(OFFERINGS, event.offering)
        case _:
            member = rows.of(MEMBERS, event.enrollment)
            member.offering = event.offering
            _count_stage(rows.of(OFFERINGS, event.offering), member, event)


def _count_activity(rows: Rows, enrollment: str, event: Activity) -> None:
    member = rows.find(MEMBERS, enrollment)
    assert member is not None, "progress opens after an enrollment, further down the log"
    offering = rows.of(OFFERINGS, member.offering)
    if not member.started:
        rows.of(MEMBERS, enrollment).started = True
        offering.started += 1
    match event:
        case LessonProgressed():
            offering.visits += 1
            offering.clicks += event.clicks
        case LessonStarted():
            pass
        case LessonCompleted():
            offering.lessons_completed += 1
        case AttemptScored():
            offering.attempts += 1
        case _:
            assert_never(event)


def _count_stage(offering: OfferingRow, member: Member, event: Stage) -> None:
    match event:
        case LearnerWaitlisted():
            offering.waitlisted += not member.waitlisted
            offering.waiting += not member.waiting
            member.waitlisted = member.waiting = True
        case LearnerOfferedSeat():
            _seat(offering, member)
        case LearnerEnrolled():
            _seat(offering, member)
            offering.enrolled += not member.enrolled
            offering.verified += event.mode == "verified" and not member.enrolled
            member.enrolled = True
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            _count_result(offering, member, event)
        case EnrollmentWithdrawn():
            _release(offering, member)
            offering.withdrawn += member.enrolled and not member.withdrawn
            member.withdrawn = True
        case EnrollmentExpired() | EnrollmentTransferred() | EnrollmentCanceled():
            _release(offering, member)
        case _:
            assert_never(event)


def _count_result(offering: OfferingRow, member: Member, event: Result) -> None:
    match event:
        case CourseCompleted():
            offering.completed += not member.completed
            member.completed = True
            _count_grade(offering, member, event.grade)
        case CourseGradeChanged():
            _count_grade(offering, member, event.grade if member.completed else None)
        case CourseCompletionRevoked():
            offering.completed -= member.completed
            member.completed = False
            _count_grade(offering, member, None)
        case _:
            assert_never(event)


def _count_grade(offering: OfferingRow, member: Member, grade: float | None) -> None:
    """In the place of the one that was counted before."""
    if member.grade_units is not None:
        offering.graded -= 1
        offering.grade_units -= member.grade_units
    member.grade_units = None if grade is None else round(grade * GRADE_UNITS)
    if member.grade_units is not None:
        offering.graded += 1
        offering.grade_units += member.grade_units


def _seat(offering: OfferingRow, member: Member) -> None:
    _leave_waitlist(offering, member)
    offering.seated += not member.seated
    member.seated = True


def _release(offering: OfferingRow, member: Member) -> None:
    _leave_waitlist(offering, member)
    offering.seated -= member.seated
    member.seated = False


def _leave_waitlist(offering: OfferingRow, member: Member) -> None:
    offering.waiting -= member.waiting
    member.waiting = False


OFFERING_SUMMARY = ReadModel("offering_summary", 4, Codec(FunnelEvent), (OFFERINGS, MEMBERS), fold)
