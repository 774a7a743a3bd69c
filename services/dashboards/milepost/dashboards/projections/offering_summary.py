"""One row per offering: its funnel, as counts of enrollments, and how much was done in it.

    waitlisted   had to wait, ever                  (waiting: still does)
    enrolled     had a seat, and was not moved      (current: and is in)
    started … completed                             see `funnel`
    withdrawn    gone now of their own accord       (ever_withdrawn: came back, too)

Each enrollment is counted once in each stage, by the latest facts: who comes back is not withdrawn
any more, who was transferred is counted where they are. So counts are no numbers of events, and
rates are made of them when they are read. What an offering is stands in the catalog.
"""

from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts.courses import CoursePublished
from milepost.contracts.enrollments import (
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentExpired,
    EnrollmentModeChanged,
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
    DeadlinesReset,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonProgressed,
    LessonStarted,
    LessonWaived,
    LessonWaiverWithdrawn,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.records import (
    CredentialAwarded,
    CredentialDeclined,
    CredentialRevoked,
    CredentialSuperseded,
)
from milepost.dashboards.projections.funnel.awards import (
    AWARDS,
    LEARNER_AWARDS,
    AwardEvent,
    fold_award,
)
from milepost.dashboards.projections.funnel.lesson_work import GRADE_UNITS, LessonEvent
from milepost.dashboards.projections.funnel.lessons import (
    fold_lesson,
    fold_moved,
    move_lessons,
    plan_of,
)
from milepost.dashboards.projections.funnel.stages import MOVED, Counted, Member, counted, stage_of
from milepost.dashboards.projections.funnel.tables import (
    COURSE_PLANS,
    LESSONS,
    MEMBERS,
    OFFERINGS,
    OfferingRow,
    PlanRow,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, ReadModel, Rows

Result: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
Leaving: TypeAlias = (
    EnrollmentWithdrawn | EnrollmentExpired | EnrollmentTransferred | EnrollmentCanceled
)
Entering: TypeAlias = (
    LearnerWaitlisted
    | LearnerOfferedSeat
    | LearnerEnrolled
    | EnrollmentModeChanged
    | EnrollmentCompleted
    | EnrollmentCompletionRevoked
)
Moved: TypeAlias = PlanMigrated | DeadlinesReset | ProgressCarriedOver
FunnelEvent: TypeAlias = (
    LessonProgressed
    | LessonEvent
    | Moved
    | Entering
    | Leaving
    | Result
    | ProgressOpened
    | OfferingOpened
    | CoursePublished
    | AwardEvent
)


LATER = "progress opens after an enrollment, further down the log"


def fold(rows: Rows, fact: Fact[FunnelEvent]) -> None:
    event = fact.event
    match event:
        case LessonProgressed():
            _count_visit(rows, fact.key, event)
        case (
            LessonStarted()
            | LessonCompleted()
            | AttemptScored()
            | LessonPassed()
            | LessonFailed()
            | LessonWaived()
            | LessonWaiverWithdrawn()
            | ScoreRevised()
        ):
            _count_lesson(rows, fact.key, event)
        case PlanMigrated() | DeadlinesReset() | ProgressCarriedOver():
            _count_moved(rows, fact.key, event)
        case ProgressOpened():
            rows.of(MEMBERS, fact.key).starts = event.starts or event.occurred_at
        case OfferingOpened():
            rows.of(OFFERINGS, event.offering)
        case CoursePublished():
            _keep_plan(rows, event)
        case (
            CredentialAwarded()
            | CredentialRevoked()
            | CredentialSuperseded()
            | CredentialDeclined()
        ):
            fold_award(rows, fact.key, event)
        case _:
            _count_stage(rows, event)


def _keep_plan(rows: Rows, event: CoursePublished) -> None:
    row: PlanRow = rows.of(COURSE_PLANS, event.course, str(event.version))
    row.plan = msgspec.json.encode(event).decode()


def _count_visit(rows: Rows, enrollment: str, event: LessonProgressed) -> None:
    member = rows.find(MEMBERS, enrollment)
    assert member is not None, LATER
    offering = rows.of(OFFERINGS, member.offering)
    offering.visits += 1
    offering.clicks += event.clicks
    if not member.started:
        member = rows.of(MEMBERS, enrollment)
        member.started = True
        _advance(offering, member)


def _count_lesson(rows: Rows, enrollment: str, event: LessonEvent) -> None:
    member = rows.of(MEMBERS, enrollment)
    assert member.offering, LATER
    offering = rows.of(OFFERINGS, member.offering)
    kind = type(event)
    if kind is LessonCompleted:
        offering.lessons_completed += 1
    elif kind is AttemptScored:
        offering.attempts += 1
    elif kind is LessonStarted:
        member.started = True
    fold_lesson(rows, member, event)
    _advance(offering, member)


def _count_moved(rows: Rows, enrollment: str, event: Moved) -> None:
    member = rows.of(MEMBERS, enrollment)
    fold_moved(rows, member, event)
    _advance(rows.of(OFFERINGS, member.offering), member)


def _advance(offering: OfferingRow, member: Member) -> None:
    """Only the stage may be another one."""
    stage = stage_of(member)
    if stage != member.stage:
        before = counted(member)
        member.stage = stage
        _recount(offering, before, counted(member))


def _recount(offering: OfferingRow, before: Counted, after: Counted) -> None:
    for name, old, new in zip(Counted._fields, before, after, strict=True):
        if old != new:
            setattr(offering, name, getattr(offering, name) + new - old)


def _count_stage(rows: Rows, event: Entering | Leaving | Result) -> None:
    member = rows.of(MEMBERS, event.enrollment)
    before = counted(member)
    member.offering = event.offering
    match event:
        case CourseCompleted() | CourseGradeChanged() | CourseCompletionRevoked():
            _set_result(member, event)
        case (
            EnrollmentWithdrawn()
            | EnrollmentExpired()
            | EnrollmentTransferred()
            | EnrollmentCanceled()
        ):
            _leave(member, event)
        case _:
            _enter(rows, member, event)
    member.stage = stage_of(member)
    after = counted(member)
    _recount(rows.of(OFFERINGS, event.offering), before, after)
    if before.enrolled != after.enrolled and member.work != "{}":
        move_lessons(rows, member, after.enrolled - before.enrolled)


def _enter(rows: Rows, member: Member, event: Entering) -> None:
    match event:
        case LearnerWaitlisted():
            member.waitlisted = member.waiting = True
        case LearnerOfferedSeat():
            member.seated, member.waiting = True, False
        case LearnerEnrolled():
            _enroll(rows, member, event)
        case EnrollmentModeChanged():
            member.mode = event.mode
        case EnrollmentCompleted():
            member.departure = None
        case EnrollmentCompletionRevoked():
            member.departure = _departure_in(member, event.state)
        case _:
            assert_never(event)


def _enroll(rows: Rows, member: Member, event: LearnerEnrolled) -> None:
    member.learner, member.course, member.mode = event.learner, event.course, event.mode
    # Who comes back goes on by the version that they are judged by.
    member.version = member.version or event.version
    member.seated = member.enrolled = True
    member.waiting = False
    member.departure = None
    if plan := plan_of(rows, member):
        member.lessons = len(plan.lessons)


def _leave(member: Member, event: Leaving) -> None:
    member.seated = member.waiting = False
    # Who had gone before they waited, or were offered a seat, once more is as gone as before.
    if not member.enrolled or member.departure is not None:
        return
    match event:
        case EnrollmentWithdrawn():
            member.departure, member.ever_withdrawn = "withdrawn", True
        case EnrollmentExpired():
            member.departure = "expired"
        case EnrollmentTransferred():
            member.departure = "deferred" if event.deferred else "transferred"
            member.deferred = event.deferred
        case EnrollmentCanceled():
            member.departure = "canceled"
        case _:
            assert_never(event)


def _departure_in(member: Member, state: str) -> str | None:
    """Of who had left before their completion was heard of, and taken back."""
    if state == "transferred" and member.deferred:
        return "deferred"
    return state if state in {"withdrawn", "expired", *MOVED} else None


def _set_result(member: Member, event: Result) -> None:
    match event:
        case CourseCompleted():
            member.completed, grade = True, event.grade
        case CourseGradeChanged():
            grade = event.grade if member.completed else None
        case CourseCompletionRevoked():
            member.completed, grade = False, None
        case _:
            assert_never(event)
    member.grade_units = None if grade is None else round(grade * GRADE_UNITS)


OFFERING_SUMMARY = ReadModel(
    "offering_summary",
    5,
    Codec(FunnelEvent),
    (OFFERINGS, MEMBERS, COURSE_PLANS, LESSONS, LEARNER_AWARDS, AWARDS),
    fold,
)
