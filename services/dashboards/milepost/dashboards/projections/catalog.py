"""What there is to enroll in and to earn: a row per course, offering, program, achievement, issuer
and skill, as they stand, and the words by which they are found.

Nothing is counted in here, and no state is stored that time alone changes: whether an offering is
open, running or over is worked out when it is read. Times are when it happened (`occurred_at`).
A program and a course are shown in their latest version.
"""

from datetime import datetime
from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts.achievements import AchievementDefined, AchievementRetired
from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
from milepost.contracts.issuers import IssuerDefined, IssuerRetired
from milepost.contracts.offerings import (
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.dashboards.projections.catalog_achievements import (
    ACHIEVEMENTS,
    ACHIEVEMENTS_OF_COURSE,
    ISSUERS,
    SKILLS,
    AchievementEvent,
    IssuerEvent,
    fold_achievement,
    fold_issuer,
    fold_skills,
)
from milepost.dashboards.projections.catalog_words import WORDS, Titled, fold_words
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

CourseEvent: TypeAlias = CourseDrafted | CoursePublished | CourseRetired
OfferingEvent: TypeAlias = OfferingOpened | OfferingChanged | OfferingClosed | OfferingCanceled
ProgramEvent: TypeAlias = ProgramDefined | ProgramRetired
CatalogEvent: TypeAlias = (
    CourseEvent | OfferingEvent | ProgramEvent | AchievementEvent | IssuerEvent
)


class CourseFacts(msgspec.Struct):
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


class CourseRow(CourseFacts):
    """`titles`: a JSON object of translations, by language tag; `skills`: a JSON list, as the
    version has it.
    """

    titles: str = "{}"
    skills: str = "[]"


class RunRow(msgspec.Struct):
    """An offering's own facts. `seats` absent: no cap; `offer_hours`: a freed seat is not held."""

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
    offer_hours: int | None = None
    approval: bool = False
    invitation_only: bool = False
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    canceled_at: datetime | None = None
    cancellation_reason: str | None = None


class ProgramFacts(msgspec.Struct):
    """Its latest version. `n` achievements complete it when the rule is `n_of`."""

    program: str
    title: str = ""
    language: str = ""
    latest_version: int = 0
    rule: str = ""
    n: int | None = None
    ordered: bool = False
    defined_at: datetime | None = None
    retired_at: datetime | None = None
    retirement_reason: str | None = None


class ProgramRow(ProgramFacts):
    """`titles`: a JSON object of translations, by language tag."""

    titles: str = "{}"


class PartRow(msgspec.Struct):
    """An achievement that is, or was, part of a program: the latest version that names it, and
    where it stands there, from 0.
    """

    program: str
    achievement: str
    version: int | None = None
    place: int | None = None


def course_of(fact: Fact[CatalogEvent]) -> Key | None:
    return (fact.key,) if fact.category == "course" else None


def offering_of(fact: Fact[CatalogEvent]) -> Key | None:
    return (fact.key,) if fact.category == "offering" else None


def program_of(fact: Fact[CatalogEvent]) -> Key | None:
    return (fact.key,) if fact.category == "program" else None


COURSES = Table("catalog_course", CourseRow, ("course",), course_of)
RUNS = Table(
    "catalog_offering",
    RunRow,
    ("offering",),
    offering_of,
    ("course, offering",),  # a course's offerings
)
PROGRAMS = Table("catalog_program", ProgramRow, ("program",), program_of)
# One event writes several rows, and a kept table loads one: so this is a tally.
PARTS = Table(
    "catalog_program_achievement",
    PartRow,
    ("program", "achievement"),
    indexes=("achievement, program",),  # the programs that contain an achievement
)


def fold(rows: Rows, fact: Fact[CatalogEvent]) -> None:
    event = fact.event
    if isinstance(event, Titled):
        fold_words(rows, event)
    match event:
        case CourseDrafted() | CoursePublished() | CourseRetired():
            _fold_course(rows.of(COURSES, fact.key), event)
            if isinstance(event, CoursePublished):
                fold_skills(rows, event.skills)
        case OfferingOpened() | OfferingChanged() | OfferingClosed() | OfferingCanceled():
            _fold_offering(rows.of(RUNS, fact.key), event)
        case ProgramDefined() | ProgramRetired():
            _fold_program(rows, fact.key, event)
        case AchievementDefined() | AchievementRetired():
            fold_achievement(rows, event)
        case IssuerDefined() | IssuerRetired():
            fold_issuer(rows, event)
        case _:
            assert_never(event)


def _fold_course(row: CourseRow, event: CourseEvent) -> None:
    match event:
        case CourseDrafted():
            row.title = event.title
            row.drafted_at = event.occurred_at
        case CoursePublished():
            row.title = event.title
            row.language = event.language
            row.titles = msgspec.json.encode(event.titles).decode()
            row.skills = msgspec.json.encode(event.skills).decode()
            row.latest_version = event.version
            row.lessons = len(event.lessons)
            row.workload_hours = event.workload_hours
            row.published_at = event.occurred_at
        case CourseRetired():
            row.retired_at = event.occurred_at
        case _:
            assert_never(event)


def _fold_offering(row: RunRow, event: OfferingEvent) -> None:
    match event:
        case OfferingOpened():
            row.course = event.course
            row.course_version = event.version
            row.pace = event.pace
            row.starts = event.starts
            row.approval = event.approval
            row.invitation_only = event.invitation_only
            row.opened_at = event.occurred_at
            _set_terms(row, event)
        case OfferingChanged():
            _set_terms(row, event)
        case OfferingClosed():
            row.closed_at = event.occurred_at
        case OfferingCanceled():
            row.canceled_at = event.occurred_at
            row.cancellation_reason = event.reason
        case _:
            assert_never(event)


def _fold_program(rows: Rows, program: str, event: ProgramEvent) -> None:
    row = rows.of(PROGRAMS, program)
    match event:
        case ProgramDefined():
            row.title = event.title
            row.language = event.language
            row.titles = msgspec.json.encode(event.titles).decode()
            row.latest_version = event.version
            row.rule = event.rule
            row.n = event.n
            row.ordered = event.ordered
            row.defined_at = event.occurred_at
            for place, achievement in enumerate(event.achievements):
                part = rows.of(PARTS, program, achievement)
                part.version, part.place = event.version, place
        case ProgramRetired():
            row.retired_at = event.occurred_at
            row.retirement_reason = event.reason
        case _:
            assert_never(event)


def _set_terms(row: RunRow, event: OfferingOpened | OfferingChanged) -> None:
    row.window_opens = event.window_opens
    row.window_closes = event.window_closes
    row.ends = event.ends
    row.seats = event.seats
    row.waitlist = event.waitlist
    row.offer_hours = event.offer_hours


TABLES = (
    *(COURSES, RUNS, PROGRAMS, PARTS, ACHIEVEMENTS, ACHIEVEMENTS_OF_COURSE),
    *(ISSUERS, SKILLS, WORDS),
)
CATALOG = ReadModel("catalog", 7, Codec(CatalogEvent), TABLES, fold)
