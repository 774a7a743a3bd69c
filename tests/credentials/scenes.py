"""Words for the tests of the credentials service."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from milepost.contracts.achievements import AchievementHeld, CoursePassed, Criterion
from milepost.contracts.offerings import Mode
from milepost.contracts.programs import ProgramDefined, StackingRule
from milepost.contracts.records import (
    AwardApproved,
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    LessonResultNoted,
    RecordEvent,
)
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.catalog import Catalog, Program, catalog_of
from milepost.credentials.domain.achievements.condition import Condition
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.records.awards import (
    RECORD,
    note_and_award,
)
from milepost.credentials.domain.records.record import Fact, Record

LEARNER = "learner-1"
START = datetime(2026, 2, 2, 9, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def passed(course: str, min_grade: float = 0.4) -> CoursePassed:
    return CoursePassed(course=course, min_grade=min_grade)


def held(achievement: str) -> AchievementHeld:
    return AchievementHeld(achievement=achievement)


def achievement(
    name: str, criteria: Criterion, validity_days: int | None = None, *, retired: bool = False
) -> Achievement:
    definition = Definition(name=name.title(), criteria=criteria, validity_days=validity_days)
    return Achievement(achievement=name, version=1, definition=definition, retired=retired)


def catalog(**criteria: Criterion) -> Catalog:
    return catalog_of(achievement(name, tree) for name, tree in criteria.items())


def result(
    course: str = "AAA",
    grade: float | None = 0.8,
    position: int = 1,
    on: int = 0,
    *,
    run: str | None = None,
    passing: bool = True,
    mode: Mode | None = None,
    hours: float | None = None,
    skills: tuple[str, ...] = (),
) -> CourseResultNoted:
    """`run` tells the enrollment: the position where there is none."""
    return CourseResultNoted(
        learner=LEARNER,
        course=course,
        version=1,
        offering=f"{course}-2026",
        enrollment=f"{course}-2026-{run or position}",
        grade=grade,
        passing=passing,
        position=position,
        mode=mode,
        hours=hours,
        skills=skills,
        occurred_at=day(on),
    )


def scored(
    lesson: str, score: float, position: int, on: int = 0, *, course: str = "AAA", run: str = "1"
) -> LessonResultNoted:
    return LessonResultNoted(
        learner=LEARNER,
        course=course,
        lesson=lesson,
        offering=f"{course}-2026",
        enrollment=f"{course}-2026-{run}",
        score=score,
        position=position,
        occurred_at=day(on),
    )


def approved(by: str, on: int = 0, achievement: str = "asked") -> AwardApproved:
    return AwardApproved(
        learner=LEARNER, achievement=achievement, approved_by=by, occurred_at=day(on)
    )


def program(
    *achievements: str,
    rule: StackingRule = "all",
    n: int | None = None,
    ordered: bool = False,
    code: str = "program",
) -> Program:
    return Program(
        ProgramDefined(
            program=code,
            version=1,
            title="Program",
            achievements=achievements,
            rule=rule,
            n=n,
            ordered=ordered,
            occurred_at=START,
        )
    )


def changed(
    grade: float | None, position: int, *, run: str = "1", on: int = 0, passing: bool = True
) -> CourseResultNoted:
    """The grade of an enrollment in AAA, the first or that run's, as it is from now on."""
    return result("AAA", grade, position, on, run=run, passing=passing)


def revoked(position: int, *, run: str = "1", on: int = 0) -> CourseResultWithdrawn:
    return CourseResultWithdrawn(
        learner=LEARNER,
        course="AAA",
        enrollment=f"AAA-2026-{run}",
        position=position,
        reason="misconduct",
        occurred_at=day(on),
    )


def explained(
    criterion: Criterion, record: Record, known: Catalog | None = None, at: datetime = START
) -> Condition:
    return explain(criterion, record, known or catalog(), at, achievement="asked")


def given(*events: RecordEvent, before: Record | None = None) -> Record:
    record = before.copy() if before else RECORD.initial()
    for event in events:
        record = RECORD.evolve(record, event)
    return record


def awards(events: Iterable[RecordEvent]) -> list[CredentialAwarded]:
    return [event for event in events if isinstance(event, CredentialAwarded)]


def awarded(events: Iterable[RecordEvent]) -> list[str]:
    return [award.achievement for award in awards(events)]


def note_one(record: Record, known: Catalog, fact: Fact) -> list[RecordEvent]:
    return note_and_award(record, known, (fact,))


def hear(known: Catalog, *facts: Fact, before: Record | None = None) -> list[RecordEvent]:
    """All that the record says of these facts, heard in this order."""
    record = before.copy() if before else RECORD.initial()
    said: list[RecordEvent] = []
    for fact in facts:
        events = note_and_award(record, known, (fact,))
        for event in events:
            record = RECORD.evolve(record, event)
        said += events
    return said


def note(known: Catalog, *results: Fact) -> Record:
    """The record after these, in this order."""
    return given(*hear(known, *results))
