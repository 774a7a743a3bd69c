"""Histories of a made-up school, as its services would write them, and a plain count of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import msgspec
from hypothesis import strategies as st

from milepost.contracts.achievements import AchievementDefined, Criterion
from milepost.contracts.courses import CoursePublished, Lesson
from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentExpired,
    EnrollmentModeChanged,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerWaitlisted,
)
from milepost.contracts.groups.group import (
    GroupArchived,
    GroupCreated,
    GroupEvent,
    GroupStaffAssigned,
    GroupStaffRemoved,
)
from milepost.contracts.groups.membership import (
    GroupMemberAdded,
    GroupMemberRemoved,
    MembershipEvent,
)
from milepost.contracts.issuers import IssuerEvent
from milepost.contracts.offerings import (
    InstructorAssigned,
    InstructorEvent,
    InstructorRemoved,
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonCompleted,
    LessonProgressed,
    LessonStarted,
    LessonWaived,
    ProgressOpened,
)
from milepost.contracts.records import (
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    Evidence,
    RecordEvent,
)
from milepost.credentials.events import AchievementEvent
from milepost.enrollment.events import CourseEvent, EnrollmentEvent, OfferingEvent, ProgramEvent
from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.log import Command, NewEvent
from milepost.events.projections.generations import ensure_live, generations
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.projections.writer import GenerationWriter
from milepost.events.store.postgres import PostgresLog
from milepost.operations.rooms import read_models
from milepost.progress.events import ProgressEvent

Entry: TypeAlias = tuple[str, Event]

CODEC: Codec[Any] = Codec(
    CourseEvent
    | ProgramEvent
    | OfferingEvent
    | InstructorEvent
    | GroupEvent
    | MembershipEvent
    | EnrollmentEvent
    | ProgressEvent
    | RecordEvent
    | AchievementEvent
    | IssuerEvent
)
DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLES = tuple(table.name for model in read_models() for table in model.tables)


def published(course: str, *lessons: Lesson, version: int = 1, **facts: Any) -> Entry:
    facts = {"title": course.title(), **facts}
    event = CoursePublished(course=course, version=version, lessons=lessons, **facts)
    return f"course-{course}", event


def achievable(achievement: str, criteria: Criterion, **facts: Any) -> Entry:
    facts = {"name": achievement.title(), "version": 1, **facts}
    event = AchievementDefined(achievement=achievement, criteria=criteria, **facts)
    return f"achievement-{achievement}", event


def offered(offering: str, *, course: str = "ART", **facts: Any) -> Entry:
    opened = OfferingOpened(offering=offering, course=course, version=1, **facts)
    return f"offering-{offering}", opened


def changed(offering: str, **facts: Any) -> Entry:
    return f"offering-{offering}", OfferingChanged(offering=offering, **facts)


def closed(offering: str) -> Entry:
    return f"offering-{offering}", OfferingClosed(offering=offering)


def teaches(instructor: str, offering: str) -> Entry:
    event = InstructorAssigned(offering=offering, instructor=instructor)
    return f"instructors-{offering}", event


def teaches_no_more(instructor: str, offering: str) -> Entry:
    event = InstructorRemoved(offering=offering, instructor=instructor)
    return f"instructors-{offering}", event


def grouped(group: str, *learners: str, **facts: Any) -> list[Entry]:
    created = GroupCreated(group=group, **{"name": group.title(), **facts})
    return [(f"group-{group}", created), *(joins(group, one) for one in learners)]


def joins(group: str, learner: str) -> Entry:
    return f"membership-{group}/{learner}", GroupMemberAdded(group=group, learner=learner)


def leaves(group: str, learner: str) -> Entry:
    return f"membership-{group}/{learner}", GroupMemberRemoved(group=group, learner=learner)


def looks_after(staff: str, group: str) -> Entry:
    return f"group-{group}", GroupStaffAssigned(group=group, staff=staff)


def looks_after_no_more(staff: str, group: str) -> Entry:
    return f"group-{group}", GroupStaffRemoved(group=group, staff=staff)


def archived(group: str) -> Entry:
    return f"group-{group}", GroupArchived(group=group)


def canceled(offering: str) -> Entry:
    return f"offering-{offering}", OfferingCanceled(offering=offering, reason="too_few")


def defined(program: str, *achievements: str, version: int = 1, **facts: Any) -> Entry:
    facts = {"title": program.title(), **facts}
    event = ProgramDefined(program=program, version=version, achievements=achievements, **facts)
    return f"program-{program}", event


def retired(program: str) -> Entry:
    return f"program-{program}", ProgramRetired(program=program, reason="replaced")


class Life:
    """One enrollment's events, in the order its services could write them."""

    def __init__(self, offering: str, learner: str, *, course: str = "ART") -> None:
        self.offering = offering
        self.learner = learner
        self.course = course
        self.id = f"{offering}.{learner}"
        self.lessons: set[str] = set()

    def _own(self, event: type[Event], **facts: Any) -> Entry:
        known = {name: getattr(self, name) for name in ("offering", "learner", "course")}
        known |= {"enrollment": self.id, "version": 1} | facts
        fields = {field.name for field in msgspec.structs.fields(event)}
        new = event(**{name: value for name, value in known.items() if name in fields})
        service = "progress" if event in PROGRESS else "enrollment"
        return f"{service}-{self.id}", new

    def waits(self) -> list[Entry]:
        return [self._own(LearnerWaitlisted)]

    def enrolls(self, mode: str = "audit") -> list[Entry]:
        return [self._own(LearnerEnrolled, mode=mode), self._own(ProgressOpened)]

    def comes_back(self, mode: str = "audit", stay: int = 2) -> list[Entry]:
        return [self._own(LearnerEnrolled, mode=mode, stay=stay)]

    def changes_mode(self, mode: str) -> list[Entry]:
        return [self._own(EnrollmentModeChanged, mode=mode)]

    def moves(self, to: "Life", *, deferred: bool = False) -> list[Entry]:
        where = {"to": to.id, "to_offering": to.offering, "deferred": deferred}
        return [self._own(EnrollmentTransferred, reason="illness", **where)]

    def runs_out(self) -> list[Entry]:
        return [self._own(EnrollmentExpired, reason="offering_ended")]

    def is_excused(self, lesson: str) -> list[Entry]:
        return [self._own(LessonWaived, lesson=lesson, reason="illness")]

    def visits(self, lesson: str, clicks: int = 1, seconds: float = 30.0) -> list[Entry]:
        seen = {"report": "r", "clicks": clicks, "seconds_spent": seconds}
        return [*self._starts(lesson), self._own(LessonProgressed, lesson=lesson, **seen)]

    def completes_lesson(self, lesson: str) -> list[Entry]:
        return [*self._starts(lesson), self._own(LessonCompleted, lesson=lesson, report="r")]

    def attempts(self, lesson: str, score: float = 0.5) -> list[Entry]:
        scored = self._own(AttemptScored, lesson=lesson, report="r", attempt=1, score=score)
        return [*self._starts(lesson), scored]

    def completes(self, grade: float | None = 0.75) -> list[Entry]:
        return [self._own(one, grade=grade) for one in (CourseCompleted, EnrollmentCompleted)]

    def regrades(self, grade: float | None = 0.5) -> list[Entry]:
        return [self._own(CourseGradeChanged, grade=grade, because="score_revised")]

    def uncompletes(self) -> list[Entry]:
        kinds = (CourseCompletionRevoked, EnrollmentCompletionRevoked)
        return [self._own(one, reason="misconduct", state="active") for one in kinds]

    def withdraws(self) -> list[Entry]:
        return [self._own(EnrollmentWithdrawn, reason="no_time")]

    def earns(self, achievement: str = "artist") -> list[Entry]:
        awarded = CredentialAwarded(
            credential=f"{achievement}.{self.learner}",
            learner=self.learner,
            achievement=achievement,
            achievement_version=1,
            evidence=(
                Evidence(
                    position=1,
                    course=self.course,
                    offering=self.offering,
                    enrollment=self.id,
                ),
            ),
            valid_from=DAY,
        )
        return [(f"record-{self.learner}", awarded)]

    def loses(self, achievement: str = "artist") -> list[Entry]:
        return [self._of_credential(CredentialRevoked, achievement, "misconduct")]

    def doubts(self, achievement: str = "artist") -> list[Entry]:
        return [self._of_credential(CredentialFlagged, achievement, "grade_fell", position=1)]

    def stands(self, achievement: str = "artist") -> list[Entry]:
        return [self._of_credential(CredentialFlagLifted, achievement, "appeal")]

    def _of_credential(self, kind: Any, achievement: str, reason: str, **facts: Any) -> Entry:
        event = kind(
            credential=f"{achievement}.{self.learner}",
            learner=self.learner,
            achievement=achievement,
            reason=reason,
            **facts,
        )
        return f"record-{self.learner}", event

    def _starts(self, lesson: str) -> list[Entry]:
        if lesson in self.lessons:
            return []
        first = not self.lessons
        self.lessons.add(lesson)
        started = self._own(LessonStarted, lesson=lesson, report="r", first=first)
        return [started, self._own(EnrollmentActivated)] if first else [started]


