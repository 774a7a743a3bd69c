"""Words for the tests of the credentials service."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from milepost.contracts.achievements import AchievementHeld, CoursePassed, Criterion
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, RecordEvent
from milepost.credentials.domain.achievement import Achievement, Catalog, Definition, catalog_of
from milepost.credentials.domain.awards import RECORD, note_result_and_award
from milepost.credentials.domain.record import Record

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


def result(course: str, grade: float = 0.8, position: int = 1, on: int = 0) -> CourseResultNoted:
    return CourseResultNoted(
        learner=LEARNER,
        course=course,
        version=1,
        offering=f"{course}-2026",
        enrollment=f"{course}-2026-{position}",
        grade=grade,
        position=position,
        occurred_at=day(on),
    )


def given(*events: RecordEvent) -> Record:
    record = RECORD.initial()
    for event in events:
        record = RECORD.evolve(record, event)
    return record


def awards(events: Iterable[RecordEvent]) -> list[CredentialAwarded]:
    return [event for event in events if isinstance(event, CredentialAwarded)]


def awarded(events: Iterable[RecordEvent]) -> list[str]:
    return [award.achievement for award in awards(events)]


def note(known: Catalog, *results: CourseResultNoted) -> Record:
    """The record after these completions, in this order."""
    record = RECORD.initial()
    for one in results:
        for event in note_result_and_award(record, known, one):
            record = RECORD.evolve(record, event)
    return record
