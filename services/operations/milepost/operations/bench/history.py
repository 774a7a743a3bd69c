"""A made-up school's history of any length, written straight into a log: ground for read models."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from milepost.contracts.enrollments import EnrollmentActivated, EnrollmentCompleted, LearnerEnrolled
from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    LearningBegan,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    ProgressOpened,
)
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, Evidence
from milepost.credentials.domain.records.awards import RECORD
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.event import Event
from milepost.events.ids import new_id
from milepost.events.log import Command, Log, NewEvent, Result
from milepost.events.streams import Stream
from milepost.operations.bench.http_calls import TENANT
from milepost.progress.domain.state import PROGRESS

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
OFFERINGS, LESSONS, VISITS = 50, 6, 5
BATCH = 20

Written = list[tuple[Stream[Any, Any], list[Event]]]


class History:
    """One school's events, as many as are wanted. `made`: how many there are by now."""

    def __init__(self, log: Log) -> None:
        self.made = 0
        self._log = log
        self._enrollments = 0

    async def open(self) -> None:
        """Append the offerings, which come before everything else."""
        made = [command_of([_offering(number)]) for number in range(OFFERINGS)]
        await self._log.append(TENANT, self._counted(made))

    async def grow(self, events: int) -> None:
        """Append enrollments, each with all that followed, until there are `events` at least."""
        appending = asyncio.ensure_future(asyncio.sleep(0, list[Result]()))
        while self.made < events:
            batch = [self.next() for _ in range(BATCH)]  # while the one before is being appended
            await appending
            appending = asyncio.ensure_future(self._log.append(TENANT, batch))
        await appending

    def next(self) -> Command:
        """The next enrollment with all that followed, to be appended."""
        made = command_of(_enrollment(self._enrollments, at_position=self.made))
        self._enrollments += 1
        return self._counted([made])[0]

    def one_by_one(self, count: int) -> list[Command]:
        """The next commands of one event each, as learners cause them, to be appended."""
        singles: list[Command] = []
        while len(singles) < count:
            singles += _singly(_enrollment(self._enrollments, at_position=self.made))
            self._enrollments += 1
        return self._counted(singles[:count])

    def _counted(self, commands: list[Command]) -> list[Command]:
        self.made += sum(len(command.events) for command in commands)
        return commands


def _singly(written: Written) -> Iterator[Command]:
    for stream, events in written:
        for version, event in enumerate(events):
            yield Command(
                command_id=new_id(),
                expects=((stream.name, version),),
                events=(_new(stream, event),),
            )


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
    if not number:
        yield LearningBegan(enrollment=enrollment, occurred_at=at)
    yield LessonStarted(enrollment=enrollment, lesson=lesson, report=f"s{number}", occurred_at=at)
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


def command_of(written: Written) -> Command:
    """That appends these to streams which are empty."""
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