PROGRESS = (
    ProgressOpened,
    LessonStarted,
    LessonProgressed,
    LessonCompleted,
    AttemptScored,
    CourseCompleted,
    CourseGradeChanged,
    CourseCompletionRevoked,
    LessonWaived,
)
LESSONS = ("visits", "attempts", "completes_lesson")
# Each of these once, and only after the other.
AFTER = {
    "completes": None,
    "regrades": "completes",
    "uncompletes": "completes",
    "withdraws": None,
    "earns": None,
    "doubts": "earns",
    "loses": "earns",
}


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Learners, their two offerings, and programs, interleaved, each through steps that can
    follow each other.
    """
    lives = [
        Life(offering, learner)
        for offering in ("red", "blue")
        for learner in draw(st.lists(st.sampled_from("abcd"), max_size=3, unique=True))
    ]
    paths = [draw(_path(life)) for life in lives]
    paths += [draw(_definitions(program)) for program in ("analyst", "artist")]
    paths += [draw(_changes(offering)) for offering in ("red", "blue")]
    paths += [draw(_teaching(offering)) for offering in ("red", "blue")]
    lessons = (Lesson(id=one, title=one) for one in "xyz")
    entries = [published("ART", *lessons) if draw(st.booleans()) else published("BIO")]
    entries += [offered("red"), offered("blue", course="BIO", seats=9, ends=DAY)]
    while paths := [path for path in paths if path]:
        entries += draw(st.sampled_from(paths)).pop(0)
    return entries


@st.composite
def _definitions(draw: Any, program: str) -> list[list[Entry]]:
    sets = draw(st.lists(st.permutations("abc"), max_size=4))
    path = [
        [defined(program, *parts[: draw(st.integers(1, 3))], version=number)]
        for number, parts in enumerate(sets, 1)
    ]
    return [*path, [retired(program)]] if path and draw(st.booleans()) else path


@st.composite
def _changes(draw: Any, offering: str) -> list[list[Entry]]:
    ends = draw(st.lists(st.sampled_from([None, DAY]), max_size=3))
    last = draw(st.sampled_from([(), (closed,), (canceled,), (closed, canceled)]))
    return [*([changed(offering, ends=end)] for end in ends), *([one(offering)] for one in last)]


@st.composite
def _teaching(draw: Any, offering: str) -> list[list[Entry]]:
    step = st.tuples(st.sampled_from([teaches, teaches_no_more]), st.sampled_from(["ines", "ivo"]))
    return [[does(instructor, offering)] for does, instructor in draw(st.lists(step, max_size=4))]


@st.composite
def _path(draw: Any, life: Life) -> list[list[Entry]]:
    path = [life.waits()] if draw(st.booleans()) else []
    if path and draw(st.booleans()):
        return [*path, life.withdraws()]
    path.append(life.enrolls(draw(st.sampled_from(["audit", "verified"]))))
    done: set[str] = set()
    for step in draw(st.lists(st.sampled_from((*LESSONS, *AFTER)), max_size=12)):
        if step in LESSONS:
            path.append(getattr(life, step)(draw(st.sampled_from("xyz"))))
        elif step not in done and AFTER[step] in (None, *done):
            path.append(getattr(life, step)())
            done.add(step)
    return path


async def record(
    pool: asyncpg.Pool, tenant: str, entries: Iterable[Entry], day: datetime = DAY
) -> int:
    """Append them, a minute after each other. Answers the tenant's position."""
    new, streams = [], dict[str, int]()
    for minutes, (stream, event) in enumerate(entries):
        at = day + timedelta(minutes=minutes)
        tag, data = CODEC.encode(event)
        new.append(NewEvent(stream=stream, type=tag, data=data, occurred_at=at, event_id=uuid4()))
        streams.setdefault(stream, 0)
    log = PostgresLog(pool)
    for stream in streams:
        streams[stream] = len(await log.read_stream(tenant, stream))
    expects = tuple(streams.items())
    await log.append(tenant, [Command(command_id=uuid4(), expects=expects, events=tuple(new))])
    return (await heads(pool, tenant))[tenant]


async def project(pool: asyncpg.Pool, cuts: Sequence[tuple[int, bool]] = ((1000, False),)) -> None:
    """All read models up to the heads, in windows of these sizes; after some a new process."""
    ends = await heads(pool)
    writers = await live_writers(pool)
    while True:
        for window, restarts in cuts:
            try:
                if not await SharedScan(pool, writers, window).step(ends):
                    return
            except Overtaken:
                writers = await live_writers(pool)
            if restarts:
                writers = await live_writers(pool)


async def live_writers(pool: asyncpg.Pool) -> list[GenerationWriter]:
    for model in read_models():
        await ensure_live(pool, model)
    known = await generations(pool, [model.name for model in read_models()])
    writers = [GenerationWriter(pool, model, known[model.name]["live"]) for model in read_models()]
    for writer in writers:
        await writer.load()
    return writers


async def rows(pool: asyncpg.Pool, tenant: str) -> dict[str, list[Any]]:
    return {
        table: [
            dict(record)
            for record in await pool.fetch(
                f"select * from dashboards.{table} where tenant = $1 order by 2, 3", tenant
            )
        ]
        for table in TABLES
    }
