"""What there is to enroll in: a row per course, a row per offering, as they stand now."""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from milepost.enrollment.events import (
    CourseDrafted,
    CoursePublished,
    CourseRetired,
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
)
from milepost.events.codec import Codec
from milepost.events.projection import Fact, Key, ReadModel, Rows, Table

CourseFact: TypeAlias = CourseDrafted | CoursePublished | CourseRetired
OfferingFact: TypeAlias = OfferingOpened | OfferingChanged | OfferingClosed | OfferingCanceled
Heard: TypeAlias = CourseFact | OfferingFact


class CourseRow(msgspec.Struct):
    """`latest_version` is 0 while the course is a draft; `published_at` is that version's."""

    course: str
    title: str = ""
    language: str | None = None
    latest_version: int = 0
    lessons: int = 0
    workload_hours: float | None = None
    drafted_at: datetime | None = None
    published_at: datetime | None = None
    retired_at: datetime | None = None


class RunRow(msgspec.Struct):
    """An offering's own facts. `seats` absent: no cap."""

    offering: str
    course: str = ""
    course_version: int = 0
    pace: str = ""
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    seats: int | None = None
    waitlist: bool = True
    approval: bool = False
    invitation_only: bool = False
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str | None = None


def course_of(fact: Fact[Heard]) -> Key | None:
    return (fact.key,) if fact.category == "course" else None


def offering_of(fact: Fact[Heard]) -> Key | None:
    return (fact.key,) if fact.category == "offering" else None


COURSES = Table("catalog_course", CourseRow, ("course",), course_of)
RUNS = Table(
    "catalog_offering",
    RunRow,
    ("offering",),
    offering_of,
    ("course, offering",),  # a course's offerings
)


def fold(rows: Rows, fact: Fact[Heard]) -> None:
    event = fact.event
    match event:
        case CourseDrafted() | CoursePublished() | CourseRetired():
            _course(rows.of(COURSES, fact.key), event)
        case OfferingOpened() | OfferingChanged() | OfferingClosed() | OfferingCanceled():
            _offering(rows.of(RUNS, fact.key), event)
        case _:
            assert_never(event)


def _course(row: CourseRow, event: CourseFact) -> None:
    match event:
        case CourseDrafted():
            row.title = event.title
            row.drafted_at = event.occurred_at
        case CoursePublished():
            row.title = event.title
            row.language = event.language
            row.latest_version = event.version
            row.lessons = len(event.lessons)
            row.workload_hours = event.workload_hours
            row.published_at = event.occurred_at
        case CourseRetired():
            row.retired_at = event.occurred_at
        case _:
            assert_never(event)


def _offering(row: RunRow, event: OfferingFact) -> None:
    match event:
        case OfferingOpened():
            row.course = event.course
            row.course_version = event.version
            row.pace = event.pace
            row.starts = event.starts
            row.approval = event.approval
            row.invitation_only = event.invitation_only
            row.opened_at = event.occurred_at
            _adjust(row, event)
        case OfferingChanged():
            _adjust(row, event)
        case OfferingClosed():
            row.closed_at = event.occurred_at
        case OfferingCanceled():
            row.canceled_at = event.occurred_at
            row.cancellation_reason = event.reason
        case _:
            assert_never(event)


def _adjust(row: RunRow, event: OfferingOpened | OfferingChanged) -> None:
    row.window_opens = event.window_opens
    row.window_closes = event.window_closes
    row.ends = event.ends
    row.seats = event.seats
    row.waitlist = event.waitlist


CATALOG = ReadModel("catalog", 1, Codec(Heard), (COURSES, RUNS), fold)
