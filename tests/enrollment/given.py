"""What the enrollment tests share: a course, a program, an offering, folding what happened."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from milepost.contracts.courses import CoursePublished, Lesson, PassingRule
from milepost.contracts.enrollments import LearnerEnrolled, LearnerWaitlisted
from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import OfferingOpened, SeatTaken
from milepost.contracts.programs import ProgramDefined
from milepost.enrollment.domain.course.course import COURSE, Course
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.enrollment.domain.program import PROGRAM, Program
from milepost.enrollment.events import WaitlistJoined
from milepost.events.event import Event
from milepost.events.streams import Category

S = TypeVar("S")
E = TypeVar("E", bound=Event)

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def minute(number: int) -> datetime:
    return NINE + timedelta(minutes=number)


def given(category: Category[S, E], *events: E) -> S:
    state = category.initial()
    for event in events:
        state = category.evolve(state, event)
    return state


def lesson(id: str = "intro", **facts) -> Lesson:  # noqa: A002 - the field's own name
    return Lesson(id=id, title=id.title(), **facts)


def published(version: int = 1, **facts: Any) -> CoursePublished:
    return CoursePublished(
        **{
            "course": "DATA-101",
            "version": version,
            "title": "Data",
            "lessons": (lesson(), lesson("exam", kind="exam", weight=1.0)),
            "passing_rule": PassingRule(passing_grade=0.5),
            "occurred_at": NINE,
            **facts,
        }
    )


def defined(version: int = 1, **facts: Any) -> ProgramDefined:
    return ProgramDefined(
        **{
            "program": "data-analyst",
            "version": version,
            "title": "Data analyst",
            "achievements": ("sql-basics", "statistics", "python-basics"),
            "occurred_at": NINE,
            **facts,
        }
    )


def opened(**facts) -> OfferingOpened:
    return OfferingOpened(
        **{
            "offering": "spring",
            "course": "DATA-101",
            "version": 1,
            "occurred_at": NINE,
            **facts,
        }
    )


def course(*events) -> Course:
    return given(COURSE, *events)


def program(*events) -> Program:
    return given(PROGRAM, *events)


def offering(*events) -> Offering:
    return given(OFFERING, *events)


def id_of(learner: str) -> str:
    return enrollment_id("spring", learner)


def seat(learner: str, at: datetime = NINE, **facts) -> SeatTaken:
    return SeatTaken(enrollment=id_of(learner), learner=learner, occurred_at=at, **facts)


def waits(learner: str, at: datetime = NINE, **facts) -> WaitlistJoined:
    return WaitlistJoined(enrollment=id_of(learner), learner=learner, occurred_at=at, **facts)


def entry(learner: str, at: datetime = NINE, **facts) -> dict[str, Any]:
    return {
        "enrollment": id_of(learner),
        "learner": learner,
        "offering": "spring",
        "course": "DATA-101",
        "version": 1,
        "occurred_at": at,
        **facts,
    }


def enrolled(learner: str, at: datetime = NINE, **facts) -> LearnerEnrolled:
    return LearnerEnrolled(**entry(learner, at, **facts))


def waitlisted(learner: str, at: datetime = NINE, **facts) -> LearnerWaitlisted:
    return LearnerWaitlisted(**entry(learner, at, **facts))
