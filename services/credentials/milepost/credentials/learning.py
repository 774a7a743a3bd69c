"""What progress and enrollment have said of one enrollment, as facts of its learner's record.

Read from the log at the edge: courses are kept, since a published version never changes.
"""

from asyncio import gather
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Protocol, TypeAlias

import msgspec

from milepost.contracts import streams
from milepost.contracts.courses import CoursePublished
from milepost.contracts.enrollments import EnrollmentModeChanged, LearnerEnrolled
from milepost.contracts.offerings import Mode
from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    ProgressOpened,
)
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    LessonResultNoted,
)
from milepost.credentials.domain.records.lesson_scores import (
    ScoringEvent,
    ScoringRule,
    lesson_results,
    scoring_rules,
)
from milepost.credentials.domain.records.record import Fact, Record
from milepost.credentials.policies import Verdict
from milepost.events.codec import Codec, Stored
from milepost.events.event import tag_of
from milepost.events.log import Log, Recorded, pages
from milepost.events.runtime.lru_cache import LruCache

ModeEvent: TypeAlias = LearnerEnrolled | EnrollmentModeChanged

_published = Codec[CoursePublished](CoursePublished)
_opened = Codec[ProgressOpened](ProgressOpened)
_scoring = Codec[ScoringEvent](ScoringEvent)
_verdicts = Codec[Verdict](Verdict)
_modes = Codec[ModeEvent](ModeEvent)


class CourseFacts(msgspec.Struct, frozen=True):
    """Of one version: its workload in hours, the addresses of its skills, how lessons score."""

    hours: float | None = None
    skills: tuple[str, ...] = ()
    rules: Mapping[str, ScoringRule] = {}


Versions: TypeAlias = Mapping[int, CourseFacts]


class Told(Stored, Protocol):
    """An event as the log holds it, or what was kept of it."""

    @property
    def position(self) -> int: ...


class Learning:
    def __init__(self, log: Log, *, courses: int = 256) -> None:
        self._log = log
        self._courses = LruCache[tuple[str, str], Versions](courses)

    async def verdict(
        self, recorded: Recorded, event: Verdict, lessons: Collection[str]
    ) -> tuple[Fact, ...]:
        """What an event about the course says, after what is known of these lessons by then.

        Criteria may be younger than the attempts: nobody noted them at the time.
        """
        tenant, enrollment = recorded.tenant, event.enrollment
        if isinstance(event, CourseCompletionRevoked):
            return (_withdrawn(event, recorded.position),)
        needs_stream = bool(lessons) or isinstance(event, CourseGradeChanged)
        enrolled, progress, versions = await gather(
            self._log.read_stream(tenant, streams.enrollment(enrollment)),
            self._progress(tenant, enrollment, recorded.position) if needs_stream else _nothing(),
            self.versions(tenant, event.course, event.version),
        )
        completed = event if isinstance(event, CourseCompleted) else _completion(progress)
        mode = _mode(enrolled, completed or event, recorded.position)
        result = _result(event, recorded.position, versions, mode)
        return (*_lessons(progress, versions, lessons), result)

    async def lessons(
        self, tenant: str, enrollment: str, upto: int, asked: Mapping[str, Collection[str]]
    ) -> tuple[LessonResultNoted, ...]:
        """Each score that has counted up to a position, at the lessons asked for by course."""
        progress = await self._progress(tenant, enrollment, upto)
        opened = _opening(progress)
        if opened is None or opened.course not in asked:
            return ()
        versions = await self.versions(tenant, opened.course, opened.version)
        return tuple(_lessons(progress, versions, asked[opened.course]))

    async def all_of(
        self, tenant: str, enrollment: str, upto: int, asked: Mapping[str, Collection[str]]
    ) -> tuple[Fact, ...]:
        """All facts of an enrollment up to a position, in order: to apply criteria to history.

        `asked`: the lessons that criteria ask for, by course (`Catalog.lessons`).
        """
        progress = await self._progress(tenant, enrollment, upto)
        opened = _opening(progress)
        if opened is None:
            return ()
        enrolled, versions = await gather(
            self._log.read_stream(tenant, streams.enrollment(enrollment)),
            self.versions(tenant, opened.course, opened.version),
        )
        return facts_of(progress, enrolled, versions, asked.get(opened.course, ()))

    async def of_record(
        self, tenant: str, record: Record, upto: int, asked: Mapping[str, Collection[str]]
    ) -> tuple[Fact, ...]:
        """All facts of the enrollments that a record knows, in order."""
        known = dict.fromkeys(
            [
                *chain.from_iterable(record.histories.values()),
                *chain.from_iterable(record.lessons.values()),
            ]
        )
        told = await gather(*(self.all_of(tenant, one, upto, asked) for one in known))
        return tuple(sorted((fact for some in told for fact in some), key=_position))

    async def enrollments(
        self, tenant: str, upto: int, *, of: Collection[str]
    ) -> Mapping[str, Sequence[str]]:
        """These learners' enrollments that anything can be known of. Reads the log once."""
        found: dict[str, list[str]] = {}
        async for page in pages(self._log, tenant, upto=upto, types=list(_opened.classes)):
            for recorded in page.events:
                opened = _opened.read(recorded)
                if opened.learner in of:
                    found.setdefault(opened.learner, []).append(opened.enrollment)
        return found

    async def _progress(self, tenant: str, enrollment: str, upto: int) -> list[Recorded]:
        recorded = await self._log.read_stream(tenant, streams.progress(enrollment))
        return [one for one in recorded if one.position <= upto]

    async def versions(self, tenant: str, course: str, needed: int) -> Versions:
        """All that there are, `needed` among them."""
        known = self._courses.get((tenant, course))
        if known is not None and needed in known:
            return known
        recorded = await self._log.read_stream(tenant, streams.course(course))
        published = [_published.read(one) for one in recorded if one.type in _published.classes]
        return self._courses.put((tenant, course), {one.version: _facts(one) for one in published})


