"""A made-up school's history of any length, written straight into a log: ground for read models."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from milepost.credentials.domain import RECORD
from milepost.credentials.events import CourseResultNoted, CredentialAwarded, Evidence
from milepost.enrollment.domain import ENROLLMENT, OFFERING, enrollment_id
from milepost.enrollment.events import (
    EnrollmentActivated,
    EnrollmentCompleted,
    LearnerEnrolled,
    OfferingOpened,
)
from milepost.events.category import Stream
from milepost.events.event import Event
from milepost.events.ids import new_id
from milepost.events.log import Command, Log, NewEvent
from milepost.progress.events import (
    AttemptScored,
    CourseCompleted,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressOpened,
)
from milepost.progress.standing import PROGRESS

TENANT = "bench"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
OFFERINGS, LESSONS, VISITS = 50, 6, 5
BATCH = 20

Written = list[tuple[Stream[Any, Any], list[Event]]]


async def write_history(log: Log, events: int) -> int:
    """Append enrollments, each with all that followed, until there are `events`. How many."""
    offerings = [_command([_offering(number)]) for number in range(OFFERINGS)]
    await log.append(TENANT, offerings)
    written, batch = OFFERINGS, []
    for number in range(events):
        batch.append(_command(_enrollment(number, at_position=written)))
        written += len(batch[-1].events)
        if len(batch) == BATCH or written >= events:
            await log.append(TENANT, batch)
            batch = []
        if written >= events:
            break
    return written


def _offering(number: int) -> tuple[Stream[Any, Any], list[Event]]:
    offering = f"run-{number}"
    opened = OfferingOpened(offering=offering, course="bench", version=1, occurred_at=START)
    return OFFERING.of(offering), [opened]


def _enrollment(number: int, at_position: int) -> Written:
    """One learner in one offering: enrolls, learns a lesson a day, every second one completes."""
    offering, learner = f"run-{number % OFFERINGS}", f"learner-{number}"
    enrollment = enrollment_id(offering, learner)
    begin = START + timedelta(minutes=number % 10_000)
    own: dict[str, Any] = {
        "enrollment": enrollment,
        "learner": learner,
        "offering": offering,
        "occurred_at": begin,
    }
    enrolled: list[Event] = [
        LearnerEnrolled(**own, course="bench", version=1),
        EnrollmentActivated(**own),
    ]
    learned: list[Event] = [
        ProgressOpened(**own, course="bench", version=1),
        *(event for lesson in range(LESSONS) for event in _lesson(enrollment, lesson, begin)),
    ]
    written: Written = [(ENROLLMENT.of(enrollment), enrolled), (PROGRESS.of(enrollment), learned)]
    if number % 2:
        enrolled.append(EnrollmentCompleted(**own, course="bench", grade=0.8))
        learned.append(CourseCompleted(**own, course="bench", version=1, grade=0.8))
        written.append((RECORD.of(learner), _award(own, at_position)))
    return written


def _lesson(enrollment: str, number: int, begin: datetime) -> Iterator[Event]:
    lesson, at = f"lesson-{number}", begin + timedelta(days=number)
    yield LessonStarted(
        enrollment=enrollment, lesson=lesson, report=f"s{number}", first=not number, occurred_at=at
    )
    for visit in range(VISITS):
        yield LessonProgressed(
            lesson=lesson, report=f"v{number}-{visit}", clicks=3, seconds_spent=40.0, occurred_at=at
        )
    yield AttemptScored(
        enrollment=enrollment,
        lesson=lesson,
        report=f"a{number}",
        attempt=1,
        score=0.8,
        occurred_at=at,
    )
    yield LessonCompleted(enrollment=enrollment, lesson=lesson, report=f"a{number}", occurred_at=at)


def _award(own: dict[str, Any], position: int) -> list[Event]:
    learner, at = own["learner"], own["occurred_at"]
    named = {"course": "bench", "offering": own["offering"], "enrollment": own["enrollment"]}
    evidence = Evidence(position=position, **named)
    return [
        CourseResultNoted(
            learner=learner,
            version=1,
            grade=0.8,
            position=position,
            **named,
            occurred_at=at,
        ),
        CredentialAwarded(
            credential=str(uuid5(NAMESPACE_URL, learner)),
            learner=learner,
            achievement="bench",
            achievement_version=1,
            evidence=(evidence,),
            valid_from=at,
            occurred_at=at,
        ),
    ]


def _command(written: Written) -> Command:
    return Command(
        command_id=new_id(),
        expects=tuple((stream.name, 0) for stream, _ in written),
        events=tuple(_new(stream, event) for stream, events in written for event in events),
    )


def _new(stream: Stream[Any, Any], event: Event) -> NewEvent:
    tag, data = stream.category.codec.encode(event)
    return NewEvent(
        stream=stream.name,
        type=tag,
        data=data,
        metadata=b'{"actor":"bench","correlation":"0190f5fe-7c00-7a00-8000-000000000000"}',
        occurred_at=event.occurred_at,
        event_id=new_id(),
    )