def facts_of(
    progress: Sequence[Told], enrolled: Sequence[Told], versions: Versions, lessons: Collection[str]
) -> tuple[Fact, ...]:
    """All that these streams of one enrollment say, in order; of lessons, about these alone."""
    facts = list[Fact](_lessons(progress, versions, lessons))
    for at, one in enumerate(progress, 1):
        if one.type not in _verdicts.classes:
            continue
        event = _verdicts.read(one)
        if isinstance(event, CourseCompletionRevoked):
            facts.append(_withdrawn(event, one.position))
        else:
            mode = _mode(enrolled, _completion(progress[:at]) or event, one.position)
            facts.append(_result(event, one.position, versions, mode))
    return tuple(sorted(facts, key=lambda fact: fact.position))


def _position(fact: Fact) -> int:
    return fact.position


async def _nothing() -> list[Recorded]:
    return []


def _facts(course: CoursePublished) -> CourseFacts:
    skills = tuple(dict.fromkeys(skill.url for skill in course.skills))
    return CourseFacts(course.workload_hours, skills, scoring_rules(course))


def _opening(progress: Sequence[Told]) -> ProgressOpened | None:
    return next((_opened.read(one) for one in progress if one.type in _opened.classes), None)


def _completion(progress: Sequence[Told]) -> CourseCompleted | None:
    """The latest one."""
    tag = tag_of(CourseCompleted)
    found = [_verdicts.read(one) for one in progress if one.type == tag]
    last = found[-1] if found else None
    return last if isinstance(last, CourseCompleted) else None


def _lessons(
    progress: Sequence[Told], versions: Versions, lessons: Collection[str]
) -> Sequence[LessonResultNoted]:
    if not lessons:
        return ()
    events = (
        (one.position, _scoring.read(one)) for one in progress if one.type in _scoring.classes
    )
    rules = {version: facts.rules for version, facts in versions.items()}
    return tuple(lesson_results(events, rules, lessons))


def _mode(enrolled: Sequence[Told], moment: Verdict, upto: int) -> Mode | None:
    """The one that it was in when that happened, as far as it was known by then."""
    events = [
        _modes.read(one) for one in enrolled if one.type in _modes.classes and one.position <= upto
    ]
    before = [one for one in events if one.occurred_at <= moment.occurred_at]
    return (before[-1] if before else events[0]).mode if events else None


def _result(
    event: CourseCompleted | CourseGradeChanged,
    position: int,
    versions: Versions,
    mode: Mode | None,
) -> CourseResultNoted:
    course = versions.get(event.version) or CourseFacts()
    return CourseResultNoted(
        learner=event.learner,
        course=event.course,
        version=event.version,
        offering=event.offering,
        enrollment=event.enrollment,
        grade=event.grade,
        passing=event.passing if isinstance(event, CourseGradeChanged) else True,
        position=position,
        mode=mode,
        hours=course.hours,
        skills=course.skills,
        occurred_at=event.occurred_at,
    )


def _withdrawn(event: CourseCompletionRevoked, position: int) -> CourseResultWithdrawn:
    return CourseResultWithdrawn(
        learner=event.learner,
        course=event.course,
        enrollment=event.enrollment,
        position=position,
        reason=event.reason,
        occurred_at=event.occurred_at,
    )
